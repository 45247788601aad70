#include "store/schema.h"

#include "base/clock.h"

/* This file is the one place where an engine's types stand (BLOB is BYTEA elsewhere). */
static const char *const migrations[] = {
	/* 1: people, wearers, watches, what they said and what they were told */
	"CREATE TABLE account ("
	" id BLOB NOT NULL PRIMARY KEY, login TEXT NOT NULL, login_folded TEXT NOT NULL UNIQUE,"
	" name TEXT NOT NULL, language TEXT NOT NULL, password_hash TEXT NOT NULL,"
	" is_operator INTEGER NOT NULL, created_ms INTEGER NOT NULL);"
	"CREATE TABLE setup_token ("
	" id INTEGER NOT NULL PRIMARY KEY, token_hash BLOB NOT NULL, created_ms INTEGER NOT NULL);"
	"CREATE TABLE care_group ("
	" id BLOB NOT NULL PRIMARY KEY, name TEXT NOT NULL, created_ms INTEGER NOT NULL);"
	"CREATE TABLE member ("
	" account BLOB NOT NULL REFERENCES account (id), care_group BLOB NOT NULL REFERENCES "
	"care_group (id),"
	" role TEXT NOT NULL, created_ms INTEGER NOT NULL, PRIMARY KEY (account, care_group));"
	"CREATE INDEX member_by_group ON member (care_group);"
	"CREATE TABLE web_session ("
	" id BLOB NOT NULL PRIMARY KEY, account BLOB NOT NULL REFERENCES account (id),"
	" token_hash BLOB NOT NULL, created_ms INTEGER NOT NULL, last_used_ms INTEGER NOT NULL,"
	" user_agent TEXT NOT NULL, address TEXT NOT NULL);"
	"CREATE INDEX web_session_by_account ON web_session (account);"
	"CREATE TABLE counter (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL);"
	"CREATE TABLE wearer ("
	" id BLOB NOT NULL PRIMARY KEY, number INTEGER NOT NULL,"
	" care_group BLOB NOT NULL REFERENCES care_group (id), name TEXT NOT NULL, color TEXT NOT "
	"NULL,"
	" picture_version INTEGER NOT NULL, created_ms INTEGER NOT NULL);"
	"CREATE INDEX wearer_by_group ON wearer (care_group);"
	"CREATE TABLE wearer_picture ("
	" wearer BLOB NOT NULL PRIMARY KEY REFERENCES wearer (id), type TEXT NOT NULL, bytes BLOB "
	"NOT NULL);"
	"CREATE TABLE device ("
	" id BLOB NOT NULL PRIMARY KEY, wearer BLOB NOT NULL REFERENCES wearer (id), wire_id TEXT "
	"NOT NULL,"
	" vendor TEXT NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL, is_demo INTEGER NOT "
	"NULL,"
	" date_order INTEGER NOT NULL, offset_min INTEGER NOT NULL,"
	" language TEXT NOT NULL, zone TEXT NOT NULL, zone_sent_min INTEGER NOT NULL,"
	" upload_interval_s INTEGER NOT NULL,"
	" is_language_confirmed INTEGER NOT NULL, is_zone_confirmed INTEGER NOT NULL,"
	" is_interval_confirmed INTEGER NOT NULL, is_lz_refused INTEGER NOT NULL,"
	" password TEXT NOT NULL, password_wanted TEXT NOT NULL, phone TEXT NOT NULL,"
	" bound_ms INTEGER NOT NULL);"
	"CREATE INDEX device_by_wearer ON device (wearer);"
	"CREATE INDEX device_by_wire_id ON device (wire_id);"
	"CREATE INDEX device_by_zone ON device (zone, zone_sent_min);"
	"CREATE TABLE command ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), id BLOB NOT NULL, kind TEXT NOT NULL,"
	" body BLOB NOT NULL, message TEXT NOT NULL, state INTEGER NOT NULL, reason INTEGER NOT "
	"NULL,"
	" created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL, sent_ms INTEGER NOT NULL,"
	" finished_ms INTEGER NOT NULL, by_account BLOB, idempotency_key TEXT NOT NULL,"
	" PRIMARY KEY (wearer, id));"
	"CREATE INDEX command_by_id ON command (id);"
	"CREATE INDEX command_by_time ON command (wearer, created_ms);"
	"CREATE INDEX command_open ON command (finished_ms) WHERE finished_ms = 0;"
	"CREATE TABLE alarm ("
	" wearer BLOB NOT NULL REFERENCES wearer (id), id BLOB NOT NULL, kinds INTEGER NOT NULL,"
	" status INTEGER NOT NULL, device_time_ms INTEGER NOT NULL, time_ms INTEGER NOT NULL,"
	" received_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, marks INTEGER NOT NULL,"
	" report BLOB NOT NULL,"
	" state INTEGER NOT NULL, repeats INTEGER NOT NULL, taken_by BLOB, taken_ms INTEGER NOT "
	"NULL,"
	" closed_by BLOB, closed_ms INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY (wearer, "
	"id));"
	"CREATE INDEX alarm_by_id ON alarm (id);"
	"CREATE UNIQUE INDEX alarm_once ON alarm (wearer, device_time_ms, status, kinds);"
	"CREATE INDEX alarm_by_time ON alarm (wearer, received_ms);"
	"CREATE TABLE claim ("
	" id BLOB NOT NULL PRIMARY KEY, care_group BLOB NOT NULL REFERENCES care_group (id),"
	" account BLOB NOT NULL REFERENCES account (id), watch TEXT NOT NULL, name TEXT NOT NULL,"
	" sim_number TEXT NOT NULL, language TEXT NOT NULL, zone TEXT NOT NULL, proof INTEGER NOT "
	"NULL,"
	" state INTEGER NOT NULL, tries INTEGER NOT NULL, sends INTEGER NOT NULL, wearer BLOB,"
	" created_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL);"
	"CREATE INDEX claim_by_group ON claim (care_group);"
	"CREATE INDEX claim_by_account ON claim (account, created_ms);"
	"CREATE INDEX claim_by_watch ON claim (watch, created_ms);"
	"CREATE TABLE journal (first_seq INTEGER NOT NULL PRIMARY KEY, entries INTEGER NOT NULL,"
	" body BLOB NOT NULL);"
	"CREATE TABLE history_chunk ("
	" wearer INTEGER NOT NULL, day INTEGER NOT NULL, last_seq INTEGER NOT NULL,"
	" entries INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (wearer, day, last_seq));"
	"CREATE TABLE history_mark (wearer INTEGER NOT NULL PRIMARY KEY, sealed_seq INTEGER NOT "
	"NULL,"
	" latest_ms INTEGER NOT NULL, latest BLOB);",
};

int schema_newest(void)
{
	return (int)COUNT_OF(migrations);
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
	rc = db_script(db, migrations[number - 1], e);
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
	for (int64_t number = version + 1; number <= schema_newest() && rc == RC_OK; number++)
		rc = apply(db, number, e);
	return rc;
}
