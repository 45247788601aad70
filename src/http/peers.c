#include "http/peers.h"

#include <pthread.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/list.h"

enum { TICK_MS = 500, LOOK_MS = 10000 /* a deadline may move closer: look at least this often */ };

struct peer {
	struct timer timer; /* loop thread */
	struct list node;   /* in opened, watched or closed; peers.lock */
	struct peers *peers;
	_Atomic(int64_t) deadline_ms;
	_Atomic(enum peer_phase) phase;
	int fd; /* -1 when closed; peers.lock */
	bool is_counted;
	struct signed_in signed_in;
};

struct peers {
	struct loop *loop;
	struct timer tick;
	_Atomic(uint64_t) late[PEER_PHASE_COUNT];
	pthread_mutex_t lock;
	struct list opened;  /* not seen by the loop thread yet */
	struct list watched; /* their timer may be set */
	struct list closed;  /* to be freed by the loop thread */
};

static void free_peer(struct peer *peer)
{
	timer_cancel(&peer->timer);
	shared_answer_unref(peer->signed_in.answer);
	sodium_memzero(peer->signed_in.token, sizeof peer->signed_in.token);
	free(peer);
}

static void free_all(struct list *l)
{
	for (struct list *node = list_pop(l); node != NULL; node = list_pop(l))
		free_peer(CONTAINER_OF(node, struct peer, node));
}

static void on_tick(struct timer *t, void *context);

enum rc peers_new(struct loop *loop, struct peers **ret_owned, struct err *e)
{
	struct peers *p = calloc(1, sizeof *p);

	if (p == NULL)
		return fail(e, RC_NOMEM, "peers: out of memory");
	p->loop = loop;
	timer_init(&p->tick, on_tick);
	(void)pthread_mutex_init(&p->lock, NULL); /* cannot fail without attributes */
	list_init(&p->opened);
	list_init(&p->watched);
	list_init(&p->closed);
	*ret_owned = p;
	return RC_OK;
}

void peers_free(struct peers *p)
{
	if (p == NULL)
		return;
	timer_cancel(&p->tick);
	free_all(&p->opened);
	free_all(&p->watched);
	free_all(&p->closed);
	(void)pthread_mutex_destroy(&p->lock);
	free(p);
}

static void set_timer(struct peer *peer, int64_t now_ms, int64_t deadline_ms)
{
	int64_t latest_ms = now_ms + LOOK_MS;

	timer_set(loop_wheel(peer->peers->loop), &peer->timer,
		deadline_ms < latest_ms ? deadline_ms : latest_ms);
}

/* Deadlines move without touching the wheel: when the timer fires too early it is set again. */
static void on_deadline(struct timer *t, void *context)
{
	struct peer *peer = CONTAINER_OF(t, struct peer, timer);
	struct peers *p = peer->peers;
	int64_t now_ms = loop_now_ms(p->loop);
	int64_t deadline_ms = atomic_load(&peer->deadline_ms);

	(void)context;
	if (deadline_ms > now_ms) {
		set_timer(peer, now_ms, deadline_ms);
		return;
	}
	(void)pthread_mutex_lock(&p->lock);
	if (peer->fd >= 0) {
		(void)atomic_fetch_add(&p->late[atomic_load(&peer->phase)], 1);
		(void)shutdown(peer->fd, SHUT_RDWR); /* fails only when the client was faster */
	}
	(void)pthread_mutex_unlock(&p->lock);
}

static void on_tick(struct timer *t, void *context)
{
	struct peers *p = CONTAINER_OF(t, struct peers, tick);
	struct list closed;

	(void)context;
	list_init(&closed);
	(void)pthread_mutex_lock(&p->lock);
	for (struct list *node = list_pop(&p->opened); node != NULL; node = list_pop(&p->opened)) {
		struct peer *peer = CONTAINER_OF(node, struct peer, node);
		set_timer(peer, loop_now_ms(p->loop), atomic_load(&peer->deadline_ms));
		list_append(&p->watched, node);
	}
	for (struct list *node = list_pop(&p->closed); node != NULL; node = list_pop(&p->closed))
		list_append(&closed, node);
	(void)pthread_mutex_unlock(&p->lock);
	for (struct list *node = list_pop(&closed); node != NULL; node = list_pop(&closed)) {
		struct peer *peer = CONTAINER_OF(node, struct peer, node);
		timer_cancel(&peer->timer);
		free_peer(peer);
	}
	timer_set(loop_wheel(p->loop), t, loop_now_ms(p->loop) + TICK_MS);
}

void peers_start(struct peers *p)
{
	timer_set(loop_wheel(p->loop), &p->tick, loop_now_ms(p->loop) + TICK_MS);
}

bool *peer_is_counted(struct peer *peer)
{
	return &peer->is_counted;
}

struct signed_in *peer_signed_in(struct peer *peer)
{
	return peer == NULL ? NULL : &peer->signed_in;
}

struct peer *peer_open(struct peers *p, int fd, int64_t deadline_ms)
{
	struct peer *peer = calloc(1, sizeof *peer);

	if (peer == NULL)
		return NULL;
	peer->peers = p;
	peer->fd = fd;
	atomic_store(&peer->deadline_ms, deadline_ms);
	timer_init(&peer->timer, on_deadline);
	list_init(&peer->node);
	(void)pthread_mutex_lock(&p->lock);
	list_append(&p->opened, &peer->node);
	(void)pthread_mutex_unlock(&p->lock);
	return peer;
}

void peer_set_deadline(struct peer *peer, enum peer_phase phase, int64_t deadline_ms)
{
	if (peer == NULL)
		return;
	atomic_store_explicit(&peer->phase, phase, memory_order_relaxed);
	atomic_store_explicit(&peer->deadline_ms, deadline_ms, memory_order_relaxed);
}

uint64_t peers_late(const struct peers *p, enum peer_phase phase)
{
	return atomic_load(&p->late[phase]);
}

void peer_close(struct peers *p, struct peer *peer)
{
	if (peer == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	peer->fd = -1;
	list_remove(&peer->node);
	list_append(&p->closed, &peer->node);
	(void)pthread_mutex_unlock(&p->lock);
}
