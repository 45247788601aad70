#include "http/rate.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum {
	SETS = 4096, /* a power of two */
	WAYS = 4,    /* 16,384 buckets of 24 bytes */
};

struct bucket {
	uint64_t key;    /* 0: free */
	int64_t used_ms; /* when `tokens` was right */
	double tokens;
};

struct rate {
	pthread_mutex_t lock;
	double per_s;
	uint8_t secret[crypto_shorthash_KEYBYTES];
	struct bucket buckets[SETS][WAYS];
};

/* Of the setting: tokens a second, and how many may be saved up. */
static const struct {
	const char *name;
	double share;
	double burst;
} classes[RATE_CLASS_COUNT] = {
	[RATE_NONE] = {"none", 0, 0},
	[RATE_READ] = {"read", 1, 15},
	[RATE_HEAVY] = {"heavy", 0.1, 0.5},
	[RATE_CHANGE] = {"change", 0.1, 3},
	[RATE_COMMAND] = {"command", 0.05, 1},
	[RATE_SIGN_IN] = {"sign_in", 0.05, 2},
	[RATE_CLAIM_CODE] = {"claim_code", 0.025, 0.5},
	[RATE_STREAM] = {"stream", 0.1, 3},
};

const char *rate_class_name(enum rate_class c)
{
	return c < RATE_CLASS_COUNT ? classes[c].name : NULL;
}

enum rc rate_new(uint32_t per_s, struct rate **ret_owned, struct err *e)
{
	if (sodium_init() < 0)
		return fail(e, RC_BUG, "rate: libsodium does not start");
	struct rate *r = calloc(1, sizeof *r);
	if (r == NULL)
		return fail(e, RC_NOMEM, "rate: out of memory");
	r->per_s = per_s;
	randombytes_buf(r->secret, sizeof r->secret);
	(void)pthread_mutex_init(&r->lock, NULL); /* cannot fail without attributes */
	*ret_owned = r;
	return RC_OK;
}

void rate_free(struct rate *r)
{
	if (r == NULL)
		return;
	(void)pthread_mutex_destroy(&r->lock);
	free(r);
}

static uint64_t hash_key(const struct rate *r, enum rate_class c, struct view key)
{
	uint8_t text[64] = {(uint8_t)c};
	uint64_t hash;
	size_t n = key.n < sizeof text - 1 ? key.n : sizeof text - 1;

	if (n > 0)
		memcpy(text + 1, key.p, n);
	(void)crypto_shorthash((uint8_t *)&hash, text, n + 1, r->secret); /* always 0 */
	return hash == 0 ? 1 : hash;
}

/* The bucket of the key, or the one to give up for it. */
static struct bucket *find_bucket(struct bucket *set, uint64_t key)
{
	struct bucket *oldest = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].key == 0 || (oldest->key != 0 && set[i].used_ms < oldest->used_ms))
			oldest = &set[i];
	}
	return oldest;
}

bool rate_take(
	struct rate *r, enum rate_class c, struct view key, int64_t mono_ms, uint32_t *ret_wait_s)
{
	if (c <= RATE_NONE || c >= RATE_CLASS_COUNT)
		return true;
	double per_s = r->per_s * classes[c].share;
	double burst = r->per_s * classes[c].burst < 1 ? 1 : r->per_s * classes[c].burst;
	uint64_t hash = hash_key(r, c, key);

	(void)pthread_mutex_lock(&r->lock);
	struct bucket *b = find_bucket(r->buckets[hash & (SETS - 1)], hash);
	if (b->key != hash)
		*b = (struct bucket){.key = hash, .used_ms = mono_ms, .tokens = burst};
	b->tokens += per_s * (double)(mono_ms - b->used_ms) / 1000;
	b->tokens = b->tokens > burst ? burst : b->tokens;
	b->used_ms = mono_ms;
	bool is_allowed = b->tokens >= 1;
	if (is_allowed)
		b->tokens -= 1;
	else
		*ret_wait_s = (uint32_t)((1 - b->tokens) / per_s) + 1;
	(void)pthread_mutex_unlock(&r->lock);
	return is_allowed;
}
