/* A few threads for what may block: password hashing (Argon2id takes 0.1 s and 64 MiB) and request
 * handlers that wait for a commit. The queue is bounded. Each thread has its own reader connection.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "store/db.h"

struct pool;

/* Runs in a pool thread. */
typedef void pool_fn(struct db *reader, void *arg);

/* Each thread opens a reader of the same database with the same keys as `like`. */
MUST_CHECK enum rc pool_start(const struct db *like, unsigned threads, size_t queue_max,
	struct pool **ret_owned, struct err *e);
/* Runs what is queued, then ends the threads. NULL is allowed. */
void pool_stop(struct pool *p);
/* RC_LIMIT when the queue is full. */
MUST_CHECK enum rc pool_post(struct pool *p, pool_fn *fn, void *arg, struct err *e);
/* How often the queue was full. */
uint64_t pool_refused(struct pool *p);
