#include "domain/radio_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* The key is the rowid: one tree, no index. All in one go: who reads meanwhile finds all tables, or
 * none. */
static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE IF NOT EXISTS cell (id INTEGER PRIMARY KEY, lat INTEGER NOT NULL,"
	" lon INTEGER NOT NULL, range INTEGER NOT NULL, samples INTEGER NOT NULL,"
	" import INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS point (id INTEGER PRIMARY KEY, lat INTEGER NOT NULL,"
	" lon INTEGER NOT NULL, range INTEGER NOT NULL, samples INTEGER NOT NULL,"
	" import INTEGER NOT NULL);"
	"CREATE TABLE IF NOT EXISTS import (id INTEGER PRIMARY KEY, name TEXT NOT NULL,"
	" state INTEGER NOT NULL, bytes INTEGER NOT NULL, bytes_total INTEGER NOT NULL,"
	" lines INTEGER NOT NULL, cells INTEGER NOT NULL, points INTEGER NOT NULL,"
	" skipped INTEGER NOT NULL, bad INTEGER NOT NULL, started_ms INTEGER NOT NULL,"
	" ended_ms INTEGER NOT NULL, message TEXT NOT NULL);"
	"CREATE TABLE IF NOT EXISTS import_bad (import INTEGER NOT NULL, line INTEGER NOT NULL,"
	" why TEXT NOT NULL, PRIMARY KEY (import, line));"
	"CREATE TABLE IF NOT EXISTS total (id INTEGER PRIMARY KEY, cells INTEGER NOT NULL,"
	" points INTEGER NOT NULL);"
	"COMMIT";

struct radio_reader {
	char path[RADIO_PATH_MAX];
	struct db *db; /* NULL: no file yet */
	ino_t inode;
	dev_t device;
};

void radio_table_path(const char *data_dir, char ret[RADIO_PATH_MAX])
{
	(void)snprintf(ret, RADIO_PATH_MAX, "%s/radio.db", data_dir);
}

enum rc radio_table_create(const char *data_dir, struct db **ret_owned, struct err *e)
{
	char path[RADIO_PATH_MAX];
	struct db *db = NULL;

	radio_table_path(data_dir, path);
	enum rc rc = db_open(path, DB_TABLE, NULL, &db, e);
	if (rc == RC_OK)
		rc = db_script(db, schema, e);
	if (rc != RC_OK) {
		db_close(db);
		return rc;
	}
	*ret_owned = db;
	return RC_OK;
}

enum rc radio_reader_new(const char *data_dir, struct radio_reader **ret_owned, struct err *e)
{
	struct radio_reader *r = calloc(1, sizeof *r);

	if (r == NULL)
		return fail(e, RC_NOMEM, "radio: out of memory");
	radio_table_path(data_dir, r->path);
	*ret_owned = r;
	return RC_OK;
}

void radio_reader_free(struct radio_reader *r)
{
	if (r == NULL)
		return;
	db_close(r->db);
	free(r);
}

/* One stat for each report that is solved. */
static enum rc look_at_file(struct radio_reader *r, struct err *e)
{
	struct stat now;

	if (stat(r->path, &now) != 0 || now.st_size == 0) {
		db_close(r->db);
		r->db = NULL;
		return fail(e, RC_NOT_FOUND, "radio: no table");
	}
	if (r->db != NULL && now.st_ino == r->inode && now.st_dev == r->device)
		return RC_OK;
	db_close(r->db);
	r->db = NULL;
	r->inode = now.st_ino;
	r->device = now.st_dev;
	return db_open(r->path, DB_READER, NULL, &r->db, e);
}

enum rc radio_reader_find(struct radio_reader *r, bool is_cell, uint64_t key, struct geo *ret_at,
	uint32_t *ret_range_m, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = look_at_file(r, e);

	if (rc == RC_OK)
		rc = db_prepare(r->db,
			is_cell ? "SELECT lat, lon, range FROM cell WHERE id = ?1"
				: "SELECT lat, lon, range FROM point WHERE id = ?1",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, (int64_t)key);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return fail(e, RC_NOT_FOUND, "radio: not in the table");
	ret_at->lat_e7 = (int32_t)stmt_int(s, 0);
	ret_at->lon_e7 = (int32_t)stmt_int(s, 1);
	*ret_range_m = (uint32_t)stmt_int(s, 2);
	stmt_reset(s);
	return RC_OK;
}

/* As the database sorts them, so that one page after the other is written. */
static int by_key(const void *a, const void *b)
{
	const struct radio_row *x = a;
	const struct radio_row *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->key != y->key)
		return (int64_t)x->key < (int64_t)y->key ? -1 : 1;
	return (x->samples > y->samples) - (x->samples < y->samples);
}

/* In one file the row with more samples counts; a later file counts more than an earlier one. */
#define PUT(table)                                                                                 \
	"INSERT INTO " table " (id, lat, lon, range, samples, import) VALUES (?1, ?2, ?3, ?4, ?5," \
	" ?6) ON CONFLICT (id) DO UPDATE SET lat = excluded.lat, lon = excluded.lon,"              \
	" range = excluded.range, samples = excluded.samples, import = excluded.import"            \
	" WHERE excluded.import <> import OR excluded.samples >= samples"

static enum rc put_row(struct db *db, int64_t import, const struct radio_row *row, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db, row->kind == ROW_CELL ? PUT("cell") : PUT("point"), &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, (int64_t)row->key);
	stmt_bind_int(s, 2, row->at.lat_e7);
	stmt_bind_int(s, 3, row->at.lon_e7);
	stmt_bind_int(s, 4, row->range_m);
	stmt_bind_int(s, 5, row->samples);
	stmt_bind_int(s, 6, import);
	return stmt_run(s, NULL, e);
}

enum rc radio_table_put(
	struct db *db, int64_t import, struct radio_row *rows, size_t n, struct err *e)
{
	enum rc rc = RC_OK;

	qsort(rows, n, sizeof *rows, by_key);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		rc = put_row(db, import, &rows[i], e);
	return rc;
}
