/* The life of one request: head, body, work, answer. MHD calls exchange_on_request once with the
 * head, once for each piece of the body, once at its end, and once more when a suspended connection
 * was resumed. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "domain/pool.h"
#include "domain/wearer.h"
#include "http/inside.h"
#include "http/partner_access.h"
#include "http/peers.h"
#include "http/session_json.h"
#include "http/trail.h"

enum { ANSWER_TIME_MS = 120 * 1000 /* to take an answer */ };

static enum MHD_Result take_header(void *context, enum MHD_ValueKind kind, const char *name,
	size_t name_n, const char *value, size_t value_n)
{
	struct exchange *x = context;

	(void)kind;
	wire_form_field(&x->form, name, name_n, value, value_n);
	head_take(&x->head, (struct view){.p = name, .n = name_n},
		value == NULL ? VIEW("") : (struct view){.p = value, .n = value_n});
	return MHD_YES;
}

static void read_head(struct exchange *x, const char *method, const char *version)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

	x->head.certificate_header = view_of(x->server->settings->partner_certificate_header);
	wire_form_start(&x->form, x->uri, x->uri_n, version);
	(void)MHD_get_connection_values_n(x->connection, MHD_HEADER_KIND, take_header, x);
	if (x->server->is_form_checked &&
		!wire_form_end(&x->form, method, info == NULL ? 0 : info->header_size))
		x->head.bad =
			"A line of the head does not end with CR LF, is folded, or holds a NUL.";
}

static void find_peer(struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct address peer = {0};

	if (info != NULL && address_from_socket(info->client_addr, &peer)) {
		x->is_proxy_trusted = prefixes_hold(&x->server->trusted_proxy, &peer);
		x->address =
			address_of_client(&peer, &x->server->trusted_proxy, x->head.forwarded_for);
	}
	info = MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	x->peer = info == NULL ? NULL : info->socket_context;
}

/* A client that sends head and body apart waits for the acknowledgement of the head (Nagle), which
 * the kernel would hold back for 40 ms. */
static void hurry_body(const struct exchange *x)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	int one = 1;

	if (info != NULL) /* a failure costs those 40 ms */
		(void)setsockopt(info->connect_fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof one);
}

static void refuse_exchange(struct exchange *x, enum rc rc)
{
	x->rc = rc;
	x->is_refused = true;
}

static bool grow(struct exchange *x, size_t n, size_t max)
{
	size_t wanted = x->raw_capacity == 0 ? 1024 : x->raw_capacity * 2;

	if (n > max)
		return false;
	if (n <= x->raw_capacity)
		return true;
	wanted = wanted < n ? n : wanted > max ? max : wanted;
	char *grown = realloc(x->raw, wanted);
	if (grown == NULL)
		return false;
	x->raw = grown;
	x->raw_capacity = wanted;
	return true;
}

size_t exchange_body_max(const struct exchange *x, enum body_kind kind)
{
	return kind == BODY_PICTURE ? PICTURE_MAX
	       : kind == BODY_SOUND ? SOUND_MAX
				    : x->server->settings->body_max;
}

/* MHD_NO ends the connection. */
static enum MHD_Result take_upload(struct exchange *x, const char *upload, size_t n)
{
	bool is_picture = x->route != NULL && x->route->body_kind == BODY_PICTURE;
	size_t max = exchange_body_max(x, x->route == NULL ? BODY_NONE : x->route->body_kind);

	if (!x->is_refused && (x->route == NULL || x->route->body_kind == BODY_NONE))
		refuse_exchange(x, refuse(&x->problem, RC_SYNTAX, "request_bad", NULL, NULL));
	if (!x->is_refused && !grow(x, x->raw_n + n, max)) {
		count_up(&x->server->counters.limit_body);
		refuse_exchange(x,
			refuse(&x->problem, RC_LIMIT,
				is_picture ? "picture_too_large" : "body_too_large", NULL, NULL));
	}
	if (x->is_refused) {
		x->discarded_n += n;
		return x->discarded_n > DISCARD_MAX ? MHD_NO : MHD_YES;
	}
	memcpy(x->raw + x->raw_n, upload, n);
	x->raw_n += n;
	return MHD_YES;
}

static enum rc read_body(struct exchange *x)
{
	struct view text = {.p = x->raw, .n = x->raw_n};

	if (x->route->body_kind == BODY_OBJECT)
		return body_read_any(text, &x->parsed, &x->problem);
	if (x->route->body_kind != BODY_JSON)
		return RC_OK;
	return body_read(text, x->route->body, &x->body, &x->parsed, &x->problem);
}

/* What is not yours answers 404 whatever the body holds, so an object in the path is checked before
 * the body is read; one in the body can only be checked after it. */
static bool is_body_read_first(const struct route *r)
{
	return r->place != OBJECT_IN_PATH;
}

static void execute(struct exchange *x, struct db *reader)
{
	enum rc rc = access_check_object(x, reader);

	if (rc == RC_OK && x->route->path_word != NULL)
		rc = access_check_word(x, reader);
	if (rc == RC_OK && !is_body_read_first(x->route))
		rc = read_body(x);
	if (rc == RC_OK && x->route->path_word == NULL)
		rc = access_check_word(x, reader);
	if (rc == RC_OK)
		rc = x->route->run(x, reader);
	if (x->route->access == ACCESS_PARTNER)
		partner_access_end(x, reader, rc);
	if (rc != RC_OK)
		refuse_exchange(x, rc);
}

static void in_pool(struct db *reader, void *arg)
{
	struct exchange *x = arg;
	struct http_server *s = x->server;

	execute(x, reader);
	answer_pack(x);
	atomic_store(&x->state, EXCHANGE_DONE);
	MHD_resume_connection(x->connection); /* from here on x belongs to the request thread */
	(void)atomic_fetch_sub(&s->pending, 1);
}

/* Lets a pool do the work; the connection sleeps meanwhile. */
static enum MHD_Result run_in_pool(struct exchange *x)
{
	struct http_server *s = x->server;
	struct pool *pool = x->route->where == RUN_HASH ? x->domain->pool : s->pool;

	(void)atomic_fetch_add(&s->pending, 1);
	atomic_store(&x->state, EXCHANGE_RUNNING);
	peer_set_deadline(x->peer, PEER_WORK, INT64_MAX);
	MHD_suspend_connection(x->connection);
	enum rc rc = pool_post(pool, in_pool, x, &x->err);
	if (rc != RC_OK) {
		count_up(&s->counters.limit_pool_queue);
		refuse_exchange(x, refuse(&x->problem, rc, "busy", NULL, NULL));
		x->problem.retry_after_s = 2;
		atomic_store(&x->state, EXCHANGE_DONE);
		MHD_resume_connection(x->connection);
		(void)atomic_fetch_sub(&s->pending, 1);
	}
	return MHD_YES;
}

static enum MHD_Result run_here(struct exchange *x)
{
	struct db *reader = server_take_reader(x->server);

	if (reader == NULL)
		refuse_exchange(x, refuse(&x->problem, RC_LIMIT, "busy", NULL, NULL));
	else
		execute(x, reader);
	server_give_reader(x->server, reader);
	/* A stream has its own copy of the socket: MHD closes its one, forgets the request. */
	if (!x->is_stream)
		return answer_send(x);
	trail_end(x);
	return MHD_NO;
}

static enum MHD_Result run(struct exchange *x)
{
	if (!x->is_refused && x->route != NULL) {
		enum rc rc = RC_OK;
		if (atomic_load(&x->server->is_stopping))
			rc = refuse(&x->problem, RC_LIMIT, "busy", NULL, NULL);
		else if (is_body_read_first(x->route))
			rc = read_body(x);
		if (rc != RC_OK)
			refuse_exchange(x, rc);
	}
	peer_set_deadline(x->peer, PEER_ANSWER, x->now_ms + ANSWER_TIME_MS);
	if (x->is_refused || x->is_file || x->route == NULL)
		return answer_send(x);
	switch (x->route->where) {
	case RUN_HERE:
	case RUN_STREAM:
		return run_here(x);
	case RUN_POOL:
	case RUN_HASH:
		return run_in_pool(x);
	}
	return MHD_NO;
}

void *exchange_on_uri(void *server, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *x = calloc(1, sizeof *x);
	struct http_server *s = server;

	if (x == NULL)
		return NULL;
	x->server = s;
	x->domain = s->domain;
	x->connection = connection;
	x->uri = uri;
	x->uri_n = strlen(uri);
	x->now_ms = clock_mono_ms();
	x->problem.tries_left = -1;
	return x;
}

static enum MHD_Result begin(
	struct exchange *x, const char *url, const char *method, const char *version)
{
	struct http_server *s = x->server;

	atomic_store(&x->state, EXCHANGE_HEAD);
	read_head(x, method, version);
	find_peer(x);
	json_out_init(&x->out, ANSWER_MAX);
	enum rc rc = access_check_head(x, view_of(method), view_of(url));
	/* Whatever comes behind an ambiguous head, in chunks, or is more than we would throw away,
	 * is not read; so nothing behind it can be taken for a request. */
	x->must_close = x->must_close || x->head.bad != NULL || x->head.has_transfer_encoding ||
			x->head.length > DISCARD_MAX;
	if (rc != RC_OK)
		refuse_exchange(x, rc);
	count_up(&s->counters.requests[x->route == NULL ? RATE_NONE : x->route->rate]);
	peer_set_deadline(x->peer, PEER_BODY, x->now_ms + s->settings->body_s * INT64_C(1000));
	if (x->is_refused && x->must_close)
		return answer_send(x);
	if (x->head.length > 0)
		hurry_body(x);
	return MHD_YES; /* an answer in the first call would close the connection behind it */
}

enum MHD_Result exchange_on_request(void *server, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *upload,
	size_t *upload_n, void **context)
{
	struct exchange *x = *context;

	(void)server;
	(void)connection;
	if (x == NULL) /* out of memory */
		return MHD_NO;
	if (atomic_load(&x->state) == EXCHANGE_NEW)
		return begin(x, url, method, version);
	if (*upload_n > 0) {
		size_t n = *upload_n;
		*upload_n = 0;
		return take_upload(x, upload, n);
	}
	switch (atomic_load(&x->state)) {
	case EXCHANGE_HEAD:
		return run(x);
	case EXCHANGE_DONE:
		x->now_ms = clock_mono_ms();
		peer_set_deadline(x->peer, PEER_ANSWER, x->now_ms + ANSWER_TIME_MS);
		return answer_send(x);
	case EXCHANGE_NEW:
	case EXCHANGE_RUNNING:
		break;
	}
	return MHD_YES;
}

void exchange_on_end(void *server, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode why)
{
	struct http_server *s = server;
	struct exchange *x = *context;

	(void)connection;
	(void)why;
	if (x == NULL)
		return;
	*context = NULL;
	/* The head's time will do for what was answered at once: a clock call less for each
	 * request. */
	int64_t now_ms = x->raw == NULL ? x->now_ms : clock_mono_ms();
	peer_set_deadline(x->peer, PEER_IDLE, now_ms + s->settings->idle_s * INT64_C(1000));
	json_out_done(&x->out);
	if (x->parsed != NULL)
		body_forget(x->route->body, &x->body);
	if (x->raw != NULL)
		sodium_memzero(x->raw, x->raw_n); /* it may hold a password */
	sodium_memzero(x->set_cookie, sizeof x->set_cookie);
	body_free(x->parsed);
	free(x->raw);
	free(x->blob);
	shared_answer_unref(x->ready);
	if (x->stream != NULL)
		MHD_destroy_response(x->stream);
	free(x);
}
