/* The two forms that most statements have: one row of one id, one change of one id. ?1 is the id;
 * further parameters are bound by the caller of query_prepare. */
#pragma once

#include "store/db.h"

/* Prepares and binds ?1. */
MUST_CHECK enum rc query_prepare(
	struct db *db, const char *sql, const struct uid *id, struct stmt **ret, struct err *e);

/* Steps a statement that must have a row: RC_NOT_FOUND when it has none. The caller reads the
 * columns, then stmt_reset. */
MUST_CHECK enum rc query_first(struct stmt *s, struct err *e);

/* query_prepare and query_first. */
MUST_CHECK enum rc query_row(
	struct db *db, const char *sql, const struct uid *id, struct stmt **ret, struct err *e);

/* Runs a statement whose only parameter is the id. */
MUST_CHECK enum rc query_run(struct db *db, const char *sql, const struct uid *id, struct err *e);
