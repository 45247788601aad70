/* From a finished exchange to a response of libmicrohttpd. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "http/files.h"
#include "http/inside.h"
#include "http/problem_answer.h"
#include "http/session_json.h"
#include "http/trail.h"

enum {
	SESSION_AGE_S = 30 * 24 * 3600,
	PACK_MIN = 16 * 1024, /* bytes of an answer that is worth compressing */
};

static bool add(struct MHD_Response *r, const char *name, const char *value)
{
	return MHD_add_response_header(r, name, value) == MHD_YES;
}

/* What every answer of the API carries. */
static bool add_api_headers(
	const struct http_server *s, struct MHD_Response *r, const char *content_type)
{
	/* Nobody renders JSON, and it can only be read with the cookie, which other sites do not
	 * send. */
	bool is_json = content_type == NULL || strcmp(content_type, "application/json") == 0;

	return (content_type == NULL || add(r, "Content-Type", content_type)) &&
	       add(r, "Cache-Control", "no-store") && add(r, "X-Content-Type-Options", "nosniff") &&
	       (is_json || add(r, "Content-Security-Policy",
				   "default-src 'none'; frame-ancestors 'none'; sandbox")) &&
	       (is_json || add(r, "Cross-Origin-Resource-Policy", "same-origin")) &&
	       (!s->is_https || add(r, "Strict-Transport-Security", "max-age=31536000"));
}

static struct MHD_Response *make(
	const struct http_server *s, char *take_bytes, size_t n, const char *content_type)
{
	struct MHD_Response *r =
		n == 0 ? MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT)
		       : MHD_create_response_from_buffer(n, take_bytes, MHD_RESPMEM_MUST_FREE);

	if (r == NULL || n == 0)
		free(take_bytes);
	if (r != NULL && !add_api_headers(s, r, content_type)) {
		MHD_destroy_response(r);
		return NULL;
	}
	return r;
}

struct MHD_Response *answer_take_response(struct exchange *x)
{
	struct view text;

	if (json_out_finish(&x->out, &text, &x->err) != RC_OK)
		return NULL;
	return make(x->server, STEAL(x->out.text), text.n, "application/json");
}

bool answer_add_stream_headers(const struct http_server *s, struct MHD_Response *r)
{
	return add_api_headers(s, r, "text/event-stream") && add(r, "X-Accel-Buffering", "no");
}

bool answer_add_download_headers(const struct http_server *s, struct MHD_Response *r,
	const char *type, const char *file_name)
{
	char disposition[96];
	int n = snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", file_name);

	return n > 0 && (size_t)n < sizeof disposition && add_api_headers(s, r, type) &&
	       add(r, "Content-Disposition", disposition);
}

void answer_set_cookie(struct exchange *x, const char *token)
{
	(void)snprintf(x->set_cookie, sizeof x->set_cookie,
		"%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%d%s", x->server->cookie_name,
		token == NULL ? "" : token, token == NULL ? 0 : SESSION_AGE_S,
		x->server->is_https ? "; Secure" : "");
}

void answer_problem(struct exchange *x)
{
	json_out_reset(&x->out);
	x->status = problem_write(&x->problem, x->rc, &x->out);
	x->content_type = "application/problem+json";
	if (x->status < 500)
		return;
	if (x->status == 503 && x->problem.retry_after_s == 0)
		x->problem.retry_after_s = 2;
	log_event(x->status == 503 && x->rc != RC_IO ? LOG_WARN : LOG_ERROR, "http.failed",
		"route=\"%s %s\" rc=%s why=\"%s\"", x->route == NULL ? "-" : x->route->method,
		x->route == NULL ? "-" : x->route->path, rc_name(x->rc), x->err.msg);
}

void answer_pack(struct exchange *x)
{
	struct view text;
	size_t n = 0;

	if (x->is_refused || x->blob != NULL || x->out.n < PACK_MIN ||
		!head_accepts_gzip(&x->head) || json_out_finish(&x->out, &text, NULL) != RC_OK)
		return;
	x->blob = (uint8_t *)gzip_text(text, 1, &n);
	if (x->blob == NULL) /* then it goes as it is */
		return;
	x->blob_n = n;
	x->is_gzipped = true;
	x->content_type = "application/json";
	json_out_reset(&x->out);
}

/* The text of x as a response; x->status is final afterwards. */
static struct MHD_Response *make_from_text(struct exchange *x)
{
	struct view text = {0};

	if (x->blob != NULL && !x->is_refused) {
		x->status = x->status == 0 ? MHD_HTTP_OK : x->status;
		return make(x->server, (char *)STEAL(x->blob), x->blob_n, x->content_type);
	}
	if (!x->is_refused && x->out.n > 0 && json_out_finish(&x->out, &text, &x->err) != RC_OK) {
		x->rc = RC_BUG;
		x->problem = (struct problem){.code = "internal", .tries_left = -1};
		answer_problem(x);
	}
	if (x->out.n > 0 && json_out_finish(&x->out, &text, NULL) != RC_OK)
		return NULL;
	if (x->status == 0)
		x->status = text.n > 0 ? MHD_HTTP_OK : MHD_HTTP_NO_CONTENT;
	const char *type = x->content_type != NULL ? x->content_type : "application/json";
	return make(x->server, STEAL(x->out.text), text.n, text.n > 0 ? type : NULL);
}

static bool add_own_headers(struct exchange *x, struct MHD_Response *r)
{
	char text[ROUTE_METHODS_TEXT];

	if (x->set_cookie[0] != '\0' && !x->is_refused && !add(r, "Set-Cookie", x->set_cookie))
		return false;
	if (x->is_gzipped && !x->is_refused &&
		(!add(r, "Content-Encoding", "gzip") || !add(r, "Vary", "Accept-Encoding")))
		return false;
	if (x->must_close && !add(r, "Connection", "close"))
		return false;
	if (x->status == MHD_HTTP_UNAUTHORIZED && x->route != NULL &&
		x->route->access == ACCESS_PARTNER &&
		!add(r, "WWW-Authenticate", "Bearer error=\"invalid_token\""))
		return false;
	if (x->is_refused && x->problem.retry_after_s > 0) {
		(void)snprintf(text, sizeof text, "%u", x->problem.retry_after_s);
		if (!add(r, "Retry-After", text))
			return false;
	}
	if (x->known == NULL)
		return true;
	routes_methods(x->known, text);
	return add(r, "Allow", text);
}

enum MHD_Result answer_send(struct exchange *x)
{
	struct MHD_Response *r = NULL;
	bool is_ours = false;

	trail_end(x);
	if (x->is_refused) {
		answer_problem(x);
	} else if (x->is_file) {
		r = files_response(x->server->files, x->file, &x->head, &x->status);
	} else if (x->ready != NULL) {
		r = x->ready->response;
		x->status = MHD_HTTP_OK;
	} else if (x->stream != NULL) {
		r = x->stream;
		x->status = MHD_HTTP_OK;
	}
	if (r == NULL) {
		r = make_from_text(x);
		is_ours = true;
	}
	if (r == NULL)
		return MHD_NO;
	count_up(&x->server->counters
			  .answers[x->status / 100 < STATUS_CLASSES ? x->status / 100 : 0]);
	enum MHD_Result queued = is_ours && !add_own_headers(x, r)
					 ? MHD_NO
					 : MHD_queue_response(x->connection, x->status, r);
	if (is_ours)
		MHD_destroy_response(r);
	return queued;
}
