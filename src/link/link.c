#include "link/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/clock.h"

/* One packet that waits; the bytes follow. */
struct packet {
	struct packet *next;
	size_t n;
	uint8_t bytes[];
};

struct link {
	struct link_config config;
	struct loop_fd handle;
	bool is_watched;
	bool is_paused;
	bool is_blocked;
	bool is_broken;
	struct link_stats stats;

	/* Packets that the socket did not take, oldest first. */
	struct packet *first;
	struct packet **last;

	size_t filled; /* bytes of the packet that is being collected */
	uint8_t collect[MESSAGE_PACKET_MAX];
	char received[MESSAGE_PACKET_MAX];
};

static void link_freep(struct link **l)
{
	link_free(*l);
}

static void on_ready(void *owner, uint32_t epoll_events);

enum rc link_new(const struct link_config *config, struct link **ret_owned, struct err *e)
{
	CLEANUP(link_freep) struct link *l = calloc(1, sizeof *l);

	if (l == NULL)
		return fail(e, RC_NOMEM, "link: out of memory");
	l->config = *config;
	l->last = &l->first;
	l->handle =
		(struct loop_fd){.fd = config->fd, .events = EPOLLIN, .fn = on_ready, .owner = l};
	enum rc rc = loop_watch(config->loop, &l->handle, e);
	if (rc != RC_OK)
		return rc;
	l->is_watched = true;
	*ret_owned = STEAL(l);
	return RC_OK;
}

static void free_packet(const struct link *l, struct packet *p)
{
	if (l->config.is_wiped)
		explicit_bzero(p->bytes, p->n);
	free(p);
}

void link_free(struct link *l)
{
	if (l == NULL)
		return;
	if (l->is_watched)
		loop_forget(l->config.loop, &l->handle);
	while (l->first != NULL) {
		struct packet *p = l->first;
		l->first = p->next;
		free_packet(l, p);
	}
	if (l->config.is_wiped)
		explicit_bzero(l, sizeof *l);
	free(l);
}

/* The only place where a link ends. */
static void break_link(struct link *l, const struct err *e)
{
	if (l->is_broken)
		return;
	l->is_broken = true;
	if (l->is_watched)
		loop_forget(l->config.loop, &l->handle);
	l->is_watched = false;
	if (l->config.events->on_broken != NULL)
		l->config.events->on_broken(l->config.owner, e);
}

/* True: sent (or the link is broken, so that nobody waits). False: the socket is full. */
static bool send_packet(struct link *l, const uint8_t *bytes, size_t n)
{
	struct err e;
	ssize_t sent = send(l->config.fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	while (sent < 0 && errno == EINTR)
		sent = send(l->config.fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent >= 0) {
		l->stats.packets_out++;
		l->stats.bytes_out += n;
		return true;
	}
	if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM)
		return false;
	(void)fail_sys(&e, "link: cannot send %zu bytes", n);
	break_link(l, &e);
	return true;
}

static void watch_for(struct link *l)
{
	struct err e;
	uint32_t epoll_events = (l->is_paused ? 0u : (uint32_t)EPOLLIN) |
				(l->first == NULL ? 0u : (uint32_t)EPOLLOUT);

	if (l->is_watched && loop_rewatch(l->config.loop, &l->handle, epoll_events, &e) != RC_OK)
		break_link(l, &e);
}

static void set_blocked(struct link *l, bool is_blocked)
{
	if (l->is_blocked == is_blocked)
		return;
	l->is_blocked = is_blocked;
	if (is_blocked)
		l->stats.blocked++;
	void (*tell)(void *) =
		is_blocked ? l->config.events->on_blocked : l->config.events->on_unblocked;
	if (tell != NULL)
		tell(l->config.owner);
}

/* Puts the collected packet behind the queue. False: no memory; it stays collected. */
static bool queue_collected(struct link *l)
{
	struct packet *p = malloc(sizeof *p + l->filled);

	if (p == NULL)
		return false;
	p->next = NULL;
	p->n = l->filled;
	memcpy(p->bytes, l->collect, l->filled);
	*l->last = p;
	l->last = &p->next;
	l->stats.queued_bytes += p->n;
	l->filled = 0;
	watch_for(l);
	if (l->stats.queued_bytes >= l->config.queue_high_bytes)
		set_blocked(l, true);
	return true;
}

/* Sends or queues what is collected. False: neither was possible. */
static bool flush_collected(struct link *l)
{
	if (l->filled == 0)
		return true;
	if (l->is_broken || (l->first == NULL && send_packet(l, l->collect, l->filled))) {
		l->filled = 0;
		return true;
	}
	return queue_collected(l);
}

static void flush_queue(struct link *l)
{
	while (l->first != NULL) {
		struct packet *p = l->first;
		if (!send_packet(l, p->bytes, p->n))
			break;
		l->first = p->next;
		if (l->first == NULL)
			l->last = &l->first;
		l->stats.queued_bytes -= p->n;
		free_packet(l, p);
	}
	watch_for(l);
	if (l->stats.queued_bytes < l->config.queue_high_bytes / 2)
		set_blocked(l, false);
}

void link_flush(struct link *l)
{
	(void)flush_collected(l); /* without memory the packet is tried again at the next flush */
}

enum rc link_send(struct link *l, const struct message *m, struct err *e)
{
	size_t n = 0;

	if (l->is_broken)
		return fail(e, RC_IO, "link: broken");
	if (l->stats.queued_bytes + l->filled > l->config.queue_high_bytes + LINK_SLACK_BYTES) {
		l->stats.refused++;
		return fail(e, RC_LIMIT, "link: %zu bytes are waiting", l->stats.queued_bytes);
	}
	enum rc rc = message_write(m, l->collect + l->filled, sizeof l->collect - l->filled, &n, e);
	if (rc == RC_LIMIT && l->filled > 0) {
		if (!flush_collected(l)) {
			l->stats.refused++;
			return fail(e, RC_NOMEM, "link: out of memory");
		}
		rc = message_write(m, l->collect, sizeof l->collect, &n, e);
	}
	if (rc != RC_OK)
		return rc;
	l->filled += n;
	l->stats.messages_out++;
	return RC_OK;
}

/* Delivers the messages of one packet. */
static void deliver(struct link *l, struct view packet)
{
	enum message_side from = message_side_opposite(l->config.side);
	struct message m;
	struct err e;

	l->stats.packets_in++;
	l->stats.bytes_in += packet.n;
	while (packet.n > 0 && !l->is_broken) {
		if (message_read(&packet, from, &m, &e) != RC_OK) {
			l->stats.bad++;
			if (l->config.events->on_bad != NULL)
				l->config.events->on_bad(l->config.owner, &e);
			return;
		}
		l->stats.messages_in++;
		l->config.events->on_message(l->config.owner, &m);
	}
}

/* Receives one packet. False: none is there, or the link is broken. */
static bool receive_one(struct link *l)
{
	struct err e;
	ssize_t n = recv(l->config.fd, l->received, sizeof l->received, MSG_DONTWAIT | MSG_TRUNC);

	if (n > (ssize_t)sizeof l->received) {
		l->stats.bad++;
		(void)fail(&e, RC_SYNTAX, "link: a packet of %zd bytes", n);
		if (l->config.events->on_bad != NULL)
			l->config.events->on_bad(l->config.owner, &e);
		return true;
	}
	if (n > 0) {
		deliver(l, (struct view){.p = l->received, .n = (size_t)n});
		return !l->is_broken;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n == 0)
		(void)fail(&e, RC_IO, "link: the other end is gone");
	else
		(void)fail_sys(&e, "link: cannot receive");
	break_link(l, &e);
	return false;
}

static void receive_up_to(struct link *l, unsigned packets_max)
{
	unsigned n = 0;

	while (n < packets_max && receive_one(l))
		n++;
	if (n > 0 && l->config.events->on_batch_end != NULL)
		l->config.events->on_batch_end(l->config.owner);
}

static void on_ready(void *owner, uint32_t epoll_events)
{
	struct link *l = owner;

	if ((epoll_events & EPOLLOUT) != 0)
		flush_queue(l);
	if ((epoll_events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !l->is_broken && !l->is_paused)
		receive_up_to(l, LINK_PACKETS_PER_TURN);
}

void link_receive_all(struct link *l)
{
	while (!l->is_broken && receive_one(l))
		;
	if (l->config.events->on_batch_end != NULL)
		l->config.events->on_batch_end(l->config.owner);
}

enum rc link_drain(struct link *l, int timeout_ms, struct err *e)
{
	int64_t deadline_ms = clock_mono_ms() + timeout_ms;

	for (;;) {
		(void)flush_collected(l);
		flush_queue(l);
		if (l->is_broken)
			return fail(e, RC_IO, "link: broken");
		if (l->first == NULL && l->filled == 0)
			return RC_OK;
		int64_t left_ms = deadline_ms - clock_mono_ms();
		if (left_ms <= 0)
			return fail(e, RC_LIMIT, "link: %zu bytes not sent in %d ms",
				l->stats.queued_bytes + l->filled, timeout_ms);
		struct pollfd p = {.fd = l->config.fd, .events = POLLOUT};
		(void)poll(&p, 1, left_ms < 100 ? (int)left_ms : 100); /* told by the next try */
	}
}

void link_pause(struct link *l, bool is_paused)
{
	l->is_paused = is_paused;
	watch_for(l);
}

void link_wipe(struct link *l)
{
	explicit_bzero(l->received, sizeof l->received);
	if (l->filled == 0)
		explicit_bzero(l->collect, sizeof l->collect);
}

size_t link_collected_bytes(const struct link *l)
{
	return l->filled;
}

bool link_is_blocked(const struct link *l)
{
	return l->is_blocked;
}

const struct link_stats *link_read_stats(const struct link *l)
{
	return &l->stats;
}
