/* The web server: API, live events, the app's files. Runs in the server role: libmicrohttpd's own
 * epoll thread(s) take requests; what only reads answers there, what changes something or hashes a
 * password runs in pools, open event streams live in a thread with an own loop (streams.h). Made by
 * app/role_server.c. */
#pragma once

#include <stdint.h>

#include "domain/domain.h"

/* Texts are kept by the caller for the life of the server. */
struct http_settings {
	const char *web_dir;     /* the built app */
	const char *public_host; /* host that watches connect to */
	const char *public_url;  /* "" or "https://…" as people reach the app */
	const char *metrics_from;
	const char *trusted_proxy;
	const char
		*base_url; /* as public_url, or how the app is reached without it; no '/' behind */
	const char *partner_certificate_header; /* of trusted_proxy; "" when there is none */
	bool are_certificates_asked;            /* of clients, when TLS is our own */
	const char *tls_cert, *tls_key;         /* files; "" = no TLS of our own */
	const char *map_kind;                   /* "builtin", "tiles", "pmtiles" */
	const char *map_url, *map_attribution;
	const char *security_contact, *security_policy_url, *security_key_url, *security_languages;
	uint16_t watch_port;
	bool is_host_checked; /* only the host of public_url is answered */
	uint32_t threads;
	uint32_t connections_max;
	uint32_t connections_per_address_max; /* 0: no limit */
	uint32_t idle_s;                      /* from the end of a request to the next whole head */
	uint32_t header_s;                    /* from the connection to its first whole head */
	uint32_t body_s;                      /* from the head to the end of the body */
	uint32_t body_max;
	uint32_t requests_per_s;
	uint32_t streams_max;
	uint32_t streams_per_account_max;
};

struct http_server;

/* Reads the app's files and the certificate, opens reader connections. No threads yet: call it
 * before the sandbox is entered. settings and d are kept until http_server_free. */
MUST_CHECK enum rc http_server_new(const struct http_settings *settings, struct domain *d,
	const char *db_path, struct http_server **ret_owned, struct err *e);

/* Starts the threads and answers on listen_fd (bound, listening; stays the caller's). */
MUST_CHECK enum rc http_server_start(struct http_server *s, int listen_fd, struct err *e);

/* Takes no more connections, finishes what is pending (at most 10 s), closes the streams, ends the
 * threads. The writer and the main loop must still run, so call it from another thread than the
 * main loop's. */
void http_server_stop(struct http_server *s);
void http_server_free(struct http_server *s);

/* `kinward routes`: the table of routes and bodies as JSON on standard output, for the test that
 * compares it with docs/openapi.yaml. Returns the exit code. */
int http_routes_main(void);
