#include "courier/deliver.h"

#include <curl/curl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/https_url.h"
#include "base/mail_address.h"
#include "base/num.h"
#include "courier/callable.h"
#include "courier/mail_format.h"
#include "courier/resolve.h"

enum {
	HEADER_LINE = COURIER_HEADER_MAX + 64,
	PIN_TEXT = HTTPS_HOST_MAX + 16 + RESOLVE_MAX * (ADDRESS_CHARS + 3),
	AGENT_HEADERS_MAX = 8,
};

/* One delivery under way. */
struct
try {
	const struct deliver_config *config;
	CURL *curl;
	struct curl_blob ca;
	struct curl_slist *headers, *pins, *recipients;
	struct addresses addresses; /* the only ones that may be called */
	bool is_any_address;        /* the operator named the host: no judgement */
	size_t head_n, body_n;      /* bytes of the answer so far */
	char *answer;               /* of a question: where its body goes; else NULL */
	size_t answer_size;
	struct view upload; /* of a mail: what is left */
	bool has_failed;    /* to be set up */
};

enum rc deliver_set_up(struct err *e)
{
	resolve_set_up();
	return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK
		       ? RC_OK
		       : fail(e, RC_BUG, "courier: libcurl does not start");
}

static void try_done(struct try *t)
{
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->pins);
	curl_slist_free_all(t->recipients);
	curl_easy_cleanup(t->curl);
}

/* ---- what libcurl calls ---- */

static bool is_pinned(const struct try *t, const struct address *a)
{
	for (size_t i = 0; i < t->addresses.n; i++) {
		if (memcmp(&t->addresses.items[i], a, sizeof *a) == 0)
			return t->is_any_address || address_is_callable(a, &t->config->allowed);
	}
	return false;
}

static curl_socket_t on_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
	const struct try *t = context;
	struct address a;

	if (purpose != CURLSOCKTYPE_IPCXN || to->socktype != SOCK_STREAM ||
		!address_from_socket(&to->addr, &a) || !is_pinned(t, &a))
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static size_t on_head(const char *bytes, size_t size, size_t n, void *context)
{
	struct try *t = context;

	(void)bytes;
	t->head_n += size * n;
	return t->head_n > DELIVER_HEAD_MAX ? 0 : size * n;
}

static size_t on_body(const char *bytes, size_t size, size_t n, void *context)
{
	struct try *t = context;
	size_t at = t->body_n;

	t->body_n += size * n;
	if (t->answer == NULL)
		return t->body_n > DELIVER_BODY_MAX ? 0 : size * n;
	if (t->body_n > t->answer_size)
		return 0;
	memcpy(t->answer + at, bytes, size * n);
	return size * n;
}

static size_t on_upload(char *dst, size_t size, size_t n, void *context)
{
	struct try *t = context;
	struct view head;
	size_t room = size * n;

	if (!view_cut(&t->upload, t->upload.n < room ? t->upload.n : room, &head))
		return 0;
	if (head.n > 0)
		memcpy(dst, head.p, head.n);
	return head.n;
}

static int on_progress(
	void *context, curl_off_t down_all, curl_off_t down, curl_off_t up_all, curl_off_t up)
{
	const struct try *t = context;

	(void)down_all;
	(void)down;
	(void)up_all;
	(void)up;
	return atomic_load(t->config->is_stopping) ? 1 : 0;
}

/* ---- setting up ---- */

/* A setting that is not taken fails the whole try. */
static void note(struct try *t, CURLcode code)
{
	if (code != CURLE_OK)
		t->has_failed = true;
}

/* A macro because curl_easy_setopt is variadic. */
#define SET(t, option, value) note((t), curl_easy_setopt((t)->curl, option, value))

static void append(struct try *t, struct curl_slist **list, const char *text)
{
	struct curl_slist *longer = curl_slist_append(*list, text);

	if (longer == NULL)
		t->has_failed = true;
	else
		*list = longer;
}

static void set_common(struct try *t, long timeout_ms)
{
	/* libcurl only reads it, but wants void *. */
	memcpy(&t->ca.data, &t->config->ca_pem.p, sizeof t->ca.data);
	t->ca.len = t->config->ca_pem.n;
	t->ca.flags = CURL_BLOB_NOCOPY;
	SET(t, CURLOPT_NOSIGNAL, 1L);
	SET(t, CURLOPT_PROXY, ""); /* whatever the environment says */
	SET(t, CURLOPT_NOPROXY, "*");
	SET(t, CURLOPT_FOLLOWLOCATION, 0L);
	SET(t, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(t, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	SET(t, CURLOPT_FRESH_CONNECT, 1L);
	SET(t, CURLOPT_FORBID_REUSE, 1L);
	SET(t, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	SET(t, CURLOPT_CONNECTTIMEOUT_MS, (long)DELIVER_CONNECT_MS);
	SET(t, CURLOPT_TIMEOUT_MS, timeout_ms);
	SET(t, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(t, CURLOPT_SSL_VERIFYHOST, 2L);
	SET(t, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (t->config->ca_pem.n > 0) {
		SET(t, CURLOPT_CAINFO, (const char *)NULL);
		SET(t, CURLOPT_CAPATH, (const char *)NULL);
		SET(t, CURLOPT_CAINFO_BLOB, &t->ca);
	}
	SET(t, CURLOPT_OPENSOCKETFUNCTION, on_socket);
	SET(t, CURLOPT_OPENSOCKETDATA, t);
	SET(t, CURLOPT_HEADERFUNCTION, on_head);
	SET(t, CURLOPT_HEADERDATA, t);
	SET(t, CURLOPT_WRITEFUNCTION, on_body);
	SET(t, CURLOPT_WRITEDATA, t);
	SET(t, CURLOPT_XFERINFOFUNCTION, on_progress);
	SET(t, CURLOPT_XFERINFODATA, t);
	SET(t, CURLOPT_NOPROGRESS, 0L);
}

/* libcurl is given the addresses: it asks nobody. */
static void set_pins(struct try *t, const char *host, unsigned port)
{
	char pin[PIN_TEXT];
	char text[ADDRESS_CHARS];
	struct address literal;
	int n = snprintf(pin, sizeof pin, "%s:%u:", host, port);

	if (address_from_text(view_of(host), &literal))
		return; /* it is its own address */
	for (size_t i = 0; i < t->addresses.n; i++) {
		address_to_text(&t->addresses.items[i], text);
		bool is_v6 = strchr(text, ':') != NULL;
		n += snprintf(pin + n, sizeof pin - (size_t)n, "%s%s%s%s", i == 0 ? "" : ",",
			is_v6 ? "[" : "", text, is_v6 ? "]" : "");
	}
	append(t, &t->pins, pin);
	SET(t, CURLOPT_RESOLVE, t->pins);
}

/* ---- how it went ---- */

static enum courier_outcome outcome_of(CURLcode code, long status)
{
	switch ((int)code) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return COURIER_NO_NAME;
	case CURLE_COULDNT_CONNECT:
		return COURIER_CONNECT;
	case CURLE_OPERATION_TIMEDOUT:
		return COURIER_TIMEOUT;
	case CURLE_LOGIN_DENIED:
		return COURIER_SIGN_IN;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_ENGINE_INITFAILED:
	case CURLE_USE_SSL_FAILED:
		return COURIER_TLS;
	case CURLE_ABORTED_BY_CALLBACK:
		return COURIER_LOST;
	default:
		return status > 0 ? COURIER_STATUS : COURIER_BROKEN;
	}
}

static struct delivered perform(struct try *t, bool is_mail)
{
	long status = 0;

	if (t->has_failed)
		return (struct delivered){.outcome = COURIER_BROKEN};
	CURLcode code = curl_easy_perform(t->curl);
	(void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status); /* else it stays 0 */
	if (status < 0 || status > 999)
		status = 0;
	struct delivered ret = {.outcome = outcome_of(code, status), .code = (uint16_t)status};
	/* Only its body was longer than we want to read. */
	bool is_cut =
		code == CURLE_WRITE_ERROR && t->head_n <= DELIVER_HEAD_MAX && t->answer == NULL;
	if (is_mail)
		ret.outcome = code == CURLE_OK ? COURIER_DONE : ret.outcome;
	else if (code == CURLE_OK || is_cut)
		ret.outcome = status >= 200 && status < 300 ? COURIER_DONE : COURIER_STATUS;
	return ret;
}

/* ---- webhooks ---- */

static void add_header(struct try *t, const char *name, struct view value)
{
	char line[HEADER_LINE];
	int n = snprintf(line, sizeof line, "%s: %.*s", name, (int)value.n, value.p);

	if (n < 0 || n >= (int)sizeof line)
		t->has_failed = true;
	else
		append(t, &t->headers, line);
}

static void set_https(struct try *t, const char *url)
{
	set_common(t, (long)t->config->webhook_timeout_ms);
	SET(t, CURLOPT_URL, url);
	SET(t, CURLOPT_PATH_AS_IS, 1L);
	SET(t, CURLOPT_PROTOCOLS_STR, "https");
	SET(t, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	SET(t, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(t, CURLOPT_HTTP09_ALLOWED, 0L);
	SET(t, CURLOPT_USERAGENT, "Kinward");
}

static void set_post(struct try *t, struct view body)
{
	SET(t, CURLOPT_POST, 1L);
	SET(t, CURLOPT_POSTFIELDSIZE, (long)body.n);
	SET(t, CURLOPT_POSTFIELDS, body.n > 0 ? body.p : "");
	add_header(t, "Content-Type", VIEW("application/json"));
}

static void set_webhook(struct try *t, const struct message_webhook *w, const char *url)
{
	char event[UID_TEXT];

	uid_to_text(&w->event, event);
	set_https(t, url);
	set_post(t, w->body);
	add_header(t, "Content-Digest", w->digest);
	add_header(t, "Signature-Input", w->signature_input);
	add_header(t, "Signature", w->signature);
	add_header(t, "Kinward-Event-Id", view_of(event));
	append(t, &t->headers, "Expect:");
	append(t, &t->headers, "Accept:");
	SET(t, CURLOPT_HTTPHEADER, t->headers);
}

/* All addresses of the name, and none of them private: a name with both is no mistake. */
static enum courier_outcome find_addresses(struct try *t, struct view host)
{
	resolve_host(host, t->config->hosts_fd, &t->addresses);
	if (t->addresses.n == 0)
		return COURIER_NO_NAME;
	for (size_t i = 0; i < t->addresses.n; i++) {
		if (!t->is_any_address &&
			!address_is_callable(&t->addresses.items[i], &t->config->allowed))
			return COURIER_FORBIDDEN;
	}
	return COURIER_NONE;
}

/* Reads the address and finds the name's addresses, before anything is set. */
static enum courier_outcome open_url(struct try *t, struct view url_text, struct https_url *ret,
	char text[HTTPS_URL_MAX + 1], char host[HTTPS_HOST_MAX + 1])
{
	if (https_url_read(url_text, ret, NULL) != RC_OK ||
		!view_to_text(url_text, text, HTTPS_URL_MAX + 1) ||
		!view_to_text(ret->host, host, HTTPS_HOST_MAX + 1))
		return COURIER_BAD_URL;
	enum courier_outcome outcome = find_addresses(t, ret->host);
	if (outcome != COURIER_NONE)
		return outcome;
	t->curl = curl_easy_init();
	return t->curl == NULL ? COURIER_BROKEN : COURIER_NONE;
}

struct delivered deliver_webhook(const struct deliver_config *c, const struct message_webhook *w)
{
	CLEANUP(try_done) struct try t = {.config = c};
	struct https_url url;
	char url_text[HTTPS_URL_MAX + 1];
	char host[HTTPS_HOST_MAX + 1];
	enum courier_outcome outcome = open_url(&t, w->url, &url, url_text, host);

	if (outcome != COURIER_NONE)
		return (struct delivered){.outcome = outcome};
	set_webhook(&t, w, url_text);
	set_pins(&t, host, url.port);
	return perform(&t, false);
}

/* ---- questions ---- */

struct delivered deliver_fetch(const struct deliver_config *c, struct view question,
	struct view post, char *ret, size_t size, size_t *ret_n)
{
	CLEANUP(try_done) struct try t = {.config = c, .answer = ret, .answer_size = size};
	struct https_url url;
	char url_text[HTTPS_URL_MAX + 1];
	char host[HTTPS_HOST_MAX + 1];
	enum courier_outcome outcome = open_url(&t, question, &url, url_text, host);

	if (outcome != COURIER_NONE)
		return (struct delivered){.outcome = outcome};
	set_https(&t, url_text);
	if (post.p != NULL)
		set_post(&t, post);
	add_header(&t, "Accept", VIEW("application/json"));
	append(&t, &t.headers, "Expect:");
	SET(&t, CURLOPT_HTTPHEADER, t.headers);
	set_pins(&t, host, url.port);
	struct delivered d = perform(&t, false);
	/* An answer that was cut is none, whatever its status said. */
	if (d.outcome == COURIER_DONE && t.body_n > size)
		d.outcome = COURIER_BROKEN;
	if (d.outcome == COURIER_DONE)
		*ret_n = t.body_n;
	return d;
}

/* ---- mail ---- */

static void curl_text_free(char **text)
{
	curl_free(*text);
}

static void curl_url_freep(CURLU **url)
{
	curl_url_cleanup(*url);
}

/* Host and port of smtp_url into the pins; the name that we greet with is that of mail_from. */
static enum courier_outcome set_mail_server(struct try *t, CURLU *url)
{
	CLEANUP(curl_text_free) char *scheme = NULL;
	CLEANUP(curl_text_free) char *host = NULL;
	CLEANUP(curl_text_free) char *port_text = NULL;
	char greeting[MAIL_ADDRESS_MAX + 2];
	struct view domain = mail_address_domain(view_of(t->config->mail_from));
	uint32_t port = 0;

	(void)snprintf(greeting, sizeof greeting, "/%.*s", (int)domain.n, domain.p);
	if (curl_url_set(url, CURLUPART_URL, t->config->smtp_url, 0) != CURLUE_OK ||
		curl_url_set(url, CURLUPART_PATH, greeting, 0) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
		curl_url_get(url, CURLUPART_PORT, &port_text, CURLU_DEFAULT_PORT) != CURLUE_OK ||
		num_u32(view_of(port_text), UINT16_MAX, &port, NULL) != RC_OK)
		return COURIER_NOT_SET_UP;
	enum courier_outcome outcome = find_addresses(t, view_of(host));
	if (outcome != COURIER_NONE)
		return outcome;
	SET(t, CURLOPT_CURLU, url);
	SET(t, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	SET(t, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	set_pins(t, host, port);
	return COURIER_NONE;
}

static void set_mail(struct try *t, const char *from, const char *to)
{
	SET(t, CURLOPT_MAIL_FROM, from);
	append(t, &t->recipients, to);
	SET(t, CURLOPT_MAIL_RCPT, t->recipients);
	SET(t, CURLOPT_UPLOAD, 1L);
	SET(t, CURLOPT_READFUNCTION, on_upload);
	SET(t, CURLOPT_READDATA, t);
	SET(t, CURLOPT_INFILESIZE, (long)t->upload.n);
	if (t->config->smtp_user[0] != '\0') {
		SET(t, CURLOPT_USERNAME, t->config->smtp_user);
		SET(t, CURLOPT_PASSWORD, t->config->smtp_password);
	}
}

struct delivered deliver_mail(
	const struct deliver_config *c, const struct message_mail *m, int64_t now_ms)
{
	CLEANUP(try_done) struct try t = {.config = c, .is_any_address = true};
	CLEANUP(curl_url_freep) CURLU *url = curl_url();
	char bytes[MAIL_FORMAT_MAX];
	char to[MAIL_ADDRESS_TEXT];
	struct mail_parts parts = {.from = view_of(c->mail_from),
		.to = m->to,
		.subject = m->subject,
		.text = m->text,
		.id = m->item,
		.time_ms = now_ms};

	if (c->smtp_url[0] == '\0')
		return (struct delivered){.outcome = COURIER_NOT_SET_UP};
	if (mail_format(&parts, bytes, &t.upload.n, NULL) != RC_OK ||
		!view_to_text(m->to, to, sizeof to))
		return (struct delivered){.outcome = COURIER_BAD_URL};
	t.upload.p = bytes;
	t.curl = curl_easy_init();
	if (t.curl == NULL || url == NULL)
		return (struct delivered){.outcome = COURIER_BROKEN};
	set_common(&t, DELIVER_MAIL_MS);
	enum courier_outcome outcome = set_mail_server(&t, url);
	if (outcome != COURIER_NONE)
		return (struct delivered){.outcome = outcome};
	set_mail(&t, c->mail_from, to);
	return perform(&t, true);
}
