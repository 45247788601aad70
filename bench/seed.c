/* Binds simulated watches by writing the rows that a claim leaves behind, sealed, into the database
 * of a server that does not run: claiming sixty thousand watches one by one would take longer than
 * all measurements. Prints the ids of the wearers in the account's own group. Linked with
 * seal_plain.c it is the seed of bench/kinward_plain. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "bench/tools.h"
#include "crypto/keyring_inside.h"
#include "crypto/token.h"
#include "store/sealed.h"

enum { FIRST_ID_DIGITS = 10, GROUP_SIZE = 50, RUN_S = 300, GUARD_NEVER_MS = 365 };

static const long long first_id = 8800000000;

struct seed {
	struct keyring *keyring;
	struct db *db;
	struct uid group;
	int64_t now_ms;
};

static enum rc new_owner(struct seed *s, enum key_kind kind, struct uid *ret, struct err *e)
{
	uint8_t key[KEY_BYTES];

	*ret = uid_new();
	random_bytes(key, sizeof key);
	return key_insert(s->keyring, ret, kind, 1, key, e);
}

/* All keys in one commit, before anything is sealed with them. */
static enum rc make_owners(struct seed *s, struct uid *wearers, uint32_t watches,
	struct uid *groups, uint32_t groups_n, struct err *e)
{
	enum rc rc = key_begin(s->keyring, e);

	if (rc != RC_OK)
		return rc;
	for (uint32_t i = 0; rc == RC_OK && i < watches; i++)
		rc = new_owner(s, KEY_WEARER, &wearers[i], e);
	for (uint32_t i = 0; rc == RC_OK && i < groups_n; i++)
		rc = new_owner(s, KEY_GROUP, &groups[i], e);
	return key_end(s->keyring, rc, e);
}

static enum rc insert_group(struct seed *s, const struct uid *group, struct err *e)
{
	struct stmt *stmt = NULL;
	enum rc rc = db_prepare(s->db,
		"INSERT INTO care_group (id, name, zone, wait_hours, created_ms)"
		" VALUES (?1, ?2, 'Etc/UTC', 24, ?3)",
		&stmt, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(stmt, 1, group);
	stmt_bind_sealed(stmt, 2, group, "care_group.name", VIEW("Group"));
	stmt_bind_int(stmt, 3, s->now_ms);
	return stmt_run(stmt, NULL, e);
}

static enum rc insert_wearer(struct seed *s, const struct uid *wearer, const struct uid *group,
	int64_t number, struct err *e)
{
	struct stmt *stmt = NULL;
	enum rc rc = db_prepare(s->db,
		"INSERT INTO wearer (id, number, care_group, name, color, picture_version, "
		"is_adult,"
		" notice_ms, created_ms) VALUES (?1, ?2, ?3, ?4, '#3366cc', 0, 0, 0, ?5)",
		&stmt, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(stmt, 1, wearer);
	stmt_bind_int(stmt, 2, number);
	stmt_bind_uid(stmt, 3, group);
	stmt_bind_sealed(stmt, 4, wearer, "wearer.name", VIEW("Wearer"));
	stmt_bind_int(stmt, 5, s->now_ms);
	return stmt_run(stmt, NULL, e);
}

static enum rc insert_device(
	struct seed *s, const struct uid *wearer, struct view wire_id, struct err *e)
{
	struct uid id = uid_new();
	struct stmt *stmt = NULL;
	enum rc rc = db_prepare(s->db,
		"INSERT INTO device (id, wearer, wire_id, wire_hash, vendor, model, version, "
		"is_demo,"
		" date_order, offset_min, language, zone, zone_sent_min, upload_sent_s,"
		" is_lz_refused, password, phone, guard_due_ms, guard_checked_ms, bound_ms)"
		" VALUES (?1, ?2, ?3, ?4, '3G', ?5, ?6, 0, 0, 0, 'en', 'Etc/UTC', 0, 600, 0,"
		" ?7, ?8, ?9, ?10, ?10)",
		&stmt, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(stmt, 1, &id);
	stmt_bind_uid(stmt, 2, wearer);
	stmt_bind_sealed(stmt, 3, wearer, "device.wire_id", wire_id);
	stmt_bind_lookup(stmt, 4, "device.wire_id", wire_id);
	stmt_bind_sealed(stmt, 5, wearer, "device.model", VIEW("G29"));
	stmt_bind_sealed(stmt, 6, wearer, "device.version", VIEW("G29_BASE_V1.00"));
	stmt_bind_sealed(stmt, 7, wearer, "device.password", VIEW("482915"));
	stmt_bind_sealed(stmt, 8, wearer, "device.phone", VIEW(""));
	stmt_bind_int(stmt, 9, s->now_ms + GUARD_NEVER_MS * INT64_C(86400000));
	stmt_bind_int(stmt, 10, s->now_ms);
	return stmt_run(stmt, NULL, e);
}

static enum rc read_one(
	struct db *db, const char *sql, struct uid *ret_id, int64_t *ret_int, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, sql, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc == RC_OK && !has_row)
		rc = fail(e, RC_NOT_FOUND, "seed: the server was not set up");
	if (rc != RC_OK)
		return rc;
	if (ret_id != NULL)
		*ret_id = stmt_uid(s, 0);
	if (ret_int != NULL)
		*ret_int = stmt_int(s, 0);
	stmt_reset(s);
	return RC_OK;
}

static enum rc set_counter(struct seed *s, int64_t value, struct err *e)
{
	struct stmt *stmt = NULL;
	enum rc rc = db_prepare(s->db,
		"INSERT INTO counter (name, value) VALUES ('wearer', ?1)"
		" ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		&stmt, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(stmt, 1, value);
	return stmt_run(stmt, NULL, e);
}

static enum rc bind_all(struct seed *s, const struct uid *wearers, uint32_t watches, uint32_t own,
	const struct uid *groups, struct err *e)
{
	int64_t first = 0;
	enum rc rc =
		read_one(s->db, "SELECT COALESCE(MAX(number), 0) + 1 FROM wearer", NULL, &first, e);

	for (uint32_t i = 0; rc == RC_OK && i < watches; i++) {
		const struct uid *group = i < own ? &s->group : &groups[(i - own) / GROUP_SIZE];
		char wire_id[FIRST_ID_DIGITS + 1];
		(void)snprintf(wire_id, sizeof wire_id, "%010lld", (first_id + i) % 10000000000);
		if (i >= own && (i - own) % GROUP_SIZE == 0)
			rc = insert_group(s, group, e);
		if (rc == RC_OK)
			rc = insert_wearer(s, &wearers[i], group, first + i, e);
		if (rc == RC_OK)
			rc = insert_device(s, &wearers[i], view_of(wire_id), e);
	}
	return rc == RC_OK ? set_counter(s, first + watches, e) : rc;
}

static enum rc seed_all(
	struct seed *s, struct uid *wearers, uint32_t watches, uint32_t own, struct err *e)
{
	uint32_t groups_n = watches > own ? (watches - own + GROUP_SIZE - 1) / GROUP_SIZE : 0;
	struct uid *groups = calloc((size_t)groups_n + 1, sizeof *groups);
	enum rc rc = groups == NULL ? fail(e, RC_NOMEM, "seed: out of memory")
				    : make_owners(s, wearers, watches, groups, groups_n, e);

	if (rc == RC_OK)
		rc = db_begin(s->db, e);
	if (rc == RC_OK)
		rc = read_one(s->db, "SELECT care_group FROM member", &s->group, NULL, e);
	if (rc == RC_OK)
		rc = bind_all(s, wearers, watches, own, groups, e);
	if (rc == RC_OK)
		rc = db_commit(s->db, e);
	free(groups);
	return rc;
}

int main(int argc, char **argv)
{
	struct seed s = {.now_ms = clock_wall_ms()};
	struct err e = {.msg = ""};
	uint32_t watches = 0;
	uint32_t own = 64;
	const struct option options[] = {
		{"watches", 1000000, &watches},
		{"own", 100000, &own},
	};

	process_bound(RUN_S);
	if (argc < 3 || !options_read(argc - 2, argv + 2, options, COUNT_OF(options)))
		return 2;
	struct uid *wearers = calloc((size_t)watches + 1, sizeof *wearers);
	char path[4096];
	(void)snprintf(path, sizeof path, "%s/kinward.db", argv[1]);
	enum rc rc = wearers == NULL ? RC_NOMEM : crypto_start(&e);
	if (rc == RC_OK)
		rc = keyring_open(argv[2], false, &s.keyring, &e);
	if (rc == RC_OK)
		rc = db_open(path, DB_WRITER, s.keyring, &s.db, &e);
	if (rc == RC_OK)
		rc = seed_all(&s, wearers, watches, own, &e);
	for (uint32_t i = 0; rc == RC_OK && i < watches && i < own; i++) {
		char text[UID_TEXT];
		uid_to_text(&wearers[i], text);
		(void)puts(text);
	}
	if (rc != RC_OK)
		(void)fprintf(stderr, "seed: %s\n", e.msg);
	db_close(s.db);
	keyring_free(s.keyring);
	free(wearers);
	return rc == RC_OK ? 0 : 1;
}
