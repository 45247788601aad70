/* Takes new connections: at most so many a turn and so many a second, so that heartbeats of watches
 * that are connected are answered while thousands come back after an outage. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/state.h"

enum {
	ACCEPTS_PER_TURN = 256,
	PAUSE_MS = 100,         /* until the bucket has something again */
	FAILED_PAUSE_MS = 1000, /* after accept failed: no descriptors, no memory */
};

static void set_listening(struct gateway *g, bool is_listening)
{
	uint32_t events = is_listening ? EPOLLIN : 0;
	struct err e;

	if (g->is_listen_watched && loop_rewatch(g->loop, &g->listen, events, &e) != RC_OK)
		log_event(LOG_ERROR, "gateway.listen_failed", "reason=\"%s\"", e.msg);
	if (g->is_secure_watched && loop_rewatch(g->loop, &g->secure_listen, events, &e) != RC_OK)
		log_event(LOG_ERROR, "gateway.listen_failed", "reason=\"%s\"", e.msg);
}

static void pause_for(struct gateway *g, int64_t pause_ms)
{
	set_listening(g, false);
	timer_set(g->wheel, &g->accept_timer, loop_now_ms(g->loop) + pause_ms);
}

static void on_accept_timer(struct timer *t, void *context)
{
	struct gateway *g = CONTAINER_OF(t, struct gateway, accept_timer);

	(void)context;
	if (!g->is_stopping)
		set_listening(g, true);
}

/* A bucket that holds a quarter of a second. */
static void refill(struct gateway *g)
{
	uint32_t rate = g->config.limits.accepts_per_s;
	uint32_t burst = rate / 4 > 0 ? rate / 4 : 1;
	int64_t now_ms = loop_now_ms(g->loop);
	uint64_t more = (uint64_t)(now_ms - g->accept_ms) * rate / 1000;

	if (more == 0)
		return;
	g->accept_ms = now_ms;
	more += g->accept_tokens;
	g->accept_tokens = (uint32_t)(more < burst ? more : burst);
}

static struct peer peer_of(const struct sockaddr_storage *from)
{
	struct peer peer = {.address = {[10] = 0xFF, [11] = 0xFF}};

	if (from->ss_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, from, sizeof in);
		memcpy(peer.address + 12, &in.sin_addr, 4);
		peer.port = ntohs(in.sin_port);
	} else if (from->ss_family == AF_INET6) {
		struct sockaddr_in6 in;
		memcpy(&in, from, sizeof in);
		memcpy(peer.address, &in.sin6_addr, sizeof peer.address);
		peer.port = ntohs(in.sin6_port);
	}
	return peer;
}

/* False: nobody waits, or accepting is paused. */
static bool accept_one(struct gateway *g, bool is_secure)
{
	struct sockaddr_storage from = {0};
	socklen_t size = sizeof from;
	int fd = accept4(is_secure ? g->secure_listen.fd : g->listen.fd, (struct sockaddr *)&from,
		&size, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= 0) {
		struct peer peer = peer_of(&from);
		connection_start(g, fd, &peer, is_secure);
		return true;
	}
	if (errno == EAGAIN)
		return false;
	if (errno == EINTR || errno == ECONNABORTED)
		return true;
	log_event(LOG_ERROR, "gateway.accept_failed", "errno=%d", errno);
	pause_for(g, FAILED_PAUSE_MS);
	return false;
}

/* The event says that somebody waits: when no slot is free, is one made free for the next turn? */
static bool must_wait_for_room(struct gateway *g)
{
	return !connection_has_room(g) && connection_make_room(g);
}

static void accept_some(struct gateway *g, bool is_secure)
{
	bool has_limit = g->config.limits.accepts_per_s != 0;

	if (has_limit)
		refill(g);
	if (must_wait_for_room(g))
		return;
	bool had_room = connection_has_room(g);
	for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
		if (had_room && !connection_has_room(g))
			return; /* who waits still, or not, is told by the next turn */
		if (has_limit && g->accept_tokens == 0) {
			count(g, COUNTER_LIMIT_ACCEPTS_PER_S, 1);
			pause_for(g, PAUSE_MS);
			return;
		}
		if (!accept_one(g, is_secure))
			return;
		if (has_limit)
			g->accept_tokens--;
	}
}

static void on_listen(void *owner, uint32_t epoll_events)
{
	(void)epoll_events;
	accept_some(owner, false);
}

static void on_secure_listen(void *owner, uint32_t epoll_events)
{
	(void)epoll_events;
	accept_some(owner, true);
}

enum rc listener_start(struct gateway *g, struct err *e)
{
	timer_init(&g->accept_timer, on_accept_timer);
	g->accept_ms = loop_now_ms(g->loop);
	g->accept_tokens = g->config.limits.accepts_per_s / 4;
	g->listen = (struct loop_fd){
		.fd = g->config.listen_fd, .events = EPOLLIN, .fn = on_listen, .owner = g};
	enum rc rc = loop_watch(g->loop, &g->listen, e);
	g->is_listen_watched = rc == RC_OK;
	if (rc != RC_OK || g->config.secure_fd < 0)
		return rc;
	g->secure_listen = (struct loop_fd){
		.fd = g->config.secure_fd, .events = EPOLLIN, .fn = on_secure_listen, .owner = g};
	rc = loop_watch(g->loop, &g->secure_listen, e);
	g->is_secure_watched = rc == RC_OK;
	return rc;
}

void listener_stop(struct gateway *g)
{
	timer_cancel(&g->accept_timer);
	if (g->is_listen_watched)
		loop_forget(g->loop, &g->listen);
	if (g->is_secure_watched)
		loop_forget(g->loop, &g->secure_listen);
	g->is_listen_watched = false;
	g->is_secure_watched = false;
}
