#include "store/writer.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <time.h>

#include "base/list.h"
#include "base/log.h"

struct job {
	struct list node;
	writer_job_fn *fn;
	writer_done_fn *done;
	void *arg;
	sem_t *waiter; /* writer_run: the job lives on the waiter's stack */
	unsigned flags;
	enum rc rc;
	struct err err;
};

struct writer {
	struct db *db;
	struct loop *loop;
	size_t queue_max;
	pthread_t thread, checkpointer;
	bool has_thread, has_checkpointer;

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t has_work, has_log;
	struct list urgent, normal, lazy, finished;
	size_t queued; /* of the first three together */
	size_t lazy_n;
	bool is_stopping, is_done_posted, wants_checkpoint, was_checkpointed;
	struct writer_stats stats;

	/* The writer's thread alone: */
	int log_pages;       /* after the last commit */
	int next_checkpoint; /* as soon as the log has so many pages */
};

static int64_t now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts); /* cannot fail for this clock */
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static enum rc run_job(struct db *db, struct job *job, bool has_savepoint)
{
	job->err = (struct err){.rc = RC_OK};
	if (has_savepoint) {
		job->rc = db_savepoint(db, &job->err);
		if (job->rc != RC_OK)
			return job->rc;
	}
	job->rc = job->fn(db, job->arg, &job->err);
	if (!has_savepoint)
		return job->rc;
	if (job->rc == RC_OK)
		job->rc = db_release(db, &job->err);
	if (job->rc != RC_OK)
		db_rollback_savepoint(db);
	return job->rc;
}

static void fail_all(struct list *group, enum rc rc, const struct err *e)
{
	for (struct list *n = group->next; n != group; n = n->next) {
		struct job *job = CONTAINER_OF(n, struct job, node);
		if (job->rc == RC_OK) {
			job->rc = rc;
			job->err = *e;
		}
	}
}

/* One transaction for the whole group. False when a plain job failed or the transaction was lost:
 * nothing is committed then. */
static bool try_group(struct db *db, struct list *group, bool savepoint_each)
{
	struct err e = {.rc = RC_OK};
	enum rc rc = db_begin(db, &e);

	for (struct list *n = group->next; n != group; n = n->next)
		CONTAINER_OF(n, struct job, node)->rc = RC_OK;
	if (rc != RC_OK) {
		fail_all(group, rc, &e);
		return true;
	}
	for (struct list *n = group->next; n != group; n = n->next) {
		struct job *job = CONTAINER_OF(n, struct job, node);
		bool has_savepoint = savepoint_each || (job->flags & WRITER_PLAIN) == 0;

		if (run_job(db, job, has_savepoint) == RC_OK)
			continue;
		if (!db_is_in_transaction(db)) { /* a full disk ends the whole transaction */
			fail_all(group, job->rc, &job->err);
			return true;
		}
		if (!has_savepoint) {
			db_rollback(db);
			return false;
		}
	}
	rc = db_commit(db, &e);
	if (rc != RC_OK) {
		db_rollback(db);
		fail_all(group, rc, &e);
	}
	return true;
}

static void run_done_jobs(void *arg)
{
	struct writer *w = arg;
	struct list mine;
	struct list *n = NULL;

	list_init(&mine);
	(void)pthread_mutex_lock(&w->lock); /* the default mutex does not fail here */
	while ((n = list_pop(&w->finished)) != NULL)
		list_append(&mine, n);
	w->is_done_posted = false;
	(void)pthread_mutex_unlock(&w->lock);
	while ((n = list_pop(&mine)) != NULL) {
		struct job *job = CONTAINER_OF(n, struct job, node);
		if (job->done != NULL)
			job->done(job->arg, job->rc, &job->err);
		free(job);
	}
}

/* Hands the jobs of a group to those who wait for them. */
static void finish_group(struct writer *w, struct list *group, int64_t spent_us)
{
	struct list *n = NULL;
	bool must_post = false;

	(void)pthread_mutex_lock(&w->lock);
	w->stats.commits++;
	w->stats.commit_us_sum += (uint64_t)spent_us;
	if ((uint64_t)spent_us > w->stats.commit_us_max)
		w->stats.commit_us_max = (uint64_t)spent_us;
	while ((n = list_pop(group)) != NULL) {
		struct job *job = CONTAINER_OF(n, struct job, node);
		w->stats.jobs++;
		w->stats.failed += job->rc != RC_OK;
		if (job->waiter != NULL)
			(void)sem_post(job->waiter); /* *job is the waiter's from here on */
		else
			list_append(&w->finished, &job->node);
	}
	if (!list_is_empty(&w->finished) && !w->is_done_posted && w->loop != NULL) {
		must_post = true;
		w->is_done_posted = true;
	}
	(void)pthread_mutex_unlock(&w->lock);

	struct err e;
	if (must_post && loop_post(w->loop, run_done_jobs, w, &e) != RC_OK) {
		log_event(LOG_ERROR, "writer.post_failed", "why=\"%s\"", e.msg);
		(void)pthread_mutex_lock(&w->lock);
		w->is_done_posted = false; /* the next group tries again */
		(void)pthread_mutex_unlock(&w->lock);
	}
}

/* Under the lock. Urgent jobs first; lazy ones never beside them. */
static void take_group(struct writer *w, struct list *group)
{
	bool has_urgent = !list_is_empty(&w->urgent);

	for (unsigned i = 0; i < WRITER_GROUP_MAX; i++) {
		struct list *n = list_pop(&w->urgent);
		if (n == NULL)
			n = list_pop(&w->normal);
		if (n == NULL && !has_urgent) {
			n = list_pop(&w->lazy);
			w->lazy_n -= n != NULL;
		}
		if (n == NULL)
			break;
		w->queued--;
		list_append(group, n);
	}
}

static void run_group(struct writer *w, struct list *group)
{
	int64_t start = now_us();

	if (!try_group(w->db, group, false) && !try_group(w->db, group, true))
		assert(!"a group with savepoints cannot ask to be run again");
	finish_group(w, group, now_us() - start);
}

/* After the checkpoint thread moved most of a long log, the writer lets the log begin anew: only
 * then are the few pages of the last commits left to move. */
static void tend_log(struct writer *w)
{
	int pages = db_log_pages(w->db);
	bool may_restart = false;

	if (pages < w->log_pages)
		w->next_checkpoint = WRITER_CHECKPOINT_PAGES; /* it began anew */
	w->log_pages = pages;
	if (pages < w->next_checkpoint && pages < WRITER_RESTART_PAGES)
		return;
	/* Not after each commit: a page that changes often is moved once for all its changes. */
	w->next_checkpoint = pages + WRITER_CHECKPOINT_PAGES;
	(void)pthread_mutex_lock(&w->lock);
	may_restart = w->was_checkpointed && pages >= WRITER_RESTART_PAGES;
	w->was_checkpointed = false;
	if (!may_restart && !w->wants_checkpoint) {
		w->wants_checkpoint = true;
		(void)pthread_cond_signal(&w->has_log);
	}
	(void)pthread_mutex_unlock(&w->lock);
	struct err e;
	/* PASSIVE is enough: with all pages moved, the next commit starts the log anew when no
	 * reader needs it. */
	if (may_restart && db_checkpoint(w->db, false, NULL, NULL, &e) != RC_OK)
		log_event(LOG_WARN, "writer.checkpoint_failed", "why=\"%s\"", e.msg);
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;
	struct list group;

	list_init(&group);
	for (;;) {
		(void)pthread_mutex_lock(&w->lock);
		while (w->queued == w->lazy_n && w->lazy_n < WRITER_LAZY_MAX && !w->is_stopping)
			(void)pthread_cond_wait(&w->has_work, &w->lock);
		take_group(w, &group);
		(void)pthread_mutex_unlock(&w->lock);
		if (list_is_empty(&group))
			return NULL; /* stopping, and nothing is left */
		run_group(w, &group);
		tend_log(w);
	}
}

static void *checkpoint_main(void *arg)
{
	struct writer *w = arg;
	struct db *db = NULL;
	struct err e;

	if (db_open(db_path(w->db), DB_READER, NULL, &db, &e) != RC_OK ||
		db_script(db, "PRAGMA query_only = OFF", &e) != RC_OK) {
		log_event(LOG_ERROR, "writer.checkpoint_failed", "why=\"%s\"", e.msg);
		db_close(db);
		return NULL;
	}
	(void)pthread_mutex_lock(&w->lock);
	while (!w->is_stopping) {
		if (!w->wants_checkpoint) {
			(void)pthread_cond_wait(&w->has_log, &w->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&w->lock);
		if (db_checkpoint(db, false, NULL, NULL, &e) != RC_OK)
			log_event(LOG_WARN, "writer.checkpoint_failed", "why=\"%s\"", e.msg);
		(void)pthread_mutex_lock(&w->lock);
		w->wants_checkpoint = false;
		w->was_checkpointed = true;
	}
	(void)pthread_mutex_unlock(&w->lock);
	db_close(db);
	return NULL;
}

static void writer_freep(struct writer **w)
{
	writer_stop(*w);
}

enum rc writer_start(struct db *take_db, struct loop *loop, size_t queue_max,
	struct writer **ret_owned, struct err *e)
{
	CLEANUP(writer_freep) struct writer *w = calloc(1, sizeof *w);

	if (w == NULL) {
		db_close(take_db);
		return fail(e, RC_NOMEM, "writer: out of memory");
	}
	w->db = take_db;
	w->loop = loop;
	w->queue_max = queue_max;
	w->next_checkpoint = WRITER_CHECKPOINT_PAGES;
	list_init(&w->urgent);
	list_init(&w->normal);
	list_init(&w->lazy);
	list_init(&w->finished);
	(void)pthread_mutex_init(&w->lock, NULL); /* these cannot fail with default attributes */
	(void)pthread_cond_init(&w->has_work, NULL);
	(void)pthread_cond_init(&w->has_log, NULL);
	errno = pthread_create(&w->thread, NULL, writer_main, w);
	if (errno != 0)
		return fail_sys(e, "writer: cannot start the thread");
	w->has_thread = true;
	errno = pthread_create(&w->checkpointer, NULL, checkpoint_main, w);
	if (errno != 0)
		return fail_sys(e, "writer: cannot start the checkpoint thread");
	w->has_checkpointer = true;
	*ret_owned = STEAL(w);
	return RC_OK;
}

void writer_stop(struct writer *w)
{
	if (w == NULL)
		return;
	(void)pthread_mutex_lock(&w->lock);
	w->is_stopping = true;
	(void)pthread_cond_broadcast(&w->has_work);
	(void)pthread_cond_broadcast(&w->has_log);
	(void)pthread_mutex_unlock(&w->lock);
	if (w->has_thread)
		(void)pthread_join(w->thread, NULL); /* it is ours and joinable */
	if (w->has_checkpointer)
		(void)pthread_join(w->checkpointer, NULL);
	run_done_jobs(w);
	db_close(w->db);
	(void)pthread_mutex_destroy(&w->lock);
	(void)pthread_cond_destroy(&w->has_work);
	(void)pthread_cond_destroy(&w->has_log);
	free(w);
}

static enum rc enqueue(struct writer *w, struct job *job, struct err *e)
{
	(void)pthread_mutex_lock(&w->lock);
	/* Urgent jobs have a reserve of their own: an SOS is not refused because others filled the
	 * queue. */
	size_t limit = (job->flags & WRITER_URGENT) != 0 ? w->queue_max * 2 : w->queue_max;
	if (w->queued >= limit || w->is_stopping) {
		w->stats.queue_full++;
		(void)pthread_mutex_unlock(&w->lock);
		return fail(e, RC_LIMIT, "writer: the queue is full (%zu jobs)", limit);
	}
	bool is_lazy = (job->flags & WRITER_LAZY) != 0;
	bool is_first = w->queued == w->lazy_n;
	list_append((job->flags & WRITER_URGENT) != 0 ? &w->urgent
		    : is_lazy                         ? &w->lazy
						      : &w->normal,
		&job->node);
	w->queued++;
	w->lazy_n += is_lazy;
	if (is_lazy ? w->lazy_n == WRITER_LAZY_MAX : is_first)
		(void)pthread_cond_signal(&w->has_work);
	(void)pthread_mutex_unlock(&w->lock);
	return RC_OK;
}

enum rc writer_post(struct writer *w, writer_job_fn *fn, writer_done_fn *done, void *arg,
	unsigned flags, struct err *e)
{
	struct job *job = calloc(1, sizeof *job);
	if (job == NULL)
		return fail(e, RC_NOMEM, "writer: out of memory");
	*job = (struct job){.fn = fn, .done = done, .arg = arg, .flags = flags};
	list_init(&job->node);
	enum rc rc = enqueue(w, job, e);
	if (rc != RC_OK)
		free(job);
	return rc;
}

enum rc writer_run(struct writer *w, writer_job_fn *fn, void *arg, struct err *e)
{
	sem_t finished;
	struct job job = {.fn = fn, .arg = arg, .waiter = &finished};

	list_init(&job.node);
	(void)sem_init(&finished, 0, 0); /* fails only for values over SEM_VALUE_MAX */
	enum rc rc = enqueue(w, &job, e);
	if (rc == RC_OK) {
		while (sem_wait(&finished) != 0)
			; /* only a signal interrupts it */
		rc = job.rc;
		if (e != NULL && rc != RC_OK)
			*e = job.err;
	}
	(void)sem_destroy(&finished);
	return rc;
}

void writer_read_stats(struct writer *w, struct writer_stats *ret)
{
	(void)pthread_mutex_lock(&w->lock);
	*ret = w->stats;
	ret->queued = w->queued;
	(void)pthread_mutex_unlock(&w->lock);
}
