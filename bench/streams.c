/* Very many open event streams (server-sent events) of one account, in several processes. Options,
 * then the path and the cookie are read from standard input, a line each; after that orders: open
 * opens all and waits for the heads of the answers expect MARKER   waits until every stream has
 * brought an event with MARKER in it, to its blank line; prints "armed" first, so that bench/run
 * can cause the event Each is answered by a line of JSON with times of the monotonic clock. The end
 * of the input ends all. */
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

enum {
	PROCESSES_MAX = 32,
	EACH_MAX = 15000,
	EVENTS_MAX = 256,
	LINE_MAX_BYTES = 512,
	LIFE_S = 240,
	WAIT_S = 30,
};

/* Shared by all processes. */
struct board {
	char request[2 * LINE_MAX_BYTES];
	char marker[LINE_MAX_BYTES]; /* its first letter stands in it only once */
	int64_t ns[]; /* of each stream: when the round's answer was complete; 0: not */
};

struct stream {
	int fd;
	uint8_t head;   /* bytes of "\r\n\r\n" seen; 4: the head is over */
	uint8_t blank;  /* bytes of "\n\n" seen after the marker */
	uint16_t match; /* bytes of the marker seen */
};

struct streams {
	uint32_t port, connections, processes, net;
	struct board *board;
	/* of one process: */
	uint32_t first, n, pending;
	int epoll;
	struct stream *streams;
};

static void complete(struct streams *s, uint32_t i)
{
	if (s->board->ns[s->first + i] != 0)
		return;
	s->board->ns[s->first + i] = mono_ns();
	s->pending--;
}

static void scan_head(struct streams *s, uint32_t i, char c)
{
	static const char end[] = "\r\n\r\n";
	struct stream *t = &s->streams[i];

	t->head = c == end[t->head] ? (uint8_t)(t->head + 1) : c == '\r';
	if (t->head == 4)
		complete(s, i);
}

static void scan_event(struct streams *s, uint32_t i, char c)
{
	struct stream *t = &s->streams[i];
	const char *marker = s->board->marker;

	if (marker[0] == '\0' || t->blank == 2)
		return;
	if (marker[t->match] == '\0') {
		t->blank = c == '\n' ? (uint8_t)(t->blank + 1) : 0;
		if (t->blank == 2)
			complete(s, i);
		return;
	}
	t->match = c == marker[t->match] ? (uint16_t)(t->match + 1) : c == marker[0];
}

static void on_stream(struct streams *s, uint32_t i)
{
	static char buffer[8192]; /* not cleared for each read */
	ssize_t n = recv(s->streams[i].fd, buffer, sizeof buffer, MSG_DONTWAIT);

	if (n <= 0 && (n == 0 || errno != EAGAIN)) {
		(void)close(s->streams[i].fd); /* a lost stream never completes, and shows */
		s->streams[i].fd = -1;
		return;
	}
	for (ssize_t k = 0; k < n; k++) {
		if (s->streams[i].head < 4)
			scan_head(s, i, buffer[k]);
		else
			scan_event(s, i, buffer[k]);
	}
}

/* Reads what comes until nothing is pending or an order waits. True: an order waits. */
static bool read_streams(struct streams *s, int64_t deadline_ns)
{
	struct epoll_event events[EVENTS_MAX];
	bool is_ordered = false;

	while (!is_ordered && s->pending > 0 && mono_ns() < deadline_ns) {
		int n = epoll_wait(s->epoll, events, EVENTS_MAX, 1000);
		for (int k = 0; k < n; k++) {
			if (events[k].data.u64 == UINT64_MAX)
				is_ordered = true;
			else
				on_stream(s, events[k].data.u32);
		}
	}
	return is_ordered;
}

static void open_all(struct streams *s)
{
	size_t bytes = strlen(s->board->request);

	for (uint32_t i = 0; i < s->n; i++) {
		struct epoll_event e = {.events = EPOLLIN, .data.u64 = i};
		int fd = socket_from(s->net, s->first + i, false);
		s->streams[i].fd = fd;
		if (fd < 0 || socket_connect(fd, s->port) != 0 ||
			send(fd, s->board->request, bytes, MSG_NOSIGNAL) != (ssize_t)bytes ||
			epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
			perror("streams: open");
			return;
		}
	}
}

static bool do_order(struct streams *s, char order, int answers)
{
	s->pending = s->n;
	if (order == 'o')
		open_all(s);
	for (uint32_t i = 0; i < s->n && order == 'e'; i++) {
		s->streams[i].match = 0;
		s->streams[i].blank = 0;
	}
	if (order == 'e' && write(answers, "a", 1) != 1)
		return false;
	(void)read_streams(s, mono_ns() + WAIT_S * INT64_C(1000000000));
	return write(answers, &order, 1) == 1;
}

static int child_run(struct streams *s, int orders, int answers)
{
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = UINT64_MAX};
	char order = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	process_bound(LIFE_S);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->streams = calloc(s->n, sizeof *s->streams);
	if (s->epoll < 0 || s->streams == NULL ||
		epoll_ctl(s->epoll, EPOLL_CTL_ADD, orders, &e) != 0)
		return 1;
	for (;;) {
		s->pending = 1; /* between orders, comment lines are read and dropped */
		while (!read_streams(s, INT64_MAX))
			;
		if (read(orders, &order, 1) != 1)
			return 0;
		(void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, orders, NULL);
		if (!do_order(s, order, answers) ||
			epoll_ctl(s->epoll, EPOLL_CTL_ADD, orders, &e) != 0)
			return 1;
	}
}

static void print_round(const struct streams *s, const char *name)
{
	uint32_t *us = calloc(s->connections, sizeof *us);
	int64_t first = INT64_MAX;
	int64_t last = 0;
	size_t n = 0;

	if (us == NULL)
		return;
	for (uint32_t i = 0; i < s->connections; i++) {
		int64_t at = s->board->ns[i];
		if (at == 0)
			continue;
		n++;
		first = at < first ? at : first;
		last = at > last ? at : last;
	}
	for (uint32_t i = 0, k = 0; i < s->connections; i++)
		if (s->board->ns[i] != 0)
			us[k++] = (uint32_t)((s->board->ns[i] - first) / 1000);
	(void)printf("{\"round\": \"%s\", \"streams\": %zu, \"first_ns\": %lld, \"p50_ns\": %lld, "
		     "\"last_ns\": %lld}\n",
		name, n, (long long)(n == 0 ? 0 : first),
		(long long)(n == 0 ? 0 : first + percentile(us, n, 0.5) * INT64_C(1000)),
		(long long)last);
	(void)fflush(stdout);
	free(us);
}

static bool send_order(const struct streams *s, const int *orders, char order)
{
	for (uint32_t k = 0; k < s->processes; k++)
		if (write(orders[k], &order, 1) != 1)
			return false;
	return true;
}

static bool await_all(const struct streams *s, int answers)
{
	char done = 0;

	for (uint32_t k = 0; k < s->processes; k++)
		if (read(answers, &done, 1) != 1)
			return false;
	return true;
}

static bool do_line(struct streams *s, const int *orders, int answers, struct view line)
{
	struct view word = {0};

	memset(s->board->ns, 0, s->connections * sizeof s->board->ns[0]);
	if (view_is(line, VIEW("open"))) {
		if (!send_order(s, orders, 'o') || !await_all(s, answers))
			return false;
		print_round(s, "open");
		return true;
	}
	if (!view_cut_until(&line, ' ', line.n, &word) || !view_is(word, VIEW("expect")) ||
		!view_to_text(line, s->board->marker, sizeof s->board->marker))
		return false;
	if (!send_order(s, orders, 'e') || !await_all(s, answers))
		return false;
	(void)puts("armed");
	(void)fflush(stdout);
	if (!await_all(s, answers))
		return false;
	print_round(s, "expect");
	return true;
}

/* One line of standard input without its end. */
static bool read_line(char *line, size_t size, struct view *ret)
{
	if (fgets(line, (int)size, stdin) == NULL)
		return false;
	*ret = view_of(line);
	if (ret->n == 0 || line[ret->n - 1] != '\n')
		return false;
	ret->n--;
	return true;
}

static bool read_request(struct board *board)
{
	char path[LINE_MAX_BYTES];
	char cookie[LINE_MAX_BYTES];
	struct view p;
	struct view c;

	if (!read_line(path, sizeof path, &p) || !read_line(cookie, sizeof cookie, &c))
		return false;
	int n = snprintf(board->request, sizeof board->request,
		"GET %.*s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n"
		"Cookie: %.*s\r\n\r\n",
		(int)p.n, p.p, (int)c.n, c.p);
	return n > 0 && (size_t)n < sizeof board->request;
}

/* Starts the processes; in a child it does not return. */
static bool start_processes(struct streams *s, int *orders, int *ret_answers)
{
	int answers[2];

	if (pipe(answers) != 0)
		return false;
	for (uint32_t k = 0; k < s->processes; k++) {
		int pair[2];
		if (pipe(pair) != 0)
			return false;
		s->first = (uint32_t)((uint64_t)s->connections * k / s->processes);
		s->n = (uint32_t)((uint64_t)s->connections * (k + 1) / s->processes) - s->first;
		pid_t pid = fork();
		if (pid < 0)
			return false;
		if (pid == 0) {
			for (uint32_t other = 0; other < k; other++)
				(void)close(orders[other]);
			(void)close(pair[1]);
			(void)close(answers[0]);
			_exit(child_run(s, pair[0], answers[1]));
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
	struct streams s = {.connections = 1000, .processes = 2, .net = 200};
	int orders[PROCESSES_MAX];
	int answers = -1;
	char line[LINE_MAX_BYTES];
	struct view order;
	const struct option options[] = {{"port", 65535, &s.port},
		{"connections", 100000, &s.connections}, {"processes", PROCESSES_MAX, &s.processes},
		{"net", 255, &s.net}};

	if (!options_read(argc, argv, options, COUNT_OF(options)) || s.processes == 0 ||
		s.connections / s.processes >= EACH_MAX)
		return 2;
	process_bound(LIFE_S);
	s.board = mmap(NULL, sizeof *s.board + s.connections * sizeof s.board->ns[0],
		PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.board == MAP_FAILED || !read_request(s.board) ||
		!start_processes(&s, orders, &answers)) {
		perror("streams: start");
		return 1;
	}
	(void)puts("ready");
	(void)fflush(stdout);
	while (read_line(line, sizeof line, &order) && do_line(&s, orders, answers, order))
		;
	for (uint32_t k = 0; k < s.processes; k++)
		(void)close(orders[k]);
	while (wait(NULL) > 0)
		;
	return 0;
}
