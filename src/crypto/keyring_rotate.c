#include "crypto/keyring_rotate.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/keyring_inside.h"

enum { PAGE_ROWS = 256 };

/* One row of the table of keys. */
struct key_row {
	struct uid owner;
	uint32_t epoch;
	int kind;
	uint8_t wrapped[WRAP_BYTES];
};

struct key_page {
	struct key_row rows[PAGE_ROWS];
	size_t n;
};

static enum rc read_row(sqlite3_stmt *s, struct key_row *ret, struct err *e)
{
	if (sqlite3_column_bytes(s, 0) != UID_BYTES || sqlite3_column_bytes(s, 3) != WRAP_BYTES)
		return fail(e, RC_SYNTAX, "the file of the keys is damaged (a row)");
	memcpy(ret->owner.b, sqlite3_column_blob(s, 0), UID_BYTES);
	ret->epoch = (uint32_t)sqlite3_column_int64(s, 1);
	ret->kind = sqlite3_column_int(s, 2);
	memcpy(ret->wrapped, sqlite3_column_blob(s, 3), WRAP_BYTES);
	return RC_OK;
}

/* The next rows behind (owner, epoch) in their order; `sql` is a literal with ?1, ?2 and ?3. */
static enum rc read_page(struct keyring *k, const char *sql, const struct key_row *after,
	struct key_page *ret, struct err *e)
{
	CLEANUP(key_finalize) sqlite3_stmt *s = NULL;
	enum rc rc = key_prepare(k->writer, sql, &s, e);

	ret->n = 0;
	if (rc != RC_OK)
		return rc;
	int code = sqlite3_bind_blob(s, 1, after->owner.b, UID_BYTES, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(s, 2, after->epoch);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int(s, 3, PAGE_ROWS);
	while (rc == RC_OK && (code == SQLITE_OK || code == SQLITE_ROW)) {
		code = sqlite3_step(s);
		if (code == SQLITE_ROW)
			rc = read_row(s, &ret->rows[ret->n++], e);
	}
	if (rc == RC_OK && code != SQLITE_DONE)
		rc = key_fail(k->writer, code & 0xff, "read", e);
	return rc;
}

static enum rc step_done(struct keyring *k, sqlite3_stmt *s, int code, struct err *e)
{
	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	return code == SQLITE_DONE ? RC_OK : key_fail(k->writer, code & 0xff, "change", e);
}

/* ---- the master key ---- */

static enum rc write_wrapped(struct keyring *k, const struct key_row *row,
	const uint8_t wrapped[WRAP_BYTES], struct err *e)
{
	CLEANUP(key_finalize) sqlite3_stmt *s = NULL;
	enum rc rc = key_prepare(
		k->writer, "UPDATE key SET wrapped = ?3 WHERE owner = ?1 AND epoch = ?2", &s, e);

	if (rc != RC_OK)
		return rc;
	int code = sqlite3_bind_blob(s, 1, row->owner.b, UID_BYTES, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(s, 2, row->epoch);
	if (code == SQLITE_OK)
		code = sqlite3_bind_blob(s, 3, wrapped, WRAP_BYTES, SQLITE_STATIC);
	return step_done(k, s, code, e);
}

static enum rc wrap_anew(
	struct keyring *k, const struct key_row *row, const uint8_t *master, struct err *e)
{
	struct view old = {.p = (const char *)row->wrapped, .n = WRAP_BYTES};
	uint8_t key[KEY_BYTES];
	uint8_t wrapped[WRAP_BYTES];

	/* A damaged one opens nothing in any case, and must not keep the others from a fresh master
	 * key. Were it the master key that is wrong, the key of look-ups would not open either. */
	if (!key_unwrap(k->secrets->master, &row->owner, row->epoch, old, key))
		return RC_OK;
	key_wrap(master, &row->owner, row->epoch, key, wrapped);
	sodium_memzero(key, sizeof key);
	return write_wrapped(k, row, wrapped, e);
}

static enum rc wrap_all_anew(struct keyring *k, const uint8_t *master, struct err *e)
{
	struct key_row after = {.epoch = 0};
	struct key_page page;
	enum rc rc = RC_OK;

	do {
		rc = read_page(k,
			"SELECT owner, epoch, kind, wrapped FROM key WHERE (owner, epoch) > (?1, "
			"?2)"
			" ORDER BY owner, epoch LIMIT ?3",
			&after, &page, e);
		for (size_t i = 0; rc == RC_OK && i < page.n; i++)
			rc = wrap_anew(k, &page.rows[i], master, e);
		if (page.n > 0)
			after = page.rows[page.n - 1];
	} while (rc == RC_OK && page.n == PAGE_ROWS);
	return rc;
}

/* The key of look-ups, and the next one when a rotation of it is under way. */
static enum rc wrap_lookups_anew(struct keyring *k, const uint8_t *master, struct err *e)
{
	static const char *const names[] = {"lookup", "lookup_next"};
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < COUNT_OF(names); i++) {
		uint8_t wrapped[WRAP_BYTES];
		uint8_t key[KEY_BYTES];
		struct view old = {.p = (const char *)wrapped, .n = WRAP_BYTES};
		rc = key_info_get(k, names[i], wrapped, sizeof wrapped, e);
		if (rc == RC_NOT_FOUND) {
			rc = RC_OK;
			continue;
		}
		if (rc == RC_OK && !key_unwrap(k->secrets->master, &keyring_system, 0, old, key))
			rc = fail(e, RC_SYNTAX, "the file of the keys is damaged (%s)", names[i]);
		if (rc != RC_OK)
			break;
		key_wrap(master, &keyring_system, 0, key, wrapped);
		sodium_memzero(key, sizeof key);
		rc = key_info_set(k, names[i], wrapped, sizeof wrapped, e);
	}
	return rc;
}

static enum rc put_master(struct keyring *k, const uint8_t *master, struct err *e)
{
	uint8_t id[MASTER_ID_BYTES];
	enum rc rc = key_begin(k, e);

	if (rc != RC_OK)
		return rc;
	rc = wrap_all_anew(k, master, e);
	if (rc == RC_OK)
		rc = wrap_lookups_anew(k, master, e);
	key_master_id(master, id);
	if (rc == RC_OK)
		rc = key_info_set(k, "master", id, sizeof id, e);
	return key_end(k, rc, e);
}

enum rc keyring_renew_master(struct keyring *k, bool *ret_was_credential, struct err *e)
{
	uint8_t master[KEY_BYTES];

	randombytes_buf(master, sizeof master);
	(void)pthread_mutex_lock(&k->write_lock); /* the default mutex does not fail here */
	enum rc rc = key_file_forget(k, KEY_FILE_NEXT, e);
	if (rc == RC_OK)
		rc = key_master_write(k, KEY_FILE_NEXT, master, e);
	if (rc == RC_OK)
		rc = put_master(k, master, e);
	if (rc == RC_OK) {
		memcpy(k->secrets->master, master, sizeof master);
		*ret_was_credential = k->is_credential;
		rc = key_master_swap(k, e);
	}
	if (rc == RC_OK)
		rc = key_scrub_log(k, e);
	(void)pthread_mutex_unlock(&k->write_lock);
	sodium_memzero(master, sizeof master);
	return rc;
}

/* ---- a fresh key for each owner ---- */

static enum rc add_epochs(struct keyring *k, uint64_t *ret_owners, struct err *e)
{
	struct key_row after = {.epoch = UINT32_MAX};
	struct key_page page;
	enum rc rc = RC_OK;

	do {
		rc = read_page(k,
			"SELECT owner, MAX(epoch), kind, wrapped FROM key"
			" WHERE (owner, 4294967295) > (?1, ?2) GROUP BY owner ORDER BY owner LIMIT "
			"?3",
			&after, &page, e);
		for (size_t i = 0; rc == RC_OK && i < page.n; i++) {
			const struct key_row *row = &page.rows[i];
			uint8_t key[KEY_BYTES];
			randombytes_buf(key, sizeof key);
			rc = key_insert(
				k, &row->owner, (enum key_kind)row->kind, row->epoch + 1, key, e);
			sodium_memzero(key, sizeof key);
			++*ret_owners;
		}
		if (page.n > 0)
			after.owner = page.rows[page.n - 1].owner;
	} while (rc == RC_OK && page.n == PAGE_ROWS);
	return rc;
}

enum rc keyring_renew_begin(struct keyring *k, uint64_t *ret_owners, struct err *e)
{
	uint8_t mark = 1;
	uint64_t owners = 0;

	(void)pthread_mutex_lock(&k->write_lock);
	enum rc rc = key_begin(k, e);
	if (rc == RC_OK) {
		rc = key_info_get(k, "renewing", &mark, sizeof mark, e);
		if (rc == RC_NOT_FOUND) {
			rc = add_epochs(k, &owners, e);
			if (rc == RC_OK)
				rc = key_info_set(k, "renewing", &mark, sizeof mark, e);
		}
		rc = key_end(k, rc, e);
	}
	(void)pthread_mutex_unlock(&k->write_lock);
	keys_drop_all(k);
	if (rc == RC_OK && ret_owners != NULL)
		*ret_owners = owners;
	return rc;
}

enum rc keyring_renew_end(struct keyring *k, struct err *e)
{
	(void)pthread_mutex_lock(&k->write_lock);
	enum rc rc = key_begin(k, e);
	if (rc == RC_OK)
		rc = key_end(k,
			key_script(k,
				"DELETE FROM key WHERE epoch <"
				" (SELECT MAX(n.epoch) FROM key n WHERE n.owner = key.owner);"
				"DELETE FROM info WHERE name = 'renewing'",
				e),
			e);
	if (rc == RC_OK)
		rc = key_scrub_log(k, e);
	(void)pthread_mutex_unlock(&k->write_lock);
	keys_drop_all(k);
	return rc;
}

/* ---- look-ups ---- */

static enum rc find_or_make_lookup(struct keyring *k, struct err *e)
{
	uint8_t wrapped[WRAP_BYTES];
	struct view v = {.p = (const char *)wrapped, .n = WRAP_BYTES};
	uint8_t key[KEY_BYTES];
	enum rc rc = key_info_get(k, "lookup_next", wrapped, sizeof wrapped, e);

	if (rc == RC_NOT_FOUND) {
		randombytes_buf(key, sizeof key);
		key_wrap(k->secrets->master, &keyring_system, 0, key, wrapped);
		rc = key_info_set(k, "lookup_next", wrapped, sizeof wrapped, e);
	} else if (rc == RC_OK && !key_unwrap(k->secrets->master, &keyring_system, 0, v, key)) {
		rc = fail(e, RC_SYNTAX, "the file of the keys is damaged (lookup_next)");
	}
	if (rc == RC_OK)
		memcpy(k->secrets->lookup, key, sizeof key);
	sodium_memzero(key, sizeof key);
	return rc;
}

enum rc keyring_lookup_begin(struct keyring *k, struct err *e)
{
	(void)pthread_mutex_lock(&k->write_lock);
	enum rc rc = key_begin(k, e);
	if (rc == RC_OK)
		rc = key_end(k, find_or_make_lookup(k, e), e);
	(void)pthread_mutex_unlock(&k->write_lock);
	return rc;
}

enum rc keyring_lookup_end(struct keyring *k, struct err *e)
{
	(void)pthread_mutex_lock(&k->write_lock);
	enum rc rc = key_begin(k, e);
	if (rc == RC_OK)
		rc = key_end(k,
			key_script(k,
				"UPDATE info SET value = (SELECT n.value FROM info n"
				" WHERE n.name = 'lookup_next') WHERE name = 'lookup'"
				" AND EXISTS (SELECT 1 FROM info n WHERE n.name = 'lookup_next');"
				"DELETE FROM info WHERE name = 'lookup_next'",
				e),
			e);
	if (rc == RC_OK)
		rc = key_scrub_log(k, e);
	(void)pthread_mutex_unlock(&k->write_lock);
	return rc;
}

/* ---- what is still to be done ---- */

enum rc keyring_work_get(struct keyring *k, int64_t *ret, struct err *e)
{
	int64_t work = 0;

	(void)pthread_mutex_lock(&k->write_lock);
	enum rc rc = key_info_get(k, "work", &work, sizeof work, e);
	(void)pthread_mutex_unlock(&k->write_lock);
	if (rc == RC_NOT_FOUND)
		rc = RC_OK;
	if (rc == RC_OK)
		*ret = work;
	return rc;
}

enum rc keyring_work_set(struct keyring *k, int64_t work, struct err *e)
{
	(void)pthread_mutex_lock(&k->write_lock);
	enum rc rc = key_begin(k, e);
	if (rc == RC_OK)
		rc = key_end(k, key_info_set(k, "work", &work, sizeof work, e), e);
	(void)pthread_mutex_unlock(&k->write_lock);
	return rc;
}
