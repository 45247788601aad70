#include "crypto/keyring.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "crypto/keyring_inside.h"
#include "crypto/seal.h"

_Static_assert(SEAL_OVERHEAD == 1 + SEAL_NONCE_BYTES + SEAL_TAG_BYTES, "what sealing adds");
enum { DESTROYED_HASH_BYTES = 16 }; /* ids are random: nothing can be guessed */

_Static_assert(LOOKUP_BYTES == crypto_generichash_BYTES, "BLAKE2b-256");

const struct uid keyring_system = {
	{'k', 'i', 'n', 'w', 'a', 'r', 'd', ' ', 's', 'y', 's', 't', 'e', 'm', 0, 1}};

static void keyring_freep(struct keyring **k)
{
	keyring_free(*k);
}

enum rc keyring_open(
	const char *key_dir, bool may_create, struct keyring **ret_owned, struct err *e)
{
	CLEANUP(keyring_freep) struct keyring *k = calloc(1, sizeof *k);

	if (k == NULL)
		return fail(e, RC_NOMEM, "keys: out of memory");
	(void)pthread_mutex_init(&k->cache_lock, NULL); /* cannot fail with default attributes */
	(void)pthread_mutex_init(&k->write_lock, NULL);
	k->secrets = sodium_malloc(sizeof *k->secrets);
	if (k->secrets == NULL)
		return fail(e, RC_NOMEM, "keys: out of memory");
	sodium_memzero(k->secrets, sizeof *k->secrets);
	if (!view_to_text(view_of(key_dir), k->folder, sizeof k->folder - 32))
		return fail(e, RC_LIMIT, "the path of the folder of the keys is too long");
	enum rc rc = key_files_open(k, may_create, e);
	if (rc != RC_OK)
		return rc;
	*ret_owned = STEAL(k);
	return RC_OK;
}

void keyring_free(struct keyring *k)
{
	if (k == NULL)
		return;
	key_files_close(k);
	sodium_free(k->secrets); /* overwrites them; NULL is allowed */
	(void)pthread_mutex_destroy(&k->cache_lock);
	(void)pthread_mutex_destroy(&k->write_lock);
	free(k);
}

/* ---- open keys ---- */

static struct owner_keys *cache_set(struct keyring *k, const struct uid *owner)
{
	uint32_t hash = 0;

	memcpy(&hash, owner->b + UID_BYTES - sizeof hash, sizeof hash); /* ids are random */
	return k->secrets->cache[hash % CACHE_SETS];
}

static struct owner_keys *cache_find(struct keyring *k, const struct uid *owner)
{
	struct owner_keys *set = cache_set(k, owner);

	for (int i = 0; i < CACHE_WAYS; i++) {
		if (set[i].n > 0 && uid_is(&set[i].owner, owner))
			return &set[i];
	}
	return NULL;
}

void keys_drop(struct keyring *k, const struct uid *owner)
{
	(void)pthread_mutex_lock(&k->cache_lock); /* the default mutex does not fail here */
	struct owner_keys *entry = cache_find(k, owner);
	if (entry != NULL)
		sodium_memzero(entry, sizeof *entry);
	(void)pthread_mutex_unlock(&k->cache_lock);
}

void keys_drop_all(struct keyring *k)
{
	(void)pthread_mutex_lock(&k->cache_lock);
	sodium_memzero(k->secrets->cache, sizeof k->secrets->cache);
	(void)pthread_mutex_unlock(&k->cache_lock);
}

/* Under the cache's lock. */
static enum rc load_keys(
	struct keyring *k, const struct uid *owner, struct owner_keys *ret, struct err *e)
{
	sqlite3_stmt *s = k->find;
	int code = sqlite3_bind_blob(s, 1, owner->b, UID_BYTES, SQLITE_TRANSIENT);
	enum rc rc = RC_OK;

	*ret = (struct owner_keys){.owner = *owner};
	while (code == SQLITE_OK || code == SQLITE_ROW) {
		code = sqlite3_step(s);
		if (code != SQLITE_ROW || ret->n == EPOCHS_OPEN_MAX)
			break;
		struct view wrapped = {
			.p = sqlite3_column_blob(s, 1), .n = (size_t)sqlite3_column_bytes(s, 1)};
		uint32_t epoch = (uint32_t)sqlite3_column_int64(s, 0);
		if (!key_unwrap(k->secrets->master, owner, epoch, wrapped, ret->key[ret->n])) {
			rc = fail(e, RC_SYNTAX, "a key in the file of the keys is damaged");
			break;
		}
		ret->epoch[ret->n++] = epoch;
	}
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		rc = key_fail(k->reader, code & 0xff, "read", e);
	(void)sqlite3_reset(s); /* repeats the step's code */
	if (rc == RC_OK && ret->n == 0)
		rc = fail(e, RC_NOT_FOUND, "the key is gone: what it sealed was erased");
	return rc;
}

enum rc keys_find(struct keyring *k, const struct uid *owner, struct owner_keys *ret, struct err *e)
{
	enum rc rc = RC_OK;

	(void)pthread_mutex_lock(&k->cache_lock);
	const struct owner_keys *entry = cache_find(k, owner);
	if (entry != NULL) {
		*ret = *entry;
	} else {
		rc = load_keys(k, owner, ret, e);
		if (rc == RC_OK)
			cache_set(k, owner)[k->secrets->next_way++ % CACHE_WAYS] = *ret;
	}
	(void)pthread_mutex_unlock(&k->cache_lock);
	return rc;
}

/* ---- adding and destroying ---- */

/* Under the lock of writing. */
static enum rc has_row(struct keyring *k, const struct uid *owner, bool *ret, struct err *e)
{
	CLEANUP(key_finalize) sqlite3_stmt *s = NULL;
	enum rc rc = key_prepare(k->writer, "SELECT 1 FROM key WHERE owner = ?1 LIMIT 1", &s, e);

	if (rc != RC_OK)
		return rc;
	int code = sqlite3_bind_blob(s, 1, owner->b, UID_BYTES, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return key_fail(k->writer, code & 0xff, "read", e);
	*ret = code == SQLITE_ROW;
	return RC_OK;
}

enum rc keyring_has(struct keyring *k, const struct uid *owner, bool *ret, struct err *e)
{
	(void)pthread_mutex_lock(&k->write_lock); /* the default mutex does not fail here */
	enum rc rc = has_row(k, owner, ret, e);
	(void)pthread_mutex_unlock(&k->write_lock);
	return rc;
}

static enum rc add_row(
	struct keyring *k, enum key_kind kind, const struct uid *owner, struct err *e)
{
	uint8_t key[KEY_BYTES];
	bool is_there = false;
	enum rc rc = has_row(k, owner, &is_there, e);

	if (rc == RC_OK && is_there)
		return fail(e, RC_CONFLICT, "keys: it has one already");
	if (rc != RC_OK)
		return rc;
	randombytes_buf(key, sizeof key);
	rc = key_insert(k, owner, kind, 1, key, e);
	sodium_memzero(key, sizeof key);
	return rc;
}

enum rc keyring_add(struct keyring *k, enum key_kind kind, const struct uid *owner, struct err *e)
{
	if (uid_is_none(owner))
		return fail(e, RC_BUG, "keys: an owner without id");
	(void)pthread_mutex_lock(&k->write_lock);
	enum rc rc = key_begin(k, e);
	if (rc == RC_OK)
		rc = key_end(k, add_row(k, kind, owner, e), e);
	(void)pthread_mutex_unlock(&k->write_lock);
	return rc;
}

/* What is left of an owner: not even its id. */
static void hash_of_destroyed(const struct uid *owner, uint8_t ret[DESTROYED_HASH_BYTES])
{
	static const char what[] = "kinward destroyed key";

	/* Fails only for impossible sizes. */
	(void)crypto_generichash(ret, DESTROYED_HASH_BYTES, owner->b, UID_BYTES,
		(const uint8_t *)what, sizeof what - 1);
}

/* `sql` has the hash as ?1. *ret_has_row may be NULL. */
static enum rc run_for_destroyed(struct keyring *k, const char *sql, const struct uid *owner,
	bool *ret_has_row, struct err *e)
{
	CLEANUP(key_finalize) sqlite3_stmt *s = NULL;
	uint8_t hash[DESTROYED_HASH_BYTES];
	enum rc rc = key_prepare(k->writer, sql, &s, e);

	if (rc != RC_OK)
		return rc;
	hash_of_destroyed(owner, hash);
	int code = sqlite3_bind_blob(s, 1, hash, sizeof hash, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code != SQLITE_ROW && code != SQLITE_DONE)
		return key_fail(k->writer, code & 0xff, "destroyed", e);
	if (ret_has_row != NULL)
		*ret_has_row = code == SQLITE_ROW;
	return RC_OK;
}

enum rc keyring_was_destroyed(struct keyring *k, const struct uid *owner, bool *ret, struct err *e)
{
	(void)pthread_mutex_lock(&k->write_lock); /* the default mutex does not fail here */
	enum rc rc = run_for_destroyed(
		k, "SELECT 1 FROM destroyed WHERE owner_hash = ?1", owner, ret, e);
	(void)pthread_mutex_unlock(&k->write_lock);
	return rc;
}

static enum rc delete_rows(struct keyring *k, const struct uid *owner, struct err *e)
{
	CLEANUP(key_finalize) sqlite3_stmt *s = NULL;
	enum rc rc = key_prepare(k->writer, "DELETE FROM key WHERE owner = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	int code = sqlite3_bind_blob(s, 1, owner->b, UID_BYTES, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code != SQLITE_DONE)
		return key_fail(k->writer, code & 0xff, "delete", e);
	return run_for_destroyed(
		k, "INSERT OR IGNORE INTO destroyed (owner_hash) VALUES (?1)", owner, NULL, e);
}

enum rc keyring_destroy(struct keyring *k, const struct uid *owner, struct err *e)
{
	if (uid_is(owner, &keyring_system))
		return fail(e, RC_BUG, "keys: the system's own key stays");
	(void)pthread_mutex_lock(&k->write_lock);
	enum rc rc = key_begin(k, e);
	if (rc == RC_OK)
		rc = key_end(k, delete_rows(k, owner, e), e);
	if (rc == RC_OK) {
		keys_drop(k, owner);
		rc = key_scrub_log(k, e);
	}
	(void)pthread_mutex_unlock(&k->write_lock);
	if (rc == RC_OK && k->on_destroy != NULL)
		k->on_destroy(k->on_destroy_owner);
	return rc;
}

void keyring_on_destroy(struct keyring *k, void (*fn)(void *owner), void *owner)
{
	k->on_destroy = fn;
	k->on_destroy_owner = owner;
}

/* ---- sealing ---- */

struct context {
	uint8_t b[SEAL_LABEL_MAX + 1 + UID_BYTES];
	size_t n;
};

/* What a seal is bound to: label, NUL, owner. */
static struct context context_of(const struct uid *owner, const char *label)
{
	struct context c = {.n = strlen(label)};

	assert(c.n <= SEAL_LABEL_MAX); /* a literal of ours */
	memcpy(c.b, label, c.n);
	memcpy(c.b + c.n + 1, owner->b, UID_BYTES);
	c.n += 1 + UID_BYTES;
	return c;
}

static struct view view_of_context(const struct context *c)
{
	return (struct view){.p = (const char *)c->b, .n = c->n};
}

enum rc keyring_seal(struct keyring *k, const struct uid *owner, const char *label,
	struct view plain, uint8_t *ret_sealed, struct err *e)
{
	struct context c = context_of(owner, label);
	struct owner_keys keys;
	enum rc rc = keys_find(k, owner, &keys, e);

	if (rc != RC_OK)
		return rc;
	ret_sealed[0] = (uint8_t)(SEAL_FORMAT | (keys.epoch[0] & EPOCH_MASK));
	seal_bytes(keys.key[0], view_of_context(&c), plain, ret_sealed + 1);
	sodium_memzero(&keys, sizeof keys);
	return RC_OK;
}

enum rc keyring_unseal(struct keyring *k, const struct uid *owner, const char *label,
	struct view sealed, uint8_t *ret_plain, size_t *ret_n, struct err *e)
{
	struct context c = context_of(owner, label);
	struct view body = sealed;
	struct view first;
	struct owner_keys keys;

	if (sealed.n < SEAL_OVERHEAD || !view_cut(&body, 1, &first) ||
		((uint8_t)first.p[0] & ~EPOCH_MASK) != SEAL_FORMAT)
		return fail(e, RC_SYNTAX, "%s: what was sealed is damaged", label);
	enum rc rc = keys_find(k, owner, &keys, e);
	if (rc != RC_OK)
		return rc;
	rc = RC_SYNTAX;
	for (uint32_t i = 0; rc != RC_OK && i < keys.n; i++) {
		if ((keys.epoch[i] & EPOCH_MASK) == ((uint8_t)first.p[0] & EPOCH_MASK) &&
			unseal_bytes(keys.key[i], view_of_context(&c), body, ret_plain))
			rc = RC_OK;
	}
	sodium_memzero(&keys, sizeof keys);
	if (rc != RC_OK)
		return fail(e, rc, "%s: what was sealed is damaged, or another's", label);
	*ret_n = sealed.n - SEAL_OVERHEAD;
	return RC_OK;
}

enum rc keyring_is_newest(
	struct keyring *k, const struct uid *owner, struct view sealed, bool *ret, struct err *e)
{
	struct owner_keys keys;
	enum rc rc = keys_find(k, owner, &keys, e);

	if (rc == RC_OK)
		*ret = sealed.n > 0 &&
		       (uint8_t)sealed.p[0] == (SEAL_FORMAT | (keys.epoch[0] & EPOCH_MASK));
	sodium_memzero(&keys, sizeof keys);
	return rc;
}

void keyring_lookup(
	struct keyring *k, const char *label, struct view value, uint8_t ret[LOOKUP_BYTES])
{
	crypto_generichash_state state;

	/* These fail only for impossible sizes. */
	(void)crypto_generichash_init(&state, k->secrets->lookup, KEY_BYTES, LOOKUP_BYTES);
	(void)crypto_generichash_update(&state, (const uint8_t *)label, strlen(label) + 1);
	if (value.n > 0)
		(void)crypto_generichash_update(&state, (const uint8_t *)value.p, value.n);
	(void)crypto_generichash_final(&state, ret, LOOKUP_BYTES);
	sodium_memzero(&state, sizeof state);
}
