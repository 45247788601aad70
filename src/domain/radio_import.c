#include "domain/radio_import.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/clock.h"

enum { BUFFER_BYTES = 128 * 1024 };

/* Once an import: counting millions of rows takes a second. */
static const char count_all[] =
	"INSERT OR REPLACE INTO total (id, cells, points)"
	" VALUES (1, (SELECT COUNT(*) FROM cell), (SELECT COUNT(*) FROM point))";

struct reading {
	struct radio_import *now;
	struct db *db;
	gzFile file;
	struct radio_columns columns;
	struct radio_row *rows; /* RADIO_CHUNK */
	size_t rows_n;
	char line[RADIO_LINE_MAX + 1]; /* one more: too long is seen */
	size_t line_n;
	bool is_skipping; /* the rest of a line that was too long */
	char buffer[BUFFER_BYTES];
};

const char *radio_import_state_name(enum radio_import_state s)
{
	static const char *const names[RADIO_STATE_COUNT] = {"running", "done", "failed"};

	return names[s];
}

/* ---- rows about imports ---- */

static enum rc save(struct db *db, const struct radio_import *i, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"INSERT OR REPLACE INTO import (id, name, state, bytes, bytes_total, lines, cells,"
		" points, skipped, bad, started_ms, ended_ms, message)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, i->id);
	stmt_bind_text(s, 2, view_of(i->name));
	stmt_bind_int(s, 3, i->state);
	stmt_bind_int(s, 4, i->bytes);
	stmt_bind_int(s, 5, i->bytes_total);
	stmt_bind_int(s, 6, i->lines);
	stmt_bind_int(s, 7, i->cells);
	stmt_bind_int(s, 8, i->points);
	stmt_bind_int(s, 9, i->skipped);
	stmt_bind_int(s, 10, i->bad);
	stmt_bind_int(s, 11, i->started_ms);
	stmt_bind_int(s, 12, i->ended_ms);
	stmt_bind_text(s, 13, view_of(i->message));
	return stmt_run(s, NULL, e);
}

static enum rc save_bad(struct db *db, const struct radio_import *i, struct err *e)
{
	enum rc rc = RC_OK;

	for (size_t k = 0; k < i->shown && rc == RC_OK; k++) {
		struct stmt *s = NULL;
		rc = db_prepare(db,
			"INSERT OR REPLACE INTO import_bad (import, line, why) VALUES (?1, ?2, ?3)",
			&s, e);
		if (rc != RC_OK)
			break;
		stmt_bind_int(s, 1, i->id);
		stmt_bind_int(s, 2, i->first_bad[k].line);
		stmt_bind_text(s, 3, view_of(i->first_bad[k].why));
		rc = stmt_run(s, NULL, e);
	}
	return rc;
}

/* The new import; earlier ones that did not come to their end are marked so: we hold the lock. */
static enum rc begin(struct db *db, struct radio_import *i, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_script(db,
		"UPDATE import SET state = 2, ended_ms = started_ms, message = 'it was cut off: "
		"run it"
		" again' WHERE state = 0;"
		"DELETE FROM import_bad WHERE import <= (SELECT MAX(id) FROM import) - 19;"
		"DELETE FROM import WHERE id <= (SELECT MAX(id) FROM import) - 19",
		e);

	if (rc == RC_OK)
		rc = db_prepare(db, "SELECT COALESCE(MAX(id), 0) + 1 FROM import", &s, e);
	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	i->id = stmt_int(s, 0);
	stmt_reset(s);
	return save(db, i, e);
}

/* ---- reading ---- */

static enum rc put_chunk(struct reading *r, struct err *e)
{
	enum rc rc = db_begin(r->db, e);

	if (rc != RC_OK)
		return rc;
	rc = radio_table_put(r->db, r->now->id, r->rows, r->rows_n, e);
	if (rc == RC_OK)
		rc = save(r->db, r->now, e);
	if (rc == RC_OK)
		rc = save_bad(r->db, r->now, e);
	if (rc == RC_OK)
		rc = db_commit(r->db, e);
	if (rc != RC_OK)
		db_rollback(r->db);
	r->rows_n = 0;
	return rc;
}

static void note_bad(struct radio_import *i, const struct err *why)
{
	i->bad++;
	if (i->shown == RADIO_BAD_SHOWN)
		return;
	struct radio_bad *b = &i->first_bad[i->shown++];
	b->line = i->lines;
	(void)snprintf(b->why, sizeof b->why, "%s", why->msg);
}

static void end_line(struct reading *r)
{
	struct radio_import *i = r->now;
	struct radio_row row;
	struct err e;

	i->lines++;
	enum rc rc =
		radio_row_read(&r->columns, (struct view){.p = r->line, .n = r->line_n}, &row, &e);
	r->line_n = 0;
	if (rc != RC_OK) {
		note_bad(i, &e);
		return;
	}
	i->cells += row.kind == ROW_CELL;
	i->points += row.kind == ROW_POINT;
	i->skipped += row.kind == ROW_SKIPPED;
	if (row.kind == ROW_CELL || row.kind == ROW_POINT)
		r->rows[r->rows_n++] = row;
}

/* Up to the end of a line, or of what there is. */
static void take_bytes(struct reading *r, struct view *in)
{
	size_t n = view_find(*in, '\n');
	bool is_whole = n < in->n;
	size_t room = sizeof r->line - r->line_n;
	size_t kept = n < room ? n : room;

	if (!r->is_skipping && kept > 0) {
		memcpy(r->line + r->line_n, in->p, kept);
		r->line_n += kept;
	}
	if (!r->is_skipping && r->line_n == sizeof r->line) {
		end_line(r); /* too long: a bad line */
		r->is_skipping = true;
	}
	in->p += is_whole ? n + 1 : n;
	in->n -= is_whole ? n + 1 : n;
	if (!is_whole)
		return;
	if (!r->is_skipping)
		end_line(r);
	r->is_skipping = false;
}

static enum rc take_block(
	struct reading *r, struct view in, radio_progress_fn *fn, void *ctx, struct err *e)
{
	while (in.n > 0) {
		take_bytes(r, &in);
		if (r->now->lines > RADIO_LINES_MAX)
			return fail(e, RC_IO, "more than %d lines", RADIO_LINES_MAX);
		if (r->rows_n < RADIO_CHUNK)
			continue;
		r->now->bytes = gzoffset(r->file);
		enum rc rc = put_chunk(r, e);
		if (rc != RC_OK)
			return rc;
		if (fn != NULL && !fn(ctx, r->now))
			return fail(e, RC_IO, "it was stopped: run it again");
	}
	return RC_OK;
}

static enum rc read_all(struct reading *r, radio_progress_fn *fn, void *ctx, struct err *e)
{
	enum rc rc = RC_OK;
	int got = 0;

	while (rc == RC_OK && (got = gzread(r->file, r->buffer, sizeof r->buffer)) > 0)
		rc = take_block(r, (struct view){.p = r->buffer, .n = (size_t)got}, fn, ctx, e);
	if (rc != RC_OK)
		return rc;
	int code = Z_OK;
	const char *why = gzerror(r->file, &code);
	if (got < 0 || code == Z_BUF_ERROR)
		return fail(e, RC_IO, "the file is damaged after %lld lines: %s",
			(long long)r->now->lines, why);
	if (r->line_n > 0)
		end_line(r);
	r->now->bytes = r->now->bytes_total;
	return put_chunk(r, e);
}

static void reading_freep(struct reading **r)
{
	if (*r == NULL)
		return;
	if ((*r)->file != NULL)
		(void)gzclose_r((*r)->file); /* it was only read */
	db_close((*r)->db);
	free((*r)->rows);
	free(*r);
}

static enum rc open_file(struct reading *r, int take_fd, struct err *e)
{
	struct stat st;

	if (fstat(take_fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)close(take_fd);
		return fail(e, RC_IO, "it is no file");
	}
	r->now->bytes_total = st.st_size;
	r->file = gzdopen(take_fd, "rb");
	if (r->file == NULL) {
		(void)close(take_fd);
		return fail(e, RC_NOMEM, "radio: out of memory");
	}
	return gzbuffer(r->file, BUFFER_BYTES) == 0 ? RC_OK
						    : fail(e, RC_NOMEM, "radio: out of memory");
}

static enum rc run_locked(const char *data_dir, int take_fd, radio_progress_fn *fn, void *ctx,
	struct radio_import *now, struct err *e)
{
	CLEANUP(reading_freep) struct reading *r = calloc(1, sizeof *r);

	if (r == NULL) {
		(void)close(take_fd);
		return fail(e, RC_NOMEM, "radio: out of memory");
	}
	r->now = now;
	radio_columns_init(&r->columns);
	enum rc rc = open_file(r, take_fd, e);
	r->rows = malloc(RADIO_CHUNK * sizeof *r->rows);
	if (rc == RC_OK && r->rows == NULL)
		rc = fail(e, RC_NOMEM, "radio: out of memory");
	if (rc == RC_OK)
		rc = radio_table_create(data_dir, &r->db, e);
	if (rc == RC_OK)
		rc = begin(r->db, now, e);
	if (rc != RC_OK)
		return rc;
	struct err why = {.rc = RC_OK};
	rc = read_all(r, fn, ctx, &why);
	now->state = rc == RC_OK ? RADIO_DONE : RADIO_FAILED;
	now->ended_ms = clock_wall_ms();
	if (rc != RC_OK)
		(void)snprintf(now->message, sizeof now->message, "%s", why.msg);
	enum rc saved = put_chunk(r, e);
	if (saved == RC_OK)
		saved = db_script(r->db, count_all, e);
	return rc == RC_OK ? saved : fail(e, rc, "%s", why.msg);
}

static enum rc take_lock(const char *data_dir, int *ret_fd, struct err *e)
{
	char path[RADIO_PATH_MAX];
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	(void)snprintf(path, sizeof path, "%s/radio.lock", data_dir);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_sys(e, "cannot make %s", path);
	if (fcntl(fd, F_OFD_SETLK, &lock) != 0) {
		(void)close(fd);
		return fail(e, RC_CONFLICT, "another import is running");
	}
	*ret_fd = fd;
	return RC_OK;
}

enum rc radio_import_run(const char *data_dir, int take_fd, const char *name, radio_progress_fn *fn,
	void *ctx, struct radio_import *ret, struct err *e)
{
	int lock_fd = -1;

	*ret = (struct radio_import){.started_ms = clock_wall_ms()};
	(void)snprintf(ret->name, sizeof ret->name, "%s", name);
	enum rc rc = take_lock(data_dir, &lock_fd, e);
	if (rc != RC_OK) {
		(void)close(take_fd);
		return rc;
	}
	rc = run_locked(data_dir, take_fd, fn, ctx, ret, e);
	(void)close(lock_fd); /* lets the lock go */
	return rc;
}

/* ---- what there is ---- */

static enum rc read_bad(struct db *db, struct radio_import *i, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT line, why FROM import_bad WHERE import = ?1 ORDER BY line LIMIT ?2", &s, e);

	i->shown = 0;
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, i->id);
	stmt_bind_int(s, 2, RADIO_BAD_SHOWN);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct radio_bad *b = &i->first_bad[i->shown++];
		b->line = stmt_int(s, 0);
		stmt_copy_text(s, 1, b->why, sizeof b->why);
	}
	return rc;
}

static enum rc read_imports(struct db *db, radio_import_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT id, name, state, bytes, bytes_total, lines, cells, points, skipped, bad,"
		" started_ms, ended_ms, message FROM import ORDER BY id DESC LIMIT ?1",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, RADIO_IMPORTS_KEPT);
	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct radio_import i = {.id = stmt_int(s, 0),
			.bytes = stmt_int(s, 3),
			.bytes_total = stmt_int(s, 4),
			.lines = stmt_int(s, 5),
			.cells = stmt_int(s, 6),
			.points = stmt_int(s, 7),
			.skipped = stmt_int(s, 8),
			.bad = stmt_int(s, 9),
			.started_ms = stmt_int(s, 10),
			.ended_ms = stmt_int(s, 11)};
		int64_t state = stmt_int(s, 2);
		i.state = state == RADIO_RUNNING || state == RADIO_DONE
				  ? (enum radio_import_state)state
				  : RADIO_FAILED;
		stmt_copy_text(s, 1, i.name, sizeof i.name);
		stmt_copy_text(s, 12, i.message, sizeof i.message);
		rc = read_bad(db, &i, e);
		if (rc == RC_OK)
			fn(ctx, &i);
	}
	return rc;
}

/* An import that begins makes the file first, then its tables. */
static enum rc look_for_tables(struct db *db, bool *ret_has, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(
		db, "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'total'", &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, ret_has, e);
	if (rc == RC_OK)
		stmt_reset(s);
	return rc;
}

static enum rc read_counts(struct db *db, struct radio_counts *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, "SELECT cells, points FROM total", &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	*ret = (struct radio_counts){.cells = stmt_int(s, 0), .points = stmt_int(s, 1)};
	stmt_reset(s);
	return RC_OK;
}

static void db_closep(struct db **db)
{
	db_close(*db);
}

enum rc radio_table_read(const char *data_dir, struct radio_counts *ret, radio_import_fn *fn,
	void *ctx, struct err *e)
{
	CLEANUP(db_closep) struct db *db = NULL;
	char path[RADIO_PATH_MAX];

	*ret = (struct radio_counts){.cells = 0};
	radio_table_path(data_dir, path);
	if (access(path, F_OK) != 0)
		return RC_OK;
	enum rc rc = db_open(path, DB_READER, NULL, &db, e);
	bool has_tables = false;
	if (rc == RC_OK)
		rc = look_for_tables(db, &has_tables, e);
	if (rc == RC_OK && !has_tables)
		return RC_OK;
	if (rc == RC_OK)
		rc = read_counts(db, ret, e);
	return rc == RC_OK ? read_imports(db, fn, ctx, e) : rc;
}

enum rc radio_table_clear(const char *data_dir, struct err *e)
{
	CLEANUP(db_closep) struct db *db = NULL;
	int lock_fd = -1;
	enum rc rc = take_lock(data_dir, &lock_fd, e);

	if (rc != RC_OK)
		return rc;
	rc = radio_table_create(data_dir, &db, e);
	if (rc == RC_OK)
		rc = db_script(db,
			"DELETE FROM cell; DELETE FROM point; DELETE FROM import; DELETE FROM"
			" import_bad; DELETE FROM total; VACUUM",
			e);
	(void)close(lock_fd);
	return rc;
}
