#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

enum { EVENTS_PER_TURN = 256, TURN_END_MAX = 8, CALLS_FIRST = 64 };

struct call {
	loop_call_fn *fn;
	void *arg;
};

struct calls {
	struct call *items;
	size_t n;
	size_t capacity;
};

struct loop {
	int epoll_fd;
	struct loop_fd wake;
	struct wheel *wheel;
	int64_t now_ms;
	atomic_bool should_stop;

	/* The events of this turn that are still to be told. */
	struct epoll_event events[EVENTS_PER_TURN];
	int event_next, event_count;

	struct call turn_end[TURN_END_MAX];
	size_t turn_end_count;

	pthread_mutex_t lock; /* guards `posted` */
	struct calls posted;
	struct calls running; /* taken from `posted`; the loop's thread only */
};

static void loop_freep(struct loop **l)
{
	loop_free(*l);
}

static void wake_up(const struct loop *l)
{
	uint64_t one = 1;

	/* Fails only when the counter is full; then the loop is awake already. */
	(void)!write(l->wake.fd, &one, sizeof one);
}

static void on_wake(void *owner, uint32_t epoll_events)
{
	struct loop *l = owner;
	uint64_t count = 0;

	(void)epoll_events;
	(void)!read(l->wake.fd, &count, sizeof count); /* only empties the counter */
}

enum rc loop_new(struct loop **ret_owned, struct err *e)
{
	CLEANUP(loop_freep) struct loop *l = calloc(1, sizeof *l);

	if (l == NULL)
		return fail(e, RC_NOMEM, "loop: out of memory");
	(void)pthread_mutex_init(&l->lock, NULL); /* cannot fail with default attributes */
	l->wake = (struct loop_fd){.fd = -1, .events = EPOLLIN, .fn = on_wake, .owner = l};
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd < 0)
		return fail_sys(e, "loop: epoll_create1");
	l->wake.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->wake.fd < 0)
		return fail_sys(e, "loop: eventfd");
	l->now_ms = clock_mono_ms();
	enum rc rc = wheel_new(l->now_ms, &l->wheel, e);
	if (rc == RC_OK)
		rc = loop_watch(l, &l->wake, e);
	if (rc != RC_OK)
		return rc;
	*ret_owned = STEAL(l);
	return RC_OK;
}

void loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	if (l->wake.fd >= 0)
		(void)close(l->wake.fd);
	if (l->epoll_fd >= 0)
		(void)close(l->epoll_fd);
	wheel_free(l->wheel);
	(void)pthread_mutex_destroy(&l->lock);
	free(l->posted.items);
	free(l->running.items);
	free(l);
}

enum rc loop_watch(struct loop *l, struct loop_fd *handle, struct err *e)
{
	struct epoll_event event = {.events = handle->events, .data.ptr = handle};

	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, handle->fd, &event) != 0)
		return fail_sys(e, "loop: cannot watch descriptor %d", handle->fd);
	return RC_OK;
}

enum rc loop_rewatch(struct loop *l, struct loop_fd *handle, uint32_t events, struct err *e)
{
	struct epoll_event event = {.events = events, .data.ptr = handle};

	if (handle->events == events)
		return RC_OK;
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, handle->fd, &event) != 0)
		return fail_sys(e, "loop: cannot change descriptor %d", handle->fd);
	handle->events = events;
	return RC_OK;
}

void loop_forget(struct loop *l, struct loop_fd *handle)
{
	/* The descriptor may be closed already, which took it off the list. */
	(void)epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, handle->fd, NULL);
	for (int i = l->event_next; i < l->event_count; i++) {
		if (l->events[i].data.ptr == handle)
			l->events[i].data.ptr = NULL;
	}
}

struct wheel *loop_wheel(struct loop *l)
{
	return l->wheel;
}

int64_t loop_now_ms(const struct loop *l)
{
	return l->now_ms;
}

static enum rc calls_add(struct calls *c, struct call call, struct err *e)
{
	if (c->n == LOOP_POSTED_MAX)
		return fail(e, RC_LIMIT, "loop: %u posted calls are waiting", LOOP_POSTED_MAX);
	if (c->n == c->capacity) {
		size_t capacity = c->capacity == 0 ? CALLS_FIRST : c->capacity * 2;
		struct call *items = reallocarray(c->items, capacity, sizeof *items);
		if (items == NULL)
			return fail(e, RC_NOMEM, "loop: out of memory");
		c->items = items;
		c->capacity = capacity;
	}
	c->items[c->n++] = call;
	return RC_OK;
}

enum rc loop_post(struct loop *l, loop_call_fn *fn, void *arg, struct err *e)
{
	(void)pthread_mutex_lock(&l->lock);
	bool was_empty = l->posted.n == 0;
	enum rc rc = calls_add(&l->posted, (struct call){.fn = fn, .arg = arg}, e);
	(void)pthread_mutex_unlock(&l->lock);
	if (rc == RC_OK && was_empty)
		wake_up(l);
	return rc;
}

void loop_on_turn_end(struct loop *l, loop_call_fn *fn, void *arg)
{
	assert(l->turn_end_count < TURN_END_MAX);
	l->turn_end[l->turn_end_count++] = (struct call){.fn = fn, .arg = arg};
}

static void tell_events(struct loop *l)
{
	while (l->event_next < l->event_count) {
		const struct epoll_event *event = &l->events[l->event_next++];
		const struct loop_fd *handle = event->data.ptr;
		if (handle != NULL)
			handle->fn(handle->owner, event->events);
	}
}

static void run_posted(struct loop *l)
{
	(void)pthread_mutex_lock(&l->lock);
	struct calls taken = l->posted;
	l->posted = l->running;
	(void)pthread_mutex_unlock(&l->lock);
	for (size_t i = 0; i < taken.n; i++)
		taken.items[i].fn(taken.items[i].arg);
	taken.n = 0;
	l->running = taken;
}

static enum rc run_turn(struct loop *l, void *context, struct err *e)
{
	int timeout_ms = wheel_timeout_ms(l->wheel, l->now_ms);
	int n = epoll_wait(l->epoll_fd, l->events, EVENTS_PER_TURN, timeout_ms);

	if (n < 0 && errno != EINTR)
		return fail_sys(e, "loop: epoll_wait");
	l->now_ms = clock_mono_ms();
	l->event_next = 0;
	l->event_count = n < 0 ? 0 : n;
	tell_events(l);
	run_posted(l);
	wheel_advance(l->wheel, l->now_ms, context);
	for (size_t i = 0; i < l->turn_end_count; i++)
		l->turn_end[i].fn(l->turn_end[i].arg);
	return RC_OK;
}

enum rc loop_run(struct loop *l, void *context, struct err *e)
{
	enum rc rc = RC_OK;

	while (rc == RC_OK && !atomic_load(&l->should_stop))
		rc = run_turn(l, context, e);
	atomic_store(&l->should_stop, false);
	return rc;
}

void loop_stop(struct loop *l)
{
	atomic_store(&l->should_stop, true);
	wake_up(l);
}
