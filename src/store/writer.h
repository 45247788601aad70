/* The one writer: a thread that owns the writing connection and commits many jobs in one transaction
 * (group commit). All changes of the database go through here; nobody is told "done" before the commit
 * is on disk. Jobs run in the order of posting; a job that fails is undone alone. The queue is bounded. */
#pragma once

#include "base/err.h"
#include "base/loop.h"
#include "store/db.h"

struct writer;

/* Runs in the writer's thread inside the transaction. */
typedef enum rc writer_job_fn(struct db *db, void *arg, struct err *e);
/* Runs in the thread of `loop` given to writer_start, after the commit (or after the failure). */
typedef void writer_done_fn(void *arg, enum rc rc, const struct err *e);

/* Takes db over. `loop` gets the completions of writer_post. */
MUST_CHECK enum rc writer_start(
	struct db *take_db, struct loop *loop, size_t queue_max, struct writer **ret_owned, struct err *e);
/* Runs what is queued, commits, ends the thread. */
void writer_stop(struct writer *w);

/* Queues a job; `done` (may be NULL) is told of its end. RC_LIMIT when the queue is full. `is_urgent`
 * jobs (alarms) run before all others that wait. */
MUST_CHECK enum rc writer_post(struct writer *w, writer_job_fn *fn, writer_done_fn *done, void *arg,
	bool is_urgent, struct err *e);

/* Queues a job and waits until it is durable: for the threads of the HTTP server. */
MUST_CHECK enum rc writer_run(struct writer *w, writer_job_fn *fn, void *arg, struct err *e);

struct writer_stats {
	uint64_t commits, jobs, failed, queued;
	uint64_t commit_us_sum, commit_us_max;
};
void writer_read_stats(struct writer *w, struct writer_stats *ret);
