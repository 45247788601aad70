#include "domain/index.h"

#include <pthread.h>
#include <stdlib.h>

#include <sodium.h>

enum { SLOTS_FIRST = 64 };

_Static_assert(crypto_shorthash_BYTES == sizeof(uint64_t), "SipHash-2-4");

static uint8_t seed[crypto_shorthash_KEYBYTES];
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void make_seed(void)
{
	randombytes_buf(seed, sizeof seed);
}

uint64_t index_hash(struct view key)
{
	uint8_t out[crypto_shorthash_BYTES];
	uint64_t hash = 0;

	(void)pthread_once(&seed_once, make_seed); /* fails only for a bad argument */
	(void)crypto_shorthash(out, (const uint8_t *)(key.p == NULL ? "" : key.p), key.n, seed);
	memcpy(&hash, out, sizeof hash);
	return hash;
}

uint64_t index_hash_u64(uint64_t key)
{
	uint64_t salt = 0;

	(void)pthread_once(&seed_once, make_seed); /* as above */
	memcpy(&salt, seed, sizeof salt);
	/* Session numbers are given by our own gateways: mixing is enough. */
	key = (key ^ salt) * UINT64_C(0xff51afd7ed558ccd);
	key = (key ^ key >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return key ^ key >> 29;
}

void index_init(struct index *ix, index_hash_fn *hash_of, const void *owner)
{
	*ix = (struct index){.hash_of = hash_of, .owner = owner};
}

void index_done(struct index *ix)
{
	free(ix->slots);
	ix->slots = NULL;
	ix->capacity = ix->n = 0;
}

static uint32_t home_of(const struct index *ix, uint64_t hash)
{
	return (uint32_t)(((hash >> 32) * ix->capacity) >> 32);
}

static uint32_t after(const struct index *ix, uint32_t at)
{
	return at + 1 == ix->capacity ? 0 : at + 1;
}

static void place(struct index *ix, uint32_t item)
{
	uint32_t at = home_of(ix, ix->hash_of(ix->owner, item));

	while (ix->slots[at] != 0)
		at = after(ix, at);
	ix->slots[at] = item + 1;
}

static enum rc grow_to(struct index *ix, uint32_t capacity, struct err *e)
{
	uint32_t old_capacity = ix->capacity;
	uint32_t *old = ix->slots;
	uint32_t *slots = calloc(capacity, sizeof *slots);

	if (slots == NULL)
		return fail(e, RC_NOMEM, "index: out of memory");
	ix->slots = slots;
	ix->capacity = capacity;
	for (uint32_t i = 0; i < old_capacity; i++) {
		if (old[i] != 0)
			place(ix, old[i] - 1);
	}
	free(old);
	return RC_OK;
}

enum rc index_reserve(struct index *ix, uint32_t items, struct err *e)
{
	uint64_t wanted = (uint64_t)items * 4 / 3 + SLOTS_FIRST;

	if (wanted > UINT32_MAX)
		return fail(e, RC_LIMIT, "index: %u items", items);
	return wanted <= ix->capacity ? RC_OK : grow_to(ix, (uint32_t)wanted, e);
}

enum rc index_add(struct index *ix, uint32_t item, struct err *e)
{
	if ((uint64_t)(ix->n + 1) * 4 > (uint64_t)ix->capacity * 3) {
		enum rc rc = grow_to(
			ix, ix->capacity == 0 ? SLOTS_FIRST : ix->capacity + ix->capacity / 2, e);
		if (rc != RC_OK)
			return rc;
	}
	place(ix, item);
	ix->n++;
	return RC_OK;
}

/* Closes the gap so that no search stops too early. */
static void close_gap(struct index *ix, uint32_t gap)
{
	for (uint32_t at = after(ix, gap); ix->slots[at] != 0; at = after(ix, at)) {
		uint32_t home = home_of(ix, ix->hash_of(ix->owner, ix->slots[at] - 1));
		bool is_home_between =
			gap <= at ? home > gap && home <= at : home > gap || home <= at;
		if (is_home_between)
			continue;
		ix->slots[gap] = ix->slots[at];
		gap = at;
	}
	ix->slots[gap] = 0;
}

void index_remove(struct index *ix, uint32_t item)
{
	if (ix->capacity == 0)
		return;
	uint32_t at = home_of(ix, ix->hash_of(ix->owner, item));
	for (; ix->slots[at] != 0; at = after(ix, at)) {
		if (ix->slots[at] == item + 1) {
			ix->n--;
			close_gap(ix, at);
			return;
		}
	}
}

int64_t index_first(const struct index *ix, uint64_t hash, uint32_t *ret_at)
{
	if (ix->capacity == 0)
		return INDEX_NONE;
	*ret_at = home_of(ix, hash);
	return (int64_t)ix->slots[*ret_at] - 1;
}

int64_t index_next(const struct index *ix, uint32_t *at)
{
	*at = after(ix, *at);
	return (int64_t)ix->slots[*at] - 1;
}
