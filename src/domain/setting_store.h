/* The shadow of a watch: for each setting what is wanted and what the watch confirmed, sealed for
 * the wearer, and how far it is. A setting may need several commands; it is as far as the worst of
 * them. Written in the same transactions as the commands. Inside of domain/ and for those who read
 * a state. */
#pragma once

#include "domain/setting_table.h"

/* The worst of several is the largest. The numbers stand in the database. */
enum setting_state {
	SETTING_CONFIRMED = 0,
	SETTING_UNKNOWN = 1, /* it never answered, or cannot say */
	SETTING_REFUSED = 2,
	SETTING_WANTED = 3, /* on its way */
	SETTING_NONE = 4,   /* never told: as the watch has it */
};
/* "confirmed" … "none" */
const char *setting_state_name(enum setting_state s);

struct setting_row {
	enum setting_id id;
	enum setting_state state;
	/* false for settings whose values stand in tables of their own */
	bool has_wanted, has_confirmed;
	struct setting_value wanted, confirmed;
	int64_t changed_ms; /* somebody wanted it otherwise; 0: never */
	int64_t drift_ms;   /* the watch showed something else; 0: not since it was confirmed */
	struct uid by;      /* none: the server */
};

/* NONE when there is no row. */
MUST_CHECK enum rc setting_read(struct db *reader, const struct uid *wearer, enum setting_id id,
	struct setting_row *ret, struct err *e);
typedef enum rc setting_row_fn(void *ctx, const struct setting_row *row, struct err *e);
/* Each that was ever wanted; one look into the database. */
MUST_CHECK enum rc setting_each(
	struct db *reader, const struct uid *wearer, setting_row_fn *fn, void *ctx, struct err *e);
MUST_CHECK enum rc setting_state_read(struct db *reader, const struct uid *wearer,
	enum setting_id id, enum setting_state *ret, struct err *e);
/* The watch confirmed that it is on (its first field is a flag). */
MUST_CHECK enum rc setting_is_on(
	struct db *reader, const struct uid *wearer, enum setting_id id, bool *ret, struct err *e);

/* ---- in a writer job ---- */

/* `wanted` NULL: its value stands in a table of its own, or it has none. Forgets what was said
 * about its commands; it is CONFIRMED until the first of the new ones is inserted. `by` NULL: the
 * server.
 */
MUST_CHECK enum rc setting_want(struct db *db, const struct uid *wearer, enum setting_id id,
	const struct setting_value *wanted, const struct uid *by, int64_t now_ms, struct err *e);
/* Its commands are given again: forgets what was said about the old ones. */
MUST_CHECK enum rc setting_begin_again(
	struct db *db, const struct uid *wearer, enum setting_id id, struct err *e);
/* As the watch has it from now on. */
MUST_CHECK enum rc setting_drop(
	struct db *db, const struct uid *wearer, enum setting_id id, struct err *e);
/* The watch shows something else than it confirmed. */
MUST_CHECK enum rc setting_note_drift(
	struct db *db, const struct uid *wearer, enum setting_id id, int64_t now_ms, struct err *e);

/* A command of a setting is on its way. What carries no setting, or one that nobody wants, is
 * RC_OK and changes nothing. */
MUST_CHECK enum rc setting_part_want(
	struct db *db, const struct uid *wearer, const struct command *c, struct err *e);
/* … has ended. */
MUST_CHECK enum rc setting_part_end(struct db *db, const struct uid *wearer,
	const struct command *c, enum setting_state state, struct err *e);
/* … is said in another form instead. */
MUST_CHECK enum rc setting_part_forget(
	struct db *db, const struct uid *wearer, const struct command *c, struct err *e);

/* After a restore: what was on its way may have arrived or not. */
MUST_CHECK enum rc settings_end_restored(struct db *db, struct err *e);

/* Two commands for one place: the newer one takes the place of the older. */
bool setting_is_same_place(const struct command *a, const struct command *b);
