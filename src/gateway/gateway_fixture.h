/* A gateway in a thread of its own with real sockets: the test is its watches and its server. Every
 * wait has an end; a wait that is over fails the test. */
#pragma once

#include "unit.h"

#include <pthread.h>

#include "gateway/gateway.h"
#include "link/counters.h"
#include "link/message.h"

struct fixture {
	struct gateway_limits limits;
	struct loop *loop;
	struct gateway *gateway;
	pthread_t thread;
	bool is_ipv6; /* listens on [::], which takes IPv4 too */
	bool is_running;
	int listen_fd;
	uint16_t port;
	int link_fds[2]; /* gateway's end, server's end */
	/* packets of the gateway */
	char packet[MESSAGE_PACKET_MAX];
	struct view rest;
	struct message message; /* the last one; its views live until the next fixture_expect */
	uint64_t counters[COUNTER_COUNT]; /* of the last STATS */
};

/* Limits as the settings have them by default; the test changes some before fixture_run. */
int fixture_new(void **state);
int fixture_free(void **state);
void fixture_run(struct fixture *f);

/* A connection from 127.0.0.<host>. */
int fixture_connect(const struct fixture *f, unsigned host);
void fixture_send(int fd, const char *text);
void fixture_send_bytes(int fd, const char *bytes, size_t n);
/* The next bytes on fd are exactly this. */
void fixture_wants(int fd, const char *text);
/* Nothing comes for a short while. */
void fixture_wants_nothing(int fd);
/* The other end closes, before or after some more bytes. */
void fixture_wants_close(int fd);

/* Sends to the gateway as the server. */
void fixture_tell(struct fixture *f, const struct message *m);
/* The next message of whatever type. */
const struct message *fixture_expect_any(struct fixture *f);
/* The next message of this type; others are passed over. */
const struct message *fixture_expect(struct fixture *f, enum message_type type);
/* The next message that is no STATS has this type. */
const struct message *fixture_expect_next(struct fixture *f, enum message_type type);
/* No message but STATS comes for a short while. */
void fixture_expect_nothing(struct fixture *f);
/* Waits until the counter has at least this value. */
void fixture_expect_counter(struct fixture *f, enum counter c, uint64_t least);
/* HELLO comes; WELCOME is sent. */
void fixture_greet(struct fixture *f, uint64_t epoch);
/* Connects, sends one LK and takes its answer and the messages; *ret_session is the session. */
int fixture_login(struct fixture *f, const char *id, uint64_t *ret_session);
