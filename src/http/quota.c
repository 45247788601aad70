#include "http/quota.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

enum { SLOTS = 1024 };

struct count {
	struct count *next;
	uint8_t key[QUOTA_KEY];
	uint32_t n;
};

struct quota {
	pthread_mutex_t lock;
	uint32_t all_max, per_key_max, all_n;
	uint8_t secret[crypto_shorthash_KEYBYTES]; /* nobody can choose keys of one slot */
	struct count *slots[SLOTS];
};

enum rc quota_new(uint32_t all_max, uint32_t per_key_max, struct quota **ret_owned, struct err *e)
{
	if (sodium_init() < 0)
		return fail(e, RC_BUG, "quota: libsodium does not start");
	struct quota *q = calloc(1, sizeof *q);
	if (q == NULL)
		return fail(e, RC_NOMEM, "quota: out of memory");
	(void)pthread_mutex_init(&q->lock, NULL); /* cannot fail without attributes */
	q->all_max = all_max == 0 ? UINT32_MAX : all_max;
	q->per_key_max = per_key_max == 0 ? UINT32_MAX : per_key_max;
	randombytes_buf(q->secret, sizeof q->secret);
	*ret_owned = q;
	return RC_OK;
}

void quota_free(struct quota *q)
{
	if (q == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++) {
		while (q->slots[i] != NULL) {
			struct count *c = q->slots[i];
			q->slots[i] = c->next;
			free(c);
		}
	}
	(void)pthread_mutex_destroy(&q->lock);
	free(q);
}

/* Where the key's count hangs, or the end of its chain. */
static struct count **find(struct quota *q, const uint8_t key[QUOTA_KEY])
{
	uint64_t h;

	(void)crypto_shorthash((uint8_t *)&h, key, QUOTA_KEY, q->secret); /* always 0 */
	struct count **link = &q->slots[h % SLOTS];
	while (*link != NULL && memcmp((*link)->key, key, QUOTA_KEY) != 0)
		link = &(*link)->next;
	return link;
}

static enum rc take(struct quota *q, const uint8_t key[QUOTA_KEY])
{
	struct count **link = find(q, key);

	if (*link != NULL && (*link)->n >= q->per_key_max)
		return RC_LIMIT;
	if (q->all_n >= q->all_max)
		return RC_DENIED;
	if (*link == NULL) {
		*link = calloc(1, sizeof **link);
		if (*link == NULL)
			return RC_NOMEM;
		memcpy((*link)->key, key, QUOTA_KEY);
	}
	(*link)->n++;
	q->all_n++;
	return RC_OK;
}

enum rc quota_take(struct quota *q, const uint8_t key[QUOTA_KEY])
{
	(void)pthread_mutex_lock(&q->lock);
	enum rc rc = take(q, key);
	(void)pthread_mutex_unlock(&q->lock);
	return rc;
}

void quota_give(struct quota *q, const uint8_t key[QUOTA_KEY])
{
	(void)pthread_mutex_lock(&q->lock);
	struct count **link = find(q, key);
	struct count *c = *link;
	if (c != NULL) {
		q->all_n--;
		if (--c->n == 0) {
			*link = c->next;
			free(c);
		}
	}
	(void)pthread_mutex_unlock(&q->lock);
}

bool quota_is_full(struct quota *q, const uint8_t key[QUOTA_KEY])
{
	(void)pthread_mutex_lock(&q->lock);
	const struct count *c = *find(q, key);
	bool is_full = c != NULL && c->n >= q->per_key_max;
	(void)pthread_mutex_unlock(&q->lock);
	return is_full;
}

uint32_t quota_count(struct quota *q)
{
	(void)pthread_mutex_lock(&q->lock);
	uint32_t n = q->all_n;
	(void)pthread_mutex_unlock(&q->lock);
	return n;
}
