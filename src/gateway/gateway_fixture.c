#include "gateway/gateway_fixture.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { WAIT_MS = 10000, SHORT_MS = 150 };

static const struct gateway_limits standard = {
	.connections_max = 1000,
	.connections_per_address_max = 1000,
	.accepts_per_s = 20000,
	.first_frame_s = 30,
	.header_s = 10,
	.frame_s = 30,
	.idle_s = 1800,
	.bytes_per_s_min = 64,
	.frame_text_max = FRAME_TEXT_MAX,
	.frame_media_max = FRAME_MEDIA_MAX,
	.junk_max = FRAME_JUNK_MAX,
	.read_buffers_max = 4 * 1024 * 1024,
	.send_buffer_max = 24576,
	.frames_per_s_max = 1000,
	.reports_per_device_burst = 20,
	.reports_per_device_interval_s = 5,
	.replays_per_device_burst = 200,
	.link_queue_max = 4 * 1024 * 1024,
	.batch_wait_ms = 1,
};

int fixture_new(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	f->limits = standard;
	*state = f;
	return 0;
}

static void listen_somewhere(struct fixture *f)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_ANY)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr *any = f->is_ipv6 ? (struct sockaddr *)&in6 : (struct sockaddr *)&in;
	socklen_t n = f->is_ipv6 ? sizeof in6 : sizeof in;
	int small = 16384; /* so that a test is soon through the kernel's buffers */

	f->listen_fd = socket(any->sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(f->listen_fd >= 0);
	assert_int_equal(setsockopt(f->listen_fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
	assert_int_equal(setsockopt(f->listen_fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	assert_int_equal(bind(f->listen_fd, any, n), 0);
	assert_int_equal(listen(f->listen_fd, 1024), 0);
	assert_int_equal(getsockname(f->listen_fd, any, &n), 0);
	f->port = ntohs(f->is_ipv6 ? in6.sin6_port : in.sin_port);
}

static void on_stopped(void *owner)
{
	loop_stop(((struct fixture *)owner)->loop);
}

static void *run(void *arg)
{
	struct fixture *f = arg;
	struct err e = {0};

	if (loop_run(f->loop, f->gateway, &e) != RC_OK)
		(void)fprintf(stderr, "loop: %s\n", e.msg);
	return NULL;
}

void fixture_run(struct fixture *f)
{
	struct gateway_config config = {
		.number = 3, .epoch = UINT64_C(0x123456789ABCDEF), .limits = f->limits};

	listen_somewhere(f);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, f->link_fds), 0);
	assert_int_equal(loop_new(&f->loop, NULL), RC_OK);
	config.loop = f->loop;
	config.listen_fd = f->listen_fd;
	config.secure_fd = -1;
	config.link_fd = f->link_fds[0];
	config.on_stopped = on_stopped;
	config.owner = f;
	assert_int_equal(gateway_new(&config, &f->gateway, NULL), RC_OK);
	assert_int_equal(pthread_create(&f->thread, NULL, run, f), 0);
	f->is_running = true;
}

int fixture_free(void **state)
{
	struct fixture *f = *state;

	if (f->is_running) {
		loop_stop(f->loop);
		(void)pthread_join(f->thread, NULL);
	}
	gateway_free(f->gateway);
	loop_free(f->loop);
	if (f->is_running) {
		(void)close(f->listen_fd);
		(void)close(f->link_fds[0]);
		(void)close(f->link_fds[1]);
	}
	free(f);
	return 0;
}

/* ---- as a watch ---- */

int fixture_connect(const struct fixture *f, unsigned host)
{
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(f->port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	from.sin_addr.s_addr = htonl(0x7F000000u + host);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int small = 16384;
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

void fixture_send_bytes(int fd, const char *bytes, size_t n)
{
	assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

void fixture_send(int fd, const char *text)
{
	fixture_send_bytes(fd, text, strlen(text));
}

/* False: nothing came in time. */
static bool wait_readable(int fd, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, wait_ms) > 0;
}

void fixture_wants(int fd, const char *text)
{
	char got[4096] = "";
	size_t n = 0;
	size_t wanted = strlen(text);

	while (n < wanted) {
		if (!wait_readable(fd, WAIT_MS))
			fail_msg("waited for %s, got %s", text, got);
		ssize_t some = recv(fd, got + n, wanted - n, 0);
		if (some <= 0)
			fail_msg("waited for %s, got %s and the end", text, got);
		n += (size_t)some;
		got[n] = '\0';
	}
	assert_string_equal(got, text);
}

void fixture_wants_nothing(int fd)
{
	char byte = 0;

	if (wait_readable(fd, SHORT_MS))
		fail_msg("something came: %zd", recv(fd, &byte, 1, MSG_PEEK));
}

void fixture_wants_close(int fd)
{
	char bytes[256];
	ssize_t n = 1;

	while (n > 0) {
		if (!wait_readable(fd, WAIT_MS))
			fail_msg("the connection stays open");
		n = recv(fd, bytes, sizeof bytes, 0);
	}
	(void)close(fd);
}

/* ---- as the server ---- */

void fixture_tell(struct fixture *f, const struct message *m)
{
	uint8_t packet[4096];
	size_t n = 0;

	assert_int_equal(message_write(m, packet, sizeof packet, &n, NULL), RC_OK);
	assert_int_equal(send(f->link_fds[1], packet, n, 0), (ssize_t)n);
}

/* The next message of any type, or NULL. */
static const struct message *next(struct fixture *f, int wait_ms)
{
	struct err e = {0};

	if (f->rest.n == 0) {
		if (!wait_readable(f->link_fds[1], wait_ms))
			return NULL;
		ssize_t n = recv(f->link_fds[1], f->packet, sizeof f->packet, 0);
		if (n <= 0)
			return NULL;
		f->rest = (struct view){.p = f->packet, .n = (size_t)n};
	}
	if (message_read(&f->rest, MESSAGE_FROM_GATEWAY, &f->message, &e) != RC_OK)
		fail_msg("%s", e.msg);
	if (f->message.type == MESSAGE_STATS)
		memcpy(f->counters, f->message.stats.counters, sizeof f->counters);
	return &f->message;
}

const struct message *fixture_expect_any(struct fixture *f)
{
	const struct message *m = next(f, WAIT_MS);

	if (m == NULL)
		fail_msg("no message came");
	return m;
}

const struct message *fixture_expect(struct fixture *f, enum message_type type)
{
	int64_t end_ms = clock_mono_ms() + WAIT_MS;

	while (clock_mono_ms() < end_ms) {
		const struct message *m = next(f, WAIT_MS);
		if (m != NULL && m->type == type)
			return m;
	}
	fail_msg("no %s came", message_name(type));
	return NULL;
}

const struct message *fixture_expect_next(struct fixture *f, enum message_type type)
{
	const struct message *m = next(f, WAIT_MS);

	while (m != NULL && m->type == MESSAGE_STATS)
		m = next(f, WAIT_MS);
	if (m == NULL || m->type != type)
		fail_msg("%s came, not %s", m == NULL ? "nothing" : message_name(m->type),
			message_name(type));
	return m;
}

void fixture_expect_nothing(struct fixture *f)
{
	const struct message *m = next(f, SHORT_MS);

	while (m != NULL && m->type == MESSAGE_STATS)
		m = next(f, SHORT_MS);
	if (m != NULL)
		fail_msg("%s came", message_name(m->type));
}

void fixture_expect_counter(struct fixture *f, enum counter c, uint64_t least)
{
	while (f->counters[c] < least)
		(void)fixture_expect(f, MESSAGE_STATS);
}

void fixture_greet(struct fixture *f, uint64_t epoch)
{
	struct message m = {.type = MESSAGE_WELCOME, .welcome = {.epoch = epoch}};

	(void)fixture_expect_next(f, MESSAGE_HELLO);
	fixture_tell(f, &m);
	(void)fixture_expect_next(f, MESSAGE_ANNOUNCED);
}

int fixture_login(struct fixture *f, const char *id, uint64_t *ret_session)
{
	int fd = fixture_connect(f, 1);
	char text[64];

	(void)snprintf(text, sizeof text, "[3G*%s*0002*LK]", id);
	fixture_send(fd, text);
	fixture_wants(fd, text);
	const struct message *m = fixture_expect_next(f, MESSAGE_OPENED);
	assert_true(view_is(m->opened.id, view_of(id)));
	*ret_session = m->opened.session;
	m = fixture_expect_next(f, MESSAGE_REPORT);
	assert_int_equal(m->report.session, *ret_session);
	assert_int_equal(m->report.reply.kind, REPLY_NONE);
	return fd;
}
