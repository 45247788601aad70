/* Whole sessions: what a watch sends, in pieces, and what a server that was taken over sends, while
 * a real gateway works between them. Input: a list of (kind, length, bytes): kind 0 = bytes of the
 * watch, 1 = a packet of the server, 2 = a message of the server that is well formed up to its last
 * field, 3 = the watch reads nothing more. Everything that the gateway tells must be readable by a
 * server. */
#include "fuzz.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gateway/state.h"
#include "watch/reply.h"

enum { ROUNDS = 3, PIECE_MAX = 4096 };

struct world {
	struct loop *loop;
	struct gateway *gateway;
	int link_fds[2];
	int watch_fds[2];
	uint64_t session;
	char packet[MESSAGE_PACKET_MAX];
	struct message message;
};

static void stop(void *arg)
{
	loop_stop(arg);
}

/* Some turns of the loop. */
static void turn(struct world *w)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (loop_post(w->loop, stop, w->loop, NULL) != RC_OK ||
			loop_run(w->loop, w->gateway, NULL) != RC_OK)
			abort();
	}
}

/* The server reads everything, and finds nothing that it must refuse. */
static void read_as_server(struct world *w)
{
	for (;;) {
		ssize_t n = recv(w->link_fds[1], w->packet, sizeof w->packet, MSG_DONTWAIT);
		if (n <= 0)
			return;
		struct view in = {.p = w->packet, .n = (size_t)n};
		while (in.n > 0) {
			if (message_read(&in, MESSAGE_FROM_GATEWAY, &w->message, NULL) != RC_OK)
				abort();
			if (w->message.type == MESSAGE_OPENED)
				w->session = w->message.opened.session;
			if (w->message.type == MESSAGE_REPORT &&
				w->message.report.session != w->session)
				abort();
		}
	}
}

static void send_message(struct world *w, struct message *m)
{
	uint8_t bytes[MESSAGE_BODY_MAX];
	size_t n = 0;

	if (message_write(m, bytes, sizeof bytes, &n, NULL) == RC_OK)
		(void)!send(w->link_fds[1], bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* A command, an answer or a standing for the session that is open, with the input as its content.
 */
static void send_for_session(struct world *w, struct view bytes)
{
	struct message m = {
		.type = MESSAGE_COMMAND, .command = {.session = w->session, .packed = bytes}};

	if (bytes.n > 0 && bytes.p[0] % 3 == 1) {
		m = (struct message){.type = MESSAGE_STANDING,
			.standing = {.session = w->session,
				.standing = (enum standing)(1 + bytes.n % 3)}};
	} else if (bytes.n > 0 && bytes.p[0] % 3 == 2) {
		m = (struct message){.type = MESSAGE_ANSWER, .answer = {.session = w->session}};
		if (reply_unpack(bytes, &m.answer.reply, NULL) != RC_OK)
			m.answer.reply = (struct reply){.kind = REPLY_AL, .keyword = "AL"};
	}
	send_message(w, &m);
}

static void act(struct world *w, unsigned kind, struct view bytes)
{
	if (kind == 0)
		(void)!send(w->watch_fds[1], bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (kind == 1 && bytes.n > 0)
		(void)!send(w->link_fds[1], bytes.p, bytes.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	else if (kind == 2)
		send_for_session(w, bytes);
	else
		(void)shutdown(w->watch_fds[1], SHUT_RD);
	turn(w);
	read_as_server(w);
}

static void build(struct world *w)
{
	struct gateway_config config = {.epoch = 1,
		.limits = {.connections_max = 4,
			.connections_per_address_max = 4,
			.first_frame_s = 30,
			.header_s = 10,
			.frame_s = 30,
			.idle_s = 1800,
			.bytes_per_s_min = 64,
			.junk_max = FRAME_JUNK_MAX,
			.read_buffers_max = 262144,
			.send_buffer_max = 2048,
			.frames_per_s_max = UINT16_MAX,
			.reports_per_device_burst = 100,
			.reports_per_device_interval_s = 5,
			.replays_per_device_burst = 100,
			.link_queue_max = 65536}};
	struct peer peer = {.port = 1};

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, w->link_fds) != 0 ||
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, w->watch_fds) != 0 ||
		loop_new(&w->loop, NULL) != RC_OK)
		abort();
	config.loop = w->loop;
	config.listen_fd = dup(w->link_fds[1]); /* never accepted from */
	config.secure_fd = -1;
	config.link_fd = w->link_fds[0];
	if (gateway_new(&config, &w->gateway, NULL) != RC_OK)
		abort();
	listener_stop(w->gateway);
	(void)close(config.listen_fd);
	connection_start(w->gateway, w->watch_fds[0], &peer, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct world *w = &world;
	struct view in = {.p = (const char *)data, .n = size};
	struct view head;
	struct view bytes;

	w->session = 0;
	build(w);
	while (view_cut(&in, 3, &head)) {
		unsigned kind = (uint8_t)head.p[0] & 3u;
		size_t n = ((size_t)(uint8_t)head.p[1] << 8 | (uint8_t)head.p[2]) % PIECE_MAX;
		if (n > in.n)
			n = in.n;
		if (!view_cut(&in, n, &bytes))
			break;
		act(w, kind, bytes);
	}
	(void)close(w->watch_fds[1]);
	turn(w);
	read_as_server(w);
	gateway_free(w->gateway); /* closes the watch's other descriptor */
	loop_free(w->loop);
	(void)close(w->link_fds[0]);
	(void)close(w->link_fds[1]);
	return 0;
}
