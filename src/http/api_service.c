/* The state of the server: health, metrics, description, status, the operator's view, and the event
 * stream's start. */
#include "http/api.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "domain/metrics.h"
#include "domain/operator_view.h"
#include "domain/web_session.h"
#include "http/files.h"
#include "http/inside.h"
#include "http/openapi_text.h"
#include "http/peers.h"
#include "http/quota.h"
#include "http/streams.h"
#include "http/tls_stream.h"

enum rc answer_text(struct exchange *x, struct view text, const char *type)
{
	x->blob = malloc(text.n + 1);
	if (x->blob == NULL)
		return fail(&x->err, RC_NOMEM, "answer: out of memory");
	memcpy(x->blob, text.p, text.n);
	x->blob_n = text.n;
	x->content_type = type;
	return RC_OK;
}

enum rc api_health(struct exchange *x, struct db *reader)
{
	bool is_needed;

	/* Any read shows that the database answers. */
	enum rc rc = account_is_setup_needed(reader, &is_needed, &x->err);
	if (rc != RC_OK)
		return refuse(&x->problem, rc, "busy", NULL, NULL);
	return answer_text(x, VIEW("ok\n"), "text/plain; charset=utf-8");
}

enum rc api_description(struct exchange *x, struct db *reader)
{
	(void)reader;
	return answer_text(x, (struct view){.p = openapi_text, .n = openapi_text_n},
		"application/yaml; charset=utf-8");
}

enum rc api_status(struct exchange *x, struct db *reader)
{
	const struct http_settings *s = x->server->settings;
	struct json_out *j = &x->out;
	bool is_needed = false;

	enum rc rc = account_is_setup_needed(reader, &is_needed, &x->err);
	json_object(j, NULL);
	json_text(j, "version", VIEW(KINWARD_VERSION));
	json_bool(j, "setup_needed", is_needed);
	json_text(j, "public_host", view_of(s->public_host));
	json_int(j, "watch_port", s->watch_port);
	json_bool(j, "demo_watch", x->domain->settings.is_demo_watch_on);
	json_object(j, "map");
	json_text(j, "kind", view_of(s->map_kind));
	if (s->map_url[0] != '\0' && strcmp(s->map_kind, "builtin") != 0)
		json_text(j, "url", view_of(s->map_url));
	if (s->map_attribution[0] != '\0')
		json_text(j, "attribution", view_of(s->map_attribution));
	json_end(j);
	json_bool(j, "https", x->server->is_https);
	json_text(j, "second_factor",
		x->domain->settings.is_second_factor_required ? VIEW("required")
							      : VIEW("optional"));
	json_end(j);
	return rc;
}

/* ---- metrics ---- */

struct metrics_writer {
	FILE *out;
	char last[96]; /* the name whose help was written last */
};

static void write_metric(void *ctx, const struct metric *m)
{
	struct metrics_writer *w = ctx;

	if (strcmp(w->last, m->name) != 0) {
		(void)fprintf(w->out, "# HELP %s %s\n# TYPE %s %s\n", m->name, m->help, m->name,
			m->is_gauge ? "gauge" : "counter");
		(void)snprintf(w->last, sizeof w->last, "%s", m->name);
	}
	if (m->label[0] != '\0')
		(void)fprintf(w->out, "%s{%s} %.15g\n", m->name, m->label, m->value);
	else
		(void)fprintf(w->out, "%s %.15g\n", m->name, m->value);
}

static void own_metric(struct metrics_writer *w, const char *name, const char *help, bool is_gauge,
	const char *label, uint64_t value)
{
	struct metric m = {
		.name = name, .help = help, .is_gauge = is_gauge, .value = (double)value};

	(void)snprintf(m.label, sizeof m.label, "%s", label);
	write_metric(w, &m);
}

static void write_requests(struct metrics_writer *w, const struct counters *c)
{
	char label[48];

	for (unsigned i = RATE_NONE; i < RATE_CLASS_COUNT; i++) {
		(void)snprintf(
			label, sizeof label, "class=\"%s\"", rate_class_name((enum rate_class)i));
		own_metric(w, "kinward_http_requests_total", "Requests by rate class.", false,
			label, atomic_load(&c->requests[i]));
	}
	for (unsigned i = 2; i < STATUS_CLASSES; i++) {
		(void)snprintf(label, sizeof label, "status=\"%uxx\"", i);
		own_metric(w, "kinward_http_answers_total", "Answers by status.", false, label,
			atomic_load(&c->answers[i]));
	}
}

static void write_streams(struct metrics_writer *w, struct streams *streams)
{
	struct streams_stats s;

	streams_read_stats(streams, &s);
	own_metric(w, "kinward_event_streams", "Open event streams.", true, "", s.open);
	own_metric(w, "kinward_event_streams_opened_total", "Event streams opened.", false, "",
		s.opened);
	own_metric(w, "kinward_event_streams_dropped_total", "Event streams that were too slow.",
		false, "", s.dropped);
	own_metric(w, "kinward_events_total", "Events that somebody heard.", false, "", s.events);
	own_metric(
		w, "kinward_events_sent_total", "Texts sent to event streams.", false, "", s.sent);
}

typedef void own_limit_fn(void *ctx, const char *name, const char *help, uint64_t count);

/* The limits that are kept in this room, named like their setting. */
static void each_own_limit(const struct http_server *s, own_limit_fn *fn, void *ctx)
{
	const struct counters *c = &s->counters;
	struct streams_stats streams;

	streams_read_stats(s->streams, &streams);
	fn(ctx, "http_requests_per_s", "Requests refused: too fast.",
		atomic_load(&c->limit_requests));
	fn(ctx, "partner_requests", "Requests of partners refused: too many.",
		atomic_load(&c->limit_partner));
	fn(ctx, "http_body_max", "Requests refused: body too large.", atomic_load(&c->limit_body));
	fn(ctx, "http_queue", "Requests refused: a queue for work was full.",
		atomic_load(&c->limit_pool_queue));
	fn(ctx, "http_connections_max", "Times that all places for web connections were taken.",
		atomic_load(&c->limit_connections));
	fn(ctx, "http_connections_per_address_max", "Web connections refused: one address.",
		atomic_load(&c->limit_address));
	fn(ctx, "http_header_s", "Web connections ended: no whole head in time.",
		peers_late(s->peers, PEER_HEAD));
	fn(ctx, "http_body_s", "Web connections ended: no whole body in time.",
		peers_late(s->peers, PEER_BODY));
	fn(ctx, "http_idle_s", "Web connections ended: idle, or the answer not taken.",
		peers_late(s->peers, PEER_IDLE) + peers_late(s->peers, PEER_ANSWER));
	fn(ctx, "sse_streams_max", "Event streams refused: all together.", streams.limited_all);
	fn(ctx, "sse_per_account_max", "Event streams refused: one account.",
		streams.limited_account);
}

static void write_limit_metric(void *ctx, const char *name, const char *help, uint64_t count)
{
	char metric[64];

	(void)snprintf(metric, sizeof metric, "kinward_limit_%s_total", name);
	own_metric(ctx, metric, help, false, "", count);
}

enum rc api_metrics(struct exchange *x, struct db *reader)
{
	char *text = NULL;
	size_t n = 0;
	struct metrics_writer w = {.out = open_memstream(&text, &n)};

	(void)reader;
	if (w.out == NULL)
		return fail(&x->err, RC_NOMEM, "metrics: out of memory");
	metrics_read(x->domain, write_metric, &w);
	write_requests(&w, &x->server->counters);
	write_streams(&w, x->server->streams);
	own_metric(&w, "kinward_http_connections", "Open web connections.", true, "",
		quota_count(x->server->connections));
	each_own_limit(x->server, write_limit_metric, &w);
	if (fclose(w.out) != 0) {
		free(text);
		return fail(&x->err, RC_NOMEM, "metrics: out of memory");
	}
	x->blob = (uint8_t *)text;
	x->blob_n = n;
	x->content_type = "text/plain; version=0.0.4; charset=utf-8";
	return RC_OK;
}

/* ---- the operator's view ---- */

static void write_unknown(void *ctx, const struct unknown_device *u)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_text(j, "id_masked", view_of(u->id_masked));
	json_text(j, "vendor", view_of(u->vendor));
	json_time(j, "first_seen", u->first_seen_ms);
	json_time(j, "last_seen", u->last_seen_ms);
	json_int(j, "frames", (int64_t)u->frames);
	json_end(j);
}

static void write_foreign(void *ctx, const struct foreign_protocol *f)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_text(j, "protocol", view_of(f->protocol));
	json_int(j, "count", (int64_t)f->count);
	json_time(j, "last_seen", f->last_seen_ms);
	json_text(j, "advice", view_of(f->advice));
	json_end(j);
}

static void write_limit(void *ctx, const struct limit_count *l)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_text(j, "name", view_of(l->name));
	json_int(j, "count", (int64_t)l->count);
	json_end(j);
}

static void write_own_limit(void *ctx, const char *name, const char *help, uint64_t count)
{
	(void)help;
	write_limit(ctx, &(struct limit_count){.name = name, .count = count});
}

static void write_limits(struct exchange *x)
{
	operator_limits(x->domain, write_limit, &x->out);
	each_own_limit(x->server, write_own_limit, &x->out);
}

enum rc api_operator_devices(struct exchange *x, struct db *reader)
{
	struct json_out *j = &x->out;

	(void)reader;
	json_object(j, NULL);
	json_array(j, "unknown");
	operator_unknown_devices(x->domain, write_unknown, j);
	json_end(j);
	json_array(j, "foreign");
	operator_foreign_protocols(x->domain, write_foreign, j);
	json_end(j);
	json_array(j, "limits");
	write_limits(x);
	json_end(j);
	json_end(j);
	return RC_OK;
}

enum rc api_operator_limits(struct exchange *x, struct db *reader)
{
	(void)reader;
	json_object(&x->out, NULL);
	json_array(&x->out, "limits");
	write_limits(x);
	json_end(&x->out);
	json_end(&x->out);
	return RC_OK;
}

/* ---- events ---- */

static enum rc open_tls_stream(struct exchange *x, struct view last_id)
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
	return streams_open(s->streams, fd, false, &x->who, last_id, &x->problem);
}

/* The stream gets a copy of the socket; libmicrohttpd then closes its own descriptor. With
 * MHD_USE_TURBO it does so without a shutdown(), which would reach the copy. Its earlier answers on
 * this connection are all out: a request is only read when the one before was answered. */
enum rc api_events(struct exchange *x, struct db *reader)
{
	struct view last_id = x->head.last_event_id.p != NULL ? x->head.last_event_id
							      : x->query.events.last_event_id;

	(void)reader;
	if (x->server->is_tls)
		return open_tls_stream(x, last_id);
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(x->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	int fd = info == NULL ? -1 : fcntl(info->connect_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return refuse(&x->problem, RC_LIMIT, "too_many_streams", NULL, NULL);
	enum rc rc = streams_open(x->server->streams, fd, true, &x->who, last_id, &x->problem);
	x->is_stream = rc == RC_OK;
	return rc;
}
