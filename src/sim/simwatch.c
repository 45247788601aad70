#include "sim/simwatch.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "sim/chance.h"
#include "sim/downlink.h"
#include "sim/simanswer.h"
#include "sim/simhealth.h"
#include "sim/simmemory.h"
#include "sim/simsettings.h"
#include "sim/simtalk.h"
#include "sim/simvoice.h"
#include "sim/uplink.h"

enum {
	CONNECT_TIMEOUT_MS = 15000,
	RECONNECT_MS = 2000,
	RECONNECT_MAX_MS = 60000,
	STALE_MS = 600000,
	STALE_FD_MAX = 8000, /* many watches keep no half-open sockets: descriptors are scarce */
	PIECE_MS = 100,
	PIECE_MAX = 40,
	MERGE_MS = 300,
};

static const char TAC_START[] = "8637";

static void on_io(void *owner, uint32_t events);
static void on_timer(struct timer *t, void *context);

const char *simwatch_state_name(enum simwatch_state s)
{
	static const char *const names[SIMWATCH_STATE_COUNT] = {
		[SIMWATCH_OFF] = "off",
		[SIMWATCH_BLIND] = "blind",
		[SIMWATCH_WAITING] = "waiting",
		[SIMWATCH_CONNECTING] = "connecting",
		[SIMWATCH_LOGIN] = "login",
		[SIMWATCH_ONLINE] = "online",
	};
	return names[s];
}

static void set_state(struct simwatch *w, enum simwatch_state next)
{
	static const uint8_t may_become[SIMWATCH_STATE_COUNT] = {
		[SIMWATCH_OFF] = 1u << SIMWATCH_OFF | 1u << SIMWATCH_WAITING,
		[SIMWATCH_BLIND] =
			1u << SIMWATCH_BLIND | 1u << SIMWATCH_OFF | 1u << SIMWATCH_WAITING,
		[SIMWATCH_WAITING] = 1u << SIMWATCH_WAITING | 1u << SIMWATCH_CONNECTING |
				     1u << SIMWATCH_OFF | 1u << SIMWATCH_BLIND,
		[SIMWATCH_CONNECTING] = 1u << SIMWATCH_LOGIN | 1u << SIMWATCH_WAITING |
					1u << SIMWATCH_OFF | 1u << SIMWATCH_BLIND,
		[SIMWATCH_LOGIN] = 1u << SIMWATCH_ONLINE | 1u << SIMWATCH_WAITING |
				   1u << SIMWATCH_OFF | 1u << SIMWATCH_BLIND,
		[SIMWATCH_ONLINE] =
			1u << SIMWATCH_WAITING | 1u << SIMWATCH_OFF | 1u << SIMWATCH_BLIND,
	};

	if ((may_become[w->state] & (1u << next)) == 0)
		abort();
	w->state = next;
}

/* The check digit of an IMEI. */
static int luhn_digit(const char *digits, size_t n)
{
	int sum = 0;

	for (size_t i = 0; i < n; i++) {
		int d = digits[n - 1 - i] - '0';
		if (i % 2 == 0)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return (10 - sum % 10) % 10;
}

void simwatch_init(struct simwatch *w, struct world *world, uint32_t n, uint64_t digits,
	const struct manners *manners)
{
	*w = (struct simwatch){.world = world, .stale_fd = -1, .upload_s = world->options.upload_s};
	w->io = (struct loop_fd){.fd = -1, .fn = on_io, .owner = w};
	w->zone_min = world->options.zone_min;
	timer_init(&w->timer, on_timer);
	manners_of(manners, n, &w->manners);
	(void)snprintf(w->imei, sizeof w->imei, "%s%010llu", TAC_START,
		(unsigned long long)(digits % 10000000000u));
	w->imei[14] = (char)('0' + luhn_digit(w->imei, 14));
	w->imei[15] = '\0';
	if (manners_have(&w->manners, MANNER_LONG_ID))
		(void)snprintf(w->id, sizeof w->id, "%s", w->imei);
	else
		(void)snprintf(w->id, sizeof w->id, "%.10s", w->imei + 4);
	w->person = (struct person){
		.town = &world->towns[n / 300],
		.seed = chance_mix(world->options.seed, n),
		.kind = (enum life_kind)(n % LIFE_KIND_COUNT),
		.is_busy = world->options.is_busy,
	};
	if (world->options.begins_moving)
		w->life_offset_s =
			life_next_move_s(&w->person, world->start_local_s) - world->start_local_s;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* nothing is owed to the peer */
	*fd = -1;
}

static void forget_buffers(struct simwatch *w)
{
	free(w->in);
	free(w->out);
	w->in = NULL;
	w->out = NULL;
	w->in_n = 0;
	w->out_n = 0;
}

static void disconnect(struct simwatch *w, bool keeps_open)
{
	if (w->io.fd >= 0) {
		loop_forget(w->world->loop, &w->io);
		w->world->counts.closes++;
	}
	if (keeps_open && w->io.fd >= 0 && w->io.fd < STALE_FD_MAX) {
		close_fd(&w->stale_fd);
		w->stale_fd = w->io.fd;
		w->io.fd = -1;
		simwatch_set_due(w, DUE_STALE, loop_now_ms(w->world->loop) + STALE_MS);
	}
	close_fd(&w->io.fd);
	forget_buffers(w);
}

void simwatch_done(struct simwatch *w)
{
	disconnect(w, false);
	close_fd(&w->stale_fd);
	timer_cancel(&w->timer);
	for (size_t i = 0; i < w->stored_n; i++)
		free(w->stored[i]);
	for (size_t i = 0; i < w->alarms_n; i++)
		free(w->alarms[i]);
	for (size_t i = 0; i < w->acks_n; i++)
		free(w->acks[i].content);
	free(w->shown);
	free(w->memory);
	simsettings_free(w->settings);
	simvoice_forget(w);
}

double simwatch_local_s(const struct simwatch *w)
{
	const struct world *world = w->world;
	double since_s = (double)(loop_now_ms(world->loop) - world->start_mono_ms) / 1000;

	return world->start_local_s + since_s * world->options.speed + w->life_offset_s;
}

static void arm(struct simwatch *w)
{
	int64_t next = 0;

	for (size_t i = 0; i < DUE_COUNT; i++)
		if (w->due_ms[i] != 0 && (next == 0 || w->due_ms[i] < next))
			next = w->due_ms[i];
	if (next == 0)
		timer_cancel(&w->timer);
	else if (!timer_is_set(&w->timer) || w->timer.due_ms != next)
		timer_set(loop_wheel(w->world->loop), &w->timer, next);
}

void simwatch_set_due(struct simwatch *w, enum simwatch_due due, int64_t at_ms)
{
	w->due_ms[due] = at_ms > 0 ? at_ms : 1;
	arm(w);
}

void simwatch_clear_due(struct simwatch *w, enum simwatch_due due)
{
	w->due_ms[due] = 0;
	arm(w);
}

void simwatch_connect_later(struct simwatch *w, int64_t delay_ms)
{
	set_state(w, SIMWATCH_WAITING);
	simwatch_set_due(w, DUE_CONNECT, loop_now_ms(w->world->loop) + delay_ms);
	if (w->due_ms[DUE_MOVE] == 0)
		simwatch_set_due(w, DUE_MOVE, loop_now_ms(w->world->loop) + delay_ms + 1000);
}

void simwatch_set_online(struct simwatch *w)
{
	set_state(w, SIMWATCH_ONLINE);
	w->online_since_ms = loop_now_ms(w->world->loop);
	transcript_event(w->world->transcript, w->id, "online", NULL);
}

void simwatch_drop(struct simwatch *w, enum simwatch_state next)
{
	static const enum simwatch_due of_connection[] = {DUE_CONNECT, DUE_CONNECTED, DUE_HEARTBEAT,
		DUE_ANSWER, DUE_LOCATE, DUE_ALARM, DUE_ACK, DUE_FLUSH, DUE_PHOTO, DUE_POWER_OFF,
		DUE_RESTART};

	transcript_event(w->world->transcript, w->id, "disconnected", simwatch_state_name(next));
	disconnect(w, next == SIMWATCH_BLIND || next == SIMWATCH_OFF);
	for (size_t i = 0; i < COUNT_OF(of_connection); i++)
		simwatch_clear_due(w, of_connection[i]);
	set_state(w, next);
}

/* The peer or the network ended it: each try waits longer, up to a minute. */
static void lost(struct simwatch *w, const char *why)
{
	int64_t wait_ms = (int64_t)RECONNECT_MS << (w->retries < 5 ? w->retries : 5);
	uint64_t mood = chance_mix(w->person.seed, (uint64_t)loop_now_ms(w->world->loop));

	if (wait_ms > RECONNECT_MAX_MS)
		wait_ms = RECONNECT_MAX_MS;
	if (w->retries < 10)
		w->retries++;
	transcript_event(w->world->transcript, w->id, "lost", why);
	simwatch_drop(w, SIMWATCH_WAITING);
	simwatch_connect_later(w, wait_ms / 2 + chance_below(mood, 1, (uint32_t)wait_ms));
}

static enum rc open_socket(struct simwatch *w, struct err *e)
{
	const struct world_options *o = &w->world->options;
	int one = 1;

	w->io.fd = socket(o->server.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->io.fd < 0)
		return fail_sys(e, "socket");
	if (setsockopt(w->io.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0)
		return fail_sys(e, "TCP_NODELAY");
	if (o->from.sin_family == AF_INET &&
		bind(w->io.fd, (const struct sockaddr *)&o->from, sizeof o->from) != 0)
		return fail_sys(e, "bind");
	if (connect(w->io.fd, (const struct sockaddr *)&o->server, o->server_n) != 0 &&
		errno != EINPROGRESS)
		return fail_sys(e, "connect");
	return RC_OK;
}

static void connect_now(struct simwatch *w)
{
	struct err e = {0};

	set_state(w, SIMWATCH_CONNECTING);
	w->io.events = EPOLLOUT;
	enum rc rc = open_socket(w, &e);
	if (rc == RC_OK)
		rc = loop_watch(w->world->loop, &w->io, &e);
	if (rc != RC_OK) {
		close_fd(&w->io.fd);
		lost(w, e.msg);
		return;
	}
	simwatch_set_due(w, DUE_CONNECTED, loop_now_ms(w->world->loop) + CONNECT_TIMEOUT_MS);
}

static void flush(struct simwatch *w)
{
	size_t n = w->out_n;
	bool is_in_pieces = manners_have(&w->manners, MANNER_PIECES);

	if (w->out_n == 0 || w->io.fd < 0)
		return;
	if (is_in_pieces && n > 1)
		n = 1 + chance_below(w->person.seed, w->out_n, PIECE_MAX) % (n - 1);
	ssize_t sent = send(w->io.fd, w->out, n, MSG_NOSIGNAL);
	if (sent < 0 && errno != EAGAIN && errno != EINTR) {
		lost(w, "send failed");
		return;
	}
	if (sent > 0) {
		w->out_n -= (size_t)sent;
		memmove(w->out, w->out + sent, w->out_n);
	}
	if (w->out_n == 0) {
		free(w->out);
		w->out = NULL;
	} else {
		simwatch_set_due(w, DUE_FLUSH, loop_now_ms(w->world->loop) + PIECE_MS);
	}
}

void simwatch_send(struct simwatch *w, struct view content)
{
	size_t room = content.n + UPLINK_FRAME_MAX - UPLINK_CONTENT_MAX;
	struct wire frame;

	if (w->io.fd < 0)
		return;
	char *out = w->out_n + room > SIMWATCH_OUT_MAX ? NULL : realloc(w->out, w->out_n + room);
	if (out == NULL) {
		transcript_event(w->world->transcript, w->id, "not sent", "no room");
		return;
	}
	w->out = out;
	wire_init(&frame, out + w->out_n, room);
	uplink_frame(&w->manners, w->id, ++w->index, w->person.seed, content, &frame);
	w->out_n += frame.n; /* room is enough */
	transcript_frame(w->world->transcript, w->id, TRANSCRIPT_UP,
		(struct view){.p = frame.p, .n = frame.n}, NULL);
	if (manners_have(&w->manners, MANNER_MERGED))
		simwatch_set_due(w, DUE_FLUSH, loop_now_ms(w->world->loop) + MERGE_MS);
	else if (w->due_ms[DUE_FLUSH] == 0)
		flush(w);
}

static void on_connected(struct simwatch *w)
{
	int error = 0;
	socklen_t n = sizeof error;

	if (getsockopt(w->io.fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0 || error != 0) {
		lost(w, "connection refused");
		return;
	}
	if (loop_rewatch(w->world->loop, &w->io, EPOLLIN, NULL) != RC_OK) {
		lost(w, "epoll");
		return;
	}
	simwatch_clear_due(w, DUE_CONNECTED);
	w->world->counts.connects++;
	set_state(w, SIMWATCH_LOGIN);
	transcript_event(w->world->transcript, w->id, "connected", NULL);
	simtalk_login(w);
}

/* Takes whole frames from `in`; false when the watch let go of the connection meanwhile. */
static bool read_frames(struct simwatch *w, struct view *in)
{
	struct downlink d;
	int fd = w->io.fd;

	while (in->n > 0) {
		enum rc rc = downlink_read(in, manners_have(&w->manners, MANNER_INDEX), &d, NULL);
		if (rc == RC_MORE)
			break;
		if (rc != RC_OK || !view_is(d.id, view_of(w->id))) {
			w->world->counts.bad++;
			transcript_frame(
				w->world->transcript, w->id, TRANSCRIPT_BAD, d.whole, NULL);
			continue;
		}
		simanswer_receive(w, &d);
		if (w->io.fd != fd)
			return false;
	}
	return true;
}

static void keep_rest(struct simwatch *w, struct view rest)
{
	char *copy = NULL;

	if (rest.n > SIMWATCH_IN_MAX) {
		w->world->counts.bad++;
		rest.n = 0;
	}
	if (rest.n > 0) {
		copy = malloc(rest.n);
		if (copy == NULL)
			rest.n = 0;
		else
			memcpy(copy, rest.p, rest.n);
	}
	free(w->in);
	w->in = copy;
	w->in_n = rest.n;
}

static void on_readable(struct simwatch *w)
{
	char *buf = w->world->input;

	if (w->in_n > 0)
		memcpy(buf, w->in, w->in_n); /* SIMWATCH_IN_MAX is less than the buffer */
	ssize_t n = recv(w->io.fd, buf + w->in_n, sizeof w->world->input - w->in_n, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		lost(w, n == 0 ? "closed by the server" : "receive failed");
		return;
	}
	struct view in = {.p = buf, .n = w->in_n + (size_t)n};
	if (read_frames(w, &in))
		keep_rest(w, in);
}

static void on_io(void *owner, uint32_t events)
{
	struct simwatch *w = owner;

	if (w->state == SIMWATCH_CONNECTING)
		on_connected(w);
	else if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		on_readable(w);
}

static void run_due(struct simwatch *w, enum simwatch_due due)
{
	switch (due) {
	case DUE_CONNECT:
		connect_now(w);
		break;
	case DUE_CONNECTED:
		lost(w, "connection timed out");
		break;
	case DUE_HEARTBEAT:
		simtalk_heartbeat(w);
		break;
	case DUE_ANSWER:
		simtalk_missed(w);
		break;
	case DUE_MOVE:
		simtalk_move(w);
		break;
	case DUE_LOCATE:
		simtalk_locate(w);
		break;
	case DUE_ALARM:
		simtalk_repeat_alarm(w);
		break;
	case DUE_ACK:
		simanswer_send_acks(w);
		break;
	case DUE_FLUSH:
		flush(w);
		break;
	case DUE_STALE:
		close_fd(&w->stale_fd);
		break;
	case DUE_PHOTO:
		simmemory_send_photo(w);
		break;
	case DUE_POWER_OFF:
		simwatch_drop(w, SIMWATCH_OFF);
		break;
	case DUE_RESTART:
		w->has_asked = false;
		simwatch_drop(w, SIMWATCH_WAITING);
		simwatch_connect_later(w, SIMWATCH_REBOOT_MS);
		break;
	case DUE_MEASURE:
		simhealth_measure(w);
		break;
	case DUE_COUNT:
		break;
	}
}

static void on_timer(struct timer *t, void *context)
{
	struct simwatch *w = CONTAINER_OF(t, struct simwatch, timer);
	int64_t now_ms = loop_now_ms(w->world->loop);

	(void)context;
	for (size_t i = 0; i < DUE_COUNT; i++) {
		if (w->due_ms[i] == 0 || w->due_ms[i] > now_ms)
			continue;
		w->due_ms[i] = 0;
		run_due(w, (enum simwatch_due)i);
	}
	arm(w);
}
