/* The floor of the network measurements: one thread, level-triggered epoll, finds the end of each
 * frame by its length field, answers LK, and forgets the rest. No parsing of values, no storage.
 * bare_reader port=P [answer=0]. Lines on standard input: "count" prints the counters as JSON; the
 * end of input ends the program. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/view.h"
#include "bench/tools.h"

enum {
	FD_MAX = 20000,
	READ_MAX = 4096,
	PART_MAX = 1024,
	EVENTS_MAX = 512,
	LIFE_S = 300,
	HEADER_BYTES = 20, /* "[3G*0123456789*0002*" */
};

struct reader {
	int epoll, listener;
	bool is_answering;
	uint64_t frames, bytes, reads, waits, connections;
	/* Not on the stack, where the compiler would clear them for each read. */
	char buffer[READ_MAX], joined[PART_MAX + READ_MAX];
	struct {
		char *part; /* the start of a frame whose end has not come */
		size_t n;
	} unfinished[FD_MAX];
};

/* Bytes of the frame at the front; 0: more are needed; -1: no frame. */
static int frame_bytes(const char *p, size_t n)
{
	int length = 0;

	if (n < HEADER_BYTES)
		return 0;
	if (p[0] != '[' || p[3] != '*' || p[14] != '*' || p[19] != '*')
		return -1;
	for (int i = 15; i < 19; i++)
		length = length << 4 | (ascii_hex(p[i]) & 15);
	return HEADER_BYTES + length + 1;
}

static void answer(int fd, const char *frame)
{
	char reply[LK_BYTES];

	memcpy(reply, frame, 15);
	memcpy(reply + 15, "0002*LK]", 8);
	(void)send(fd, reply, sizeof reply,
		MSG_NOSIGNAL | MSG_DONTWAIT); /* as a watch would lose it */
}

static bool keep_part(struct reader *r, int fd, const char *p, size_t n)
{
	if (n > PART_MAX)
		return false;
	if (r->unfinished[fd].part == NULL)
		r->unfinished[fd].part = malloc(PART_MAX);
	if (r->unfinished[fd].part == NULL)
		return false;
	memcpy(r->unfinished[fd].part, p, n);
	r->unfinished[fd].n = n;
	return true;
}

static bool feed(struct reader *r, int fd, const char *p, size_t n)
{
	while (n > 0) {
		int length = frame_bytes(p, n);
		if (length < 0)
			return false;
		if (length == 0 || (size_t)length > n)
			return keep_part(r, fd, p, n);
		if (p[length - 1] != ']')
			return false;
		if (r->is_answering && p[HEADER_BYTES] == 'L' && p[HEADER_BYTES + 1] == 'K')
			answer(fd, p);
		r->frames++;
		p += length;
		n -= (size_t)length;
	}
	return true;
}

static bool take(struct reader *r, int fd, const char *p, size_t n)
{
	size_t have = r->unfinished[fd].n;

	r->bytes += n;
	if (have == 0)
		return feed(r, fd, p, n);
	memcpy(r->joined, r->unfinished[fd].part, have);
	memcpy(r->joined + have, p, n);
	r->unfinished[fd].n = 0;
	return feed(r, fd, r->joined, have + n);
}

static void drop(struct reader *r, int fd)
{
	free(r->unfinished[fd].part);
	r->unfinished[fd].part = NULL;
	r->unfinished[fd].n = 0;
	r->connections--;
	(void)close(fd);
}

static void on_readable(struct reader *r, int fd)
{
	for (;;) {
		ssize_t n = recv(fd, r->buffer, sizeof r->buffer, 0);
		r->reads++;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0 || !take(r, fd, r->buffer, (size_t)n)) {
			drop(r, fd);
			return;
		}
		if ((size_t)n < sizeof r->buffer)
			return;
	}
}

static void on_connections(struct reader *r)
{
	for (;;) {
		int fd = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		struct epoll_event e = {.events = EPOLLIN, .data.fd = fd};
		if (fd >= FD_MAX || epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
			(void)close(fd);
			continue;
		}
		r->connections++;
	}
}

/* False at the end of standard input. */
static bool on_order(const struct reader *r)
{
	char line[64];
	ssize_t n = read(STDIN_FILENO, line, sizeof line);

	if (n <= 0)
		return false;
	(void)printf("{\"frames\": %llu, \"bytes\": %llu, \"reads\": %llu, \"waits\": %llu, "
		     "\"connections\": %llu}\n",
		(unsigned long long)r->frames, (unsigned long long)r->bytes,
		(unsigned long long)r->reads, (unsigned long long)r->waits,
		(unsigned long long)r->connections);
	(void)fflush(stdout);
	return true;
}

static int run(struct reader *r)
{
	struct epoll_event events[EVENTS_MAX];

	for (;;) {
		int n = epoll_wait(r->epoll, events, EVENTS_MAX, -1);
		if (n < 0 && errno != EINTR)
			return 1;
		r->waits++;
		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;
			if (fd == r->listener)
				on_connections(r);
			else if (fd != STDIN_FILENO)
				on_readable(r, fd);
			else if (!on_order(r))
				return 0;
		}
	}
}

static bool listen_on(struct reader *r, uint32_t port)
{
	int one = 1;
	struct sockaddr_in a = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	r->epoll = epoll_create1(EPOLL_CLOEXEC);
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct epoll_event in = {.events = EPOLLIN, .data.fd = STDIN_FILENO};
	struct epoll_event accepting = {.events = EPOLLIN, .data.fd = r->listener};
	return r->epoll >= 0 && r->listener >= 0 &&
	       setsockopt(r->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
	       bind(r->listener, (const struct sockaddr *)&a, sizeof a) == 0 &&
	       listen(r->listener, 65535) == 0 &&
	       epoll_ctl(r->epoll, EPOLL_CTL_ADD, STDIN_FILENO, &in) == 0 &&
	       epoll_ctl(r->epoll, EPOLL_CTL_ADD, r->listener, &accepting) == 0;
}

int main(int argc, char **argv)
{
	static struct reader r;
	uint32_t port = 0;
	uint32_t answers = 1;
	const struct option options[] = {{"port", 65535, &port}, {"answer", 1, &answers}};

	if (!options_read(argc, argv, options, COUNT_OF(options)))
		return 2;
	process_bound(LIFE_S);
	r.is_answering = answers == 1;
	if (!listen_on(&r, port)) {
		perror("bare_reader: listen");
		return 1;
	}
	(void)puts("ready");
	(void)fflush(stdout);
	return run(&r);
}
