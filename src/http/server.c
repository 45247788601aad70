#include "http/server.h"

#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "domain/pool.h"
#include "http/files.h"
#include "http/inside.h"
#include "http/partner_streams.h"
#include "http/peers.h"
#include "http/quota.h"
#include "http/session_json.h"
#include "http/streams.h"

enum {
	MEMORY_LIMIT = 8192, /* of one connection: the longest head is a little shorter */
	PEM_MAX = 256 * 1024,
	STOP_TIME_MS = 10000,
	STOP_STEP_MS = 10,
};

/* ---- readers ---- */

struct db *server_take_reader(struct http_server *s)
{
	for (size_t i = 0; i < READERS_MAX; i++) {
		struct db *reader = atomic_exchange(&s->readers[i], NULL);
		if (reader != NULL)
			return reader;
	}
	return NULL;
}

void server_give_reader(struct http_server *s, struct db *reader)
{
	for (size_t i = 0; reader != NULL && i < READERS_MAX; i++) {
		struct db *none = NULL;
		if (atomic_compare_exchange_strong(&s->readers[i], &none, reader))
			return;
	}
}

static enum rc open_readers(struct http_server *s, const char *db_path, struct err *e)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < s->settings->threads && i < READERS_MAX; i++) {
		struct db *reader = NULL;
		rc = db_open(db_path, DB_READER, s->domain->keyring, &reader, e);
		atomic_store(&s->readers[i], reader);
	}
	return rc;
}

/* ---- connections ---- */

static enum MHD_Result may_connect(void *server, const struct sockaddr *address, socklen_t n)
{
	struct http_server *s = server;
	struct address peer = {0};

	(void)n;
	if (!address_from_socket(address, &peer))
		return MHD_YES;
	struct address network = address_network(&peer);
	if (!quota_is_full(s->connections, network.b))
		return MHD_YES;
	count_up(&s->counters.limit_address);
	return MHD_NO;
}

static bool network_of(struct MHD_Connection *connection, struct address *ret)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	struct address peer = {0};

	if (info == NULL || !address_from_socket(info->client_addr, &peer))
		return false;
	*ret = address_network(&peer);
	return true;
}

/* GnuTLS then proves that the client holds its key; who it is, partner_access.h decides. */
static void ask_certificate(const struct http_server *s, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		!s->is_tls || !s->settings->are_certificates_asked
			? NULL
			: MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (info != NULL && info->tls_session != NULL)
		gnutls_certificate_server_set_request(info->tls_session, GNUTLS_CERT_REQUEST);
}

static void on_connection(void *server, struct MHD_Connection *connection, void **context,
	enum MHD_ConnectionNotificationCode what)
{
	struct http_server *s = server;
	struct address network;
	bool has_address = network_of(connection, &network);

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		struct peer *peer = *context;
		if (peer != NULL && *peer_is_counted(peer) && has_address)
			quota_give(s->connections, network.b);
		peer_close(s->peers, peer);
		*context = NULL;
		return;
	}
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	ask_certificate(s, connection);
	struct peer *peer =
		info == NULL ? NULL
			     : peer_open(s->peers, info->connect_fd,
				       clock_mono_ms() + s->settings->header_s * INT64_C(1000));
	*context = peer;
	if (peer == NULL && info != NULL) /* out of memory: without deadlines it may not stay */
		(void)shutdown(info->connect_fd, SHUT_RDWR);
	if (peer != NULL && has_address)
		*peer_is_counted(peer) = quota_take(s->connections, network.b) == RC_OK;
	if (quota_count(s->connections) >= s->settings->connections_max)
		count_up(&s->counters.limit_connections); /* no more are accepted for now */
}

/* ---- making ---- */

static enum rc read_pem(const char *path, char **ret_owned, struct err *e)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail_sys(e, "cannot open %s", path);
	char *text = NULL;
	enum rc rc = RC_OK;
	if (fstat(fd, &st) != 0 || st.st_size <= 0 || st.st_size > PEM_MAX)
		rc = fail(e, RC_LIMIT, "%s is not a file of 1 to %d bytes", path, PEM_MAX);
	else if ((text = calloc(1, (size_t)st.st_size + 1)) == NULL)
		rc = fail(e, RC_NOMEM, "certificate: out of memory");
	else if (read(fd, text, (size_t)st.st_size) != st.st_size)
		rc = fail_sys(e, "cannot read %s", path);
	(void)close(fd); /* only read */
	if (rc == RC_OK)
		*ret_owned = text;
	else
		free(text);
	return rc;
}

/* The origin of the operator's map may be asked by the app, no other foreign one. */
static void write_page_policy(struct http_server *s)
{
	struct view origin = head_origin_of_url(view_of(s->settings->map_url));
	bool is_clean = strcmp(s->settings->map_kind, "builtin") != 0;

	for (size_t i = 0; i < origin.n; i++) {
		char c = origin.p[i];
		is_clean = is_clean && (ascii_is_alnum(c) || strchr(":/.-[]", c) != NULL);
	}
	int n = is_clean ? (int)origin.n : 0;
	const char *gap = n > 0 ? " " : "";
	(void)snprintf(s->page_policy, sizeof s->page_policy,
		"default-src 'none'; script-src 'self'; style-src 'self'; "
		"img-src 'self' data: blob:%s%.*s; connect-src 'self'%s%.*s; font-src 'self'; "
		"worker-src 'self'; manifest-src 'self'; media-src 'self'; base-uri 'none'; "
		"form-action 'none'; frame-ancestors 'none'",
		gap, n, origin.p == NULL ? "" : origin.p, gap, n, origin.p == NULL ? "" : origin.p);
}

static enum rc read_settings(struct http_server *s, struct err *e)
{
	const struct http_settings *in = s->settings;
	enum rc rc = RC_OK;

	s->is_tls = in->tls_cert[0] != '\0';
	s->is_form_checked = wire_form_is_known(MHD_get_version());
	s->public_origin = head_origin_of_url(view_of(in->public_url));
	if (s->public_origin.n > 0) {
		size_t scheme = view_find(s->public_origin, '/') + 2;
		s->public_authority = (struct view){
			.p = s->public_origin.p + scheme, .n = s->public_origin.n - scheme};
	}
	s->is_https = s->is_tls || view_starts_nocase(s->public_origin, VIEW("https:"));
	s->cookie_name = s->is_https ? "__Host-kinward" : "kinward";
	write_page_policy(s);
	(void)snprintf(s->tls_priorities, sizeof s->tls_priorities,
		"SECURE192:SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2");
	if (s->is_tls != (in->tls_key[0] != '\0'))
		return fail(e, RC_SYNTAX, "tls_cert and tls_key: give both or none");
	if (s->is_tls && MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
		return fail(e, RC_SYNTAX, "tls_cert: this libmicrohttpd has no TLS");
	if (s->is_tls)
		rc = read_pem(in->tls_cert, &s->certificate, e);
	if (rc == RC_OK && s->is_tls)
		rc = read_pem(in->tls_key, &s->key, e);
	if (rc == RC_OK)
		rc = prefixes_read(view_of(in->metrics_from), &s->metrics_from, e);
	if (rc == RC_OK)
		rc = prefixes_read(view_of(in->trusted_proxy), &s->trusted_proxy, e);
	return rc;
}

static enum rc make_parts(struct http_server *s, const char *db_path, struct err *e)
{
	struct streams_limits limits = {
		.streams_max = s->settings->streams_max,
		.per_account_max = s->settings->streams_per_account_max,
	};

	enum rc rc = read_settings(s, e);
	if (rc == RC_OK)
		rc = open_readers(s, db_path, e);
	if (rc == RC_OK)
		rc = files_new(s->settings->web_dir, s->page_policy, s->is_https, &s->files, e);
	if (rc == RC_OK)
		rc = rate_new(s->settings->requests_per_s, &s->rate, e);
	if (rc == RC_OK)
		rc = quota_new(0, s->settings->connections_per_address_max, &s->connections, e);
	if (rc == RC_OK)
		rc = sessions_json_new(&s->sessions_json, e);
	if (rc == RC_OK)
		rc = loop_new(&s->loop, e);
	if (rc == RC_OK)
		rc = peers_new(s->loop, &s->peers, e);
	if (rc == RC_OK)
		rc = streams_new(s->domain, s->loop, db_path, &limits, &s->streams, e);
	if (rc == RC_OK)
		rc = partner_streams_new(s->domain, s->loop, db_path, &s->partner_streams, e);
	if (rc == RC_OK)
		rc = pool_start(
			atomic_load(&s->readers[0]), POOL_THREADS, POOL_QUEUE_MAX, &s->pool, e);
	return rc;
}

enum rc http_server_new(const struct http_settings *settings, struct domain *d, const char *db_path,
	struct http_server **ret_owned, struct err *e)
{
	struct http_server *s = calloc(1, sizeof *s);

	if (s == NULL)
		return fail(e, RC_NOMEM, "http: out of memory");
	s->settings = settings;
	s->domain = d;
	s->started_ms = clock_mono_ms();
	enum rc rc = make_parts(s, db_path, e);
	if (rc != RC_OK) {
		http_server_free(s);
		return rc;
	}
	*ret_owned = s;
	return RC_OK;
}

/* ---- threads ---- */

static void *loop_thread(void *arg)
{
	struct http_server *s = arg;
	struct err e = {0};

	streams_start(s->streams);
	partner_streams_start(s->partner_streams);
	peers_start(s->peers);
	if (loop_run(s->loop, s, &e) != RC_OK)
		log_event(LOG_ERROR, "http.loop", "why=\"%s\"", e.msg);
	return NULL;
}

/* Paths are compared as they came, and nothing in the table has escapes; access.c reads those of
 * parameters. */
static size_t keep_escaped(void *nothing, struct MHD_Connection *connection, char *text)
{
	(void)nothing;
	(void)connection;
	return strlen(text);
}

/* No time limit of libmicrohttpd's own: peers.h has them all, and its list costs a lock for each
 * request. */
static enum rc start_daemon(struct http_server *s, int listen_fd, struct err *e)
{
	const struct http_settings *in = s->settings;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO |
			 (s->is_tls ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{MHD_OPTION_HTTPS_MEM_CERT, 0, s->certificate},
		{MHD_OPTION_HTTPS_MEM_KEY, 0, s->key},
		{MHD_OPTION_HTTPS_PRIORITIES, 0, s->tls_priorities},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_OptionItem threads[] = {
		{MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)in->threads, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

	s->daemon = MHD_start_daemon(flags, 0, may_connect, s, exchange_on_request, s,
		MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)MEMORY_LIMIT, MHD_OPTION_CONNECTION_LIMIT, (unsigned)in->connections_max,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, exchange_on_uri, s,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED,
		exchange_on_end, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s,
		MHD_OPTION_ARRAY, in->threads > 1 ? threads : none, MHD_OPTION_ARRAY,
		s->is_tls ? tls : none, MHD_OPTION_END);
	if (s->daemon == NULL)
		return fail(e, RC_IO, "http: libmicrohttpd does not start%s",
			s->is_tls ? " (are tls_cert and tls_key right?)" : "");
	return RC_OK;
}

enum rc http_server_start(struct http_server *s, int listen_fd, struct err *e)
{
	if (pthread_create(&s->loop_thread, NULL, loop_thread, s) != 0)
		return fail(e, RC_IO, "http: cannot start a thread");
	s->has_loop_thread = true;
	enum rc rc = start_daemon(s, listen_fd, e);
	if (rc == RC_OK)
		log_event(LOG_INFO, "http.ready", "files=%zu threads=%u tls=%d",
			files_count(s->files), s->settings->threads, s->is_tls);
	return rc;
}

static void close_streams(void *arg)
{
	struct http_server *s = arg;
	streams_close_all(s->streams);
	partner_streams_close_all(s->partner_streams);
}

/* Requests in pools and sleeping streams must be awake before libmicrohttpd may stop. */
static bool is_quiet(struct http_server *s)
{
	return atomic_load(&s->pending) == 0 && atomic_load(&s->tls_streams) == 0;
}

void http_server_stop(struct http_server *s)
{
	int listen_fd = -1;

	atomic_store(&s->is_stopping, true);
	if (s->daemon != NULL)
		listen_fd = MHD_quiesce_daemon(s->daemon);
	(void)listen_fd; /* the caller's */
	if (s->has_loop_thread && loop_post(s->loop, close_streams, s, NULL) != RC_OK)
		log_event(LOG_WARN, "http.stop", "why=\"the loop's queue is full\"");
	for (int waited_ms = 0; !is_quiet(s) && waited_ms < STOP_TIME_MS; waited_ms += STOP_STEP_MS)
		(void)poll(NULL, 0, STOP_STEP_MS); /* only waits */
	if (s->daemon != NULL && is_quiet(s)) {
		MHD_stop_daemon(s->daemon);
		s->daemon = NULL;
	} else if (s->daemon != NULL) {
		log_event(LOG_ERROR, "http.stop", "pending=%u", atomic_load(&s->pending));
	}
	if (s->has_loop_thread) {
		loop_stop(s->loop);
		(void)pthread_join(s->loop_thread, NULL); /* it is ours and was started */
		s->has_loop_thread = false;
	}
}

void http_server_free(struct http_server *s)
{
	if (s == NULL)
		return;
	if (s->daemon != NULL) /* it could not be stopped: its threads use all of this until the
				  process ends */
		return;
	pool_stop(s->pool);
	for (struct db *r = server_take_reader(s); r != NULL; r = server_take_reader(s))
		db_close(r);
	loop_free(s->loop); /* first: its wheel unlinks the timers of the others */
	streams_free(s->streams);
	partner_streams_free(s->partner_streams);
	peers_free(s->peers);
	files_free(s->files);
	rate_free(s->rate);
	quota_free(s->connections);
	sessions_json_free(s->sessions_json);
	free(s->certificate);
	free(s->key);
	free(s);
}
