#include "domain/partner_meter.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS ((int64_t)3600 * 1000)
#define MINUTE_MS ((int64_t)60 * 1000)

enum {
	SLOTS = 1024, /* partners counted at once: twice as many as there can be */
	SETS = 4096,  /* of (partner, wearer, right); a power of two */
	WAYS = 4,
	BURST_DIVISOR = 4, /* a quarter of a minute's requests may come at once */
};

struct slot {
	struct uid partner; /* none: free */
	int64_t hour;       /* of what follows */
	int64_t used_ms;
	double tokens;
	uint32_t missing_n, seen_n, seen_size; /* a power of two */
	uint64_t *seen;                        /* hashes of wearers; 0: free */
};

struct count {
	uint64_t key; /* 0: free */
	int64_t hour;
	uint32_t n;
};

struct partner_meter {
	pthread_mutex_t lock;
	uint8_t secret[crypto_shorthash_KEYBYTES]; /* nobody can choose a neighbour */
	struct slot slots[SLOTS];
	struct count counts[SETS][WAYS];
};

enum rc partner_meter_new(struct partner_meter **ret_owned, struct err *e)
{
	struct partner_meter *m = calloc(1, sizeof *m);

	if (m == NULL)
		return fail(e, RC_NOMEM, "partner: out of memory");
	(void)pthread_mutex_init(&m->lock, NULL); /* cannot fail without attributes */
	randombytes_buf(m->secret, sizeof m->secret);
	*ret_owned = m;
	return RC_OK;
}

void partner_meter_free(struct partner_meter *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < SLOTS; i++)
		free(m->slots[i].seen);
	(void)pthread_mutex_destroy(&m->lock);
	free(m);
}

static uint64_t hash(const struct partner_meter *m, const void *p, size_t n)
{
	uint64_t h;

	(void)crypto_shorthash((uint8_t *)&h, p, n, m->secret); /* always 0 */
	return h == 0 ? 1 : h;
}

static void clear(struct slot *s)
{
	free(s->seen);
	*s = (struct slot){.used_ms = 0};
}

/* The partner's slot, a free one for it, or that of the one that was silent longest. */
static struct slot *find_slot(struct partner_meter *m, const struct uid *partner, int64_t mono_ms)
{
	size_t start = hash(m, partner->b, UID_BYTES) % SLOTS;
	struct slot *oldest = &m->slots[start];

	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *s = &m->slots[(start + i) % SLOTS];
		if (uid_is(&s->partner, partner)) {
			oldest = s;
			break;
		}
		if (uid_is_none(&s->partner)) {
			oldest = s;
			break;
		}
		if (s->used_ms < oldest->used_ms)
			oldest = s;
	}
	if (!uid_is(&oldest->partner, partner)) {
		clear(oldest);
		oldest->partner = *partner;
		oldest->tokens = -1; /* full */
		oldest->used_ms = mono_ms;
		oldest->hour = mono_ms / HOUR_MS;
	}
	if (oldest->hour != mono_ms / HOUR_MS) {
		oldest->hour = mono_ms / HOUR_MS;
		oldest->missing_n = oldest->seen_n = 0;
		if (oldest->seen != NULL)
			memset(oldest->seen, 0, oldest->seen_size * sizeof *oldest->seen);
	}
	return oldest;
}

bool partner_meter_request(struct partner_meter *m, const struct uid *partner, uint32_t per_min,
	int64_t mono_ms, uint32_t *ret_wait_s)
{
	double per_ms = (double)per_min / (double)MINUTE_MS;
	double burst = per_min < BURST_DIVISOR ? 1 : (double)per_min / BURST_DIVISOR;

	(void)pthread_mutex_lock(&m->lock);
	struct slot *s = find_slot(m, partner, mono_ms);
	s->tokens = s->tokens < 0 ? burst : s->tokens + per_ms * (double)(mono_ms - s->used_ms);
	s->tokens = s->tokens > burst ? burst : s->tokens;
	s->used_ms = mono_ms;
	bool is_allowed = s->tokens >= 1;
	if (is_allowed)
		s->tokens -= 1;
	else
		*ret_wait_s = (uint32_t)((1 - s->tokens) / per_ms / 1000) + 1;
	(void)pthread_mutex_unlock(&m->lock);
	return is_allowed;
}

uint32_t partner_right_per_hour(enum right right)
{
	switch (right) {
	case RIGHT_VIEW_POSITION:
		return 720;
	case RIGHT_VIEW_HISTORY:
	case RIGHT_VIEW_HEALTH:
		return 60;
	case RIGHT_ALARMS:
		return 360;
	case RIGHT_MESSAGE:
		return 20;
	case RIGHT_LOCATE:
		return 6;
	case RIGHT_PROPOSE:
		return 5;
	case RIGHT_NONE:
	case RIGHT_SEE_GROUP:
	case RIGHT_VIEW_MEDIA:
	case RIGHT_RING:
	case RIGHT_SCHEDULE:
	case RIGHT_SETTINGS:
	case RIGHT_CONTACTS:
	case RIGHT_PLACES:
	case RIGHT_PHOTO:
	case RIGHT_CALL:
	case RIGHT_CLAIM:
	case RIGHT_CONSENT:
	case RIGHT_POWER:
	case RIGHT_PASSWORD:
	case RIGHT_MEDICATION:
	case RIGHT_PHOTO_ALLOW:
	case RIGHT_MEMBERS:
	case RIGHT_EXPORT:
	case RIGHT_ERASE:
	case RIGHT_RESET:
	case RIGHT_COUNT:
		break;
	}
	return 0; /* partners do not have it */
}

static struct count *find_count(struct count *set, uint64_t key)
{
	struct count *oldest = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].key == key)
			return &set[i];
		if (set[i].key == 0 || (oldest->key != 0 && set[i].hour < oldest->hour))
			oldest = &set[i];
	}
	return oldest;
}

bool partner_meter_right(struct partner_meter *m, const struct uid *partner,
	const struct uid *wearer, enum right right, int64_t mono_ms, uint32_t *ret_wait_s)
{
	struct uid ids[2] = {*partner, *wearer};
	uint8_t text[sizeof ids + 1];
	int64_t hour = mono_ms / HOUR_MS;

	memcpy(text, ids, sizeof ids);
	text[sizeof ids] = (uint8_t)right;
	(void)pthread_mutex_lock(&m->lock);
	uint64_t key = hash(m, text, sizeof text);
	struct count *c = find_count(m->counts[key & (SETS - 1)], key);
	if (c->key != key || c->hour != hour)
		*c = (struct count){.key = key, .hour = hour};
	bool is_allowed = c->n < partner_right_per_hour(right);
	if (is_allowed)
		c->n++;
	else
		*ret_wait_s = (uint32_t)((HOUR_MS - mono_ms % HOUR_MS) / 1000) + 1;
	(void)pthread_mutex_unlock(&m->lock);
	return is_allowed;
}

/* Room for the hashes of per_hour wearers, half empty. */
static bool make_seen(struct slot *s, uint32_t per_hour)
{
	uint32_t size = 16;

	while (size < per_hour * 2)
		size *= 2;
	if (s->seen != NULL && s->seen_size == size)
		return true;
	free(s->seen);
	s->seen_n = 0;
	s->seen_size = size;
	s->seen = calloc(size, sizeof *s->seen);
	return s->seen != NULL;
}

bool partner_meter_wearer(struct partner_meter *m, const struct uid *partner,
	const struct uid *wearer, uint32_t per_hour, int64_t mono_ms)
{
	bool is_usual = true;

	(void)pthread_mutex_lock(&m->lock);
	struct slot *s = find_slot(m, partner, mono_ms);
	uint64_t key = hash(m, wearer->b, UID_BYTES);
	if (make_seen(s, per_hour)) { /* without memory nothing is counted for now */
		size_t at = key & (s->seen_size - 1);
		while (s->seen[at] != 0 && s->seen[at] != key)
			at = (at + 1) & (s->seen_size - 1);
		is_usual = s->seen[at] == key || s->seen_n < per_hour;
		if (s->seen[at] == 0 && is_usual) {
			s->seen[at] = key;
			s->seen_n++;
		}
	}
	(void)pthread_mutex_unlock(&m->lock);
	return is_usual;
}

bool partner_meter_missing(struct partner_meter *m, const struct uid *partner, int64_t mono_ms)
{
	(void)pthread_mutex_lock(&m->lock);
	struct slot *s = find_slot(m, partner, mono_ms);
	bool is_usual = s->missing_n < PARTNER_MISSING_PER_HOUR_MAX;
	if (is_usual)
		s->missing_n++;
	(void)pthread_mutex_unlock(&m->lock);
	return is_usual;
}

void partner_meter_forget(struct partner_meter *m, const struct uid *partner)
{
	(void)pthread_mutex_lock(&m->lock);
	for (size_t i = 0; i < SLOTS; i++) {
		if (uid_is(&m->slots[i].partner, partner)) {
			/* the place stays taken: others may stand behind it in the same run */
			m->slots[i].hour = -1;
			m->slots[i].tokens = -1;
		}
	}
	(void)pthread_mutex_unlock(&m->lock);
}
