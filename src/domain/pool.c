#include "domain/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/list.h"
#include "base/log.h"

enum { POOL_THREADS_MAX = 16 };

struct task {
	struct list node;
	pool_fn *fn;
	void *arg;
};

struct pool {
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t has_task;
	struct list tasks;
	size_t queued, queue_max;
	uint64_t refused;
	bool is_stopping;
	unsigned threads;
	struct pool_thread {
		struct pool *pool;
		struct db *db;
		pthread_t thread;
	} thread[POOL_THREADS_MAX];
};

static void pool_stopp(struct pool **p)
{
	pool_stop(*p);
}

static void *thread_main(void *arg)
{
	const struct pool_thread *t = arg;
	struct pool *p = t->pool;

	for (;;) {
		(void)pthread_mutex_lock(&p->lock); /* the default mutex does not fail here */
		while (p->queued == 0 && !p->is_stopping)
			(void)pthread_cond_wait(&p->has_task, &p->lock);
		struct list *n = list_pop(&p->tasks);
		if (n != NULL)
			p->queued--;
		(void)pthread_mutex_unlock(&p->lock);
		if (n == NULL)
			return NULL;
		struct task *task = CONTAINER_OF(n, struct task, node);
		task->fn(t->db, task->arg);
		free(task);
	}
}

enum rc pool_start(const struct db *like, unsigned threads, size_t queue_max,
	struct pool **ret_owned, struct err *e)
{
	if (threads == 0 || threads > POOL_THREADS_MAX)
		return fail(e, RC_BUG, "pool: %u threads", threads);
	CLEANUP(pool_stopp) struct pool *p = calloc(1, sizeof *p);
	if (p == NULL)
		return fail(e, RC_NOMEM, "pool: out of memory");
	(void)pthread_mutex_init(&p->lock, NULL); /* these cannot fail with default attributes */
	(void)pthread_cond_init(&p->has_task, NULL);
	list_init(&p->tasks);
	p->queue_max = queue_max;
	for (unsigned i = 0; i < threads; i++) {
		struct pool_thread *t = &p->thread[i];
		t->pool = p;
		enum rc rc = db_open(db_path(like), DB_READER, db_keyring(like), &t->db, e);
		if (rc != RC_OK)
			return rc;
		errno = pthread_create(&t->thread, NULL, thread_main, t);
		if (errno != 0) {
			db_close(t->db);
			return fail_sys(e, "pool: cannot start a thread");
		}
		p->threads++;
	}
	*ret_owned = STEAL(p);
	return RC_OK;
}

void pool_stop(struct pool *p)
{
	if (p == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->is_stopping = true;
	(void)pthread_cond_broadcast(&p->has_task);
	(void)pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->threads; i++) {
		(void)pthread_join(p->thread[i].thread, NULL); /* ours and joinable */
		db_close(p->thread[i].db);
	}
	(void)pthread_mutex_destroy(&p->lock);
	(void)pthread_cond_destroy(&p->has_task);
	free(p);
}

enum rc pool_post(struct pool *p, pool_fn *fn, void *arg, struct err *e)
{
	struct task *task = calloc(1, sizeof *task);

	if (task == NULL)
		return fail(e, RC_NOMEM, "pool: out of memory");
	*task = (struct task){.fn = fn, .arg = arg};
	list_init(&task->node);
	(void)pthread_mutex_lock(&p->lock);
	bool is_taken = p->queued < p->queue_max && !p->is_stopping;
	if (is_taken) {
		list_append(&p->tasks, &task->node);
		p->queued++;
		(void)pthread_cond_signal(&p->has_task);
	} else {
		p->refused++;
	}
	(void)pthread_mutex_unlock(&p->lock);
	if (is_taken)
		return RC_OK;
	free(task);
	return fail(e, RC_LIMIT, "pool: %zu tasks are waiting", p->queue_max);
}

uint64_t pool_refused(struct pool *p)
{
	(void)pthread_mutex_lock(&p->lock);
	uint64_t refused = p->refused;
	(void)pthread_mutex_unlock(&p->lock);
	return refused;
}
