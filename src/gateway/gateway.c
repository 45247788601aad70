#include "gateway/gateway.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "gateway/state.h"

enum {
	ANNOUNCE_PER_TURN = 512, /* sessions told again to a new server */
	RESUME_PER_TURN = 256,   /* connections read again after the link was blocked */
	STATS_MS = 1000,
	LINGER_MS = 100,          /* plain reports wait so long for others */
	LINGER_BYTES = 32 * 1024, /* or until so much is collected */
	BATCH_READS_MAX = 96,     /* a turn with more has its batch already */
	BATCH_READS_GOOD = 32,
	BATCH_GAP_MS = 50, /* turns further apart gain nothing by a pause */
	LINK_BAD_MAX = 3,
};

static void on_message(void *owner, const struct message *m);

/* ---- small services for the room ---- */

int64_t gateway_wall_ms(struct gateway *g)
{
	int64_t turn_ms = loop_now_ms(g->loop);

	if (g->wall_turn_ms != turn_ms) {
		g->wall_turn_ms = turn_ms;
		g->wall_ms = clock_wall_ms();
	}
	return g->wall_ms;
}

bool gateway_tell(struct gateway *g, bool is_urgent)
{
	if (link_send(g->link, &g->message, NULL) != RC_OK) {
		count(g, COUNTER_LIMIT_LINK_QUEUE_MAX, 1);
		log_event(
			LOG_WARN, "gateway.not_told", "message=%s", message_name(g->message.type));
		return false;
	}
	g->must_flush |= is_urgent;
	return true;
}

struct connection *gateway_find(struct gateway *g, uint64_t session)
{
	uint32_t slot = (uint32_t)(session & ((1u << SLOT_BITS) - 1));
	struct connection *c = connection_of_slot(g, slot);

	return session != 0 && c != NULL && c->state == CONNECTION_READY && c->session == session
		       ? c
		       : NULL;
}

/* ---- the server's messages ---- */

static void say_hello(struct gateway *g)
{
	g->message.type = MESSAGE_HELLO;
	g->message.hello =
		(struct message_hello){.gateway = g->config.number, .epoch = g->config.epoch};
	(void)gateway_tell(g, true); /* refused only when the link is broken */
}

static void on_welcome(struct gateway *g, uint64_t epoch)
{
	bool is_first = g->server_epoch == 0;

	if (epoch == g->server_epoch)
		return;
	g->server_epoch = epoch;
	log_event(LOG_INFO, "gateway.welcome", "server=%016llx", (unsigned long long)epoch);
	g->welcome++;
	if (!is_first)
		say_hello(g); /* the first answers our HELLO, or crossed it on its way */
	g->is_announcing = true;
	g->announce_next = 0;
}

static void on_standing(struct gateway *g, const struct message_standing *m)
{
	struct connection *c = gateway_find(g, m->session);

	if (c != NULL)
		c->standing = (uint8_t)m->standing;
}

static void on_answer(struct gateway *g, const struct message_answer *m)
{
	struct connection *c = gateway_find(g, m->session);

	if (c == NULL) {
		count(g, COUNTER_ANSWERS_LATE, 1);
		return;
	}
	session_answer(c, m);
}

static void on_command(struct gateway *g, const struct message_command *m)
{
	struct connection *c = gateway_find(g, m->session);

	if (c != NULL && !g->is_stopping) {
		session_command(c, m);
		return;
	}
	count(g, COUNTER_COMMANDS_UNSENT, 1);
	g->message.type = MESSAGE_UNSENT;
	g->message.sent = (struct message_sent){.session = m->session, .command = m->command};
	(void)gateway_tell(g, true); /* refused: the server's own deadline ends the command */
}

static void on_close(struct gateway *g, const struct message_close *m)
{
	struct connection *c = gateway_find(g, m->session);

	if (c != NULL)
		connection_close(c, m->reason);
}

static void finish_stop(struct gateway *g)
{
	timer_cancel(&g->stop_timer);
	if (g->config.on_stopped != NULL)
		g->config.on_stopped(g->config.owner);
}

static void on_message(void *owner, const struct message *m)
{
	struct gateway *g = owner;

	switch (m->type) {
	case MESSAGE_WELCOME:
		on_welcome(g, m->welcome.epoch);
		return;
	case MESSAGE_STANDING:
		on_standing(g, &m->standing);
		return;
	case MESSAGE_ANSWER:
		on_answer(g, &m->answer);
		return;
	case MESSAGE_COMMAND:
		on_command(g, &m->command);
		return;
	case MESSAGE_CLOSE:
		on_close(g, &m->close);
		return;
	case MESSAGE_FAREWELL:
		if (g->is_stopping)
			finish_stop(g);
		return;
	case MESSAGE_HELLO:
	case MESSAGE_OPENED:
	case MESSAGE_ANNOUNCED:
	case MESSAGE_REPORT:
	case MESSAGE_CLOSED:
	case MESSAGE_SENT:
	case MESSAGE_UNSENT:
	case MESSAGE_FOREIGN:
	case MESSAGE_BLOB:
	case MESSAGE_STATS:
	case MESSAGE_BYE:
	case MESSAGE_COURIER_HELLO:
	case MESSAGE_RESULT:
	case MESSAGE_WEATHER_TOLD:
	case MESSAGE_WEATHER_ASK:
	case MESSAGE_COURIER_WELCOME:
	case MESSAGE_WEBHOOK:
	case MESSAGE_MAIL:
	case MESSAGE_LOCATE_ASK:
	case MESSAGE_LOCATE_TOLD:
	case MESSAGE_MEDIA_HELLO:
	case MESSAGE_MEDIA_OUTPUT:
	case MESSAGE_MEDIA_DONE:
	case MESSAGE_MEDIA_WELCOME:
	case MESSAGE_MEDIA_INPUT:
		return; /* message_read lets none of these through from the server */
	}
}

static void on_bad(void *owner, const struct err *e)
{
	struct gateway *g = owner;

	count(g, COUNTER_LINK_BAD, 1);
	log_event(LOG_ERROR, "gateway.link_bad", "reason=\"%s\"", e->msg);
	if (g->counters[COUNTER_LINK_BAD] >= LINK_BAD_MAX)
		gateway_stop(g); /* the supervisor starts a fresh one */
}

static void on_blocked(void *owner)
{
	struct gateway *g = owner;

	g->is_blocked = true;
	count(g, COUNTER_LINK_BLOCKED, 1);
	log_event(LOG_WARN, "gateway.paused", "queued=%zu", link_read_stats(g->link)->queued_bytes);
}

static void on_unblocked(void *owner)
{
	struct gateway *g = owner;

	g->is_blocked = false;
	log_event(LOG_INFO, "gateway.resumed", "paused=%llu",
		(unsigned long long)g->counters[COUNTER_PAUSED_CONNECTIONS]);
}

static void on_broken(void *owner, const struct err *e)
{
	struct gateway *g = owner;

	log_event(LOG_ERROR, "gateway.link_broken", "reason=\"%s\"", e->msg);
	g->is_link_broken = true;
	gateway_stop(g);
}

static const struct link_events link_events = {
	.on_message = on_message,
	.on_bad = on_bad,
	.on_blocked = on_blocked,
	.on_unblocked = on_unblocked,
	.on_broken = on_broken,
};

/* ---- the end of each turn ---- */

static void do_nothing(void *arg)
{
	(void)arg;
}

/* Makes the loop turn once more at once. */
static void turn_again(struct gateway *g)
{
	struct err e;

	if (loop_post(g->loop, do_nothing, NULL, &e) != RC_OK)
		log_event(LOG_ERROR, "gateway.post_failed", "reason=\"%s\"", e.msg);
}

static void announce_some(struct gateway *g)
{
	for (unsigned n = 0; n < ANNOUNCE_PER_TURN && !g->is_blocked; n++) {
		struct connection *c = connection_of_slot(g, g->announce_next);
		if (c == NULL) {
			g->is_announcing = false;
			g->message.type = MESSAGE_ANNOUNCED;
			(void)gateway_tell(g, true); /* only makes the server wait less */
			return;
		}
		g->announce_next++;
		if (c->state == CONNECTION_READY && c->welcome != g->welcome &&
			!session_announce(c))
			connection_close(c, CLOSE_STOP);
	}
	if (!g->is_blocked)
		turn_again(g);
}

static void resume_some(struct gateway *g)
{
	for (unsigned n = 0; n < RESUME_PER_TURN && !list_is_empty(&g->paused); n++)
		connection_resume(CONTAINER_OF(g->paused.next, struct connection, node));
	if (!list_is_empty(&g->paused))
		turn_again(g);
}

static void free_dying(struct gateway *g);

/* One packet for many messages: at once for what somebody waits for, else after a little while. */
static void flush_if_due(struct gateway *g)
{
	int64_t now_ms = loop_now_ms(g->loop);
	size_t collected = link_collected_bytes(g->link);

	if (collected == 0)
		return;
	if (g->must_flush || collected >= LINGER_BYTES || now_ms - g->flushed_ms >= LINGER_MS) {
		link_flush(g->link);
		g->must_flush = false;
		g->flushed_ms = now_ms;
		timer_cancel(&g->flush_timer);
	} else if (!timer_is_set(&g->flush_timer)) {
		timer_set(g->wheel, &g->flush_timer, g->flushed_ms + LINGER_MS);
	}
}

/* Under moderate load a short pause lets more arrive, so that one wake-up serves many watches: the
 * fewer came, the longer, up to four times batch_wait_ms. */
static void pause_for_batch(struct gateway *g, bool is_urgent)
{
	int64_t wait_ms = g->config.limits.batch_wait_ms;
	int64_t now_ms = loop_now_ms(g->loop);
	bool is_busy = now_ms - g->busy_ms <= BATCH_GAP_MS;
	unsigned reads = g->turn_reads;

	if (reads == 0)
		return;
	g->busy_ms = now_ms;
	if (wait_ms == 0 || is_urgent || !is_busy || reads > BATCH_READS_MAX ||
		!list_is_empty(&g->ready))
		return;
	if (reads < BATCH_READS_GOOD)
		wait_ms = wait_ms * BATCH_READS_GOOD /
			  (reads < BATCH_READS_GOOD / 4 ? BATCH_READS_GOOD / 4 : reads);
	struct timespec pause = {.tv_nsec = (long)wait_ms * 1000000};
	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL); /* cut short is as good */
}

static void on_turn_end(void *arg)
{
	struct gateway *g = arg;

	if (g->is_announcing)
		announce_some(g);
	if (!g->is_blocked && !g->is_stopping && !list_is_empty(&g->paused))
		resume_some(g);
	if (!connection_read_ready(g))
		turn_again(g);
	bool is_urgent = g->must_flush;
	flush_if_due(g);
	free_dying(g);
	if (g->has_news && !timer_is_set(&g->stats_timer))
		timer_set(g->wheel, &g->stats_timer, loop_now_ms(g->loop) + STATS_MS);
	if (!g->is_stopping)
		pause_for_batch(g, is_urgent);
	g->turn_reads = 0;
}

static void on_flush_timer(struct timer *t, void *context)
{
	struct gateway *g = CONTAINER_OF(t, struct gateway, flush_timer);

	(void)context;
	g->must_flush = true;
}

static void on_stats_timer(struct timer *t, void *context)
{
	struct gateway *g = CONTAINER_OF(t, struct gateway, stats_timer);

	(void)context;
	g->has_news = false;
	if (g->is_blocked || g->is_stopping)
		return;
	g->counters[COUNTER_READ_BUFFER_BYTES] = g->read_buffers.used;
	g->counters[COUNTER_SEND_BUFFER_BYTES] = g->send_buffer_bytes;
	g->counters[COUNTER_LINK_QUEUE_BYTES] = link_read_stats(g->link)->queued_bytes;
	g->message.type = MESSAGE_STATS;
	g->message.stats.n = COUNTER_COUNT;
	memcpy(g->message.stats.counters, g->counters, sizeof g->counters);
	(void)gateway_tell(g, false); /* refused: the next one says it all */
}

/* ---- life ---- */

static void gateway_freep(struct gateway **g)
{
	gateway_free(*g);
}

static void on_stop_timer(struct timer *t, void *context)
{
	struct gateway *g = CONTAINER_OF(t, struct gateway, stop_timer);

	(void)context;
	log_event(LOG_WARN, "gateway.stop_late", "waited_ms=%d", GATEWAY_STOP_MS);
	finish_stop(g);
}

enum rc gateway_new(const struct gateway_config *config, struct gateway **ret_owned, struct err *e)
{
	assert(config->epoch != 0);
	if (config->limits.connections_max > 1u << SLOT_BITS)
		return fail(e, RC_LIMIT, "gateway: more than %u connections", 1u << SLOT_BITS);
	CLEANUP(gateway_freep) struct gateway *g = calloc(1, sizeof *g);
	if (g == NULL)
		return fail(e, RC_NOMEM, "gateway: out of memory");
	g->config = *config;
	g->loop = config->loop;
	g->wheel = loop_wheel(config->loop);
	list_init(&g->free);
	list_init(&g->ready);
	list_init(&g->paused);
	list_init(&g->dying);
	timer_init(&g->accept_timer, NULL);
	timer_init(&g->flush_timer, on_flush_timer);
	timer_init(&g->stats_timer, on_stats_timer);
	timer_init(&g->stop_timer, on_stop_timer);
	buffers_init(&g->read_buffers, config->limits.read_buffers_max);
	g->generation =
		config->epoch >> (SLOT_BITS + 9); /* room to count up; the top byte stays 0 */
	if (g->generation == 0)
		g->generation = 1;
	g->random = config->epoch;
	g->slots = calloc(config->limits.connections_max, sizeof *g->slots);
	if (g->slots == NULL)
		return fail(e, RC_NOMEM, "gateway: out of memory");
	enum rc rc = addresses_new(config->limits.connections_max, config->epoch, &g->addresses, e);
	if (rc != RC_OK)
		return rc;
	struct link_config link = {.loop = g->loop,
		.fd = config->link_fd,
		.side = MESSAGE_FROM_GATEWAY,
		.queue_high_bytes = config->limits.link_queue_max,
		.events = &link_events,
		.owner = g};
	rc = link_new(&link, &g->link, e);
	if (rc == RC_OK)
		rc = listener_start(g, e);
	if (rc != RC_OK)
		return rc;
	loop_on_turn_end(g->loop, on_turn_end, g);
	say_hello(g);
	link_flush(g->link);
	*ret_owned = STEAL(g);
	return RC_OK;
}

static void free_dying(struct gateway *g)
{
	while (!list_is_empty(&g->dying)) {
		struct connection *c = CONTAINER_OF(g->dying.next, struct connection, node);
		connection_set_state(c, CONNECTION_FREE);
	}
}

void gateway_stop(struct gateway *g)
{
	if (g->is_stopping)
		return;
	g->is_stopping = true;
	listener_stop(g);
	if (g->is_link_broken) {
		finish_stop(g);
		return;
	}
	timer_set(g->wheel, &g->stop_timer, loop_now_ms(g->loop) + GATEWAY_STOP_MS);
	g->message.type = MESSAGE_BYE;
	(void)gateway_tell(g, true); /* refused: the stop timer ends the waiting */
	link_flush(g->link);
}

void gateway_free(struct gateway *g)
{
	if (g == NULL)
		return;
	listener_stop(g);
	for (uint32_t slot = 0; slot < g->slots_touched; slot++) {
		struct connection *c = &g->slots[slot];
		if (c->state == CONNECTION_NEW || c->state == CONNECTION_READY)
			connection_close(c, CLOSE_STOP);
	}
	timer_cancel(&g->accept_timer);
	timer_cancel(&g->flush_timer);
	timer_cancel(&g->stats_timer);
	timer_cancel(&g->stop_timer);
	link_free(g->link);
	buffers_done(&g->read_buffers);
	addresses_free(g->addresses);
	free(g->slots);
	free(g);
}
