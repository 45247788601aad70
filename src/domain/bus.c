#include "domain/bus.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <sodium.h>

#include "base/clock.h"
#include "domain/index.h"

enum { BUS_GROUPS_FIRST = 16 };

/* A group that was listened to since the start. For BUS_WARM_MS after the last stream closed its
 * events are still kept, so that a client whose link broke can go on; then it is cold until
 * somebody listens again. */
struct heard_group {
	struct uid id;
	uint32_t listeners;
	bool is_warm;
	int64_t warm_until_ms; /* monotonic; when nobody listens */
	uint64_t missed_at;    /* events from this number on were not kept for it */
};

struct bus {
	pthread_mutex_t lock; /* guards what follows */
	uint64_t epoch;
	uint64_t newest;
	struct event ring[BUS_RING];
	struct heard_group *groups;
	uint32_t groups_n, groups_capacity;
	struct index by_id;
	bool is_armed;
	bus_wake_fn *wake;
	void *wake_arg;
	atomic_uint warm; /* groups: a quick "nobody" */
};

static uint64_t hash_group(const void *owner, uint32_t item)
{
	const struct bus *b = owner;

	return index_hash((struct view){.p = (const char *)b->groups[item].id.b, .n = UID_BYTES});
}

enum rc bus_new(struct bus **ret_owned, struct err *e)
{
	struct bus *b = calloc(1, sizeof *b);

	if (b == NULL)
		return fail(e, RC_NOMEM, "bus: out of memory");
	(void)pthread_mutex_init(&b->lock, NULL); /* cannot fail with default attributes */
	randombytes_buf(&b->epoch, sizeof b->epoch);
	b->epoch >>= 16; /* short enough for any client's number */
	index_init(&b->by_id, hash_group, b);
	b->is_armed = true;
	*ret_owned = b;
	return RC_OK;
}

void bus_free(struct bus *b)
{
	if (b == NULL)
		return;
	index_done(&b->by_id);
	free(b->groups);
	(void)pthread_mutex_destroy(&b->lock);
	free(b);
}

uint64_t bus_epoch(const struct bus *b)
{
	return b->epoch;
}

uint64_t bus_newest(struct bus *b)
{
	(void)pthread_mutex_lock(&b->lock); /* the default mutex does not fail here */
	uint64_t newest = b->newest;
	(void)pthread_mutex_unlock(&b->lock);
	return newest;
}

void bus_set_reader(struct bus *b, bus_wake_fn *wake, void *arg)
{
	b->wake = wake;
	b->wake_arg = arg;
}

size_t bus_read(struct bus *b, uint64_t after, struct event *ret, size_t max, bool *ret_lost)
{
	(void)pthread_mutex_lock(&b->lock);
	uint64_t oldest = b->newest > BUS_RING ? b->newest - BUS_RING + 1 : 1;
	*ret_lost = after + 1 < oldest;
	uint64_t from = *ret_lost ? oldest : after + 1;
	size_t n = 0;
	while (n < max && from + n <= b->newest) {
		ret[n] = b->ring[(from + n) % BUS_RING];
		n++;
	}
	if (n == 0)
		b->is_armed = true;
	(void)pthread_mutex_unlock(&b->lock);
	return n;
}

/* Under the lock. */
static struct heard_group *find_group(struct bus *b, const struct uid *group)
{
	uint64_t hash = index_hash((struct view){.p = (const char *)group->b, .n = UID_BYTES});
	uint32_t at = 0;

	for (int64_t i = index_first(&b->by_id, hash, &at); i != INDEX_NONE;
		i = index_next(&b->by_id, &at)) {
		if (uid_is(&b->groups[i].id, group))
			return &b->groups[i];
	}
	return NULL;
}

/* Under the lock. Are its events kept? A warm time that is over makes it cold. */
static bool is_kept(struct bus *b, struct heard_group *g)
{
	if (g->is_warm && g->listeners == 0 && clock_mono_ms() >= g->warm_until_ms) {
		g->is_warm = false;
		g->missed_at = b->newest + 1;
		atomic_fetch_sub(&b->warm, 1);
	}
	return g->is_warm;
}

/* Under the lock. */
static enum rc add_group(
	struct bus *b, const struct uid *group, struct heard_group **ret, struct err *e)
{
	if (b->groups_n == b->groups_capacity) {
		uint32_t capacity =
			b->groups_capacity == 0 ? BUS_GROUPS_FIRST : b->groups_capacity * 2;
		struct heard_group *grown = reallocarray(b->groups, capacity, sizeof *grown);
		if (grown == NULL)
			return fail(e, RC_NOMEM, "bus: out of memory");
		b->groups = grown;
		b->groups_capacity = capacity;
	}
	b->groups[b->groups_n] = (struct heard_group){.id = *group, .missed_at = b->newest + 1};
	enum rc rc = index_add(&b->by_id, b->groups_n, e);
	if (rc != RC_OK)
		return rc;
	*ret = &b->groups[b->groups_n++];
	return RC_OK;
}

enum rc bus_listen(struct bus *b, const struct uid *group, struct err *e)
{
	enum rc rc = RC_OK;

	(void)pthread_mutex_lock(&b->lock);
	struct heard_group *g = find_group(b, group);
	if (g == NULL)
		rc = add_group(b, group, &g, e);
	if (rc == RC_OK) {
		(void)is_kept(b, g); /* a warm time that is over ends now */
		g->listeners++;
		if (!g->is_warm)
			atomic_fetch_add(&b->warm, 1);
		g->is_warm = true;
	}
	(void)pthread_mutex_unlock(&b->lock);
	return rc;
}

void bus_unlisten(struct bus *b, const struct uid *group)
{
	(void)pthread_mutex_lock(&b->lock);
	struct heard_group *g = find_group(b, group);
	if (g != NULL && g->listeners > 0 && --g->listeners == 0)
		g->warm_until_ms = clock_mono_ms() + BUS_WARM_MS;
	(void)pthread_mutex_unlock(&b->lock);
}

bool bus_is_heard(struct bus *b, const struct uid *group)
{
	if (atomic_load_explicit(&b->warm, memory_order_relaxed) == 0)
		return false;
	(void)pthread_mutex_lock(&b->lock);
	struct heard_group *g = find_group(b, group);
	bool is_heard = g != NULL && is_kept(b, g);
	(void)pthread_mutex_unlock(&b->lock);
	return is_heard;
}

bool bus_may_resume(struct bus *b, const struct uid *group, uint64_t after)
{
	(void)pthread_mutex_lock(&b->lock);
	uint64_t oldest = b->newest > BUS_RING ? b->newest - BUS_RING + 1 : 1;
	const struct heard_group *g = find_group(b, group);
	bool may = after <= b->newest && after + 1 >= oldest && g != NULL && g->missed_at <= after;
	(void)pthread_mutex_unlock(&b->lock);
	return may;
}

void bus_publish(
	struct bus *b, enum event_type type, const struct uid *group, const struct uid *object)
{
	bool must_wake = false;

	if (atomic_load_explicit(&b->warm, memory_order_relaxed) == 0)
		return;
	(void)pthread_mutex_lock(&b->lock);
	struct heard_group *g = find_group(b, group);
	if (g != NULL && is_kept(b, g)) {
		b->newest++;
		b->ring[b->newest % BUS_RING] = (struct event){
			.seq = b->newest, .type = type, .group = *group, .object = *object};
		must_wake = b->is_armed;
		b->is_armed = false;
	}
	(void)pthread_mutex_unlock(&b->lock);
	if (must_wake && b->wake != NULL)
		b->wake(b->wake_arg);
}

const char *event_type_name(enum event_type t)
{
	static const char *const names[EVENT_TYPE_COUNT] = {
		[EVENT_WEARER] = "wearer",
		[EVENT_ALARM] = "alarm",
		[EVENT_COMMAND] = "command",
		[EVENT_CLAIM] = "claim",
		[EVENT_REMOVED] = "removed",
		[EVENT_HEALTH] = "health",
		[EVENT_NOTICE] = "notice",
		[EVENT_THREAD] = "thread",
		[EVENT_GROUP] = "group",
	};

	return names[t];
}
