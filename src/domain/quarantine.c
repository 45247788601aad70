#include "domain/quarantine.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/list.h"
#include "domain/index.h"
#include "domain/text.h"
#include "watch/frame.h"

enum { EACH_MAX = 500, REFUSED_MAX = 1024 };

struct stranger {
	struct list node; /* seen longest ago first; or in `free` */
	uint64_t session; /* 0: none open */
	int64_t first_seen_ms, last_seen_ms;
	uint64_t frames;
	char id[WIRE_ID_TEXT];
	char vendor[8];
	uint8_t address[16];
};

/* A session without a place here, should somebody claim its watch later. */
struct refused {
	uint64_t session;
	uint64_t id_hash;
};

struct quarantine {
	pthread_mutex_t lock; /* guards everything */
	uint32_t max, per_address_max;
	struct stranger *strangers; /* max of them */
	struct list by_age, free;
	struct index by_id, by_session, by_address;
	struct quarantine_stats stats;
	int64_t foreign_seen_ms[FOREIGN_COUNT];
	struct refused refused[REFUSED_MAX]; /* a ring */
	uint32_t refused_next;
};

static uint32_t place_of(const struct quarantine *q, const struct stranger *s)
{
	return (uint32_t)(s - q->strangers);
}

static uint64_t hash_id(const void *owner, uint32_t place)
{
	const struct quarantine *q = owner;

	return index_hash(view_of(q->strangers[place].id));
}

static uint64_t hash_session(const void *owner, uint32_t place)
{
	const struct quarantine *q = owner;

	return index_hash_u64(q->strangers[place].session);
}

static uint64_t address_hash(const uint8_t address[16])
{
	return index_hash((struct view){.p = (const char *)address, .n = 16});
}

static uint64_t hash_address(const void *owner, uint32_t place)
{
	const struct quarantine *q = owner;

	return address_hash(q->strangers[place].address);
}

enum rc quarantine_new(
	const struct domain_settings *s, struct quarantine **ret_owned, struct err *e)
{
	struct quarantine *q = calloc(1, sizeof *q);

	if (q == NULL)
		return fail(e, RC_NOMEM, "quarantine: out of memory");
	q->max = s->unknown_ids_max;
	q->per_address_max = s->unknown_ids_per_address_max;
	q->strangers = calloc(q->max == 0 ? 1 : q->max, sizeof *q->strangers);
	if (q->strangers == NULL) {
		free(q);
		return fail(e, RC_NOMEM, "quarantine: out of memory");
	}
	(void)pthread_mutex_init(&q->lock, NULL); /* cannot fail with default attributes */
	list_init(&q->by_age);
	list_init(&q->free);
	index_init(&q->by_id, hash_id, q);
	index_init(&q->by_session, hash_session, q);
	index_init(&q->by_address, hash_address, q);
	for (uint32_t i = 0; i < q->max; i++) {
		list_init(&q->strangers[i].node);
		list_append(&q->free, &q->strangers[i].node);
	}
	*ret_owned = q;
	return RC_OK;
}

void quarantine_free(struct quarantine *q)
{
	if (q == NULL)
		return;
	index_done(&q->by_id);
	index_done(&q->by_session);
	index_done(&q->by_address);
	free(q->strangers);
	(void)pthread_mutex_destroy(&q->lock);
	free(q);
}

static struct stranger *find_id(struct quarantine *q, struct view id)
{
	uint32_t at = 0;

	for (int64_t i = index_first(&q->by_id, index_hash(id), &at); i != INDEX_NONE;
		i = index_next(&q->by_id, &at)) {
		if (view_is(view_of(q->strangers[i].id), id))
			return &q->strangers[i];
	}
	return NULL;
}

static struct stranger *find_session(struct quarantine *q, uint64_t session)
{
	uint32_t at = 0;

	for (int64_t i = index_first(&q->by_session, index_hash_u64(session), &at); i != INDEX_NONE;
		i = index_next(&q->by_session, &at)) {
		if (q->strangers[i].session == session)
			return &q->strangers[i];
	}
	return NULL;
}

static uint32_t count_address(struct quarantine *q, const uint8_t address[16])
{
	uint32_t at = 0;
	uint32_t n = 0;

	for (int64_t i = index_first(&q->by_address, address_hash(address), &at); i != INDEX_NONE;
		i = index_next(&q->by_address, &at))
		n += memcmp(q->strangers[i].address, address, 16) == 0;
	return n;
}

static void set_session(struct quarantine *q, struct stranger *s, uint64_t session)
{
	if (s->session != 0) {
		index_remove(&q->by_session, place_of(q, s));
		s->session = 0;
		q->stats.connected--;
	}
	if (session == 0)
		return;
	s->session = session;
	if (index_add(&q->by_session, place_of(q, s), NULL) != RC_OK)
		s->session = 0; /* no memory: it is seen, but not connected */
	else
		q->stats.connected++;
}

static void drop(struct quarantine *q, struct stranger *s)
{
	set_session(q, s, 0);
	index_remove(&q->by_id, place_of(q, s));
	index_remove(&q->by_address, place_of(q, s));
	list_remove(&s->node);
	list_append(&q->free, &s->node);
	q->stats.ids--;
}

static void touch(struct quarantine *q, struct stranger *s, int64_t now_ms)
{
	s->last_seen_ms = now_ms;
	list_remove(&s->node);
	list_append(&q->by_age, &s->node);
}

/* NULL when a limit refuses it. */
static struct stranger *take_in(struct quarantine *q, const struct peer *peer, struct view id,
	bool is_wanted, int64_t now_ms)
{
	bool is_over = !is_wanted && count_address(q, peer->address) >= q->per_address_max;

	if (q->max == 0 || is_over) {
		q->stats.limit_per_address++;
		return NULL;
	}
	if (list_is_empty(&q->free)) {
		q->stats.limit_ids++;
		drop(q, CONTAINER_OF(q->by_age.next, struct stranger, node));
	}
	struct stranger *s = CONTAINER_OF(q->free.next, struct stranger, node);
	struct list node = s->node;
	*s = (struct stranger){.node = node, .first_seen_ms = now_ms};
	memcpy(s->address, peer->address, sizeof s->address);
	if (!view_to_text(id, s->id, sizeof s->id))
		return NULL; /* longer than the protocol allows */
	if (index_add(&q->by_id, place_of(q, s), NULL) != RC_OK)
		return NULL;
	if (index_add(&q->by_address, place_of(q, s), NULL) != RC_OK) {
		index_remove(&q->by_id, place_of(q, s));
		return NULL;
	}
	list_remove(&s->node);
	list_append(&q->by_age, &s->node);
	q->stats.ids++;
	return s;
}

bool quarantine_opened(struct quarantine *q, uint64_t session, const struct peer *peer,
	struct view vendor, struct view id, bool is_wanted, int64_t now_ms, bool *ret_is_new)
{
	static const struct peer nobody = {.port = 0};

	(void)pthread_mutex_lock(&q->lock); /* the default mutex does not fail here */
	struct stranger *s = find_id(q, id);
	*ret_is_new = s == NULL;
	if (s == NULL && (peer != NULL || is_wanted))
		s = take_in(q, peer == NULL ? &nobody : peer, id, is_wanted, now_ms);
	if (s != NULL) {
		if (!view_to_text(vendor, s->vendor, sizeof s->vendor))
			s->vendor[0] = '\0';
		s->frames++;
		set_session(q, s, session);
		touch(q, s, now_ms);
	} else {
		q->refused[q->refused_next++ % REFUSED_MAX] =
			(struct refused){.session = session, .id_hash = index_hash(id)};
	}
	(void)pthread_mutex_unlock(&q->lock);
	return s != NULL;
}

uint64_t quarantine_find_refused(struct quarantine *q, struct view id)
{
	uint64_t hash = index_hash(id);
	uint64_t session = 0;

	(void)pthread_mutex_lock(&q->lock);
	for (uint32_t i = 0; i < REFUSED_MAX && session == 0; i++) {
		if (q->refused[i].session != 0 && q->refused[i].id_hash == hash) {
			session = q->refused[i].session;
			q->refused[i].session = 0; /* told once */
		}
	}
	(void)pthread_mutex_unlock(&q->lock);
	return session;
}

void quarantine_seen(struct quarantine *q, uint64_t session, int64_t now_ms)
{
	(void)pthread_mutex_lock(&q->lock);
	struct stranger *s = find_session(q, session);
	if (s != NULL) {
		s->frames++;
		touch(q, s, now_ms);
	}
	(void)pthread_mutex_unlock(&q->lock);
}

void quarantine_closed(struct quarantine *q, uint64_t session, uint32_t frames, int64_t now_ms)
{
	(void)pthread_mutex_lock(&q->lock);
	struct stranger *s = find_session(q, session);
	if (s != NULL) {
		s->frames += frames > 0 ? frames - 1 : 0; /* the first was counted at opening */
		set_session(q, s, 0);
		touch(q, s, now_ms);
	}
	(void)pthread_mutex_unlock(&q->lock);
}

void quarantine_remove(struct quarantine *q, struct view id)
{
	(void)pthread_mutex_lock(&q->lock);
	struct stranger *s = find_id(q, id);
	if (s != NULL)
		drop(q, s);
	(void)pthread_mutex_unlock(&q->lock);
}

bool quarantine_find(
	struct quarantine *q, struct view id, uint64_t *ret_session, char ret_vendor[8])
{
	(void)pthread_mutex_lock(&q->lock);
	const struct stranger *s = find_id(q, id);
	if (s != NULL) {
		*ret_session = s->session;
		memcpy(ret_vendor, s->vendor, sizeof s->vendor);
	}
	(void)pthread_mutex_unlock(&q->lock);
	return s != NULL;
}

bool quarantine_id_of(struct quarantine *q, uint64_t session, char ret_id[WIRE_ID_TEXT])
{
	(void)pthread_mutex_lock(&q->lock);
	const struct stranger *s = find_session(q, session);
	if (s != NULL)
		memcpy(ret_id, s->id, WIRE_ID_TEXT);
	(void)pthread_mutex_unlock(&q->lock);
	return s != NULL;
}

bool quarantine_next_session(
	struct quarantine *q, uint8_t gateway, uint32_t *place, uint64_t *ret_session)
{
	bool is_found = false;

	(void)pthread_mutex_lock(&q->lock);
	for (; *place < q->max && !is_found; (*place)++) {
		const struct stranger *s = &q->strangers[*place];
		is_found = s->session != 0 && s->session >> 56 == gateway;
		if (is_found)
			*ret_session = s->session;
	}
	(void)pthread_mutex_unlock(&q->lock);
	return is_found;
}

bool wire_ids_are_close(struct view a, struct view b)
{
	size_t differing = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		differing += a.p[i] != b.p[i];
	return differing == 1 || differing == 2;
}

bool quarantine_has_close(struct quarantine *q, struct view id, int64_t since_ms)
{
	bool is_found = false;

	(void)pthread_mutex_lock(&q->lock);
	for (struct list *n = q->by_age.prev; n != &q->by_age && !is_found; n = n->prev) {
		const struct stranger *s = CONTAINER_OF(n, struct stranger, node);
		if (s->last_seen_ms < since_ms)
			break;
		is_found = wire_ids_are_close(view_of(s->id), id);
	}
	(void)pthread_mutex_unlock(&q->lock);
	return is_found;
}

void quarantine_foreign(struct quarantine *q, enum foreign kind, int64_t now_ms)
{
	(void)pthread_mutex_lock(&q->lock);
	if (kind > FOREIGN_NONE && kind < FOREIGN_COUNT) {
		q->stats.foreign[kind]++;
		q->foreign_seen_ms[kind] = now_ms;
	}
	(void)pthread_mutex_unlock(&q->lock);
}

int64_t quarantine_foreign_seen(struct quarantine *q, enum foreign kind)
{
	(void)pthread_mutex_lock(&q->lock);
	int64_t seen = kind < FOREIGN_COUNT ? q->foreign_seen_ms[kind] : 0;
	(void)pthread_mutex_unlock(&q->lock);
	return seen;
}

void quarantine_read_stats(struct quarantine *q, struct quarantine_stats *ret)
{
	(void)pthread_mutex_lock(&q->lock);
	*ret = q->stats;
	(void)pthread_mutex_unlock(&q->lock);
}

void quarantine_each(struct quarantine *q, unknown_device_fn *fn, void *ctx)
{
	unsigned n_told = 0;

	(void)pthread_mutex_lock(&q->lock);
	for (struct list *n = q->by_age.prev; n != &q->by_age && n_told < EACH_MAX; n = n->prev) {
		const struct stranger *s = CONTAINER_OF(n, struct stranger, node);
		struct unknown_device u = {.first_seen_ms = s->first_seen_ms,
			.last_seen_ms = s->last_seen_ms,
			.frames = s->frames};
		text_mask(view_of(s->id), u.id_masked, sizeof u.id_masked);
		memcpy(u.vendor, s->vendor, sizeof u.vendor);
		fn(ctx, &u);
		n_told++;
	}
	(void)pthread_mutex_unlock(&q->lock);
}

void quarantine_each_foreign(struct quarantine *q, foreign_protocol_fn *fn, void *ctx)
{
	(void)pthread_mutex_lock(&q->lock);
	for (unsigned i = FOREIGN_NONE + 1; i < FOREIGN_COUNT; i++) {
		struct foreign_protocol f = {.protocol = foreign_name((enum foreign)i),
			.advice = foreign_advice((enum foreign)i),
			.count = q->stats.foreign[i],
			.last_seen_ms = q->foreign_seen_ms[i]};
		if (f.count > 0)
			fn(ctx, &f);
	}
	(void)pthread_mutex_unlock(&q->lock);
}
