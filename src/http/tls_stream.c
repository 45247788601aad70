#include "http/tls_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK_BYTES = 2048 };

struct tls_stream {
	struct MHD_Connection *connection;
	struct loop *loop;
	struct loop_fd handle; /* watched only while the connection sleeps */
	_Atomic(unsigned) *open;
	bool is_broken;
};

static void wake(struct tls_stream *t)
{
	MHD_resume_connection(t->connection); /* from here on t belongs to the request thread */
}

static void on_readable(void *owner, uint32_t epoll_events)
{
	struct tls_stream *t = owner;

	(void)epoll_events;
	loop_forget(t->loop, &t->handle);
	wake(t);
}

static void watch(void *arg)
{
	struct tls_stream *t = arg;

	if (loop_watch(t->loop, &t->handle, NULL) == RC_OK)
		return;
	t->is_broken = true;
	wake(t);
}

static ssize_t read_some(void *arg, uint64_t at, char *buf, size_t max)
{
	struct tls_stream *t = arg;

	(void)at;
	ssize_t n = t->is_broken ? 0 : recv(t->handle.fd, buf, max, MSG_DONTWAIT);
	if (n > 0)
		return n;
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		return MHD_CONTENT_READER_END_OF_STREAM;
	MHD_suspend_connection(t->connection);
	if (loop_post(t->loop, watch, t, NULL) != RC_OK) {
		t->is_broken = true;
		wake(t);
	}
	return 0;
}

/* Only called while the connection is awake, so the loop does not know t. */
static void free_stream(void *arg)
{
	struct tls_stream *t = arg;

	(void)close(t->handle.fd); /* the stream's next write fails and ends it */
	(void)atomic_fetch_sub(t->open, 1);
	free(t);
}

enum rc tls_stream_new(struct MHD_Connection *connection, struct loop *loop,
	_Atomic(unsigned) *open, struct MHD_Response **ret_owned, int *ret_fd, struct err *e)
{
	int pair[2];
	struct tls_stream *t = calloc(1, sizeof *t);

	if (t == NULL)
		return fail(e, RC_NOMEM, "stream: out of memory");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
		free(t);
		return fail_sys(e, "stream: no socket pair");
	}
	*t = (struct tls_stream){
		.connection = connection,
		.loop = loop,
		.open = open,
		.handle = {.fd = pair[1], .events = EPOLLIN, .fn = on_readable, .owner = t},
	};
	(void)atomic_fetch_add(open, 1);
	struct MHD_Response *r = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_some, t, free_stream);
	if (r == NULL) {
		free_stream(t);
		(void)close(pair[0]); /* nothing was written */
		return fail(e, RC_NOMEM, "stream: out of memory");
	}
	*ret_owned = r;
	*ret_fd = pair[0];
	return RC_OK;
}
