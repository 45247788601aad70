/* The one writer: a thread that owns the writing connection and commits many jobs in one
 * transaction (group commit). All changes of the database go through here; nobody is told "done"
 * before the commit is on disk. Jobs run in the order of posting (but see the flags); a job that
 * fails is undone alone. The queue is bounded. When the disk is full or broken, the commit fails,
 * every job of its group is told so, and the next group tries anew: the service goes on as soon as
 * there is space. A second thread moves committed pages from the log into the database file, so
 * that no commit waits for that. */
#pragma once

#include "base/err.h"
#include "base/loop.h"
#include "store/db.h"

struct writer;

/* Runs in the writer's thread inside the transaction. May be run again when its group had to be
 * undone, so it must overwrite what it returns through arg, never add to it. */
typedef enum rc writer_job_fn(struct db *db, void *arg, struct err *e);
/* Runs in the thread of `loop` given to writer_start, after the commit (or after the failure). */
typedef void writer_done_fn(void *arg, enum rc rc, const struct err *e);

enum {
	WRITER_GROUP_MAX = 256, /* jobs in one commit */
	/* Log pages (4 KiB) that wake the checkpoint thread, and that make the writer start the log
	   anew. */
	WRITER_CHECKPOINT_PAGES = 2048,
	WRITER_RESTART_PAGES = 8192,
	WRITER_LAZY_MAX =
		64, /* lazy jobs that wait; with more, the writer does not wait any longer */
};

enum writer_flag {
	WRITER_URGENT = 1u << 0, /* runs before all others that wait (alarms) */
	/* No savepoint of its own: cheaper. When it fails, its group is undone and run again job by
	   job. */
	WRITER_PLAIN = 1u << 1,
	/* Tidying that nobody waits for: joins the commit of the next other job that is not urgent,
	   after it, instead of making one of its own. */
	WRITER_LAZY = 1u << 2,
};

/* Takes db over. `loop` gets the completions of writer_post; NULL when nobody posts. */
MUST_CHECK enum rc writer_start(struct db *take_db, struct loop *loop, size_t queue_max,
	struct writer **ret_owned, struct err *e);
/* Runs what is queued, commits, ends the threads, calls the completions that are left. Call it in
 * the loop's thread. NULL is allowed. */
void writer_stop(struct writer *w);

/* Queues a job; `done` (may be NULL) is told of its end. RC_LIMIT when the queue is full. */
MUST_CHECK enum rc writer_post(struct writer *w, writer_job_fn *fn, writer_done_fn *done, void *arg,
	unsigned flags, struct err *e);

/* Queues a job and waits until it is durable: for the threads of the HTTP server. */
MUST_CHECK enum rc writer_run(struct writer *w, writer_job_fn *fn, void *arg, struct err *e);

struct writer_stats {
	uint64_t commits, jobs, failed, queued, queue_full;
	uint64_t commit_us_sum, commit_us_max;
};
void writer_read_stats(struct writer *w, struct writer_stats *ret);
