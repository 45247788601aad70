/* Timer wheel: deadlines of many objects, O(1) to set, move and cancel, no walk over all.
 * One wheel per loop, used from its thread only. Resolution 100 ms by default; a timer never fires
 * early. Timers live in their objects; the wheel owns nothing but its slots. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/list.h"

struct wheel;
struct timer;

typedef void timer_fn(struct timer *t, void *context);

struct timer {
	struct list node;
	int64_t due_ms; /* monotonic */
	timer_fn *fn;
};

MUST_CHECK enum rc wheel_new(int64_t now_ms, struct wheel **ret_owned, struct err *e);
/* Timers that are still set are unlinked, not fired. */
void wheel_free(struct wheel *w);

void timer_init(struct timer *t, timer_fn *fn);
/* Sets or moves the timer. due_ms in the past fires at the next wheel_advance. */
void timer_set(struct wheel *w, struct timer *t, int64_t due_ms);
void timer_cancel(struct timer *t);
bool timer_is_set(const struct timer *t);

/* Fires all timers that are due. A timer may be set again, and any timer cancelled, from a
 * callback. */
void wheel_advance(struct wheel *w, int64_t now_ms, void *context);
/* Milliseconds until the next call of wheel_advance is useful; -1 when no timer is set. */
int wheel_timeout_ms(struct wheel *w, int64_t now_ms);
