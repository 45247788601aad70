/* Very many watches that only hold their connection: several processes (one cannot hold more than
 * its limit of descriptors), each with its own source addresses. Orders on standard input, one a
 * line, each answered by a line of JSON: connect  opens all, each says LK and waits for the answer
 *   check    says LK on each open connection: which still answer?
 *   storm    resets all and connects them again at once
 *   quit     (or the end of the input) ends
 * `in_flight` bounds the connects under way a process in `connect`; `storm` has no bound. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/view.h"
#include "bench/tools.h"

enum { PROCESSES_MAX = 64, EACH_MAX = 19000, EVENTS_MAX = 256, LIFE_S = 300 };

#define ROUND_NS INT64_C(90000000000)

enum watch_state { WATCH_CLOSED, WATCH_CONNECTING, WATCH_ASKING, WATCH_IDLE };

/* Shared by all processes. */
struct board {
	int64_t start_ns;
	uint32_t retries[PROCESSES_MAX];
	uint32_t us[]; /* of each connection: from the start of the round to its answer; 0: none */
};

struct crowd {
	uint32_t port, connections, processes, in_flight, first_id, net;
	struct board *board;
	/* of one process: */
	uint32_t self, first, n;
	int epoll;
	struct stencil heartbeat;
	bool is_reconnecting; /* not while checking */
	struct {
		int fd;
		enum watch_state state;
	} * watches;
	uint32_t started, under_way, done;
};

static void watch_close(struct crowd *c, uint32_t i)
{
	if (c->watches[i].fd >= 0)
		(void)close(c->watches[i].fd);
	c->watches[i].fd = -1;
	c->watches[i].state = WATCH_CLOSED;
}

static bool watch_connect(struct crowd *c, uint32_t i)
{
	int fd = socket_from(c->net + c->self, i, true);
	struct epoll_event e = {.events = EPOLLOUT, .data.u32 = i};

	if (fd < 0)
		return false;
	if ((socket_connect(fd, c->port) != 0 && errno != EINPROGRESS) ||
		epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
		(void)close(fd);
		return false;
	}
	c->watches[i].fd = fd;
	c->watches[i].state = WATCH_CONNECTING;
	return true;
}

static bool watch_ask(struct crowd *c, uint32_t i)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u32 = i};

	stencil_fill(&c->heartbeat, UINT64_C(8800000000) + c->first_id + c->first + i, 0, 0);
	c->watches[i].state = WATCH_ASKING;
	return send(c->watches[i].fd, c->heartbeat.text, c->heartbeat.n, MSG_NOSIGNAL) ==
		       (ssize_t)c->heartbeat.n &&
	       epoll_ctl(c->epoll, EPOLL_CTL_MOD, c->watches[i].fd, &e) == 0;
}

/* A watch whose connection failed tries again at once, except in `check`. */
static void watch_again(struct crowd *c, uint32_t i)
{
	watch_close(c, i);
	c->board->retries[c->self]++;
	if (c->is_reconnecting && watch_connect(c, i))
		return;
	c->under_way--;
	c->done++; /* it stays unanswered, and shows */
}

static void on_event(struct crowd *c, uint32_t i, uint32_t events)
{
	char buffer[512];

	if (c->watches[i].state == WATCH_IDLE) {
		if (recv(c->watches[i].fd, buffer, sizeof buffer, 0) == 0 ||
			(events & EPOLLERR) != 0)
			watch_close(c, i);
		return;
	}
	if (c->watches[i].state == WATCH_CONNECTING) {
		if ((events & (EPOLLERR | EPOLLHUP)) != 0 || !watch_ask(c, i))
			watch_again(c, i);
		return;
	}
	ssize_t n = recv(c->watches[i].fd, buffer, sizeof buffer, 0);
	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			watch_again(c, i);
		return;
	}
	c->board->us[c->first + i] = (uint32_t)((mono_ns() - c->board->start_ns) / 1000 + 1);
	c->watches[i].state = WATCH_IDLE;
	c->under_way--;
	c->done++;
}

static void start_more(struct crowd *c, uint32_t in_flight, bool is_check)
{
	while (c->started < c->n && c->under_way < in_flight) {
		uint32_t i = c->started++;
		bool is_started =
			is_check ? c->watches[i].fd >= 0 && watch_ask(c, i) : watch_connect(c, i);
		if (is_started)
			c->under_way++;
		else
			c->done++;
	}
}

static void round_run(struct crowd *c, uint32_t in_flight, bool is_check)
{
	struct epoll_event events[EVENTS_MAX];

	c->started = 0;
	c->under_way = 0;
	c->done = 0;
	c->is_reconnecting = !is_check;
	while (c->done < c->n && mono_ns() - c->board->start_ns < ROUND_NS) {
		start_more(c, in_flight, is_check);
		int n = epoll_wait(c->epoll, events, EVENTS_MAX, 1000);
		for (int k = 0; k < n; k++)
			on_event(c, events[k].data.u32, events[k].events);
	}
}

static int child_run(struct crowd *c, int orders, int answers)
{
	char order = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	process_bound(LIFE_S);
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	c->watches = calloc(c->n, sizeof *c->watches);
	if (c->epoll < 0 || c->watches == NULL)
		return 1;
	for (uint32_t i = 0; i < c->n; i++)
		c->watches[i].fd = -1;
	while (read(orders, &order, 1) == 1) {
		for (uint32_t i = 0; i < c->n && order == 's'; i++)
			watch_close(c, i);
		round_run(c, order == 's' ? c->n : c->in_flight, order == 'k');
		if (write(answers, &order, 1) != 1)
			return 1;
	}
	return 0;
}

static void print_round(const struct crowd *c, const char *name)
{
	uint32_t *us = calloc(c->connections, sizeof *us);
	size_t n = 0;
	uint32_t retries = 0;

	if (us == NULL)
		return;
	for (uint32_t i = 0; i < c->connections; i++)
		if (c->board->us[i] != 0)
			us[n++] = c->board->us[i];
	for (uint32_t k = 0; k < c->processes; k++)
		retries += c->board->retries[k];
	(void)printf("{\"round\": \"%s\", \"connections\": %u, \"answered\": %zu, \"retries\": %u, "
		     "\"p50_ms\": %.1f, \"p99_ms\": %.1f, \"max_ms\": %.1f}\n",
		name, c->connections, n, retries, percentile(us, n, 0.5) / 1000.0,
		percentile(us, n, 0.99) / 1000.0, percentile(us, n, 1.0) / 1000.0);
	(void)fflush(stdout);
	free(us);
}

static bool round_order(
	struct crowd *c, const int *orders, int answers, const char *name, char order)
{
	char done = 0;

	memset(c->board->us, 0, c->connections * sizeof c->board->us[0]);
	memset(c->board->retries, 0, sizeof c->board->retries);
	c->board->start_ns = mono_ns();
	for (uint32_t k = 0; k < c->processes; k++)
		if (write(orders[k], &order, 1) != 1)
			return false;
	for (uint32_t k = 0; k < c->processes; k++)
		if (read(answers, &done, 1) != 1)
			return false;
	print_round(c, name);
	return true;
}

static int parent_run(struct crowd *c, const int *orders, int answers)
{
	char line[64];

	(void)puts("ready");
	(void)fflush(stdout);
	while (fgets(line, sizeof line, stdin) != NULL) {
		bool is_good = true;
		if (strcmp(line, "connect\n") == 0)
			is_good = round_order(c, orders, answers, "connect", 'c');
		else if (strcmp(line, "check\n") == 0)
			is_good = round_order(c, orders, answers, "check", 'k');
		else if (strcmp(line, "storm\n") == 0)
			is_good = round_order(c, orders, answers, "storm", 's');
		else
			break;
		if (!is_good)
			return 1;
	}
	return 0;
}

/* Starts the processes; in a child it does not return. */
static bool start_processes(struct crowd *c, int *orders, int *ret_answers)
{
	int answers[2];

	if (pipe(answers) != 0)
		return false;
	for (uint32_t k = 0; k < c->processes; k++) {
		int pair[2];
		if (pipe(pair) != 0)
			return false;
		c->self = k;
		c->first = (uint32_t)((uint64_t)c->connections * k / c->processes);
		c->n = (uint32_t)((uint64_t)c->connections * (k + 1) / c->processes) - c->first;
		pid_t pid = fork();
		if (pid < 0)
			return false;
		if (pid == 0) {
			for (uint32_t other = 0; other < k; other++)
				(void)close(orders[other]);
			(void)close(pair[1]);
			(void)close(answers[0]);
			_exit(child_run(c, pair[0], answers[1]));
		}
		(void)close(pair[0]);
		orders[k] = pair[1];
	}
	(void)close(answers[1]);
	*ret_answers = answers[0];
	return true;
}

int main(int argc, char **argv)
{
	struct crowd c = {.connections = 1000, .processes = 1, .in_flight = 200, .net = 32};
	int orders[PROCESSES_MAX];
	int answers = -1;
	const struct option options[] = {{"port", 65535, &c.port},
		{"connections", 1000000, &c.connections},
		{"processes", PROCESSES_MAX, &c.processes}, {"in_flight", EACH_MAX, &c.in_flight},
		{"first_id", 1000000, &c.first_id}, {"net", 128, &c.net}};

	if (!options_read(argc, argv, options, COUNT_OF(options)) || c.processes == 0 ||
		c.in_flight == 0 || c.connections / c.processes >= EACH_MAX)
		return 2;
	process_bound(LIFE_S);
	c.board = mmap(NULL, sizeof *c.board + c.connections * sizeof c.board->us[0],
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c.board == MAP_FAILED || !stencil_make(&c.heartbeat, "LK", "") ||
		!start_processes(&c, orders, &answers)) {
		perror("crowd: start");
		return 1;
	}
	int status = parent_run(&c, orders, answers);
	for (uint32_t k = 0; k < c.processes; k++)
		(void)close(orders[k]);
	while (wait(NULL) > 0)
		;
	return status;
}
