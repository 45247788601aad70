/* What people see and change of a watch's settings: the list with what is wanted, what the watch
 * confirmed, and whether this watch has it at all. A change is written, told to the watch, and said
 * to the people when the watch answers (outbox.h). Pool threads. */
#pragma once

#include "domain/capability.h"
#include "domain/setting_store.h"

struct setting_info {
	struct setting_row row;
	bool is_available;
	const char *missing; /* why not: a static word; NULL */
	/* What a person can send to the watch's SIM by hand while it is not connected (sms_form.h);
	 * 0: nothing. */
	uint8_t sms_n;
	char sms[1][64];
	char sms_to[SIM_NUMBER_TEXT]; /* "" when the number is not known */
};
typedef void setting_info_fn(void *ctx, const struct setting_info *info);

/* All with a form, in the order of the table. RC_CONFLICT no_device. */
MUST_CHECK enum rc settings_list(struct domain *d, struct db *reader, const struct uid *wearer,
	setting_info_fn *fn, void *ctx, struct problem *p, struct err *e);
MUST_CHECK enum rc settings_get(struct domain *d, struct db *reader, const struct uid *wearer,
	enum setting_id id, setting_info_fn *fn, void *ctx, struct problem *p, struct err *e);

/* Codes: those of setting_value_check, understanding_needed (RC_SYNTAX: see setting_def.caution),
 * no_device, setting_unavailable, contact_unknown (RC_CONFLICT). */
MUST_CHECK enum rc settings_put(struct domain *d, const struct principal *who,
	const struct uid *wearer, enum setting_id id, const struct setting_value *v,
	bool is_understood, struct problem *p, struct err *e);
/* As the watch has it from now on: nothing is sent, and nothing compared. */
MUST_CHECK enum rc settings_drop(struct domain *d, const struct principal *who,
	const struct uid *wearer, enum setting_id id, struct problem *p, struct err *e);

/* The same as settings_put for a part of the value, in one transaction; *ret: as it is then. */
typedef void setting_change_fn(void *ctx, struct setting_value *v);
MUST_CHECK enum rc settings_alter(struct domain *d, const struct principal *who,
	const struct uid *wearer, enum setting_id id, setting_change_fn *fn, void *ctx,
	struct setting_row *ret, struct problem *p, struct err *e);
