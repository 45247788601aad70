#include "store/schema.h"

#include "base/clock.h"
#include "store/schema_parts.h"

enum {
	PLAIN_SCHEMA = 1, /* of builds before any release: nothing in it was sealed */
	FIRST_SCHEMA = 2,
	MIGRATION_PARTS_MAX = 16,
};

/* This room is the one place where an engine's types stand (BLOB is BYTEA elsewhere). The first one
 * makes what FIRST_SCHEMA has. */
static const char *const migrations[][MIGRATION_PARTS_MAX] = {
	{schema_people, schema_group, schema_watch, schema_talk, schema_history, schema_audit,
		schema_partner, schema_courier, schema_phone, schema_radio, schema_health},
};

int schema_newest(void)
{
	return FIRST_SCHEMA - 1 + (int)COUNT_OF(migrations);
}

static enum rc read_version(struct db *db, int64_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_script(db,
		"CREATE TABLE IF NOT EXISTS schema_version ("
		" number INTEGER NOT NULL PRIMARY KEY, applied_ms INTEGER NOT NULL)",
		e);
	if (rc == RC_OK)
		rc = db_prepare(db, "SELECT COALESCE(MAX(number), 0) FROM schema_version", &s, e);
	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = stmt_int(s, 0);
	stmt_reset(s);
	return RC_OK;
}

static enum rc apply(struct db *db, int64_t number, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_begin(db, e);
	if (rc != RC_OK)
		return rc;
	const char *const *parts = migrations[number - FIRST_SCHEMA];
	for (size_t i = 0; rc == RC_OK && i < MIGRATION_PARTS_MAX && parts[i] != NULL; i++)
		rc = db_script(db, parts[i], e);
	if (rc == RC_OK)
		rc = db_prepare(db,
			"INSERT INTO schema_version (number, applied_ms) VALUES (?1, ?2)", &s, e);
	if (rc == RC_OK) {
		stmt_bind_int(s, 1, number);
		stmt_bind_int(s, 2, clock_wall_ms());
		rc = stmt_run(s, NULL, e);
	}
	if (rc == RC_OK)
		rc = db_commit(db, e);
	if (rc != RC_OK)
		db_rollback(db);
	return rc;
}

enum rc schema_migrate(struct db *db, struct err *e)
{
	int64_t version = 0;
	enum rc rc = read_version(db, &version, e);
	if (rc != RC_OK)
		return rc;
	if (version > schema_newest())
		return fail(e, RC_CONFLICT,
			"the database has schema %lld, this program knows %d: use the newer "
			"program",
			(long long)version, schema_newest());
	if (version == PLAIN_SCHEMA)
		return fail(e, RC_CONFLICT,
			"the database is of an unreleased build that sealed nothing: begin with an "
			"empty data folder");
	if (version < FIRST_SCHEMA)
		version = FIRST_SCHEMA - 1;
	for (int64_t number = version + 1; number <= schema_newest() && rc == RC_OK; number++)
		rc = apply(db, number, e);
	return rc;
}
