/* Bytes on their way to a watch. Usually the socket takes them at once; what it does not take waits
 * in a buffer of bounded size, and a watch that does not read is closed. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "gateway/state.h"

enum { SEND_BUFFER_FIRST = 2048 };

struct pending_command {
	struct uid id;
	size_t end; /* it is sent when so many bytes of the buffer are */
};

struct send_buffer {
	size_t size;
	size_t from, to; /* unsent bytes */
	unsigned commands_n;
	struct pending_command commands[COMMANDS_PENDING_MAX];
	char bytes[];
};

static void tell_sent(struct connection *c, const struct uid *command)
{
	struct gateway *g = c->gateway;

	g->message.type = MESSAGE_SENT;
	g->message.sent = (struct message_sent){.session = c->session, .command = *command};
	(void)gateway_tell(g, true); /* refused: the server repeats what it may repeat */
	count(g, COUNTER_COMMANDS_SENT, 1);
}

static bool watch_for(struct connection *c, uint32_t epoll_events)
{
	struct err e;

	if (loop_rewatch(c->gateway->loop, &c->handle, epoll_events, &e) == RC_OK)
		return true;
	connection_close(c, CLOSE_PEER);
	return false;
}

/* How much the socket took; -1: the connection is closed. */
static ssize_t send_some(struct connection *c, const char *bytes, size_t n)
{
	bool is_secure = (c->flags & CONNECTION_SECURE) != 0;
	ssize_t sent = is_secure ? secure_send(c, bytes, n)
				 : send(c->handle.fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent >= 0) {
		count(c->gateway, COUNTER_BYTES_OUT, (uint64_t)sent);
		return sent;
	}
	if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS)
		return 0;
	connection_close(c, CLOSE_PEER);
	return -1;
}

/* Room for `need` bytes behind what waits: usually little, with a voice message more. False: over
 * the limit, or no memory. */
static bool make_room(struct connection *c, size_t need)
{
	struct gateway *g = c->gateway;
	struct send_buffer **out = connection_out(c);
	size_t limit = g->config.limits.send_buffer_max;
	size_t had = *out == NULL ? 0 : sizeof **out + (*out)->size;
	size_t used = *out == NULL ? 0 : (*out)->to;
	size_t size = *out == NULL ? SEND_BUFFER_FIRST : (*out)->size;

	if (used > limit || need > limit - used)
		return false;
	while (size < used + need)
		size *= 2;
	size = size < limit ? size : limit;
	if (*out != NULL && (*out)->size >= size)
		return true;
	struct send_buffer *grown = realloc(*out, sizeof *grown + size);
	if (grown == NULL)
		return false;
	if (*out == NULL)
		*grown = (struct send_buffer){.size = 0};
	grown->size = size;
	*out = grown;
	g->send_buffer_bytes += sizeof *grown + size - had;
	return true;
}

static bool keep(struct connection *c, const char *bytes, size_t n, const struct uid *command)
{
	struct send_buffer *out = *connection_out(c);

	if (out != NULL && out->from > 0) {
		memmove(out->bytes, out->bytes + out->from, out->to - out->from);
		for (unsigned i = 0; i < out->commands_n; i++)
			out->commands[i].end -= out->from;
		out->to -= out->from;
		out->from = 0;
	}
	bool is_full = command != NULL && out != NULL && out->commands_n == COMMANDS_PENDING_MAX;
	if (is_full || !make_room(c, n)) {
		count(c->gateway, COUNTER_LIMIT_SEND_BUFFER_MAX, 1);
		connection_close(c, CLOSE_SLOW_READER);
		return false;
	}
	out = *connection_out(c);
	memcpy(out->bytes + out->to, bytes, n);
	out->to += n;
	if (command != NULL)
		out->commands[out->commands_n++] =
			(struct pending_command){.id = *command, .end = out->to};
	return watch_for(c, c->handle.events | EPOLLOUT);
}

bool sending_write(struct connection *c, const char *bytes, size_t n, const struct uid *command)
{
	size_t sent = 0;

	if (*connection_out(c) == NULL) {
		ssize_t some = send_some(c, bytes, n);
		if (some < 0)
			return false;
		sent = (size_t)some;
	}
	if (sent < n)
		return keep(c, bytes + sent, n - sent, command);
	if (command != NULL)
		tell_sent(c, command);
	return true;
}

void sending_done(struct connection *c)
{
	struct send_buffer **out = connection_out(c);

	if (*out == NULL)
		return;
	c->gateway->send_buffer_bytes -= sizeof **out + (*out)->size;
	free(*out);
	*out = NULL;
}

void sending_go_on(struct connection *c)
{
	struct send_buffer *out = *connection_out(c);

	if (out == NULL) {
		(void)watch_for(c, c->handle.events & ~(uint32_t)EPOLLOUT);
		return;
	}
	ssize_t sent = send_some(c, out->bytes + out->from, out->to - out->from);
	if (sent < 0)
		return;
	out->from += (size_t)sent;
	unsigned done = 0;
	while (done < out->commands_n && out->commands[done].end <= out->from)
		tell_sent(c, &out->commands[done++].id);
	out->commands_n -= done;
	memmove(out->commands, out->commands + done, out->commands_n * sizeof *out->commands);
	if (out->from < out->to)
		return;
	sending_done(c);
	(void)watch_for(c, c->handle.events & ~(uint32_t)EPOLLOUT);
}
