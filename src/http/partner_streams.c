#include "http/partner_streams.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "base/num.h"
#include "domain/audit.h"
#include "domain/consent.h"
#include "domain/partner_event.h"
#include "http/quota.h"

enum {
	LOOK_MS = 500,            /* withdrawn: closed within a second */
	BEAT_LOOKS = 30,          /* a comment every 15 s */
	SEND_BUFFER = 128 * 1024, /* of the kernel; a stream that fills it is dropped */
	EVENT_TEXT = PARTNER_EVENT_JSON + 96,
};

struct partner_stream {
	struct loop_fd handle;
	struct list node;
	struct partner_streams *streams;
	struct partner_caller who;
	int64_t after;
	uint64_t mark; /* of the consents, when it was opened */
	unsigned looks;
	bool is_broken; /* its socket took not all */
};

/* On its way from a request thread to the loop. */
struct opening {
	struct partner_streams *streams;
	int fd;
	bool has_head, has_last;
	int64_t last;
	struct partner_caller who;
};

struct partner_streams {
	struct domain *domain;
	struct loop *loop;
	struct db *reader;
	struct quota *quota;
	struct list all;
	struct timer look;
};

static void close_stream(struct partner_stream *st)
{
	loop_forget(st->streams->loop, &st->handle);
	(void)close(st->handle.fd); /* nobody would hear of a failure */
	list_remove(&st->node);
	quota_give(st->streams->quota, st->who.id.b);
	free(st);
}

static bool send_all(int fd, struct view text)
{
	while (text.n > 0) {
		ssize_t n = send(fd, text.p, text.n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		text.p += n;
		text.n -= (size_t)n;
	}
	return true;
}

/* The family sees that its partner was told: counted, and in the audit log (folded by the hour). */
static void note_use(struct partner_stream *st, const struct partner_event *event)
{
	struct domain *d = st->streams->domain;
	struct consent_count count = {.partner = st->who.id,
		.wearer = event->wearer,
		.right = RIGHT_ALARMS,
		.action = "events",
		.now_ms = d->wall_ms()};
	struct act look = {.action = "partner.events",
		.actor_kind = ACTOR_PARTNER,
		.actor = st->who.id,
		.wearer = event->wearer,
		.right = right_name(RIGHT_ALARMS),
		.outcome = "done"};
	struct consent_hit hit;

	if (consent_decide(st->streams->reader, &st->who.id, &event->wearer, RIGHT_ALARMS,
		    count.now_ms, &hit, NULL) != RC_OK)
		return; /* withdrawn this moment */
	look.group = hit.group;
	consent_count_later(d, &count);
	audit_look(d, &look);
}

static void send_event(void *ctx, const struct partner_event *event)
{
	struct partner_stream *st = ctx;
	char json[PARTNER_EVENT_JSON];
	char text[EVENT_TEXT];

	if (st->is_broken)
		return;
	partner_event_json(event, json);
	int n = snprintf(text, sizeof text, "id: %lld\nevent: %s\ndata: %s\n\n",
		(long long)event->seq, partner_event_type_name(event->type), json);
	if (n <= 0 || (size_t)n >= sizeof text ||
		!send_all(st->handle.fd, (struct view){.p = text, .n = (size_t)n})) {
		st->is_broken = true;
		return;
	}
	st->after = event->seq;
	note_use(st, event);
}

/* May it stay open? A stopped partner has no living consent. */
static bool is_alive(const struct partner_stream *st, int64_t now_ms)
{
	uint64_t mark = 0;

	return now_ms < st->who.token_until_ms &&
	       consent_mark(st->streams->reader, &st->who.id, RIGHT_ALARMS, now_ms, &mark, NULL) ==
		       RC_OK &&
	       mark == st->mark;
}

static void look_at(struct partner_stream *st, int64_t now_ms)
{
	int64_t last = st->after;
	struct err e = {.rc = RC_OK};

	if (!is_alive(st, now_ms)) {
		close_stream(st);
		return;
	}
	if (partner_event_read(st->streams->reader, &st->who.id, st->after, now_ms, send_event, st,
		    &last, &e) != RC_OK) {
		log_event(LOG_WARN, "partner.stream", "why=\"%s\"", e.msg);
		st->is_broken = true;
	}
	if (!st->is_broken && ++st->looks % BEAT_LOOKS == 0)
		st->is_broken = !send_all(st->handle.fd, VIEW(":\n\n"));
	if (st->is_broken)
		close_stream(st);
	else
		st->after = last;
}

static void on_look(struct timer *t, void *context)
{
	struct partner_streams *s = CONTAINER_OF(t, struct partner_streams, look);
	int64_t now_ms = s->domain->wall_ms();

	(void)context;
	for (struct list *node = s->all.next, *next; node != &s->all; node = next) {
		next = node->next;
		look_at(CONTAINER_OF(node, struct partner_stream, node), now_ms);
	}
	timer_set(loop_wheel(s->loop), &s->look, loop_now_ms(s->loop) + LOOK_MS);
}

/* What a client sends after its request means nothing; its end does. */
static void on_stream(void *owner, uint32_t epoll_events)
{
	struct partner_stream *st = owner;
	char nothing[512];

	if ((epoll_events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) == 0) {
		ssize_t n = recv(st->handle.fd, nothing, sizeof nothing, MSG_DONTWAIT);
		if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
			return;
	}
	close_stream(st);
}

static const char head_text[] = "HTTP/1.1 200 OK\r\n"
				"Content-Type: text/event-stream\r\n"
				"Cache-Control: no-store\r\n"
				"X-Content-Type-Options: nosniff\r\n"
				"X-Accel-Buffering: no\r\n"
				"Connection: close\r\n"
				"\r\n";

static bool greet(const struct partner_stream *st, bool has_head)
{
	char text[sizeof head_text + 64];
	int n = snprintf(text, sizeof text, "%s: hello\n\nid: %lld\n\n", has_head ? head_text : "",
		(long long)st->after);

	return n > 0 && (size_t)n < sizeof text &&
	       send_all(st->handle.fd, (struct view){.p = text, .n = (size_t)n});
}

static void set_socket(int fd)
{
	int one = 1;
	int zero = 0;
	int buffer = SEND_BUFFER;

	/* Each only tunes; a pipe to the TLS side has none of them. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_CORK, &zero, sizeof zero);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
}

static bool begin(struct partner_stream *st, const struct opening *o)
{
	struct partner_streams *s = st->streams;
	int64_t now_ms = s->domain->wall_ms();
	int64_t newest = 0;

	if (partner_event_newest(s->reader, &o->who.id, &newest, NULL) != RC_OK ||
		consent_mark(s->reader, &o->who.id, RIGHT_ALARMS, now_ms, &st->mark, NULL) != RC_OK)
		return false;
	st->after = o->has_last && o->last <= newest ? o->last : newest;
	set_socket(o->fd);
	return greet(st, o->has_head) && loop_watch(s->loop, &st->handle, NULL) == RC_OK;
}

static void on_open(void *arg)
{
	struct opening *o = arg;
	struct partner_stream *st = calloc(1, sizeof *st);

	if (st != NULL) {
		st->streams = o->streams;
		st->who = o->who;
		st->handle = (struct loop_fd){
			.fd = o->fd, .events = EPOLLIN | EPOLLRDHUP, .fn = on_stream, .owner = st};
		list_init(&st->node);
	}
	if (st != NULL && begin(st, o)) {
		list_append(&o->streams->all, &st->node);
	} else {
		quota_give(o->streams->quota, o->who.id.b);
		(void)close(o->fd); /* the client comes again */
		free(st);
	}
	free(o);
}

static enum rc refuse_stream(int fd, enum rc rc, struct problem *p)
{
	(void)close(fd); /* a copy: the client still has its connection */
	rc = refuse(p, rc == RC_NOMEM ? rc : RC_LIMIT, rc == RC_NOMEM ? "busy" : "too_many_streams",
		NULL, NULL);
	p->retry_after_s = 30;
	return rc;
}

enum rc partner_streams_open(struct partner_streams *s, int take_fd, bool has_head,
	const struct partner_caller *who, struct view last_id, struct problem *p)
{
	enum rc rc = quota_take(s->quota, who->id.b);

	if (rc != RC_OK)
		return refuse_stream(take_fd, rc, p);
	struct opening *o = calloc(1, sizeof *o);
	if (o != NULL) {
		*o = (struct opening){
			.streams = s, .fd = take_fd, .has_head = has_head, .who = *who};
		o->has_last = num_i64(last_id, 0, INT64_MAX - 1, &o->last, NULL) == RC_OK;
		if (loop_post(s->loop, on_open, o, NULL) == RC_OK)
			return RC_OK;
	}
	free(o);
	quota_give(s->quota, who->id.b);
	return refuse_stream(take_fd, RC_NOMEM, p);
}

/* ---- life ---- */

enum rc partner_streams_new(struct domain *d, struct loop *loop, const char *db_path,
	struct partner_streams **ret_owned, struct err *e)
{
	struct partner_streams *s = calloc(1, sizeof *s);

	if (s == NULL)
		return fail(e, RC_NOMEM, "streams: out of memory");
	s->domain = d;
	s->loop = loop;
	list_init(&s->all);
	timer_init(&s->look, on_look);
	enum rc rc = db_open(db_path, DB_READER, d->keyring, &s->reader, e);
	if (rc == RC_OK)
		rc = quota_new(PARTNER_STREAMS_MAX, PARTNER_STREAMS_EACH_MAX, &s->quota, e);
	if (rc != RC_OK) {
		partner_streams_free(s);
		return rc;
	}
	*ret_owned = s;
	return RC_OK;
}

void partner_streams_start(struct partner_streams *s)
{
	timer_set(loop_wheel(s->loop), &s->look, loop_now_ms(s->loop) + LOOK_MS);
}

void partner_streams_close_all(struct partner_streams *s)
{
	while (!list_is_empty(&s->all))
		close_stream(CONTAINER_OF(s->all.next, struct partner_stream, node));
}

void partner_streams_free(struct partner_streams *s)
{
	if (s == NULL)
		return;
	timer_cancel(&s->look);
	if (s->reader != NULL)
		db_close(s->reader);
	quota_free(s->quota);
	free(s);
}
