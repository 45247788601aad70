/* Where an event stream of a partner begins. */
#include "http/api.h"

#include <fcntl.h>
#include <unistd.h>

#include "http/inside.h"
#include "http/partner_streams.h"
#include "http/tls_stream.h"

static enum rc open_tls(struct exchange *x)
{
	struct http_server *s = x->server;
	int fd = -1;

	enum rc rc =
		tls_stream_new(x->connection, s->loop, &s->tls_streams, &x->stream, &fd, &x->err);
	if (rc != RC_OK)
		return rc;
	if (!answer_add_stream_headers(s, x->stream)) {
		(void)close(fd); /* nothing was written */
		return fail(&x->err, RC_NOMEM, "events: out of memory");
	}
	return partner_streams_open(
		s->partner_streams, fd, false, &x->caller, x->head.last_event_id, &x->problem);
}

/* As api_events: the stream gets a copy of the socket. */
enum rc partner_events(struct exchange *x, struct db *reader)
{
	(void)reader;
	if (x->server->is_tls)
		return open_tls(x);
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	int fd = info == NULL ? -1 : fcntl(info->connect_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return refuse(&x->problem, RC_LIMIT, "too_many_streams", NULL, NULL);
	enum rc rc = partner_streams_open(x->server->partner_streams, fd, true, &x->caller,
		x->head.last_event_id, &x->problem);
	x->is_stream = rc == RC_OK;
	return rc;
}
