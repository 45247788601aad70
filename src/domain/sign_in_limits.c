#include "domain/sign_in_limits.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum { WAYS = 8, DELAY_DOUBLINGS_MAX = 16 };

/* One counter of attempts. A slot is free when its window is over. */
struct slot {
	uint64_t key; /* keyed hash of what is counted; 0 = never used */
	int64_t window_end_ms;
	int64_t not_before_ms; /* delay after too many attempts */
	uint32_t attempts;
};

struct sign_in_limits {
	pthread_mutex_t lock; /* guards slots and stats */
	uint8_t hash_key[crypto_shorthash_KEYBYTES];
	struct sign_in_rules rules;
	int64_t window_ms;
	struct sign_in_stats stats;
	struct slot slots[SIGN_IN_SLOTS];
};

enum scope { SCOPE_LOGIN_AND_NETWORK = 1, SCOPE_LOGIN, SCOPE_NETWORK, SCOPE_ALL };

enum rc sign_in_limits_new(
	const struct sign_in_rules *rules, struct sign_in_limits **ret_owned, struct err *e)
{
	struct sign_in_limits *l = calloc(1, sizeof *l);

	if (l == NULL)
		return fail(e, RC_NOMEM, "sign-in limits: out of memory");
	(void)pthread_mutex_init(&l->lock, NULL); /* cannot fail with default attributes */
	crypto_shorthash_keygen(l->hash_key);
	l->rules = *rules;
	l->window_ms = (int64_t)rules->window_s * 1000;
	*ret_owned = l;
	return RC_OK;
}

void sign_in_limits_free(struct sign_in_limits *l)
{
	if (l == NULL)
		return;
	(void)pthread_mutex_destroy(&l->lock);
	free(l);
}

struct view sign_in_network(struct view address)
{
	size_t colons = 0;

	for (size_t i = 0; i < address.n; i++) {
		if (address.p[i] != ':')
			continue;
		if (++colons == 4)
			return (struct view){.p = address.p, .n = i};
		if (i + 1 < address.n && address.p[i + 1] == ':')
			return (struct view){
				.p = address.p, .n = i}; /* "2001:db8::1": zeros follow */
	}
	return address;
}

static uint64_t key_of(
	const struct sign_in_limits *l, enum scope scope, struct view login, struct view network)
{
	/* Two hashes are joined, so that no login and network can be glued to look like another
	 * pair. */
	uint64_t parts[3] = {(uint64_t)scope, 0, 0};
	uint64_t key = 0;

	if (scope == SCOPE_LOGIN || scope == SCOPE_LOGIN_AND_NETWORK)
		(void)crypto_shorthash(
			(uint8_t *)&parts[1], (const uint8_t *)login.p, login.n, l->hash_key);
	if (scope == SCOPE_NETWORK || scope == SCOPE_LOGIN_AND_NETWORK)
		(void)crypto_shorthash(
			(uint8_t *)&parts[2], (const uint8_t *)network.p, network.n, l->hash_key);
	(void)crypto_shorthash((uint8_t *)&key, (const uint8_t *)parts, sizeof parts, l->hash_key);
	return key == 0 ? 1 : key;
}

/* The counter of this key: its own slot, else the one of its set that ends first. */
static struct slot *slot_of(struct sign_in_limits *l, uint64_t key, int64_t now_ms)
{
	struct slot *set = &l->slots[key % (SIGN_IN_SLOTS / WAYS) * WAYS];
	struct slot *oldest = set;

	for (struct slot *s = set; s < set + WAYS; s++) {
		if (s->key == key && s->window_end_ms > now_ms)
			return s;
		if (s->window_end_ms < oldest->window_end_ms)
			oldest = s;
	}
	*oldest = (struct slot){.key = key, .window_end_ms = now_ms + l->window_ms};
	return oldest;
}

/* Milliseconds that this counter wants to be left alone; 0: go on. */
static int64_t wait_ms(const struct slot *s, int64_t now_ms)
{
	return s->not_before_ms > now_ms ? s->not_before_ms - now_ms : 0;
}

static void count(struct slot *s, uint32_t max, uint32_t delay_max_s, int64_t now_ms)
{
	s->attempts++;
	if (s->attempts < max)
		return;
	uint32_t over = s->attempts - max;
	int64_t delay_ms =
		1000 * ((int64_t)1 << (over < DELAY_DOUBLINGS_MAX ? over : DELAY_DOUBLINGS_MAX));
	if (delay_ms > (int64_t)delay_max_s * 1000)
		delay_ms = (int64_t)delay_max_s * 1000;
	s->not_before_ms = now_ms + delay_ms;
	if (s->window_end_ms < s->not_before_ms + 1000)
		s->window_end_ms = s->not_before_ms + 1000; /* a delay outlives its window */
}

bool sign_in_limits_begin(struct sign_in_limits *l, struct view login, struct view network,
	bool is_known, int64_t now_ms, uint32_t *ret_retry_after_s)
{
	const struct sign_in_rules *r = &l->rules;
	struct {
		enum scope scope;
		uint32_t max, delay_max_s;
		bool is_asked;
		uint64_t *refused;
	} rules[] = {
		{SCOPE_LOGIN_AND_NETWORK, r->account_max, r->delay_max_s, true,
			&l->stats.limit_account},
		{SCOPE_LOGIN, r->account_max * SIGN_IN_STRANGE_FACTOR, r->delay_max_s, !is_known,
			&l->stats.limit_account},
		{SCOPE_NETWORK, r->address_max, r->delay_max_s, !is_known, &l->stats.limit_address},
		{SCOPE_ALL, r->total_max, 1, !is_known, &l->stats.limit_total},
	};
	uint64_t keys[COUNT_OF(rules)];
	int64_t longest_ms = 0;

	for (size_t i = 0; i < COUNT_OF(rules); i++)
		keys[i] = key_of(l, rules[i].scope, login, network);
	(void)pthread_mutex_lock(&l->lock); /* the default mutex does not fail here */
	for (size_t i = 0; i < COUNT_OF(rules); i++) {
		int64_t ms = rules[i].is_asked ? wait_ms(slot_of(l, keys[i], now_ms), now_ms) : 0;
		longest_ms = ms > longest_ms ? ms : longest_ms;
		if (ms > 0)
			(*rules[i].refused)++;
	}
	for (size_t i = 0; longest_ms == 0 && i < COUNT_OF(rules); i++) {
		if (rules[i].is_asked)
			count(slot_of(l, keys[i], now_ms), rules[i].max, rules[i].delay_max_s,
				now_ms);
	}
	(void)pthread_mutex_unlock(&l->lock);
	*ret_retry_after_s = (uint32_t)((longest_ms + 999) / 1000);
	return longest_ms == 0;
}

void sign_in_limits_succeeded(
	struct sign_in_limits *l, struct view login, struct view network, int64_t now_ms)
{
	uint64_t pair = key_of(l, SCOPE_LOGIN_AND_NETWORK, login, network);
	uint64_t address = key_of(l, SCOPE_NETWORK, login, network);

	(void)pthread_mutex_lock(&l->lock);
	struct slot *s = slot_of(l, pair, now_ms);
	s->attempts = 0;
	s->not_before_ms = 0;
	s = slot_of(l, address, now_ms);
	if (s->attempts > 0)
		s->attempts--;
	if (s->attempts < l->rules.address_max)
		s->not_before_ms = 0;
	s = slot_of(l, key_of(l, SCOPE_ALL, login, network), now_ms);
	if (s->attempts > 0)
		s->attempts--;
	(void)pthread_mutex_unlock(&l->lock);
}

void sign_in_limits_read_stats(struct sign_in_limits *l, struct sign_in_stats *ret)
{
	(void)pthread_mutex_lock(&l->lock);
	*ret = l->stats;
	(void)pthread_mutex_unlock(&l->lock);
}

void sign_in_limits_count_hash(struct sign_in_limits *l)
{
	(void)pthread_mutex_lock(&l->lock);
	l->stats.hashes++;
	(void)pthread_mutex_unlock(&l->lock);
}
