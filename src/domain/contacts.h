/* The people whom a wearer may call: the phone book of the watch and its SOS numbers, always set as
 * whole lists. A call is only ever made to one of them. Names and numbers are sealed. */
#pragma once

#include "domain/domain.h"
#include "domain/setting_store.h"

enum { CONTACTS_MAX = COMMAND_BOOK_MAX, CONTACTS_UNKNOWN_MAX = 10 };

struct contact {
	struct uid id; /* of contacts_put: none */
	char name[sizeof(((struct command_entry *)0)->name)];
	char number[COMMAND_NUMBER_MAX + 1];
};

struct contacts {
	unsigned n;
	struct contact items[CONTACTS_MAX];
	unsigned max; /* how many this watch can hold, as far as is known */
	enum setting_state state;
};
/* RC_CONFLICT no_device. */
MUST_CHECK enum rc contacts_get(struct db *reader, const struct uid *wearer, struct contacts *ret,
	struct problem *p, struct err *e);
/* `wanted` (n, items) takes the place of the whole list, here and on the watch; what has the same
 * number as before keeps its id. Codes: number_invalid, name_invalid, number_twice,
 * too_many_contacts (RC_SYNTAX), no_device, no_phone_book (RC_CONFLICT). */
MUST_CHECK enum rc contacts_put(struct domain *d, const struct principal *who,
	const struct uid *wearer, const struct contacts *wanted, struct contacts *ret,
	struct problem *p, struct err *e);
/* Names and numbers alone: not max, not state. */
MUST_CHECK enum rc contacts_list(
	struct db *db, const struct uid *wearer, struct contacts *ret, struct err *e);
/* In a writer job or with a reader: RC_NOT_FOUND when it is not in this wearer's list. */
MUST_CHECK enum rc contact_find(struct db *db, const struct uid *wearer, const struct uid *contact,
	struct contact *ret, struct err *e);

struct sos_numbers {
	unsigned n;
	char items[COMMAND_SOS_MAX][COMMAND_NUMBER_MAX + 1];
	enum setting_state state;
};
MUST_CHECK enum rc sos_numbers_get(struct db *reader, const struct uid *wearer,
	struct sos_numbers *ret, struct problem *p, struct err *e);
/* Codes: number_invalid, number_twice (RC_SYNTAX), no_device (RC_CONFLICT). */
MUST_CHECK enum rc sos_numbers_put(struct domain *d, const struct principal *who,
	const struct uid *wearer, const struct sos_numbers *wanted, struct sos_numbers *ret,
	struct problem *p, struct err *e);

/* In a writer job: the commands that set the stored list; the book had before_n entries. */
struct setting_work;
MUST_CHECK enum rc contacts_build(
	struct setting_work *w, struct db *db, unsigned before_n, struct err *e);
MUST_CHECK enum rc sos_numbers_build(struct setting_work *w, struct db *db, struct err *e);
