#include "app/rotate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/data_lock.h"
#include "app/settings.h"
#include "base/clock.h"
#include "crypto/keyring_rotate.h"
#include "crypto/sign.h"
#include "crypto/token.h"
#include "domain/audit.h"
#include "domain/device_password.h"
#include "domain/partner.h"
#include "domain/sealed_columns.h"
#include "store/query.h"

enum {
	EXIT_USAGE = 2,
	STEP_BITS = 8,
	PATH_SIZE = SETTING_TEXT_MAX + 32,
	PAGES_PER_COMMIT = 4,
	WATCHES_PER_COMMIT = 64
};

struct rotation {
	struct settings settings;
	char key_dir[SETTINGS_KEY_DIR_MAX];
	struct keyring *keyring;
	struct db *db;
	int64_t began_ms;
	struct reseal_count sealed;
	uint64_t owners, watches;
	int64_t sessions, partners;
	bool was_credential;
};

typedef enum rc step_fn(struct rotation *r, struct err *e);

struct step {
	const char *name;
	const char *what; /* for people, while it runs */
	step_fn *run;
};

static void progress(const char *what, const char *which, uint64_t n)
{
	(void)fprintf(stderr, "  %s %s: %llu\n", what, which, (unsigned long long)n);
	(void)fflush(stderr);
}

/* Ends a transaction: commits when rc is RC_OK. */
static enum rc end(struct db *db, enum rc rc, struct err *e)
{
	if (rc == RC_OK)
		rc = db_commit(db, e);
	if (rc != RC_OK)
		db_rollback(db);
	return rc;
}

/* ---- sessions ---- */

static enum rc count_and_delete_sessions(struct rotation *r, struct err *e)
{
	struct stmt *s = NULL;
	int64_t n = 0;
	enum rc rc = db_prepare(r->db, "DELETE FROM web_session", &s, e);

	if (rc == RC_OK)
		rc = stmt_run(s, &n, e);
	r->sessions += n;
	return rc == RC_OK ? db_script(r->db,
				     "DELETE FROM setup_token; DELETE FROM recovery;"
				     "DELETE FROM email_change; DELETE FROM invitation",
				     e)
			   : rc;
}

static enum rc rotate_sessions(struct rotation *r, struct err *e)
{
	enum rc rc = db_begin(r->db, e);

	return rc == RC_OK ? end(r->db, count_and_delete_sessions(r, e), e) : rc;
}

/* ---- partners ---- */

static enum rc rotate_partners(struct rotation *r, struct err *e)
{
	static const char *const names[] = {"webhook", "audit"};
	enum rc rc = db_begin(r->db, e);

	if (rc == RC_OK)
		rc = end(r->db, partner_rotate(r->db, r->began_ms, &r->partners, e), e);
	for (size_t i = 0; rc == RC_OK && i < COUNT_OF(names); i++) {
		rc = sign_rotate(r->key_dir, names[i], e);
		if (rc == RC_NOT_FOUND)
			rc = RC_OK; /* it was never used */
	}
	return rc;
}

/* ---- passwords of watches ---- */

/* The next wearers behind *after get a fresh password, unless they got one since this began. */
static enum rc renew_passwords(struct rotation *r, struct uid *after, bool *is_end, struct err *e)
{
	struct uid wearers[WATCHES_PER_COMMIT];
	struct stmt *s = NULL;
	bool has_row = false;
	size_t n = 0;
	enum rc rc = query_prepare(r->db,
		"SELECT DISTINCT wearer FROM device WHERE wearer > COALESCE(?1, x'') ORDER BY "
		"wearer LIMIT ?2",
		after, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, WATCHES_PER_COMMIT);
	while (rc == RC_OK && (rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		wearers[n++] = stmt_uid(s, 0);
	for (size_t i = 0; rc == RC_OK && i < n; i++) {
		rc = device_password_renew(r->db, &wearers[i], clock_wall_ms(), r->began_ms, e);
		r->watches += rc == RC_OK;
		if (rc == RC_CONFLICT || rc == RC_NOT_FOUND)
			rc = RC_OK; /* it has one already, or its key is gone */
		*after = wearers[i];
	}
	*is_end = n < WATCHES_PER_COMMIT;
	return rc;
}

static enum rc rotate_devices(struct rotation *r, struct err *e)
{
	struct uid after = {{0}};
	bool is_end = false;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !is_end) {
		uint64_t before = r->watches;
		rc = db_begin(r->db, e);
		if (rc == RC_OK)
			rc = end(r->db, renew_passwords(r, &after, &is_end, e), e);
		if (rc == RC_OK && r->watches > before)
			progress("fresh passwords for", "watches", r->watches - before);
	}
	return rc;
}

/* ---- data keys ---- */

/* Some pages of a column in one commit. */
static enum rc renew_some(struct rotation *r, const struct sealed_column *c, int64_t *rowid,
	bool *is_end, struct err *e)
{
	struct reseal_count count = r->sealed;
	int64_t at = *rowid;
	enum rc rc = db_begin(r->db, e);

	if (rc != RC_OK)
		return rc;
	for (int i = 0; rc == RC_OK && !*is_end && i < PAGES_PER_COMMIT; i++)
		rc = sealed_column_renew(r->db, c, &at, is_end, &count, e);
	rc = end(r->db, rc, e);
	if (rc == RC_OK) {
		r->sealed = count;
		*rowid = at;
	}
	return rc;
}

static enum rc renew_column(struct rotation *r, const struct sealed_column *c, struct err *e)
{
	int64_t rowid = 0;
	bool is_end = false;
	enum rc rc = RC_OK;

	while (rc == RC_OK && !is_end) {
		uint64_t before = r->sealed.changed;
		rc = renew_some(r, c, &rowid, &is_end, e);
		if (r->sealed.changed > before)
			progress("sealed anew", c->label, r->sealed.changed - before);
	}
	return rc;
}

/* A number that the key of look-ups alone makes: stored with the look-ups that it made. */
static int64_t lookup_mark(struct keyring *k)
{
	uint8_t hash[LOOKUP_BYTES];
	int64_t mark = 0;

	keyring_lookup(k, "rotate.mark", VIEW("look-ups"), hash);
	memcpy(&mark, hash, sizeof mark);
	return mark;
}

static enum rc is_marked(struct db *db, int64_t mark, bool *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc =
		db_prepare(db, "SELECT 1 FROM counter WHERE name = 'lookup' AND value = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, mark);
	rc = stmt_step(s, ret, e);
	stmt_reset(s);
	return rc;
}

static enum rc set_mark(struct db *db, int64_t mark, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"INSERT INTO counter (name, value) VALUES ('lookup', ?1)"
		" ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, mark);
	return stmt_run(s, NULL, e);
}

/* All look-ups in one transaction: they must fit one key. */
static enum rc renew_lookups_inside(struct rotation *r, struct err *e)
{
	enum rc rc = set_mark(r->db, lookup_mark(r->keyring), e);

	for (size_t i = 0; rc == RC_OK && i < sealed_columns_n; i++) {
		int64_t rowid = 0;
		bool is_end = false;
		while (rc == RC_OK && !is_end)
			rc = sealed_column_renew_lookups(
				r->db, &sealed_columns[i], &rowid, &is_end, e);
	}
	return rc;
}

static enum rc renew_lookups(struct rotation *r, struct err *e)
{
	bool is_done = false;
	enum rc rc = keyring_lookup_begin(r->keyring, e);

	if (rc == RC_OK)
		rc = is_marked(r->db, lookup_mark(r->keyring), &is_done, e);
	if (rc == RC_OK && !is_done) {
		rc = db_begin(r->db, e);
		if (rc == RC_OK)
			rc = end(r->db, renew_lookups_inside(r, e), e);
		if (rc == RC_OK)
			progress("computed anew", "look-ups", 1);
	}
	return rc == RC_OK ? keyring_lookup_end(r->keyring, e) : rc;
}

static enum rc rotate_data(struct rotation *r, struct err *e)
{
	enum rc rc = keyring_renew_begin(r->keyring, &r->owners, e);

	if (rc == RC_OK && r->owners > 0)
		progress("made", "fresh keys", r->owners);
	for (size_t i = 0; rc == RC_OK && i < sealed_columns_n; i++)
		rc = renew_column(r, &sealed_columns[i], e);
	if (rc == RC_OK)
		rc = renew_lookups(r, e);
	if (rc == RC_OK) /* what was sealed with the old keys leaves the log as well */
		rc = db_script(r->db, "PRAGMA wal_checkpoint(TRUNCATE)", e);
	return rc == RC_OK ? keyring_renew_end(r->keyring, e) : rc;
}

/* ---- master key ---- */

static enum rc rotate_master(struct rotation *r, struct err *e)
{
	return keyring_renew_master(r->keyring, &r->was_credential, e);
}

/* In the order in which `all` runs them; a place is a bit of what is to be done. The master key
 * comes last: it then wraps only keys that are fresh themselves. */
static const struct step steps[] = {
	{"sessions", "ending sessions", rotate_sessions},
	{"partners", "ending what partners hold", rotate_partners},
	{"devices", "giving every watch a fresh password", rotate_devices},
	{"wearer", "sealing everything with fresh keys", rotate_data},
	{"master", "wrapping all keys with a fresh master key", rotate_master},
};
_Static_assert(COUNT_OF(steps) <= STEP_BITS, "the time stands behind the bits");

/* What is to be done, as it is kept: bits of steps, and behind them when it began. */
static int64_t work_of(unsigned bits, int64_t began_ms)
{
	return bits == 0 ? 0 : (int64_t)bits | began_ms << STEP_BITS;
}

static unsigned bits_of(int64_t work)
{
	return (unsigned)(work & ((1 << STEP_BITS) - 1));
}

enum rc rotate_check_ended(struct keyring *k, struct err *e)
{
	int64_t work = 0;
	enum rc rc = keyring_work_get(k, &work, e);

	return rc == RC_OK && work != 0
		       ? fail(e, RC_CONFLICT,
				 "a rotation of keys was cut off: run `kinward rotate all` again")
		       : rc;
}

static enum rc note_in_audit_log(struct rotation *r, unsigned bits, struct err *e)
{
	struct act act = {.action = "keys.rotate", .actor_kind = ACTOR_OPERATOR_CLI};
	enum rc rc = db_begin(r->db, e);

	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		size_t n = strlen(act.detail);
		if ((bits & 1u << i) != 0)
			(void)snprintf(act.detail + n, sizeof act.detail - n, "%s%s",
				n == 0 ? "" : ", ", steps[i].name);
	}
	return rc == RC_OK ? end(r->db, audit_append(r->db, &act, clock_wall_ms(), e), e) : rc;
}

static enum rc run_steps(struct rotation *r, unsigned wanted, unsigned *ret_done, struct err *e)
{
	int64_t kept = 0;
	enum rc rc = keyring_work_get(r->keyring, &kept, e);
	unsigned todo = bits_of(kept) | wanted;

	if (rc != RC_OK)
		return rc;
	if (kept != 0)
		(void)fputs("A rotation was cut off; it goes on.\n", stderr);
	r->began_ms = kept != 0 ? kept >> STEP_BITS : clock_wall_ms();
	*ret_done = todo;
	rc = keyring_work_set(r->keyring, work_of(todo, r->began_ms), e);
	if (rc == RC_OK)
		rc = note_in_audit_log(r, todo, e);
	for (size_t i = 0; rc == RC_OK && i < COUNT_OF(steps); i++) {
		if ((todo & 1u << i) == 0)
			continue;
		(void)fprintf(stderr, "%s …\n", steps[i].what);
		rc = steps[i].run(r, e);
		todo &= ~(1u << i);
		if (rc == RC_OK)
			rc = keyring_work_set(r->keyring, work_of(todo, r->began_ms), e);
	}
	return rc;
}

/* ---- the command ---- */

static bool find_steps(const char *name, unsigned *ret_bits)
{
	*ret_bits = 0;
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		if (strcmp(name, "all") == 0 || strcmp(name, steps[i].name) == 0)
			*ret_bits |= 1u << i;
	}
	return *ret_bits != 0;
}

static bool has_step(unsigned bits, const char *name)
{
	unsigned bit = 0;

	return find_steps(name, &bit) && (bits & bit) != 0;
}

static void tell_people(const struct rotation *r, unsigned done)
{
	(void)puts("Done. What people must do now:");
	if (has_step(done, "sessions"))
		(void)printf("- Everybody signs in again (%lld sessions ended); links of set-up, "
			     "recovery and e-mail that are under way are asked for anew, "
			     "invitations are made anew.\n",
			(long long)r->sessions);
	if (has_step(done, "partners"))
		(void)printf(
			"- %lld partners are stopped and have no keys: each sends a new public "
			"key, the operator registers it and starts them again. Partners read "
			"the new keys of webhooks at /.well-known/jwks.json.\n",
			(long long)r->partners);
	if (has_step(done, "devices"))
		(void)printf("- %llu watches get a fresh password as soon as they connect; nobody "
			     "has to type one.\n",
			(unsigned long long)r->watches);
	if (has_step(done, "wearer"))
		(void)printf("- Make a backup of data and keys now. Older backups do not open with "
			     "the new keys, only with their own, which you should destroy "
			     "(%llu values were sealed anew).\n",
			(unsigned long long)r->sealed.changed);
	if (has_step(done, "master") && r->was_credential)
		(void)printf("- The new master key stands in %s/master.key: put it into the "
			     "credential kinward.master and remove the file.\n",
			r->key_dir);
	if (has_step(done, "master"))
		(void)puts("- Make a backup of the keys now and destroy older ones.");
	if (r->sealed.keyless > 0)
		(void)printf("- %llu values belong to somebody whose key is gone; the service "
			     "removes them at its start.\n",
			(unsigned long long)r->sealed.keyless);
	if (r->sealed.damaged > 0)
		(void)printf("- %llu values are damaged and cannot be opened; they stay as they "
			     "are.\n",
			(unsigned long long)r->sealed.damaged);
	(void)puts("- Start the service.");
}

static enum rc open_all(struct rotation *r, struct err *e)
{
	char path[PATH_SIZE];
	enum rc rc = crypto_start(e);

	(void)snprintf(path, sizeof path, "%s/kinward.db", r->settings.data_dir);
	if (rc == RC_OK && access(path, F_OK) != 0)
		rc = fail(e, RC_NOT_FOUND, "there is no database %.100s", path);
	if (rc == RC_OK)
		rc = settings_key_dir(&r->settings, r->key_dir, e);
	if (rc == RC_OK)
		rc = keyring_open(r->key_dir, false, &r->keyring, e);
	if (rc == RC_OK)
		rc = db_open(path, DB_WRITER, r->keyring, &r->db, e);
	return rc;
}

static enum rc rotate(struct rotation *r, unsigned bits, unsigned *ret_done, struct err *e)
{
	int lock = -1;
	enum rc rc = data_lock(r->settings.data_dir, &lock, e);

	if (rc == RC_CONFLICT)
		return fail(e, rc, "the service is running: stop it first");
	if (rc == RC_OK)
		rc = open_all(r, e);
	if (rc == RC_OK)
		rc = run_steps(r, bits, ret_done, e);
	db_close(r->db);
	keyring_free(r->keyring);
	if (lock >= 0)
		(void)close(lock); /* ends the lock */
	return rc;
}

int rotate_main(int argc, char **argv)
{
	struct rotation r = {.db = NULL};
	struct err e = {.rc = RC_OK};
	unsigned bits = 0;
	unsigned done = 0;

	settings_init(&r.settings);
	if (argc < 2 || !find_steps(argv[1], &bits) ||
		settings_read_args(&r.settings, argc - 2, argv + 2, &e) != RC_OK) {
		(void)fprintf(stderr,
			"%s%susage: kinward rotate master|wearer|sessions|partners|devices|all\n"
			"       and --config FILE, --set NAME=VALUE as for serve; the service must "
			"be stopped\n",
			e.msg, e.msg[0] == '\0' ? "" : "\n");
		return EXIT_USAGE;
	}
	if (rotate(&r, bits, &done, &e) != RC_OK) {
		(void)fprintf(stderr, "kinward rotate: %s\n", e.msg);
		return 1;
	}
	tell_people(&r, done);
	return 0;
}
