/* Deadlines of the clients' connections: libmicrohttpd only knows idle time, so a client that sends
 * a byte now and then could stay for ever. Each connection has a time by which its current phase
 * must be over; then its socket is shut down and libmicrohttpd closes it. Request threads open,
 * move and close; one loop thread watches. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/loop.h"
#include "domain/rights.h"
#include "http/head.h"
#include "http/session_json.h"

struct peers;
struct peer;

/* What a connection is doing; which of the time limits ended it is counted. */
enum peer_phase { PEER_HEAD, PEER_BODY, PEER_WORK, PEER_ANSWER, PEER_IDLE, PEER_PHASE_COUNT };

/* Uses `loop`'s wheel; call peers_start in its thread. */
MUST_CHECK enum rc peers_new(struct loop *loop, struct peers **ret_owned, struct err *e);
void peers_start(struct peers *p);
/* After the loop has ended and all connections are closed. */
void peers_free(struct peers *p);

/* What the last request of this connection was signed in as; looked at only by the thread that has
 * the request. The same cookie within SIGNED_IN_MS, and no session ended anywhere since then: the
 * same principal. */
enum { SIGNED_IN_MS = 5000 };
struct signed_in {
	char token[TOKEN_CHARS_MAX];
	uint8_t token_n; /* 0: nobody */
	int64_t until_ms;
	uint64_t generation;
	struct principal who;
	/* GET /api/v1/session as it was answered last (session_json.h), while nothing was forgotten
	 * since. */
	struct shared_answer *answer;
	uint64_t answer_stamp;
};
/* NULL when peer is. */
struct signed_in *peer_signed_in(struct peer *peer);

/* From a request thread. NULL when out of memory: such a connection must be ended. */
struct peer *peer_open(struct peers *p, int fd, int64_t deadline_ms);
/* Was the connection counted for its address (quota.h)? Set by the thread that opens it. */
bool *peer_is_counted(struct peer *peer);
/* Monotonic ms; INT64_MAX for none. peer may be NULL. */
void peer_set_deadline(struct peer *peer, enum peer_phase phase, int64_t deadline_ms);
/* The descriptor is about to be closed. peer may be NULL. */
void peer_close(struct peers *p, struct peer *peer);
/* How many connections were ended in that phase. */
uint64_t peers_late(const struct peers *p, enum peer_phase phase);
