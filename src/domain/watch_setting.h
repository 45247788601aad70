/* What a watch was told to be, setting by setting, and whether it said yes: phone book, numbers,
 * switches, password. Written in the same transactions as the commands. Inside of domain/ only. */
#pragma once

#include "domain/domain.h"
#include "watch/command.h"

/* The worst of several is the largest. The numbers stand in the database. */
enum setting_state {
	SETTING_CONFIRMED = 0,
	SETTING_UNKNOWN = 1, /* it never answered, or cannot say */
	SETTING_REFUSED = 2,
	SETTING_WANTED = 3, /* on its way */
	SETTING_NONE = 4,   /* never told */
};
/* "confirmed" … "none" */
const char *setting_state_name(enum setting_state s);

/* False when the command is no such setting. Slots are those of the phone book, else 0. */
bool setting_of(const struct command *c, const char **ret_name, uint8_t *ret_slot);

/* In a writer job. */
MUST_CHECK enum rc setting_want(struct db *db, const struct uid *wearer, const struct command *c,
	int64_t now_ms, struct err *e);
MUST_CHECK enum rc setting_end(struct db *db, const struct uid *wearer, const struct command *c,
	enum setting_state state, int64_t now_ms, struct err *e);
/* Forgets the settings of all these kinds. */
MUST_CHECK enum rc setting_forget(struct db *db, const struct uid *wearer,
	const enum command_kind *kinds, size_t kinds_n, struct err *e);

/* The worst state of all settings of these kinds that were ever told; NONE when none was. */
MUST_CHECK enum rc setting_read(struct db *reader, const struct uid *wearer,
	const enum command_kind *kinds, size_t kinds_n, enum setting_state *ret, struct err *e);
