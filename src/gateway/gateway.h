/* The gateway: takes the connections of watches, finds their frames, answers heartbeats itself,
 * hands reports to the server over one link and writes the server's answers and commands to the
 * sockets. Runs in the one thread of its loop, in the gateway's process; opens nothing: its socket
 * and its link are given to it. Everything that a watch can make it hold has a limit in struct
 * gateway_limits. */
#pragma once

#include <stdint.h>

#include "base/loop.h"

struct gateway;

/* See the settings of the same names. */
struct gateway_limits {
	uint32_t connections_max;
	uint32_t connections_per_address_max;
	uint32_t accepts_per_s; /* 0: no limit */
	uint32_t first_frame_s;
	uint32_t header_s;
	uint32_t frame_s;
	uint32_t idle_s;
	uint32_t bytes_per_s_min;
	uint32_t frame_text_max;
	uint32_t frame_media_max;
	uint32_t junk_max;
	uint32_t read_buffers_max;
	uint32_t send_buffer_max;
	uint32_t frames_per_s_max;
	uint32_t reports_per_device_burst;
	uint32_t reports_per_device_interval_s; /* 0: no limit */
	uint32_t replays_per_device_burst;
	uint32_t link_queue_max;
	uint32_t batch_wait_ms;
	uint32_t secure_connections_max;
};

struct gateway_config {
	struct loop *loop;
	int listen_fd;          /* bound, listening, non-blocking; kept open by its owner */
	int secure_fd;          /* the same for connections with TLS; -1: none */
	struct ssl_ctx_st *tls; /* for these; kept by its owner (gateway_tls_new) */
	int link_fd;            /* SEQPACKET; kept open by its owner */
	uint8_t number;
	uint64_t epoch; /* random, never 0: another one for each process */
	struct gateway_limits limits;
	void (*on_stopped)(void *owner); /* after gateway_stop, when all is handed over */
	void *owner;
};

/* The server's side of TLS for watches: certificate chain and key are PEM files. Every watch must
 * show a certificate, by itself signed or not, and prove that it has its key; nothing else of it is
 * believed. TLS 1.2 and 1.3. */
MUST_CHECK enum rc gateway_tls_new(const char *certificate_path, const char *key_path,
	struct ssl_ctx_st **ret_owned, struct err *e);
void gateway_tls_free(struct ssl_ctx_st *tls);

MUST_CHECK enum rc gateway_new(
	const struct gateway_config *config, struct gateway **ret_owned, struct err *e);
/* Closes all connections. */
void gateway_free(struct gateway *g);

/* Clean stop: reads no more from watches, tells the server all that was read, delivers the answers
 * to it, then calls on_stopped. Takes at most GATEWAY_STOP_MS. */
enum { GATEWAY_STOP_MS = 5000 };
void gateway_stop(struct gateway *g);
