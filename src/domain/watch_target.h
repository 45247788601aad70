/* Giving several commands to the watch of a wearer in one transaction: who it is, which forms it
 * understands, the rows. Inside of domain/ only. */
#pragma once

#include "domain/command_row.h"
#include "domain/model.h"

enum {
	VENDOR_TEXT = 8,
	BOOK_SIZE_UNKNOWN = -1,
	TARGET_ROWS_MAX = 96 /* all settings of one watch */
};

struct watch_target {
	struct uid wearer, group;
	uint32_t number;
	char vendor[VENDOR_TEXT];
	char language[LANGUAGE_TEXT];
	char zone[ZONE_TEXT];
	int book_size;             /* CONFIG TB; BOOK_SIZE_UNKNOWN */
	uint8_t levels;            /* of the fall sensor, CONFIG LS; 0: not told */
	bool is_yisai;             /* the family with forms of its own */
	bool is_lz_refused;        /* the watch wants LANG and ZONE instead of LZ */
	bool has_fall_switch;      /* FON in place of FALLDOWN */
	const struct model *model; /* NULL: none that is known */
};

/* RC_CONFLICT no_device when the wearer has no watch. */
MUST_CHECK enum rc watch_target_read(struct db *db, const struct uid *wearer,
	struct watch_target *ret, struct problem *p, struct err *e);

/* Commands on their way into the store, then into the outbox. */
struct command_rows {
	unsigned n;
	struct command_row items[TARGET_ROWS_MAX];
};
/* NULL when memory is out. free() it. */
struct command_rows *command_rows_new(void);
/* One of that kind for that watch. */
bool command_rows_have(
	const struct command_rows *rows, const struct watch_target *to, enum command_kind kind);
/* The next row, for this watch and of this kind; the caller fills command. `by` may be NULL. */
struct command_row *command_rows_add(struct command_rows *rows, const struct domain *d,
	const struct watch_target *to, const struct uid *by, enum command_kind kind);
/* In the job. Each row keeps its place: their times rise by one millisecond. */
MUST_CHECK enum rc command_rows_insert(
	struct db *db, const struct command_rows *rows, struct err *e);
/* After the commit. */
void command_rows_post(struct domain *d, const struct command_rows *rows);
