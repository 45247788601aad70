#include "http/streams.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "domain/audit.h"
#include "domain/web_session.h"
#include "http/listeners.h"
#include "http/live_event.h"
#include "http/quota.h"

enum {
	BEATS = 200,             /* portions of the streams … */
	BEATS_LATE_MS = 2000,    /* portions are made up for when the loop was busy for less */
	BEAT_MS = 100,           /* … one after the other: each stream every 20 s */
	SESSIONS_CHECK_MS = 500, /* streams of ended sessions and ex-members close in 2 s */
	STUCK_MS = 60 * 1000,    /* a stream that took nothing for so long is dropped */
	SEND_BUFFER = 64 * 1024, /* of the kernel, for each stream */
	BATCH = 64,              /* events read from the bus at a time */
	LAG_PER_TURN = 256,      /* events to one lagging stream before others get their turn */
	LAST_ID_MAX = 64,
};

struct stream {
	struct loop_fd handle;
	struct list in_listener;
	struct list in_beat;
	struct streams *streams;
	struct listener *listener;
	struct event_text *unsent; /* its rest, from unsent_at, goes first */
	uint32_t unsent_at;
	bool is_lagging;  /* `after` counts, EPOLLOUT is awaited */
	uint64_t after;   /* the last event that it got */
	int64_t moved_ms; /* when it last took something while lagging */
};

/* On its way from a request thread to the loop. */
struct opening {
	struct streams *streams;
	int fd;
	bool has_head;
	struct principal who;
	char last_id[LAST_ID_MAX + 1];
};

struct streams {
	struct domain *domain;
	struct loop *loop;
	struct event_texts *texts;
	struct listeners *listeners;
	struct quota *quota;
	uint64_t seen;              /* newest event that was given to the listeners */
	uint64_t generation;        /* of the sessions, when they were checked last */
	uint64_t rights_generation; /* the same of rights */
	struct timer beat_timer, sessions_timer;
	struct list beats[BEATS];
	unsigned beat;
	struct event_text *beat_text, *resync_text;
	struct event batch[BATCH];
	struct event lag_batch[BATCH];
	_Atomic(uint64_t) opened, events, sent, dropped, limited_all, limited_account;
};

static void close_stream(struct stream *st)
{
	struct streams *s = st->streams;

	loop_forget(s->loop, &st->handle);
	(void)close(st->handle.fd); /* nobody would hear of a failure */
	event_text_unref(st->unsent);
	list_remove(&st->in_beat);
	list_remove(&st->in_listener);
	quota_give(s->quota, st->listener->account.b);
	if (--st->listener->streams_n == 0)
		listeners_leave(s->listeners, st->listener);
	free(st);
}

static void drop_stream(struct stream *st)
{
	(void)atomic_fetch_add(&st->streams->dropped, 1);
	close_stream(st);
}

/* Sends from *at on and moves it. RC_OK when all went, RC_MORE when the socket is full, RC_IO when
 * it is gone. */
static enum rc send_from(int fd, struct view text, uint32_t *at)
{
	while (*at < text.n) {
		ssize_t sent = send(fd, text.p + *at, text.n - *at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0)
			*at += (uint32_t)sent;
		else if (errno == EAGAIN)
			return RC_MORE;
		else if (errno != EINTR)
			return RC_IO;
	}
	return RC_OK;
}

static void set_lagging(struct stream *st, bool is_lagging)
{
	struct loop *loop = st->streams->loop;
	uint32_t wanted = EPOLLIN | EPOLLRDHUP | (is_lagging ? (uint32_t)EPOLLOUT : 0u);

	if (is_lagging && !st->is_lagging)
		st->moved_ms = loop_now_ms(loop);
	st->is_lagging = is_lagging;
	if (st->handle.events != wanted && loop_rewatch(loop, &st->handle, wanted, NULL) != RC_OK)
		log_event(LOG_WARN, "http.stream_rewatch", "fd=%d", st->handle.fd);
}

/* Sends a text or keeps its rest. False when the stream is gone (and freed). */
static bool push_text(struct stream *st, struct event_text *text)
{
	uint32_t at = 0;
	enum rc rc = send_from(st->handle.fd, (struct view){.p = text->text, .n = text->n}, &at);

	if (rc == RC_IO) {
		close_stream(st);
		return false;
	}
	(void)atomic_fetch_add_explicit(&st->streams->sent, 1, memory_order_relaxed);
	if (rc == RC_MORE) {
		st->unsent = event_text_ref(text);
		st->unsent_at = at;
		set_lagging(st, true);
	}
	return true;
}

/* What cannot be read becomes "load again". */
static struct event_text *resync(struct streams *s, const struct event *event, const struct err *e)
{
	log_event(
		LOG_WARN, "http.event", "type=%s why=\"%s\"", event_type_name(event->type), e->msg);
	return event_text_ref(s->resync_text);
}

/* The rights of the seat's account on the wearer, now. None for who is no member any more, and when
 * they cannot be read. */
static right_set seat_rights(struct streams *s, struct seat *seat, const struct uid *wearer)
{
	struct domain *d = s->domain;
	const struct uid *account = &seat->listener->account;
	uint64_t generation = atomic_load(&d->rights_generation);
	struct holding held;

	if (seat->rights_generation != generation) {
		right_set rights = 0;
		bool is_fixed = true;
		enum rc rc = rights_of_listener(event_texts_reader(s->texts), account,
			seat_group(seat), d->wall_ms(), &rights, &is_fixed, NULL);
		if (rc != RC_OK && rc != RC_NOT_FOUND)
			return 0;
		seat->rights = rights;
		seat->is_fixed = is_fixed;
		seat->rights_generation = generation;
	}
	if (seat->is_fixed)
		return seat->rights;
	return rights_held(event_texts_reader(s->texts), account, seat_group(seat), wearer,
		       d->wall_ms(), &held, NULL) == RC_OK
		       ? held.now
		       : 0;
}

/* Who has the app open looks at whoever moves: folded to one entry an hour like any other look. */
static void note_look(struct streams *s, const struct uid *account, const struct uid *group,
	const struct uid *wearer)
{
	struct act look = {.action = "wearer.view",
		.actor_kind = ACTOR_ACCOUNT,
		.actor = *account,
		.group = *group,
		.wearer = *wearer,
		.right = right_name(RIGHT_VIEW_POSITION),
		.outcome = "done"};

	audit_look(s->domain, &look);
}

/* The event's text for a seat, with a reference; NULL when there is nothing to tell. */
static struct event_text *text_of(
	struct streams *s, const struct event *event, const struct uid *wearer, struct seat *seat)
{
	struct event_text *text = NULL;
	struct err e = {0};
	right_set rights = seat_rights(s, seat, wearer);

	bool has_place = event->type == EVENT_WEARER || event->type == EVENT_ALARM;

	if (has_place && (rights & RIGHT_BIT(RIGHT_VIEW_POSITION)) != 0 && !uid_is_none(wearer))
		note_look(s, &seat->listener->account, &event->group, wearer);
	if (event_texts_get(s->texts, event, rights, &text, &e) == RC_OK)
		return text;
	return resync(s, event, &e);
}

/* One event of the ring to a lagging stream. False when it is gone. */
static bool push_event(struct stream *st, const struct event *event)
{
	struct streams *s = st->streams;
	struct seat *seat = listener_seat(st->listener, &event->group);
	struct uid wearer;
	struct err e = {0};

	st->after = event->seq;
	if (seat == NULL)
		return true;
	struct event_text *text = event_texts_wearer(s->texts, event, &wearer, &e) == RC_OK
					  ? text_of(s, event, &wearer, seat)
					  : resync(s, event, &e);
	bool is_open = text == NULL || push_text(st, text);
	event_text_unref(text);
	return is_open;
}

/* RC_OK: the rest is out. RC_MORE: the socket is full. RC_IO: the stream is gone (and freed). */
static enum rc push_rest(struct stream *st)
{
	if (st->unsent == NULL)
		return RC_OK;
	uint32_t before = st->unsent_at;
	enum rc rc = send_from(st->handle.fd,
		(struct view){.p = st->unsent->text, .n = st->unsent->n}, &st->unsent_at);
	if (st->unsent_at > before)
		st->moved_ms = loop_now_ms(st->streams->loop);
	if (rc == RC_IO) {
		close_stream(st);
	} else if (rc == RC_OK) {
		event_text_unref(st->unsent);
		st->unsent = NULL;
	}
	return rc;
}

/* Goes on with a lagging stream until it has caught up, its socket is full, or others must have a
 * turn. */
static void catch_up(struct stream *st)
{
	struct streams *s = st->streams;
	bool is_lost = false;

	if (push_rest(st) != RC_OK)
		return;
	for (unsigned done = 0; st->after < s->seen && done < LAG_PER_TURN; done += BATCH) {
		size_t n = bus_read(s->domain->bus, st->after, s->lag_batch, BATCH, &is_lost);
		if (is_lost) { /* the ring has left it behind: `resync` when it comes again */
			drop_stream(st);
			return;
		}
		for (size_t i = 0; i < n && s->lag_batch[i].seq <= s->seen; i++) {
			if (!push_event(st, &s->lag_batch[i]) || st->unsent != NULL)
				return;
		}
		if (n < BATCH || s->lag_batch[n - 1].seq >= s->seen)
			st->after = s->seen;
	}
	set_lagging(st, st->after < s->seen);
}

/* What a client sends after its request means nothing; its end does. */
static void on_stream(void *owner, uint32_t epoll_events)
{
	struct stream *st = owner;
	char nothing[512];

	if (epoll_events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) {
		close_stream(st);
		return;
	}
	if (epoll_events & EPOLLIN) {
		ssize_t n = recv(st->handle.fd, nothing, sizeof nothing, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
			close_stream(st);
			return;
		}
	}
	if (epoll_events & EPOLLOUT)
		catch_up(st);
}

static void deliver_to(struct listener *l, const struct event *event, struct event_text *text)
{
	/* A stream that is closed here leaves the list; the listener stays until the sweep. */
	for (struct list *node = l->streams.next, *next; node != &l->streams; node = next) {
		struct stream *st = CONTAINER_OF(node, struct stream, in_listener);
		next = node->next;
		if (st->is_lagging)
			continue;
		st->after = event->seq;
		(void)push_text(st, text); /* false: it is gone, which is all right here */
	}
}

static void deliver(struct streams *s, const struct event *event)
{
	struct list *seats = listeners_of_group(s->listeners, &event->group);
	struct uid wearer = {{0}};
	struct err e = {0};

	if (seats == NULL)
		return;
	bool is_lost = event_texts_wearer(s->texts, event, &wearer, &e) != RC_OK;
	(void)atomic_fetch_add_explicit(&s->events, 1, memory_order_relaxed);
	for (struct list *node = seats->next; node != seats; node = node->next) {
		struct seat *seat = CONTAINER_OF(node, struct seat, node);
		struct event_text *text =
			is_lost ? resync(s, event, &e) : text_of(s, event, &wearer, seat);
		if (text != NULL)
			deliver_to(seat->listener, event, text);
		event_text_unref(text);
	}
}

static void on_bus(void *arg)
{
	struct streams *s = arg;
	bool is_lost = false;

	for (;;) {
		size_t n = bus_read(s->domain->bus, s->seen, s->batch, BATCH, &is_lost);
		if (is_lost) /* we were too slow ourselves: nobody can know what is missing */
			streams_close_all(s);
		if (n == 0)
			return;
		for (size_t i = 0; i < n; i++) {
			s->seen = s->batch[i].seq;
			deliver(s, &s->batch[i]);
		}
	}
}

static void on_bus_wake(void *arg)
{
	struct streams *s = arg;

	/* When the loop's queue is full, the beat looks at the bus within 100 ms. */
	if (loop_post(s->loop, on_bus, s, NULL) != RC_OK)
		log_event(LOG_WARN, "http.stream_wake", "why=\"the loop's queue is full\"");
}

static void on_beat(struct timer *t, void *context)
{
	struct streams *s = CONTAINER_OF(t, struct streams, beat_timer);
	struct list *portion = &s->beats[s->beat];
	int64_t now_ms = loop_now_ms(s->loop);

	(void)context;
	s->beat = (s->beat + 1) % BEATS;
	for (struct list *node = portion->next, *next; node != portion; node = next) {
		struct stream *st = CONTAINER_OF(node, struct stream, in_beat);
		next = node->next;
		if (!st->is_lagging)
			(void)push_text(st, s->beat_text); /* false: gone */
		else if (now_ms - st->moved_ms > STUCK_MS)
			drop_stream(st);
	}
	on_bus(s);
	/* From when it was due, not from now: else 200 small delays would make 27 s of 20. */
	int64_t due_ms = t->due_ms + BEAT_MS;
	timer_set(loop_wheel(s->loop), t,
		due_ms > now_ms - BEATS_LATE_MS ? due_ms : now_ms + BEAT_MS);
}

/* Does the session live, and is its account in exactly the groups that it listens to? */
static bool is_listener_right(struct streams *s, const struct listener *l)
{
	struct uid groups[PRINCIPAL_GROUPS_MAX];
	size_t n = 0;

	if (!web_session_is_alive(s->domain, &l->session))
		return false;
	if (rights_groups(event_texts_reader(s->texts), &l->account, s->domain->wall_ms(), groups,
		    &n, NULL) != RC_OK ||
		n != l->seats_n)
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t k = 0;
		while (k < n && !uid_is(seat_group(&l->seats[k]), &groups[i]))
			k++;
		if (k == n)
			return false;
	}
	return true;
}

/* Whoever is closed comes again, and gets what is his then. */
static void close_if_wrong(void *ctx, struct listener *l)
{
	struct streams *s = ctx;

	if (is_listener_right(s, l))
		return;
	for (struct list *node = l->streams.next, *next; node != &l->streams; node = next) {
		next = node->next;
		close_stream(CONTAINER_OF(node, struct stream, in_listener));
	}
}

static void on_sessions(struct timer *t, void *context)
{
	struct streams *s = CONTAINER_OF(t, struct streams, sessions_timer);
	uint64_t generation = web_session_generation(s->domain);
	uint64_t rights_generation = atomic_load(&s->domain->rights_generation);

	(void)context;
	if (generation != s->generation || rights_generation != s->rights_generation)
		listeners_each(s->listeners, close_if_wrong, s);
	s->generation = generation;
	s->rights_generation = rights_generation;
	timer_set(loop_wheel(s->loop), t, loop_now_ms(s->loop) + SESSIONS_CHECK_MS);
}

static void on_turn_end(void *arg)
{
	struct streams *s = arg;
	listeners_sweep(s->listeners);
}

/* ---- opening ---- */

static const char head_text[] =
	"HTTP/1.1 200 OK\r\n"
	"Content-Type: text/event-stream\r\n"
	"Cache-Control: no-store\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
	"Cross-Origin-Resource-Policy: same-origin\r\n"
	"X-Accel-Buffering: no\r\n"
	"Connection: close\r\n"
	"\r\n";

static void set_socket(int fd)
{
	int one = 1;
	int zero = 0;
	int buffer = SEND_BUFFER;
	unsigned stuck_ms = STUCK_MS;

	/* Each only tunes; a pipe to the TLS side (server.c) has none of them. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &zero, sizeof zero);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &stuck_ms, sizeof stuck_ms);
}

/* May the client go on behind its last event? */
static bool may_resume(struct streams *s, const struct principal *who, uint64_t after)
{
	for (unsigned i = 0; i < who->groups_n; i++) {
		if (!bus_may_resume(s->domain->bus, &who->groups[i], after))
			return false;
	}
	return after <= s->seen;
}

/* Head, greeting, and where the client stands. False when the socket does not even take this. */
static bool greet(struct stream *st, const struct opening *o)
{
	struct streams *s = o->streams;
	char text[sizeof head_text + 160];
	char id[EVENT_ID_TEXT];
	uint64_t last = 0;
	uint32_t at = 0;
	bool is_known = event_id_read(view_of(o->last_id), bus_epoch(s->domain->bus), &last);
	bool is_resumed = is_known && may_resume(s, &o->who, last);

	st->after = is_resumed ? last : s->seen;
	event_id_write(bus_epoch(s->domain->bus), st->after, id);
	int n = snprintf(text, sizeof text, "%s: hello\n\nid: %s\n%s\n",
		o->has_head ? head_text : "", id,
		o->last_id[0] != '\0' && !is_resumed ? "event: resync\ndata: {}\n" : "");
	return n > 0 && (size_t)n < sizeof text &&
	       send_from(st->handle.fd, (struct view){.p = text, .n = (size_t)n}, &at) == RC_OK;
}

/* False: nothing was taken over. */
static bool start_stream(struct streams *s, const struct opening *o)
{
	/* From here on the end of the session changes the generation, which on_sessions sees. */
	bool is_alive = web_session_is_alive(s->domain, &o->who.session);
	struct stream *st = is_alive ? calloc(1, sizeof *st) : NULL;
	struct listener *l = st == NULL ? NULL : listeners_take(s->listeners, &o->who);

	if (l == NULL) {
		free(st);
		return false;
	}
	st->streams = s;
	st->listener = l;
	st->handle = (struct loop_fd){
		.fd = o->fd, .events = EPOLLIN | EPOLLRDHUP, .fn = on_stream, .owner = st};
	list_init(&st->in_beat);
	list_init(&st->in_listener);
	set_socket(o->fd);
	if (!greet(st, o) || loop_watch(s->loop, &st->handle, NULL) != RC_OK) {
		if (l->streams_n == 0)
			listeners_leave(s->listeners, l);
		free(st);
		return false;
	}
	l->streams_n++;
	list_append(&l->streams, &st->in_listener);
	list_append(&s->beats[(s->beat + BEATS - 1) % BEATS], &st->in_beat);
	(void)atomic_fetch_add(&s->opened, 1);
	if (st->after < s->seen)
		set_lagging(st, true);
	return true;
}

static void on_open(void *arg)
{
	struct opening *o = arg;

	if (!start_stream(o->streams, o)) {
		quota_give(o->streams->quota, o->who.account.b);
		(void)close(o->fd); /* the client comes again */
	}
	free(o);
}

static enum rc refuse_stream(int fd, enum rc rc, struct problem *p)
{
	(void)close(fd); /* a copy: the client still has its connection */
	if (rc == RC_NOMEM)
		return refuse(p, rc, "busy", NULL, NULL);
	rc = refuse(p, RC_LIMIT, "too_many_streams", NULL, NULL);
	p->retry_after_s = 30;
	return rc;
}

enum rc streams_open(struct streams *s, int take_fd, bool has_head, const struct principal *who,
	struct view last_id, struct problem *p)
{
	enum rc rc = quota_take(s->quota, who->account.b);

	if (rc != RC_OK) {
		(void)atomic_fetch_add(rc == RC_LIMIT ? &s->limited_account : &s->limited_all, 1);
		return refuse_stream(take_fd, rc, p);
	}
	struct opening *o = calloc(1, sizeof *o);
	if (o != NULL) {
		*o = (struct opening){
			.streams = s, .fd = take_fd, .has_head = has_head, .who = *who};
		o->who.act = NULL; /* it lives with the request */
		if (!view_to_text(last_id, o->last_id, sizeof o->last_id))
			memcpy(o->last_id, "?", 2); /* not one of ours: unknown */
		if (loop_post(s->loop, on_open, o, NULL) == RC_OK)
			return RC_OK;
	}
	free(o);
	quota_give(s->quota, who->account.b);
	return refuse_stream(take_fd, RC_NOMEM, p);
}

/* ---- life ---- */

enum rc streams_new(struct domain *d, struct loop *loop, const char *db_path,
	const struct streams_limits *limits, struct streams **ret_owned, struct err *e)
{
	struct streams *s = calloc(1, sizeof *s);

	if (s == NULL)
		return fail(e, RC_NOMEM, "streams: out of memory");
	s->domain = d;
	s->loop = loop;
	timer_init(&s->beat_timer, on_beat);
	timer_init(&s->sessions_timer, on_sessions);
	for (size_t i = 0; i < BEATS; i++)
		list_init(&s->beats[i]);
	s->beat_text = event_text_new(VIEW(":\n\n"));
	s->resync_text = event_text_new(VIEW("event: resync\ndata: {}\n\n"));
	enum rc rc = s->beat_text == NULL || s->resync_text == NULL
			     ? fail(e, RC_NOMEM, "streams: out of memory")
			     : event_texts_new(d, db_path, &s->texts, e);
	if (rc == RC_OK)
		rc = listeners_new(d->bus, &s->listeners, e);
	if (rc == RC_OK)
		rc = quota_new(limits->streams_max, limits->per_account_max, &s->quota, e);
	if (rc != RC_OK) {
		streams_free(s);
		return rc;
	}
	bus_set_reader(d->bus, on_bus_wake, s);
	*ret_owned = s;
	return RC_OK;
}

void streams_start(struct streams *s)
{
	s->seen = bus_newest(s->domain->bus);
	s->generation = web_session_generation(s->domain);
	s->rights_generation = atomic_load(&s->domain->rights_generation);
	timer_set(loop_wheel(s->loop), &s->beat_timer, loop_now_ms(s->loop) + BEAT_MS);
	timer_set(
		loop_wheel(s->loop), &s->sessions_timer, loop_now_ms(s->loop) + SESSIONS_CHECK_MS);
	loop_on_turn_end(s->loop, on_turn_end, s);
	on_bus(s);
}

void streams_close_all(struct streams *s)
{
	for (size_t i = 0; i < BEATS; i++) {
		for (struct list *node = list_pop(&s->beats[i]); node != NULL;
			node = list_pop(&s->beats[i]))
			close_stream(CONTAINER_OF(node, struct stream, in_beat));
	}
}

void streams_free(struct streams *s)
{
	if (s == NULL)
		return;
	timer_cancel(&s->beat_timer);
	timer_cancel(&s->sessions_timer);
	event_text_unref(s->beat_text);
	event_text_unref(s->resync_text);
	event_texts_free(s->texts);
	listeners_free(s->listeners);
	quota_free(s->quota);
	free(s);
}

void streams_read_stats(struct streams *s, struct streams_stats *ret)
{
	*ret = (struct streams_stats){
		.open = quota_count(s->quota),
		.opened = atomic_load(&s->opened),
		.events = atomic_load(&s->events),
		.sent = atomic_load(&s->sent),
		.dropped = atomic_load(&s->dropped),
		.limited_all = atomic_load(&s->limited_all),
		.limited_account = atomic_load(&s->limited_account),
	};
}
