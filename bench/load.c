/* Load of many watches on one port, from one thread: position reports with cells, some of the
 * frames LK. Either as fast as a window of unanswered frames allows (rate=0) or paced. The answers
 * to LK move the window: whoever answered one has read what was sent before it. Their latency is
 * measured. Speaks with bench/run: "ready", then waits for a line; sends; "done {JSON}"; holds the
 * connections until the end of its input. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/view.h"
#include "bench/tools.h"

enum {
	CONNECTIONS_MAX = 19000,
	BURST_MAX = 32,
	/* Frames of one connection since its last answered LK. Then the next one is an LK, and
	 * nothing more is sent on it until the answer came: no socket buffer ever fills. */
	UNANSWERED_MAX = 48,
	EVENTS_MAX = 256,
	DRAIN_EACH = 64,
	LIFE_S = 240,
	QUIET_NS = 10000000,
	FRAMES_MAX = 20000000,
	LATENCIES_MAX = 1000000,
};

#define ANSWERS_DEADLINE_NS INT64_C(15000000000)
#define TICK_NS INT64_C(1000000)

struct link {
	int fd;
	uint32_t reports;    /* sent on this connection, for its clock */
	uint32_t unanswered; /* frames since the last answered LK */
	uint64_t lk_at;      /* the count of all frames when its LK went out */
	int64_t lk_ns;       /* when; 0: none is outstanding */
};

struct load {
	uint32_t port, connections, frames, window, lk_percent, rate, burst, first_id, net;
	int epoll;
	struct link *links;
	struct stencil report, heartbeat;
	int64_t clock_ms; /* device time of the first report */
	uint64_t sent, reports, heartbeats, answered, confirmed, refused;
	uint32_t *lk_us;
	size_t lk_n;
	uint32_t random;
};

static void on_answer(struct load *l, struct link *k)
{
	char buffer[1024];
	ssize_t n = recv(k->fd, buffer, sizeof buffer, MSG_DONTWAIT);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN) {
			(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, k->fd, NULL);
			l->refused++;
		}
		return;
	}
	if (k->lk_ns == 0)
		return;
	if (l->lk_n < LATENCIES_MAX)
		l->lk_us[l->lk_n++] = (uint32_t)((mono_ns() - k->lk_ns) / 1000);
	l->answered++;
	k->lk_ns = 0;
	k->unanswered = 0;
	if (k->lk_at > l->confirmed)
		l->confirmed = k->lk_at;
}

/* Reads the answers that are there; waits up to `wait_ns` for the first. */
static void drain(struct load *l, int64_t wait_ns)
{
	struct epoll_event events[EVENTS_MAX];
	struct timespec t = {.tv_sec = wait_ns / 1000000000, .tv_nsec = wait_ns % 1000000000};
	int n = epoll_pwait2(l->epoll, events, EVENTS_MAX, &t, NULL);

	for (int i = 0; i < n; i++)
		on_answer(l, &l->links[events[i].data.u32]);
}

static bool send_bytes(struct load *l, const struct link *k, const char *p, size_t n)
{
	if (send(k->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n)
		return true;
	l->refused++;
	return false;
}

static void send_heartbeat(struct load *l, struct link *k, uint32_t i)
{
	stencil_fill(&l->heartbeat, (uint64_t)l->first_id + 8800000000u + i, 0, 0);
	k->lk_ns = mono_ns();
	k->lk_at = l->sent + 1;
	if (!send_bytes(l, k, l->heartbeat.text, l->heartbeat.n))
		return;
	k->unanswered++;
	l->sent++;
	l->heartbeats++;
}

static void send_reports(struct load *l, struct link *k, uint32_t i)
{
	char out[BURST_MAX * FRAME_MAX];
	size_t n = 0;

	for (uint32_t b = 0; b < l->burst; b++) {
		uint32_t nth = k->reports + b;
		stencil_fill(&l->report, (uint64_t)l->first_id + 8800000000u + i,
			l->clock_ms + (int64_t)nth * 1000, nth % 64 + i % 9000);
		for (size_t c = 0; c < l->report.n; c++)
			out[n + c] = l->report.text[c];
		n += l->report.n;
	}
	if (!send_bytes(l, k, out, n))
		return;
	k->reports += l->burst;
	k->unanswered += l->burst;
	l->sent += l->burst;
	l->reports += l->burst;
}

static void send_next(struct load *l, uint32_t i)
{
	struct link *k = &l->links[i];
	bool is_full = k->unanswered + l->burst > UNANSWERED_MAX;

	l->random = l->random * 1664525u + 1013904223u;
	if (k->lk_ns != 0 && is_full)
		return;
	if (k->lk_ns == 0 && (is_full || (l->random >> 8) % 100 < l->lk_percent))
		send_heartbeat(l, k, i);
	else
		send_reports(l, k, i);
}

static void wait_for_turn(struct load *l, int64_t start_ns)
{
	if (l->rate == 0) {
		while (l->sent - l->confirmed > l->window && l->answered < l->heartbeats)
			drain(l, TICK_NS);
		return;
	}
	int64_t due = start_ns + (int64_t)(l->sent * 1000000000u / l->rate);
	for (;;) {
		int64_t left = due - mono_ns();
		if (left <= 0)
			return;
		drain(l, left);
	}
}

static void send_all(struct load *l, int64_t start_ns)
{
	for (uint64_t turn = 0; l->sent < l->frames && l->refused == 0; turn++) {
		wait_for_turn(l, start_ns);
		send_next(l, (uint32_t)(turn * 7919 % l->connections));
		if (turn % DRAIN_EACH == 0)
			drain(l, 0);
	}
}

static void await_answers(struct load *l)
{
	int64_t deadline = mono_ns() + ANSWERS_DEADLINE_NS;

	while (l->answered < l->heartbeats && mono_ns() < deadline)
		drain(l, QUIET_NS);
}

/* Connects all, and lets each say LK once: from then on the server knows them. */
static bool connect_all(struct load *l)
{
	for (uint32_t i = 0; i < l->connections; i++) {
		struct link *k = &l->links[i];
		struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};
		k->fd = socket_from(l->net, i, false);
		if (k->fd < 0 || socket_connect(k->fd, l->port) != 0 ||
			epoll_ctl(l->epoll, EPOLL_CTL_ADD, k->fd, &e) != 0) {
			perror("load: connect");
			return false;
		}
		send_heartbeat(l, k, i);
		if (i % DRAIN_EACH == 0)
			drain(l, 0);
	}
	await_answers(l);
	if (l->answered == l->connections && l->refused == 0)
		return true;
	(void)fprintf(stderr, "load: %llu of %u first LK answered\n",
		(unsigned long long)l->answered, l->connections);
	return false;
}

static double cpu_s(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u); /* cannot fail for this process */
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void print_done(struct load *l, double sent_s, double cpu)
{
	(void)printf(
		"done {\"frames\": %llu, \"reports\": %llu, \"heartbeats\": %llu, "
		"\"answered\": %llu, \"refused\": %llu, \"seconds\": %.3f, \"client_cpu_s\": %.3f, "
		"\"lk_p50_us\": %u, \"lk_p99_us\": %u, \"lk_max_us\": %u}\n",
		(unsigned long long)l->sent, (unsigned long long)l->reports,
		(unsigned long long)l->heartbeats, (unsigned long long)l->answered,
		(unsigned long long)l->refused, sent_s, cpu, percentile(l->lk_us, l->lk_n, 0.5),
		percentile(l->lk_us, l->lk_n, 0.99), percentile(l->lk_us, l->lk_n, 1.0));
	(void)fflush(stdout);
}

/* A different number of reports on each connection, so that what the server does once in so many
 * reports of a watch does not happen for all at once. */
static void spread(struct load *l, uint32_t most)
{
	for (uint32_t pass = 0; pass + 1 < most && l->refused == 0; pass++) {
		for (uint32_t i = 0; i < l->connections; i++) {
			if (i * UINT32_C(2654435761) / 65536 % most <= pass)
				continue;
			wait_for_turn(l, 0);
			send_next(l, i);
			if (i % DRAIN_EACH == 0)
				drain(l, 0);
		}
	}
}

/* "send RATE FRAMES" or "spread N". */
static bool order_run(struct load *l, struct view line)
{
	struct view word = {0};
	struct view rate = {0};
	uint32_t most = 0;

	if (!view_cut_until(&line, ' ', line.n, &word))
		return false;
	if (view_is(word, VIEW("spread"))) {
		if (num_u32(line, 1000, &most, NULL) != RC_OK)
			return false;
		l->rate = 0;
		l->frames = l->connections * most;
	} else if (!view_is(word, VIEW("send")) || !view_cut_until(&line, ' ', line.n, &rate) ||
		   num_u32(rate, 1000000, &l->rate, NULL) != RC_OK ||
		   num_u32(line, FRAMES_MAX, &l->frames, NULL) != RC_OK) {
		return false;
	}
	l->sent = l->reports = l->heartbeats = l->answered = l->confirmed = 0;
	l->lk_n = 0;
	double cpu = cpu_s();
	int64_t start = mono_ns();
	if (most > 0)
		spread(l, most);
	else
		send_all(l, start);
	double sent_s = (double)(mono_ns() - start) / 1e9;
	await_answers(l);
	print_done(l, sent_s, cpu_s() - cpu);
	return true;
}

int main(int argc, char **argv)
{
	struct load l = {.connections = 1000,
		.window = 500,
		.lk_percent = 10,
		.burst = 1,
		.net = 1,
		.random = 12345};
	char line[64];
	const struct option options[] = {{"port", 65535, &l.port},
		{"connections", CONNECTIONS_MAX, &l.connections}, {"window", 1000000, &l.window},
		{"lk_percent", 100, &l.lk_percent}, {"burst", BURST_MAX, &l.burst},
		{"first_id", 1000000, &l.first_id}, {"net", 255, &l.net}};

	if (!options_read(argc, argv, options, COUNT_OF(options)) || l.connections == 0 ||
		l.burst == 0)
		return 2;
	process_bound(LIFE_S);
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	l.links = calloc(l.connections, sizeof *l.links);
	l.lk_us = calloc(LATENCIES_MAX, sizeof *l.lk_us);
	l.clock_ms = clock_wall_ms() - 3600 * INT64_C(1000);
	if (l.epoll < 0 || l.links == NULL || l.lk_us == NULL ||
		!stencil_make(&l.report, "UD", "00000000") || !stencil_make(&l.heartbeat, "LK", ""))
		return 1;
	if (!connect_all(&l))
		return 1;
	(void)puts("ready");
	(void)fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL) {
		struct view order = view_of(line);
		if (order.n > 0)
			order.n--; /* the line's end */
		if (!order_run(&l, order))
			return 2;
	}
	return 0;
}
