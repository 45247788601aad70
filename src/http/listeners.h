/* Who listens to which group: one listener for each signed-in session with open streams, with a
 * seat in each of its groups, so that an event finds its streams without a walk over others. Used
 * by the streams' thread only. */
#pragma once

#include "base/list.h"
#include "domain/bus.h"
#include "domain/rights.h"

struct listeners;
struct group_seats;

struct seat {
	struct list node; /* in the list of listeners_of_group */
	struct listener *listener;
	struct group_seats *group;
	/* What the owner remembers of the account's rights in the group. */
	uint64_t rights_generation;
	right_set rights;
	bool is_fixed;
};

struct listener {
	struct listener *next;
	struct uid account, session;
	struct list streams; /* of the owner's structs */
	uint32_t streams_n;  /* kept by the owner */
	bool is_unused;      /* freed by the next sweep unless streams come */
	struct list unused;
	uint32_t seats_n;
	struct seat *seats;
};

MUST_CHECK enum rc listeners_new(struct bus *bus, struct listeners **ret_owned, struct err *e);
void listeners_free(struct listeners *ls);

/* The session's listener, made when there is none. NULL when out of memory. */
struct listener *listeners_take(struct listeners *ls, const struct principal *who);
/* Its last stream is gone: the next sweep frees it. */
void listeners_leave(struct listeners *ls, struct listener *l);
void listeners_sweep(struct listeners *ls);

/* List of struct seat (seat.node), or NULL when nobody listens. */
struct list *listeners_of_group(struct listeners *ls, const struct uid *group);
/* Its seat in the group, or NULL. */
struct seat *listener_seat(struct listener *l, const struct uid *group);
const struct uid *seat_group(const struct seat *seat);

typedef void listener_fn(void *ctx, struct listener *l);
void listeners_each(struct listeners *ls, listener_fn *fn, void *ctx);
