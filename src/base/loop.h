/* One thread's event loop: epoll (level-triggered, unless a handle asks for EPOLLET), a timer
 * wheel, and a queue of calls posted by other threads (an eventfd). Every role's main thread has
 * one. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/wheel.h"

struct loop;

/* Calls posted and not yet run; loop_post answers RC_LIMIT beyond it. */
enum { LOOP_POSTED_MAX = 65536 };

typedef void loop_fd_fn(void *owner, uint32_t epoll_events);
typedef void loop_call_fn(void *arg);

MUST_CHECK enum rc loop_new(struct loop **ret_owned, struct err *e);
void loop_free(struct loop *l);

/* Watches fd for epoll_events; fn(owner, events) is called from loop_run. `handle` lives in the
 * caller's object until loop_forget; after that, fn is not called again, not even for events of
 * this turn. */
struct loop_fd {
	int fd;
	uint32_t events;
	loop_fd_fn *fn;
	void *owner;
};
MUST_CHECK enum rc loop_watch(struct loop *l, struct loop_fd *handle, struct err *e);
/* Changes the events of a watched handle. */
MUST_CHECK enum rc loop_rewatch(
	struct loop *l, struct loop_fd *handle, uint32_t events, struct err *e);
/* Before or after closing the descriptor; before is right when it was duplicated. */
void loop_forget(struct loop *l, struct loop_fd *handle);

struct wheel *loop_wheel(struct loop *l);
/* Monotonic ms, read once per turn. */
int64_t loop_now_ms(const struct loop *l);

/* From any thread: fn(arg) runs in the loop's thread soon, in order of posting. What is posted
 * while posted calls run waits for the next turn. Calls that never ran are dropped by loop_free. */
MUST_CHECK enum rc loop_post(struct loop *l, loop_call_fn *fn, void *arg, struct err *e);

/* Called at the end of each turn, after all descriptors, posted calls and timers of the turn: flush
 * batches, free the dying. At most 8, called in the order of adding. */
void loop_on_turn_end(struct loop *l, loop_call_fn *fn, void *arg);

/* Runs until loop_stop, which any thread may call; the turn is finished first. context is given to
 * the timers' callbacks. */
MUST_CHECK enum rc loop_run(struct loop *l, void *context, struct err *e);
void loop_stop(struct loop *l);
