/* The database behind one interface: SQLite now, PostgreSQL later. SQL text is written for both;
 * parameters are ?1 … ?19, ids are 16-byte blobs, times are INTEGER UTC ms, booleans INTEGER 0/1.
 * A connection is used by one thread at a time. No SQL is ever built from values. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uid.h"
#include "base/view.h"

struct keyring;
struct db;   /* one connection */
struct stmt; /* a prepared statement, kept by its connection: asking again for the same text is
		cheap */

/* DB_TABLE: writes a file of its own tables, without the migrations; others may write it, too. */
enum db_mode { DB_WRITER, DB_READER, DB_TABLE };

/* Statements kept by one connection; one more is RC_BUG. */
enum { DB_STATEMENTS_MAX = 512 };

/* `path` is a file (SQLite). The writer creates it with mode 0600 and runs the migrations. The
 * keyring opens sealed columns (store/sealed.h); NULL for a connection that touches none; kept
 * until db_close. */
MUST_CHECK enum rc db_open(const char *path, enum db_mode mode, struct keyring *keyring,
	struct db **ret_owned, struct err *e);
void db_close(struct db *db);
/* As opened; NULL when without. */
struct keyring *db_keyring(const struct db *db);
/* As opened; lives as long as db. */
const char *db_path(const struct db *db);

/* The statement for sql (a string literal: compared by address and text), reset and without values.
 */
MUST_CHECK enum rc db_prepare(struct db *db, const char *sql, struct stmt **ret, struct err *e);
/* Runs a text of one or more statements without parameters: migrations and pragmas only. */
MUST_CHECK enum rc db_script(struct db *db, const char *sql, struct err *e);

/* Bind parameter n (from 1). Views and blobs are kept until the statement is run or prepared again.
 */
void stmt_bind_int(struct stmt *s, int n, int64_t value);
void stmt_bind_text(struct stmt *s, int n, struct view value);
void stmt_bind_blob(struct stmt *s, int n, struct view value);
/* A malloc'ed blob, freed by the statement. */
void stmt_bind_taken_blob(struct stmt *s, int n, uint8_t *take_bytes, size_t bytes_n);
void stmt_bind_uid(struct stmt *s, int n, const struct uid *value); /* NULL or none: SQL NULL */
void stmt_bind_null(struct stmt *s, int n);

/* A value could not be made: the next step gives this failure instead of running. */
void stmt_bind_failed(struct stmt *s, const struct err *why);
/* The connection that the statement belongs to. */
struct db *stmt_db(const struct stmt *s);

/* Next row: *ret_has_row. Binding mistakes are told here as RC_BUG; a broken UNIQUE is RC_CONFLICT;
 * a full disk is RC_IO with e->sys = ENOSPC. After the last row the statement is reset by itself.
 */
MUST_CHECK enum rc stmt_step(struct stmt *s, bool *ret_has_row, struct err *e);
/* Runs a statement that returns no rows. ret_changed may be NULL. */
MUST_CHECK enum rc stmt_run(struct stmt *s, int64_t *ret_changed, struct err *e);

/* Columns of the current row, from 0. Views die at the next step or prepare. */
int64_t stmt_int(struct stmt *s, int column);
struct view stmt_text(struct stmt *s, int column);
struct view stmt_blob(struct stmt *s, int column);
struct uid stmt_uid(struct stmt *s, int column); /* none when NULL or not 16 bytes */
bool stmt_is_null(struct stmt *s, int column);
/* Copies a text column into dst, cut at a whole UTF-8 character when it is too long. */
void stmt_copy_text(struct stmt *s, int column, char *dst, size_t dst_size);
/* Ends a statement before its last row (frees its read lock). */
void stmt_reset(struct stmt *s);

MUST_CHECK enum rc db_begin(struct db *db, struct err *e);
MUST_CHECK enum rc db_commit(struct db *db, struct err *e);
void db_rollback(struct db *db);
/* A savepoint inside a transaction: undo one job without the others. */
MUST_CHECK enum rc db_savepoint(struct db *db, struct err *e);
MUST_CHECK enum rc db_release(struct db *db, struct err *e);
void db_rollback_savepoint(struct db *db);
/* False when a failure (full disk, I/O) has ended the transaction by itself. */
bool db_is_in_transaction(const struct db *db);

/* Moves what was committed from the write-ahead log into the database file. `restart` waits for
 * nothing but makes the log begin anew when no reader needs it. *ret_log_pages, *ret_moved_pages
 * may be NULL. */
MUST_CHECK enum rc db_checkpoint(
	struct db *db, bool restart, int *ret_log_pages, int *ret_moved_pages, struct err *e);
/* Pages in the log after the last commit of this connection. */
int db_log_pages(const struct db *db);
