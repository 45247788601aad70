/* What the files of this room share: one request (struct exchange) and the server. Nobody outside
 * src/http includes this. */
#pragma once

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/address.h"
#include "base/json_out.h"
#include "domain/account.h"
#include "domain/audit.h"
#include "domain/domain.h"
#include "domain/partner_token.h"
#include "http/bodies.h"
#include "http/body.h"
#include "http/head.h"
#include "http/rate.h"
#include "http/routes.h"
#include "http/server.h"
#include "http/wire_form.h"

struct files;
struct partner_streams;
struct peer;
struct peers;
struct pool;
struct quota;
struct sessions_json;
struct shared_answer;
struct streams;

enum {
	READERS_MAX = 17,              /* reader connections for the request threads */
	ANSWER_MAX = 16 * 1024 * 1024, /* bytes of one JSON answer: 20,000 fixes fit */
	DISCARD_MAX =
		1024 * 1024,    /* bytes of a refused body that are read, so that the answer is */
	SOUND_MAX = 256 * 1024, /* bytes of a recorded voice: 15 s are 240,044 */
	QUERY_MAX = 256,        /* bytes of all values of a query */
	POOL_THREADS = 4,
	POOL_QUEUE_MAX = 1024,
	STATUS_CLASSES = 6,
};

enum exchange_state { EXCHANGE_NEW, EXCHANGE_HEAD, EXCHANGE_RUNNING, EXCHANGE_DONE };

struct exchange {
	struct http_server *server;
	struct domain *domain;
	struct MHD_Connection *connection;
	const struct route *route; /* NULL: an app file, or refused */
	_Atomic(enum exchange_state) state;
	const char *uri; /* as it came */
	size_t uri_n;
	struct head head;
	struct wire_form form;
	bool must_close; /* after the answer */
	bool is_refused; /* `rc` and `problem` say why */
	bool is_stream;  /* handed over: MHD lets go of the connection */
	enum rc rc;
	struct problem problem;
	struct principal who;
	struct partner_caller caller; /* with ACCESS_PARTNER */
	struct act act;               /* trail.h */
	bool is_trail_ended;
	int64_t now_ms;         /* monotonic, when the head came */
	struct address address; /* of the client */
	bool is_proxy_trusted;  /* the peer is in trusted_proxy */
	struct peer *peer;      /* deadlines of the connection; may be NULL */
	struct uid ids[ROUTE_IDS_MAX];
	struct view word; /* in the path */
	char word_text[ROUTE_WORD_MAX];
	struct uid group;       /* that owns the object, after the check */
	struct verdict verdict; /* of the check: what the handler hands to domain/approval.h */
	size_t file;            /* index of the app file when route is NULL */
	bool is_file;
	const struct route *known; /* with method_not_allowed */
	/* the body */
	char *raw;
	size_t raw_n, raw_capacity, discarded_n;
	struct body *parsed;
	union body_values body;
	union query_values query;
	char query_text[QUERY_MAX]; /* of the values */
	size_t query_n;
	/* the answer */
	unsigned status; /* 0: 200, or 204 without text */
	struct json_out out;
	uint8_t *blob; /* owned; instead of out */
	size_t blob_n;
	bool is_gzipped;                  /* blob is out, compressed */
	const char *content_type;         /* static; NULL: application/json */
	struct shared_answer *ready;      /* one reference; instead of all above */
	struct MHD_Response *stream;      /* owned; the same */
	char set_cookie[TOKEN_TEXT + 96]; /* "" when none */
	struct err err;
};

struct counters {
	_Atomic(uint64_t) requests[RATE_CLASS_COUNT];
	_Atomic(uint64_t) answers[STATUS_CLASSES]; /* by first digit of the status */
	_Atomic(uint64_t) limit_partner, limit_requests, limit_body, limit_pool_queue,
		limit_address, limit_connections;
};

struct http_server {
	const struct http_settings *settings;
	struct domain *domain;
	struct MHD_Daemon *daemon;
	struct pool *pool;
	struct rate *rate;
	struct files *files;
	struct loop *loop; /* streams and deadlines */
	pthread_t loop_thread;
	struct peers *peers;
	struct quota *connections; /* by address */
	struct streams *streams;
	struct partner_streams *partner_streams;
	struct sessions_json *sessions_json;
	struct prefixes metrics_from, trusted_proxy;
	struct view public_origin; /* of public_url; empty when not set */
	struct view public_authority;
	bool is_https;        /* people reach us by HTTPS, by ourselves or by a proxy */
	bool is_tls;          /* by ourselves */
	bool is_form_checked; /* wire_form.h knows this libmicrohttpd */
	char *certificate, *key;
	char tls_priorities[64];
	const char *cookie_name;
	char page_policy[512];                     /* Content-Security-Policy of the app's pages */
	_Atomic(struct db *) readers[READERS_MAX]; /* NULL: taken, or never opened */
	_Atomic(unsigned) pending;                 /* requests in pools */
	_Atomic(unsigned) tls_streams;             /* answers of tls_stream.h */
	int64_t started_ms;                        /* monotonic */
	_Atomic(bool) is_stopping;
	struct counters counters;
	bool has_loop_thread;
};

/* exchange.c: called by MHD. The first makes the exchange; the last frees it. */
void *exchange_on_uri(void *server, const char *uri, struct MHD_Connection *connection);
enum MHD_Result exchange_on_request(void *server, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *upload,
	size_t *upload_n, void **context);
void exchange_on_end(void *server, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode why);

/* Bytes that a body of this kind may have. */
size_t exchange_body_max(const struct exchange *x, enum body_kind kind);

/* access.c: everything that is decided from the head alone. Sets x->route or x->is_file, x->who; on
 * refusal x->rc and x->problem. */
MUST_CHECK enum rc access_check_head(struct exchange *x, struct view method, struct view path);
/* The right on the object, with a reader: before the body is read when the path names the object,
 * after it when the body does. */
MUST_CHECK enum rc access_check_object(struct exchange *x, struct db *reader);
/* One more right on the object of the route, for handlers: some fields need more than others. Sets
 * x->verdict; may_wait as in routes.h. */
MUST_CHECK enum rc access_check_right(
	struct exchange *x, struct db *reader, enum right right, bool may_wait);
/* The right that the read body asks for by its first member (route.words). */
MUST_CHECK enum rc access_check_word(struct exchange *x, struct db *reader);

/* api_approval.c: the answer 202 with the Approval that waits. */
MUST_CHECK enum rc api_approval_pending(
	struct exchange *x, struct db *reader, const struct uid *approval);

/* The same as a member of an open object. */
MUST_CHECK enum rc api_approval_write(
	struct exchange *x, struct db *reader, const char *key, const struct uid *approval);

/* answer.c: queues the answer of x. */
enum MHD_Result answer_send(struct exchange *x);
/* The refusal as JSON into x->out. */
void answer_problem(struct exchange *x);
/* Compresses a long JSON answer when the client takes that; for pool threads. */
void answer_pack(struct exchange *x);
/* x->out as a finished response with the headers of the API; NULL when it is not well-formed or
 * memory is out. */
struct MHD_Response *answer_take_response(struct exchange *x);
MUST_CHECK bool answer_add_stream_headers(const struct http_server *s, struct MHD_Response *r);
/* Of a file that is saved, not shown; the name is ASCII without quotes. */
MUST_CHECK bool answer_add_download_headers(const struct http_server *s, struct MHD_Response *r,
	const char *type, const char *file_name);
/* The cookie that signs in (token) or out (NULL) into x->set_cookie. */
void answer_set_cookie(struct exchange *x, const char *token);

/* api_service.c: a text as it is. */
MUST_CHECK enum rc answer_text(struct exchange *x, struct view text, const char *type);

/* server.c: a reader connection for one short use; NULL when none is free (each request thread has
 * one). */
struct db *server_take_reader(struct http_server *s);
void server_give_reader(struct http_server *s, struct db *reader);

static inline void count_up(_Atomic(uint64_t) *counter)
{
	(void)atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}
