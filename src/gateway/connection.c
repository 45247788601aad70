/* The bytes that come from a watch: reading, unfinished frames, deadlines. A connection that is
 * idle holds no buffer. While the link is blocked nothing is taken out of the socket: it is peeked,
 * heartbeats are answered, and what was answered is remembered until the bytes are read. */
#include <assert.h>
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/state.h"

enum {
	ROOM_TRIES = 64,
	YOUNG_MS = 2000, /* a first heartbeat may still be on its way */
};

static const uint8_t may_become[CONNECTION_STATE_COUNT] = {
	[CONNECTION_FREE] = 1u << CONNECTION_NEW,
	[CONNECTION_NEW] = 1u << CONNECTION_READY | 1u << CONNECTION_DYING,
	[CONNECTION_READY] = 1u << CONNECTION_DYING,
	[CONNECTION_DYING] = 1u << CONNECTION_FREE,
};

/* The only place where the state changes. */
void connection_set_state(struct connection *c, enum connection_state next)
{
	struct gateway *g = c->gateway;

	assert((may_become[c->state] & (1u << next)) != 0);
	list_remove(&c->node);
	if (next == CONNECTION_FREE)
		list_append(&g->free, &c->node);
	else if (next == CONNECTION_DYING)
		list_append(&g->dying, &c->node);
	c->state = (uint8_t)next;
}

/* ---- deadlines ---- */

/* Milliseconds from `then` to now, by their low 32 bits (49 days; every deadline is shorter). */
static uint32_t age_ms(const struct gateway *g, uint32_t then_ms)
{
	return (uint32_t)loop_now_ms(g->loop) - then_ms;
}

/* True when the unfinished frame's header is there: vendor, ID and length are followed by '*'. */
static bool has_header(const struct buffer *in)
{
	unsigned stars = 0;

	for (size_t i = 0; i < in->n && i < FRAME_HEADER_MAX && stars < 3; i++)
		stars += in->bytes[i] == '*';
	return stars == 3 || in->n >= FRAME_HEADER_MAX;
}

/* The deadline of a connection, as milliseconds after `then`. */
struct deadline {
	uint32_t then_ms;
	uint32_t limit_ms;
	enum close_reason reason;
	enum counter counter;
};

static struct deadline deadline_of_frame(const struct connection *c)
{
	const struct gateway_limits *limits = &c->gateway->config.limits;
	const struct buffer *in = c->in;
	struct deadline d = {.then_ms = in->since_ms};

	if (!has_header(in)) {
		d.limit_ms = limits->header_s * 1000;
		d.reason = CLOSE_SLOW_HEADER;
		d.counter = COUNTER_LIMIT_HEADER_S;
	} else if (in->n <= limits->frame_text_max) {
		d.limit_ms = limits->frame_s * 1000;
		d.reason = CLOSE_SLOW_FRAME;
		d.counter = COUNTER_LIMIT_FRAME_S;
	} else {
		/* Media: may take as long as its bytes keep up the least speed. */
		uint32_t earned_ms = (uint32_t)((uint64_t)in->n * 1000 / limits->bytes_per_s_min);
		d.limit_ms = limits->frame_s * 1000 + earned_ms;
		d.reason = CLOSE_SLOW_BYTES;
		d.counter = COUNTER_LIMIT_BYTES_PER_S_MIN;
	}
	return d;
}

static struct deadline deadline_of(const struct connection *c)
{
	const struct gateway_limits *limits = &c->gateway->config.limits;

	if (c->state == CONNECTION_NEW && c->in == NULL)
		return (struct deadline){.then_ms = c->since_ms,
			.limit_ms = limits->first_frame_s * 1000,
			.reason = CLOSE_FIRST_FRAME,
			.counter = COUNTER_LIMIT_FIRST_FRAME_S};
	if (c->in != NULL)
		return deadline_of_frame(c);
	return (struct deadline){.then_ms = c->in_ms,
		.limit_ms = limits->idle_s * 1000,
		.reason = CLOSE_IDLE,
		.counter = COUNTER_LIMIT_IDLE_S};
}

/* Sets the timer when it is not set or would be late. One that is early finds out when it fires. */
static void need_timer_in(struct connection *c, uint32_t wait_ms)
{
	int64_t due_ms = loop_now_ms(c->gateway->loop) + wait_ms;

	if (!timer_is_set(&c->timer) || c->timer.due_ms > due_ms)
		timer_set(c->gateway->wheel, &c->timer, due_ms);
}

static uint32_t left_ms(const struct connection *c, uint32_t then_ms, uint32_t limit_ms)
{
	uint32_t age = age_ms(c->gateway, then_ms);

	return age >= limit_ms ? 0 : limit_ms - age;
}

/* The next moment at which something is to be done, if nothing comes. */
static void plan(struct connection *c)
{
	struct deadline d = deadline_of(c);
	uint32_t wait_ms = left_ms(c, d.then_ms, d.limit_ms);

	if (c->in != NULL) {
		bool is_final = (c->flags & CONNECTION_FINAL_TRIED) != 0;
		uint32_t silence_ms = is_final ? FRAME_IDLE_MS : FRAME_SILENCE_MS;
		uint32_t until_ms = left_ms(c, c->in_ms, silence_ms);
		if (until_ms < wait_ms)
			wait_ms = until_ms;
	}
	if (c->state == CONNECTION_NEW) {
		uint32_t first_ms =
			left_ms(c, c->since_ms, c->gateway->config.limits.first_frame_s * 1000);
		if (first_ms < wait_ms)
			wait_ms = first_ms;
	}
	need_timer_in(c, wait_ms);
}

/* ---- life ---- */

struct connection *connection_of_slot(struct gateway *g, uint32_t slot)
{
	return slot < g->slots_touched ? &g->slots[slot] : NULL;
}

static struct connection *take_slot(struct gateway *g)
{
	struct list *node = list_pop(&g->free);

	if (node != NULL)
		return CONTAINER_OF(node, struct connection, node);
	if (g->slots_touched == g->config.limits.connections_max)
		return NULL;
	struct connection *c = &g->slots[g->slots_touched++];
	c->gateway = g;
	list_init(&c->node);
	return c;
}

bool connection_has_room(const struct gateway *g)
{
	return !list_is_empty(&g->free) || g->slots_touched < g->config.limits.connections_max;
}

/* Nobody waits for it: a stranger, or one that has said nothing for a while. */
static bool may_yield(const struct connection *c)
{
	return (c->state == CONNECTION_READY && c->standing == STANDING_UNKNOWN) ||
	       (c->state == CONNECTION_NEW && age_ms(c->gateway, c->since_ms) >= YOUNG_MS);
}

/* Looks at a few slots, wherever chance leads, so that it costs the same however many there are. */
bool connection_make_room(struct gateway *g)
{
	bool is_made = false;

	for (unsigned i = 0; i < ROOM_TRIES; i++) {
		g->random = g->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
		struct connection *c = &g->slots[(g->random >> 33) % g->slots_touched];
		if (!may_yield(c))
			continue;
		count(g, COUNTER_LIMIT_CONNECTIONS_MAX, 1);
		connection_close(c, CLOSE_MADE_ROOM);
		is_made = true;
	}
	return is_made;
}

static void on_timer(struct timer *t, void *context);
static void on_event(void *owner, uint32_t epoll_events);

static void reset(struct connection *c, int fd, const struct peer *peer)
{
	struct gateway *g = c->gateway;
	uint32_t now_ms = (uint32_t)loop_now_ms(g->loop);

	*c = (struct connection){.gateway = g, .peer = *peer, .in_ms = now_ms, .since_ms = now_ms};
	list_init(&c->node);
	timer_init(&c->timer, on_timer);
	/* Edges: a socket that was read to its end is not looked at again until bytes come. */
	c->handle = (struct loop_fd){
		.fd = fd, .events = EPOLLIN | EPOLLRDHUP | EPOLLET, .fn = on_event, .owner = c};
	c->state = CONNECTION_FREE;
	connection_set_state(c, CONNECTION_NEW);
}

void connection_start(struct gateway *g, int fd, const struct peer *peer, bool is_secure)
{
	struct err e;
	struct connection *c = take_slot(g);

	if (c == NULL) {
		count(g, COUNTER_LIMIT_CONNECTIONS_MAX, 1);
		(void)close(fd);
		return;
	}
	if (addresses_add(g->addresses, peer, g->config.limits.connections_per_address_max, &e) !=
		RC_OK) {
		count(g, COUNTER_LIMIT_CONNECTIONS_PER_ADDRESS_MAX, 1);
		(void)close(fd);
		list_append(&g->free, &c->node);
		return;
	}
	reset(c, fd, peer);
	count(g, COUNTER_ACCEPTED, 1);
	count(g, COUNTER_CONNECTIONS, 1);
	if (loop_watch(g->loop, &c->handle, &e) != RC_OK || (is_secure && !secure_start(c))) {
		connection_close(c, CLOSE_PEER);
		return;
	}
	plan(c);
}

static void tell_closed(struct connection *c, enum close_reason reason)
{
	struct gateway *g = c->gateway;

	g->message.type = MESSAGE_CLOSED;
	g->message.closed = (struct message_closed){
		.session = c->session, .reason = reason, .frames = c->frames};
	(void)gateway_tell(g, true); /* the slack of the link is larger than all CLOSED together */
	g->counters[COUNTER_SESSIONS]--;
}

void connection_close(struct connection *c, enum close_reason reason)
{
	struct gateway *g = c->gateway;

	if (c->state == CONNECTION_DYING)
		return;
	if (c->session != 0)
		tell_closed(c, reason);
	if ((c->flags & CONNECTION_LINK_PAUSED) != 0)
		g->counters[COUNTER_PAUSED_CONNECTIONS]--;
	connection_set_state(c, CONNECTION_DYING);
	timer_cancel(&c->timer);
	loop_forget(g->loop, &c->handle);
	(void)close(c->handle.fd);
	buffers_give(&g->read_buffers, c->in);
	c->in = NULL;
	sending_done(c);
	secure_done(c);
	addresses_drop(g->addresses, &c->peer);
	g->counters[COUNTER_CONNECTIONS]--;
	count(g, COUNTER_CLOSED, 1);
}

/* ---- frames out of bytes ---- */

static struct frame_scan scan_of(const struct connection *c)
{
	const struct gateway_limits *limits = &c->gateway->config.limits;

	return (struct frame_scan){
		.junk_run = c->junk_run,
		.searched = c->in == NULL ? 0 : c->in->searched,
		.text_max = limits->frame_text_max,
		.media_max = limits->frame_media_max,
		.is_started = (c->flags & CONNECTION_STARTED) != 0,
	};
}

static void tell_foreign(struct connection *c, enum foreign kind)
{
	struct gateway *g = c->gateway;
	char peer[PEER_TEXT];

	count(g, COUNTER_FOREIGN_AQSH + (enum counter)(kind - FOREIGN_AQSH), 1);
	peer_to_text(&c->peer, peer);
	log_event(LOG_INFO, "gateway.foreign", "protocol=%s peer=%s", foreign_name(kind), peer);
	if (g->is_blocked)
		return; /* counted; the server shows it from the next one */
	g->message.type = MESSAGE_FOREIGN;
	g->message.foreign = (struct message_foreign){.kind = kind, .peer = c->peer};
	(void)gateway_tell(g, true);
}

/* The stream cannot go on. */
static void end_stream(struct connection *c, const struct frame_scan *scan)
{
	if (scan->foreign != FOREIGN_NONE) {
		tell_foreign(c, scan->foreign);
		connection_close(c, CLOSE_FOREIGN);
		return;
	}
	count(c->gateway, COUNTER_LIMIT_JUNK_MAX, 1);
	connection_close(c, CLOSE_JUNK);
}

static void keep_scan(struct connection *c, const struct frame_scan *scan)
{
	struct gateway *g = c->gateway;

	if (scan->junk > 0)
		count(g, COUNTER_JUNK_BYTES, scan->junk);
	if (scan->bad_frames > 0)
		count(g, COUNTER_BAD_HEADERS, scan->bad_frames);
	c->junk_run = scan->junk_run > UINT16_MAX ? UINT16_MAX : (uint16_t)scan->junk_run;
	if (scan->is_started)
		c->flags |= CONNECTION_STARTED;
}

/* A frame over its limit was dropped; its first bytes say which limit. */
static void count_oversize(struct gateway *g, struct view before, struct view after)
{
	bool is_media = before.n - after.n > g->config.limits.frame_text_max + FRAME_HEADER_MAX;

	count(g, is_media ? COUNTER_LIMIT_FRAME_MEDIA_MAX : COUNTER_LIMIT_FRAME_TEXT_MAX, 1);
}

/* Takes all frames that are whole; *in is what remains. False: the connection is closed. */
static bool consume(struct connection *c, struct view *in, bool is_final, struct frame_scan *scan)
{
	struct gateway *g = c->gateway;
	const char *start = in->p;
	struct frame f;

	for (;;) {
		struct view before = *in;
		enum rc rc = frame_read(in, is_final, &f, scan, NULL);
		if (rc == RC_OK) {
			bool is_answered = (size_t)(f.whole.p - start) < c->answered_bytes;
			session_take_frame(c, &f, is_answered);
			if (c->state == CONNECTION_DYING)
				return false;
			continue;
		}
		if (rc == RC_MORE)
			break;
		if (rc != RC_LIMIT) {
			end_stream(c, scan);
			return false;
		}
		count_oversize(g, before, *in);
	}
	size_t done = (size_t)(in->p - start);
	c->answered_bytes = done < c->answered_bytes ? c->answered_bytes - (uint32_t)done : 0;
	if (scan->junk_run > g->config.limits.junk_max) {
		end_stream(c, scan);
		return false;
	}
	return true;
}

static bool fail_buffers(struct connection *c)
{
	count(c->gateway, COUNTER_LIMIT_READ_BUFFERS_MAX, 1);
	connection_close(c, CLOSE_BUFFERS);
	return false;
}

/* Keeps what remains. `rest` lies in c->in or in the gateway's chunk. False: the connection is
 * closed. */
static bool keep_rest(struct connection *c, struct view rest, struct frame_scan *scan)
{
	struct gateway *g = c->gateway;

	if (rest.n == 0) {
		buffers_give(&g->read_buffers, c->in);
		c->in = NULL;
		return true;
	}
	if (c->in == NULL) {
		c->in = buffers_take(&g->read_buffers, rest.n + 1);
		if (c->in == NULL)
			return fail_buffers(c);
		c->in->since_ms = c->in_ms;
	} else if (rest.p != c->in->bytes) {
		c->in->since_ms = c->in_ms; /* another frame than before is at the front */
	}
	memmove(c->in->bytes, rest.p, rest.n);
	c->in->n = (uint32_t)rest.n;
	c->in->searched = scan->searched;
	plan(c);
	return true;
}

/* Where new bytes go: behind the unfinished frame, or into the gateway's chunk. */
static bool room_for(struct connection *c, char **ret_at, size_t *ret_n)
{
	struct gateway *g = c->gateway;

	*ret_at = g->chunk;
	*ret_n = sizeof g->chunk;
	if (c->in == NULL)
		return true;
	if (c->in->n == c->in->size &&
		buffers_grow(&g->read_buffers, &c->in, (size_t)c->in->size + 1, NULL) != RC_OK)
		return fail_buffers(c);
	*ret_at = c->in->bytes + c->in->n;
	*ret_n = c->in->size - c->in->n;
	if (*ret_n > READ_CHUNK)
		*ret_n = READ_CHUNK;
	return true;
}

/* A connection with more frames a second than it may rests until the next second. */
static void rest_if_fast(struct connection *c)
{
	struct gateway *g = c->gateway;

	if (c->second_frames <= g->config.limits.frames_per_s_max)
		return;
	count(g, COUNTER_LIMIT_FRAMES_PER_S_MAX, 1);
	c->second_frames = 0;
	c->flags |= CONNECTION_RATE_PAUSED;
	need_timer_in(c, 1000);
}

static void take_bytes(struct connection *c, struct view all, bool is_final)
{
	struct frame_scan scan = scan_of(c);
	bool was_new = c->state == CONNECTION_NEW;

	if (!consume(c, &all, is_final, &scan))
		return;
	keep_scan(c, &scan);
	if (!keep_rest(c, all, &scan))
		return;
	if (was_new && c->state == CONNECTION_READY)
		plan(c); /* other deadlines hold from now on */
	rest_if_fast(c);
}

/* The other end sends no more: what is whole without waiting counts, then the connection ends. */
static void take_end(struct connection *c)
{
	if (c->in != NULL) {
		struct view all = {.p = c->in->bytes, .n = c->in->n};
		struct frame_scan scan = scan_of(c);
		if (!consume(c, &all, true, &scan))
			return;
		keep_scan(c, &scan);
	}
	connection_close(c, CLOSE_PEER);
}

/* Read again at the end of this turn, or of the next one. */
static void read_again(struct connection *c)
{
	list_remove(&c->node);
	list_append(&c->gateway->ready, &c->node);
}

ssize_t connection_receive(struct connection *c, char *buf, size_t size, bool is_peek)
{
	if ((c->flags & CONNECTION_SECURE) != 0)
		return secure_receive(c, buf, size, is_peek);
	return recv(c->handle.fd, buf, size, MSG_DONTWAIT | (is_peek ? MSG_PEEK : 0));
}

static void receive(struct connection *c)
{
	struct gateway *g = c->gateway;
	char *at = NULL;
	size_t room = 0;

	if (!room_for(c, &at, &room))
		return;
	ssize_t n = connection_receive(c, at, room, false);
	if (n < 0 && errno == EAGAIN) {
		c->flags &= (uint8_t)~CONNECTION_ENDING;
		return;
	}
	if (n <= 0 && !(n < 0 && errno == EINTR)) {
		take_end(c);
		return;
	}
	/* TLS gives at most one record at a time. */
	bool has_more = n == (ssize_t)room || n < 0 ||
			(c->flags & (CONNECTION_ENDING | CONNECTION_SECURE)) != 0;
	if (n > 0) {
		g->turn_reads++;
		count(g, COUNTER_BYTES_IN, (uint64_t)n);
		c->in_ms = (uint32_t)loop_now_ms(g->loop);
		c->flags &= (uint8_t)~CONNECTION_FINAL_TRIED;
		struct view all = {.p = at, .n = (size_t)n};
		if (c->in != NULL) {
			c->in->n += (uint32_t)n;
			all = (struct view){.p = c->in->bytes, .n = c->in->n};
		}
		take_bytes(c, all, false);
	}
	if (has_more && c->state != CONNECTION_DYING && (c->flags & CONNECTION_RATE_PAUSED) == 0)
		read_again(c);
}

/* ---- while the link is blocked ---- */

static void pause_for_link(struct connection *c)
{
	struct gateway *g = c->gateway;

	if ((c->flags & CONNECTION_LINK_PAUSED) != 0)
		return;
	c->flags |= CONNECTION_LINK_PAUSED;
	list_remove(&c->node);
	list_append(&g->paused, &c->node);
	g->counters[COUNTER_PAUSED_CONNECTIONS]++;
}

/* Looks at what is unread and answers the heartbeats that were not answered yet. */
static void peek(struct connection *c)
{
	struct gateway *g = c->gateway;
	size_t had = c->in == NULL ? 0 : c->in->n;
	struct frame f;

	if (had > 0)
		memcpy(g->peeked, c->in->bytes, had);
	ssize_t n = connection_receive(c, g->peeked + had, PEEK_CHUNK, true);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		connection_close(c, CLOSE_PEER); /* nothing unread is lost */
		return;
	}
	g->turn_reads++;
	size_t total = had + (n < 0 ? 0 : (size_t)n);
	size_t skip = c->answered_bytes < total ? c->answered_bytes : total;
	struct view rest = {.p = g->peeked + skip, .n = total - skip};
	struct frame_scan scan = scan_of(c);
	scan.searched = 0;
	for (;;) {
		enum rc rc = frame_read(&rest, false, &f, &scan, NULL);
		if (rc != RC_OK && rc != RC_LIMIT)
			break; /* what cannot go on is closed when it is read */
		c->answered_bytes = (uint32_t)(rest.p - g->peeked);
		if (rc == RC_OK)
			session_answer_heartbeat(c, &f);
		if (c->state == CONNECTION_DYING)
			return;
	}
	pause_for_link(c);
}

void connection_resume(struct connection *c)
{
	struct gateway *g = c->gateway;

	c->flags &= (uint8_t)~CONNECTION_LINK_PAUSED;
	g->counters[COUNTER_PAUSED_CONNECTIONS]--;
	c->in_ms = (uint32_t)loop_now_ms(g->loop);
	if (c->in != NULL)
		c->in->since_ms = c->in_ms; /* it was we who did not read */
	plan(c);
	read_again(c);
}

/* ---- events ---- */

static void read_some(struct connection *c)
{
	const struct gateway *g = c->gateway;

	if (g->is_stopping || (c->flags & CONNECTION_RATE_PAUSED) != 0)
		return;
	if (g->is_blocked)
		peek(c);
	else if ((c->flags & CONNECTION_LINK_PAUSED) == 0)
		receive(c);
}

bool connection_read_ready(struct gateway *g)
{
	struct list now;

	list_init(&now);
	for (struct list *node = list_pop(&g->ready); node != NULL; node = list_pop(&g->ready))
		list_append(&now, node);
	for (struct list *node = list_pop(&now); node != NULL; node = list_pop(&now))
		read_some(CONTAINER_OF(node, struct connection, node));
	return list_is_empty(&g->ready);
}

static void on_event(void *owner, uint32_t epoll_events)
{
	struct connection *c = owner;

	bool must_write = (c->flags & CONNECTION_SECURE) != 0 && c->secure->must_write;
	if ((epoll_events & EPOLLOUT) != 0)
		sending_go_on(c);
	if (c->state == CONNECTION_DYING ||
		((epoll_events & ~(uint32_t)EPOLLOUT) == 0 && !must_write))
		return;
	if ((epoll_events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
		c->flags |= CONNECTION_ENDING;
	read_some(c);
}

/* The silence after an unfinished frame. False: the connection is closed. */
static bool use_silence(struct connection *c)
{
	struct view all = {.p = c->in->bytes, .n = c->in->n};

	if ((c->flags & CONNECTION_FINAL_TRIED) == 0) {
		c->flags |= CONNECTION_FINAL_TRIED;
		take_bytes(c, all, true);
		return c->state != CONNECTION_DYING;
	}
	if (left_ms(c, c->in_ms, FRAME_IDLE_MS) > 0)
		return true;
	struct frame_scan scan = scan_of(c);
	scan.searched = 0;
	frame_skip(&all, &scan);
	size_t skipped = c->in->n - all.n;
	c->answered_bytes = skipped < c->answered_bytes ? c->answered_bytes - (uint32_t)skipped : 0;
	keep_scan(c, &scan);
	scan = scan_of(c);
	scan.searched = 0;
	if (!consume(c, &all, true, &scan))
		return false;
	keep_scan(c, &scan);
	return keep_rest(c, all, &scan);
}

/* Closes when a deadline is over. False: the connection is closed. */
static bool obey_deadlines(struct connection *c)
{
	struct gateway *g = c->gateway;
	struct deadline d = deadline_of(c);

	if (left_ms(c, d.then_ms, d.limit_ms) == 0) {
		count(g, d.counter, 1);
		connection_close(c, d.reason);
		return false;
	}
	if (c->state == CONNECTION_NEW &&
		left_ms(c, c->since_ms, g->config.limits.first_frame_s * 1000) == 0) {
		count(g, COUNTER_LIMIT_FIRST_FRAME_S, 1);
		connection_close(c, CLOSE_FIRST_FRAME);
		return false;
	}
	return true;
}

static void on_timer(struct timer *t, void *context)
{
	struct connection *c = CONTAINER_OF(t, struct connection, timer);
	struct gateway *g = c->gateway;

	(void)context;
	if (g->is_stopping)
		return;
	if ((c->flags & CONNECTION_RATE_PAUSED) != 0) {
		c->flags &= (uint8_t)~CONNECTION_RATE_PAUSED;
		c->in_ms = (uint32_t)loop_now_ms(g->loop); /* it was we who did not read */
		if ((c->flags & CONNECTION_LINK_PAUSED) == 0)
			read_again(c);
	} else if (g->is_blocked || (c->flags & CONNECTION_LINK_PAUSED) != 0) {
		need_timer_in(c, 1000); /* nobody is blamed while we do not read */
		return;
	} else {
		if (!obey_deadlines(c))
			return;
		if (c->in != NULL && left_ms(c, c->in_ms, FRAME_SILENCE_MS) == 0 && !use_silence(c))
			return;
	}
	plan(c);
}
