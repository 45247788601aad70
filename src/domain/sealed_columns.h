/* Every sealed column of the database (store/sealed.h) in one table, for what touches them all:
 * fresh keys (kinward rotate), and the test that no column was forgotten. Whoever adds a column
 * adds its row. The label of a column is "table.column"; a look-up beside it is of the sealed value
 * itself under the same label. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "store/db.h"

struct sealed_column {
	const char *table, *column;
	const char *label;
	const char *lookup_column; /* NULL: it is not looked up */
	/* rowid, owner (NULL: the system), value; of rows behind rowid ?1 in its order */
	const char *select;
	const char *update;        /* row ?1 gets the value ?2 */
	const char *update_lookup; /* row ?1 gets the look-up ?2; or NULL */
};

extern const struct sealed_column sealed_columns[];
extern const size_t sealed_columns_n;

struct reseal_count {
	uint64_t seen, changed;    /* rows */
	uint64_t keyless, damaged; /* erased, or nobody can open them: left as they are */
};

enum { RESEAL_ROWS_MAX = 256 /* of one call */ };

/* Seals the next rows of a column behind *rowid anew, those that the owner's newest key has not
 * sealed yet, and moves *rowid; *ret_is_end when there are no more. In a transaction of the caller.
 */
MUST_CHECK enum rc sealed_column_renew(struct db *db, const struct sealed_column *c, int64_t *rowid,
	bool *ret_is_end, struct reseal_count *count, struct err *e);
/* The same for its look-ups, which are all computed anew. */
MUST_CHECK enum rc sealed_column_renew_lookups(struct db *db, const struct sealed_column *c,
	int64_t *rowid, bool *ret_is_end, struct err *e);
