/* A consistent copy of the database in another file, while the service goes on; and whether a file
 * is whole. */
#pragma once

#include "store/db.h"

/* Copies everything that is committed now. `to_path` is a file of the caller, made with mode 0600
 * and empty. */
MUST_CHECK enum rc db_copy(const char *from_path, const char *to_path, struct err *e);

/* Reads every page and index of the file. RC_SYNTAX when it is damaged or no database of ours,
 * RC_CONFLICT when a newer program wrote it. *ret_schema is its schema's number. Changes nothing.
 */
MUST_CHECK enum rc db_check_file(const char *path, int64_t *ret_schema, struct err *e);
