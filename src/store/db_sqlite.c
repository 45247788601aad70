#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/schema.h"

enum { STATEMENT_SLOTS = 1024, BUSY_MS = 5000, CACHE_KIB = 16 * 1024 };

struct stmt {
	sqlite3_stmt *handle;
	struct db *db;
	const char *sql;
	bool is_badly_bound;
	struct err why; /* rc is RC_OK when nobody told */
};

struct db {
	sqlite3 *handle;
	char *path;
	struct keyring *keyring; /* or NULL */
	int log_pages;
	size_t statements;
	struct stmt *slots[STATEMENT_SLOTS]; /* open addressing by the literal's address */
};

_Static_assert(DB_STATEMENTS_MAX * 2 <= STATEMENT_SLOTS, "the table stays half empty");

static void db_closep(struct db **db)
{
	db_close(*db);
}

static enum rc map_error(struct db *db, int code, const char *what, struct err *e)
{
	int kind = code & 0xff;
	enum rc rc = kind == SQLITE_CONSTRAINT ? RC_CONFLICT
		     : kind == SQLITE_NOMEM    ? RC_NOMEM
		     : kind == SQLITE_MISUSE || kind == SQLITE_RANGE || kind == SQLITE_ERROR
			     ? RC_BUG
			     : RC_IO;
	(void)fail(e, rc, "%s: %s (%d)", what, sqlite3_errmsg(db->handle), code);
	if (e != NULL && rc == RC_IO)
		e->sys = kind == SQLITE_FULL ? ENOSPC : sqlite3_system_errno(db->handle);
	return rc;
}

static int on_commit_to_log(void *arg, sqlite3 *handle, const char *name, int pages)
{
	struct db *db = arg;

	(void)handle;
	(void)name;
	db->log_pages = pages;
	return SQLITE_OK;
}

/* Creates the file with mode 0600 before SQLite sees it: -wal and -shm take over its mode. */
static enum rc create_private(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_sys(e, "cannot create the database %s", path);
	(void)close(fd); /* nothing was written */
	return RC_OK;
}

static enum rc set_up_connection(struct db *db, enum db_mode mode, struct err *e)
{
	static const char *const pragmas[] = {
		[DB_WRITER] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
			      "PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 0;"
			      "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY;"
			      "PRAGMA trusted_schema = OFF; PRAGMA secure_delete = FAST;"
			      "PRAGMA journal_size_limit = 67108864",
		[DB_READER] = "PRAGMA query_only = ON; PRAGMA cache_size = -2048;"
			      "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF",
		[DB_TABLE] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
			     "PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;"
			     "PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 67108864",
	};
	enum rc rc = db_script(db, pragmas[mode], e);
	if (rc == RC_OK && mode == DB_WRITER) {
		(void)sqlite3_wal_hook(db->handle, on_commit_to_log, db); /* returns the old hook */
		rc = schema_migrate(db, e);
	}
	return rc;
}

enum rc db_open(const char *path, enum db_mode mode, struct keyring *keyring, struct db **ret_owned,
	struct err *e)
{
	CLEANUP(db_closep) struct db *db = calloc(1, sizeof *db);
	if (db == NULL)
		return fail(e, RC_NOMEM, "db: out of memory");
	db->keyring = keyring;
	db->path = strdup(path);
	if (db->path == NULL)
		return fail(e, RC_NOMEM, "db: out of memory");
	if (mode != DB_READER) {
		enum rc rc = create_private(path, e);
		if (rc != RC_OK)
			return rc;
	}
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
	int code = sqlite3_open_v2(path, &db->handle, flags, NULL);
	if (code != SQLITE_OK)
		return fail(
			e, RC_IO, "cannot open the database %s: %s", path, sqlite3_errstr(code));
	(void)sqlite3_extended_result_codes(db->handle, 1); /* only fails without a handle */
	(void)sqlite3_busy_timeout(db->handle, BUSY_MS);    /* as above */
	(void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL); /* as above */
	enum rc rc = set_up_connection(db, mode, e);
	if (rc != RC_OK)
		return rc;
	*ret_owned = STEAL(db);
	return RC_OK;
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < STATEMENT_SLOTS; i++) {
		if (db->slots[i] == NULL)
			continue;
		(void)sqlite3_finalize(db->slots[i]->handle); /* repeats the last step's error */
		free(db->slots[i]);
	}
	(void)sqlite3_close_v2(db->handle); /* v2 cannot fail once all statements are gone */
	free(db->path);
	free(db);
}

const char *db_path(const struct db *db)
{
	return db->path;
}

struct keyring *db_keyring(const struct db *db)
{
	return db->keyring;
}

static struct stmt **find_slot(struct db *db, const char *sql)
{
	size_t i = ((uintptr_t)sql * 0x9e3779b97f4a7c15u) >> 54;

	while (db->slots[i] != NULL && db->slots[i]->sql != sql)
		i = (i + 1) % STATEMENT_SLOTS;
	return &db->slots[i];
}

enum rc db_prepare(struct db *db, const char *sql, struct stmt **ret, struct err *e)
{
	struct stmt **slot = find_slot(db, sql);

	if (*slot != NULL) {
		stmt_reset(*slot);
		(void)sqlite3_clear_bindings((*slot)->handle); /* cannot fail */
		*ret = *slot;
		return RC_OK;
	}
	if (db->statements == DB_STATEMENTS_MAX)
		return fail(e, RC_BUG, "db: more than %d statements", DB_STATEMENTS_MAX);
	struct stmt *s = calloc(1, sizeof *s);
	if (s == NULL)
		return fail(e, RC_NOMEM, "db: out of memory");
	s->db = db;
	s->sql = sql;
	int code = sqlite3_prepare_v3(
		db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL);
	if (code != SQLITE_OK) {
		free(s);
		return map_error(db, code, "db: prepare", e);
	}
	*slot = s;
	db->statements++;
	*ret = s;
	return RC_OK;
}

enum rc db_script(struct db *db, const char *sql, struct err *e)
{
	int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? RC_OK : map_error(db, code, "db: script", e);
}

static void note_bind(struct stmt *s, int code)
{
	if (code != SQLITE_OK)
		s->is_badly_bound = true;
}

void stmt_bind_int(struct stmt *s, int n, int64_t value)
{
	note_bind(s, sqlite3_bind_int64(s->handle, n, value));
}

void stmt_bind_text(struct stmt *s, int n, struct view value)
{
	note_bind(s, sqlite3_bind_text64(s->handle, n, value.p == NULL ? "" : value.p, value.n,
			     SQLITE_STATIC, SQLITE_UTF8));
}

void stmt_bind_blob(struct stmt *s, int n, struct view value)
{
	note_bind(s, sqlite3_bind_blob64(
			     s->handle, n, value.p == NULL ? "" : value.p, value.n, SQLITE_STATIC));
}

void stmt_bind_taken_blob(struct stmt *s, int n, uint8_t *take_bytes, size_t bytes_n)
{
	note_bind(s, sqlite3_bind_blob64(s->handle, n, take_bytes, bytes_n, free));
}

void stmt_bind_failed(struct stmt *s, const struct err *why)
{
	s->is_badly_bound = true;
	if (s->why.rc == RC_OK)
		s->why = *why;
}

struct db *stmt_db(const struct stmt *s)
{
	return s->db;
}

void stmt_bind_uid(struct stmt *s, int n, const struct uid *value)
{
	if (value == NULL || uid_is_none(value))
		stmt_bind_null(s, n);
	else
		note_bind(s, sqlite3_bind_blob(s->handle, n, value->b, UID_BYTES, SQLITE_STATIC));
}

void stmt_bind_null(struct stmt *s, int n)
{
	note_bind(s, sqlite3_bind_null(s->handle, n));
}

enum rc stmt_step(struct stmt *s, bool *ret_has_row, struct err *e)
{
	assert(s != NULL); /* db_prepare succeeded */
	if (s->is_badly_bound) {
		struct err why = s->why;
		stmt_reset(s);
		if (why.rc != RC_OK)
			return fail(e, why.rc, "%s", why.msg);
		return fail(e, RC_BUG, "db: a value did not fit its statement");
	}
	int code = sqlite3_step(s->handle);
	if (code == SQLITE_ROW) {
		*ret_has_row = true;
		return RC_OK;
	}
	enum rc rc = code == SQLITE_DONE ? RC_OK : map_error(s->db, code, "db", e);
	stmt_reset(s);
	if (rc == RC_OK)
		*ret_has_row = false;
	return rc;
}

enum rc stmt_run(struct stmt *s, int64_t *ret_changed, struct err *e)
{
	bool has_row = false;
	enum rc rc = stmt_step(s, &has_row, e);

	if (rc == RC_OK && has_row) {
		stmt_reset(s);
		return fail(e, RC_BUG, "db: a statement gave rows that nobody reads");
	}
	if (rc == RC_OK && ret_changed != NULL)
		*ret_changed = sqlite3_changes64(s->db->handle);
	return rc;
}

int64_t stmt_int(struct stmt *s, int column)
{
	return sqlite3_column_int64(s->handle, column);
}

struct view stmt_text(struct stmt *s, int column)
{
	const unsigned char *text = sqlite3_column_text(s->handle, column);

	return (struct view){.p = (const char *)text,
		.n = text == NULL ? 0 : (size_t)sqlite3_column_bytes(s->handle, column)};
}

struct view stmt_blob(struct stmt *s, int column)
{
	const void *blob = sqlite3_column_blob(s->handle, column);

	return (struct view){
		.p = blob, .n = blob == NULL ? 0 : (size_t)sqlite3_column_bytes(s->handle, column)};
}

struct uid stmt_uid(struct stmt *s, int column)
{
	struct uid id = {{0}};
	struct view blob = stmt_blob(s, column);

	if (blob.n == UID_BYTES)
		memcpy(id.b, blob.p, UID_BYTES);
	return id;
}

bool stmt_is_null(struct stmt *s, int column)
{
	return sqlite3_column_type(s->handle, column) == SQLITE_NULL;
}

void stmt_copy_text(struct stmt *s, int column, char *dst, size_t dst_size)
{
	struct view text = stmt_text(s, column);
	size_t n = text.n < dst_size ? text.n : dst_size - 1;

	if (n < text.n) {
		while (n > 0 && ((unsigned char)text.p[n] & 0xc0) == 0x80)
			n--;
	}
	if (n > 0)
		memcpy(dst, text.p, n);
	dst[n] = '\0';
}

void stmt_reset(struct stmt *s)
{
	assert(s != NULL);              /* db_prepare succeeded */
	(void)sqlite3_reset(s->handle); /* repeats the last step's error, which was told */
	s->is_badly_bound = false;
	s->why.rc = RC_OK;
}

static enum rc run_literal(struct db *db, const char *sql, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db, sql, &s, e);

	return rc == RC_OK ? stmt_run(s, NULL, e) : rc;
}

enum rc db_begin(struct db *db, struct err *e)
{
	return run_literal(db, "BEGIN IMMEDIATE", e);
}

enum rc db_commit(struct db *db, struct err *e)
{
	return run_literal(db, "COMMIT", e);
}

void db_rollback(struct db *db)
{
	if (db_is_in_transaction(db))
		(void)run_literal(db, "ROLLBACK", NULL); /* a failing rollback has rolled back */
}

enum rc db_savepoint(struct db *db, struct err *e)
{
	return run_literal(db, "SAVEPOINT job", e);
}

enum rc db_release(struct db *db, struct err *e)
{
	return run_literal(db, "RELEASE SAVEPOINT job", e);
}

void db_rollback_savepoint(struct db *db)
{
	if (!db_is_in_transaction(db))
		return;
	/* Without the savepoint the transaction itself is gone, which the next commit tells. */
	(void)run_literal(db, "ROLLBACK TO SAVEPOINT job", NULL);
	(void)run_literal(db, "RELEASE SAVEPOINT job", NULL);
}

bool db_is_in_transaction(const struct db *db)
{
	return sqlite3_get_autocommit(db->handle) == 0;
}

enum rc db_checkpoint(
	struct db *db, bool restart, int *ret_log_pages, int *ret_moved_pages, struct err *e)
{
	int code = sqlite3_wal_checkpoint_v2(db->handle, NULL,
		restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, ret_log_pages,
		ret_moved_pages);

	return code == SQLITE_OK || code == SQLITE_BUSY ? RC_OK
							: map_error(db, code, "db: checkpoint", e);
}

int db_log_pages(const struct db *db)
{
	return db->log_pages;
}
