/* Open event streams: each is a socket that was taken over from libmicrohttpd and costs one small
 * struct. They live in the thread of one loop; streams_open may be called by any thread.
 *
 * A stream that takes all at once owns no buffer and no position: an event is sent to all listeners
 * of its group. One that does not gets a position in the bus's ring and goes on when its socket is
 * writable; it is dropped when the ring has left it behind or it took nothing for a minute. Each
 * gets a comment every 20 s, in 200 portions. */
#pragma once

#include "base/loop.h"
#include "domain/domain.h"

struct streams;

struct streams_limits {
	uint32_t streams_max;
	uint32_t per_account_max;
};

struct streams_stats {
	uint64_t open, opened, events, sent, dropped;
	uint64_t limited_all, limited_account; /* refused by a limit */
};

/* Reads through an own connection to db_path. */
MUST_CHECK enum rc streams_new(struct domain *d, struct loop *loop, const char *db_path,
	const struct streams_limits *limits, struct streams **ret_owned, struct err *e);
/* In the loop's thread, before it runs. */
void streams_start(struct streams *s);
/* In the loop's thread: closes all streams. */
void streams_close_all(struct streams *s);
/* After the loop has ended and streams_close_all. */
void streams_free(struct streams *s);

/* Takes fd over, also when it fails: the events of who's groups go to it from now on. With has_head
 * the status line and header fields go first. last_id is what the client has, or empty. RC_LIMIT
 * with p->code too_many_streams. */
MUST_CHECK enum rc streams_open(struct streams *s, int take_fd, bool has_head,
	const struct principal *who, struct view last_id, struct problem *p);

void streams_read_stats(struct streams *s, struct streams_stats *ret);
