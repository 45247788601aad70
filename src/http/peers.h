/* Deadlines of the clients' connections: libmicrohttpd only knows idle time, so a client that sends
 * a byte now and then could stay for ever. Each connection has a time by which its current phase
 * must be over; then its socket is shut down and libmicrohttpd closes it. Request threads open,
 * move and close; one loop thread watches. */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base/loop.h"

struct peers;
struct peer;

/* What a connection is doing; which of the time limits ended it is counted. */
enum peer_phase { PEER_HEAD, PEER_BODY, PEER_WORK, PEER_ANSWER, PEER_IDLE, PEER_PHASE_COUNT };

/* Uses `loop`'s wheel; call peers_start in its thread. */
MUST_CHECK enum rc peers_new(struct loop *loop, struct peers **ret_owned, struct err *e);
void peers_start(struct peers *p);
/* After the loop has ended and all connections are closed. */
void peers_free(struct peers *p);

/* From a request thread. NULL when out of memory: such a connection has only libmicrohttpd's time
 * limit. */
struct peer *peer_open(struct peers *p, int fd, int64_t deadline_ms);
/* Monotonic ms; INT64_MAX for none. peer may be NULL. */
void peer_set_deadline(struct peer *peer, enum peer_phase phase, int64_t deadline_ms);
/* The descriptor is about to be closed. peer may be NULL. */
void peer_close(struct peers *p, struct peer *peer);
/* How many connections were ended in that phase. */
uint64_t peers_late(const struct peers *p, enum peer_phase phase);
