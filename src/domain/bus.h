/* Live events: a ring of what changed, for the streams of http. An event is typed (what kind, which
 * object, whose group); its JSON is made by the reader of the ring, once, and only when somebody
 * listens. Any thread may publish and read. */
#pragma once

#include "base/err.h"
#include "base/uid.h"

enum { BUS_RING = 4096, BUS_WARM_MS = 120 * 1000 };

enum event_type {
	EVENT_WEARER,
	EVENT_ALARM,
	EVENT_COMMAND,
	EVENT_CLAIM,
	EVENT_REMOVED,
	EVENT_NOTICE,
	EVENT_HEALTH, /* a value, a day or a call of a wearer came */
	EVENT_THREAD, /* texts, voices, photos of a wearer */
	EVENT_GROUP,  /* members, rights, invitations, approvals, the group itself */
	EVENT_TYPE_COUNT
};
const char *event_type_name(enum event_type t);

struct event {
	uint64_t seq; /* from 1 */
	enum event_type type;
	struct uid group;
	struct uid object; /* wearer (also for THREAD), alarm, command or claim; the wearer for
			      REMOVED, the group for NOTICE and GROUP */
};

struct bus;

MUST_CHECK enum rc bus_new(struct bus **ret_owned, struct err *e);
void bus_free(struct bus *b);

/* Random at each start: the first half of an event's public id. */
uint64_t bus_epoch(const struct bus *b);
/* The newest sequence number given out; 0 at first. */
uint64_t bus_newest(struct bus *b);

/* Called, from the publishing thread, whenever the ring was empty for the reader and is no longer:
 * wake your loop (write an eventfd) and return. One reader; set before threads start. */
typedef void bus_wake_fn(void *arg);
void bus_set_reader(struct bus *b, bus_wake_fn *wake, void *arg);

/* Copies at most max events with seq > after to ret. *ret_lost: some between were overwritten (send
 * resync). A call that returns 0 arms the next wake. */
size_t bus_read(struct bus *b, uint64_t after, struct event *ret, size_t max, bool *ret_lost);

/* A stream for this group opened or closed. The events of a group are kept while somebody
 * listens and for BUS_WARM_MS after; what is not kept is noted. */
MUST_CHECK enum rc bus_listen(struct bus *b, const struct uid *group, struct err *e);
void bus_unlisten(struct bus *b, const struct uid *group);
bool bus_is_heard(struct bus *b, const struct uid *group);
/* May a client that saw everything up to `after` go on for this group without loading again? False
 * when events were lost or not kept since. */
bool bus_may_resume(struct bus *b, const struct uid *group, uint64_t after);

void bus_publish(
	struct bus *b, enum event_type type, const struct uid *group, const struct uid *object);
