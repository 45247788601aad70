#include "domain/watch_keys.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/index.h"
#include "domain/ingest.h"
#include "store/sealed.h"

struct entry {
	uint32_t number; /* of the wearer */
	uint8_t key[MESSAGE_KEY_SIZE];
};

struct watch_keys {
	pthread_mutex_t lock; /* guards all below */
	struct index by_number;
	struct entry *entries;
	uint32_t n, capacity;
};

static uint64_t hash_entry(const void *owner, uint32_t i)
{
	const struct watch_keys *keys = owner;

	return index_hash_u64(keys->entries[i].number);
}

static int64_t find(const struct watch_keys *keys, uint32_t number)
{
	uint32_t at = 0;

	for (int64_t i = index_first(&keys->by_number, index_hash_u64(number), &at);
		i != INDEX_NONE; i = index_next(&keys->by_number, &at)) {
		if (keys->entries[i].number == number)
			return i;
	}
	return INDEX_NONE;
}

static enum rc take_place(struct watch_keys *keys, uint32_t *ret, struct err *e)
{
	if (keys->n == keys->capacity) {
		uint32_t capacity = keys->capacity == 0 ? 16 : keys->capacity * 2;
		struct entry *more = realloc(keys->entries, capacity * sizeof *more);
		if (more == NULL)
			return fail(e, RC_NOMEM, "watch keys: out of memory");
		keys->entries = more;
		keys->capacity = capacity;
	}
	keys->entries[keys->n] = (struct entry){.number = 0};
	*ret = keys->n++;
	return RC_OK;
}

static void remove_key(struct watch_keys *keys, uint32_t number)
{
	int64_t at = find(keys, number);

	if (at == INDEX_NONE)
		return;
	index_remove(&keys->by_number, (uint32_t)at);
	/* The last one takes its place, so that there are no holes. */
	uint32_t last = --keys->n;
	if (last != (uint32_t)at) {
		index_remove(&keys->by_number, last);
		keys->entries[at] = keys->entries[last];
		(void)!index_add(
			&keys->by_number, (uint32_t)at, NULL); /* two left: room is there */
	}
}

static enum rc put_key(struct watch_keys *keys, uint32_t number, const uint8_t *key, struct err *e)
{
	int64_t at = find(keys, number);
	uint32_t place = 0;

	if (at != INDEX_NONE) {
		memcpy(keys->entries[at].key, key, MESSAGE_KEY_SIZE);
		return RC_OK;
	}
	enum rc rc = take_place(keys, &place, e);
	if (rc != RC_OK)
		return rc;
	keys->entries[place].number = number;
	memcpy(keys->entries[place].key, key, MESSAGE_KEY_SIZE);
	rc = index_add(&keys->by_number, place, e);
	if (rc != RC_OK)
		keys->n--;
	return rc;
}

void watch_keys_free(struct watch_keys *keys)
{
	if (keys == NULL)
		return;
	index_done(&keys->by_number);
	free(keys->entries);
	(void)pthread_mutex_destroy(&keys->lock);
	free(keys);
}

static enum rc load_row(struct watch_keys *keys, struct stmt *s, struct err *e)
{
	struct uid wearer = stmt_uid(s, 0);
	uint8_t *key = NULL;
	size_t n = 0;
	struct err why;

	if (stmt_take_sealed(s, 2, &wearer, "way.key", &key, &n, &why) != RC_OK ||
		n != MESSAGE_KEY_SIZE) {
		/* Nobody has that key: the watch is kept out, its neighbours are not. */
		log_event(LOG_ERROR, "watch_keys.damaged", "why=\"%s\"", why.msg);
		free(key);
		key = calloc(1, MESSAGE_KEY_SIZE);
		if (key == NULL)
			return fail(e, RC_NOMEM, "watch keys: out of memory");
	}
	enum rc rc = put_key(keys, (uint32_t)stmt_int(s, 1), key, e);
	free(key);
	return rc;
}

enum rc watch_keys_load(struct db *db, struct watch_keys **ret_owned, struct err *e)
{
	struct watch_keys *keys = calloc(1, sizeof *keys);
	struct stmt *s = NULL;
	bool has_row = false;

	if (keys == NULL)
		return fail(e, RC_NOMEM, "watch keys: out of memory");
	(void)pthread_mutex_init(&keys->lock, NULL); /* cannot fail with default attributes */
	index_init(&keys->by_number, hash_entry, keys);
	enum rc rc = db_prepare(db,
		"SELECT y.wearer, w.number, y.key FROM way y JOIN wearer w ON w.id = y.wearer"
		" WHERE y.kind = ?1",
		&s, e);
	if (rc == RC_OK) {
		stmt_bind_int(s, 1, WAY_WATCH_TLS);
		rc = stmt_step(s, &has_row, e);
	}
	while (rc == RC_OK && has_row) {
		rc = load_row(keys, s, e);
		if (rc == RC_OK)
			rc = stmt_step(s, &has_row, e);
	}
	if (s != NULL)
		stmt_reset(s);
	if (rc == RC_OK)
		*ret_owned = keys;
	else
		watch_keys_free(keys);
	return rc;
}

enum watch_proof watch_keys_judge(struct watch_keys *keys, uint32_t number, struct view key)
{
	(void)pthread_mutex_lock(&keys->lock); /* the default mutex does not fail here */
	int64_t at = find(keys, number);
	bool is_right = at != INDEX_NONE && key.n == MESSAGE_KEY_SIZE &&
			sodium_memcmp(keys->entries[at].key, key.p, MESSAGE_KEY_SIZE) == 0;
	(void)pthread_mutex_unlock(&keys->lock);
	if (at == INDEX_NONE)
		return PROOF_NOT_WANTED;
	return is_right ? PROOF_GIVEN : PROOF_MISSING;
}

struct changed {
	struct domain *domain;
	struct uid wearer;
};

static void close_sessions(void *arg)
{
	struct changed *c = arg;

	ingest_close_sessions(c->domain, &c->wearer);
	free(c);
}

enum rc watch_keys_set(
	struct domain *d, const struct uid *wearer, uint32_t number, struct view key, struct err *e)
{
	struct watch_keys *keys = d->watch_keys;
	struct changed *c = malloc(sizeof *c);
	enum rc rc = RC_OK;

	if (c == NULL)
		return fail(e, RC_NOMEM, "watch keys: out of memory");
	*c = (struct changed){.domain = d, .wearer = *wearer};
	(void)pthread_mutex_lock(&keys->lock);
	if (key.n == MESSAGE_KEY_SIZE)
		rc = put_key(keys, number, (const uint8_t *)key.p, e);
	else
		remove_key(keys, number);
	(void)pthread_mutex_unlock(&keys->lock);
	if (rc == RC_OK)
		rc = loop_post(d->loop, close_sessions, c, e);
	if (rc != RC_OK)
		free(c);
	return rc;
}
