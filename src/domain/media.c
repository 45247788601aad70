#include "domain/media.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "crypto/token.h"

enum {
	WAIT_S = 15, /* a request waits so long for its turn */
	BUSY_RETRY_S = 10,
};

/* Jobs of watches and of people take turns, so that neither can keep the other out. */
enum lane { LANE_WATCHES, LANE_PEOPLE, LANE_COUNT };

struct job {
	struct list node;
	uint64_t id;
	enum media_job kind;
	struct view in;
	uint8_t *in_owned; /* NULL for a request's, which keeps its bytes */
	media_done_fn *fn; /* NULL for a request's */
	void *ctx;
	uint8_t *out;
	uint32_t have, total; /* of out */
	/* Of a request, guarded by the lock. */
	bool is_ended;
	enum rc rc;
	struct media_info info;
	struct err err;
};

struct media {
	struct media_config config;
	/* Main loop. */
	uint64_t role_epoch; /* 0: none has said hello */
	uint64_t next_id;
	struct timer deadline; /* of the job that is with the role */
	enum lane last;

	pthread_mutex_t lock; /* guards what follows, and is_ended … of jobs */
	pthread_cond_t has_ended;
	struct list lanes[LANE_COUNT];
	uint32_t waiting[LANE_COUNT];
	struct job *current; /* with the role */
	bool is_stopped;
	struct media_stats stats;
};

static void job_free(struct job *j)
{
	if (j == NULL)
		return;
	free(j->in_owned);
	free(j->out);
	free(j);
}

static void on_deadline(struct timer *t, void *context);

enum rc media_new(const struct media_config *config, struct err *e)
{
	struct media *m = calloc(1, sizeof *m);
	pthread_condattr_t attr;

	if (m == NULL)
		return fail(e, RC_NOMEM, "media: out of memory");
	m->config = *config;
	random_bytes(&m->next_id, sizeof m->next_id);
	timer_init(&m->deadline, on_deadline);
	for (int i = 0; i < LANE_COUNT; i++)
		list_init(&m->lanes[i]);
	/* These cannot fail with such attributes. */
	(void)pthread_mutex_init(&m->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&m->has_ended, &attr);
	(void)pthread_condattr_destroy(&attr);
	config->domain->media = m;
	return RC_OK;
}

void media_free(struct domain *d)
{
	struct media *m = d->media;

	if (m == NULL)
		return;
	media_stop(d);
	(void)pthread_cond_destroy(&m->has_ended);
	(void)pthread_mutex_destroy(&m->lock);
	free(m);
	d->media = NULL;
}

void media_read_stats(struct domain *d, struct media_stats *ret)
{
	struct media *m = d->media;

	*ret = (struct media_stats){0};
	if (m == NULL)
		return;
	(void)pthread_mutex_lock(&m->lock); /* the default mutex does not fail here */
	*ret = m->stats;
	ret->waiting = m->waiting[LANE_WATCHES] + m->waiting[LANE_PEOPLE];
	ret->has_current = m->current != NULL;
	(void)pthread_mutex_unlock(&m->lock);
}

/* ---- jobs end; main loop ---- */

/* Tells whoever waits for it, once. `j` is in no list any more. */
static void end_job(struct media *m, struct job *j, enum rc rc, const struct media_info *info,
	const struct err *e)
{
	if (j->fn != NULL) {
		j->fn(j->ctx, rc,
			(struct view){.p = (const char *)j->out, .n = rc == RC_OK ? j->total : 0},
			info, e);
		job_free(j);
		return;
	}
	(void)pthread_mutex_lock(&m->lock);
	j->rc = rc;
	j->info = *info;
	j->err = *e;
	j->is_ended = true;
	(void)pthread_cond_broadcast(&m->has_ended);
	(void)pthread_mutex_unlock(&m->lock);
}

/* Takes the job back from the role. NULL: it has none. */
static struct job *take_current(struct media *m)
{
	timer_cancel(&m->deadline);
	(void)pthread_mutex_lock(&m->lock);
	struct job *j = m->current;
	m->current = NULL;
	(void)pthread_mutex_unlock(&m->lock);
	return j;
}

static void fail_job(struct media *m, struct job *j, enum rc rc, const char *why)
{
	static const struct media_info none;
	struct err e;

	(void)fail(&e, rc, "media: %s: %s", media_job_name(j->kind), why);
	end_job(m, j, rc, &none, &e);
}

static void count_lost(struct media *m)
{
	(void)pthread_mutex_lock(&m->lock);
	m->stats.lost++;
	(void)pthread_mutex_unlock(&m->lock);
}

/* ---- to the role ---- */

static bool send_job(const struct media *m, const struct job *j)
{
	struct message part = {.type = MESSAGE_MEDIA_INPUT,
		.media_part = {.job = j->id, .kind = j->kind, .total = (uint32_t)j->in.n}};
	bool is_sent = true;

	for (size_t at = 0; at < j->in.n && is_sent; at += MESSAGE_PART_MAX) {
		size_t n = j->in.n - at < MESSAGE_PART_MAX ? j->in.n - at : MESSAGE_PART_MAX;
		part.media_part.offset = (uint32_t)at;
		part.media_part.bytes = (struct view){.p = j->in.p + at, .n = n};
		is_sent = m->config.send(m->config.owner, &part);
	}
	return is_sent;
}

/* The next job, of the other lane if it has one. It is now the role's. */
static struct job *next_job(struct media *m)
{
	struct job *j = NULL;

	(void)pthread_mutex_lock(&m->lock);
	for (unsigned i = 1; m->current == NULL && i <= LANE_COUNT && j == NULL; i++) {
		enum lane lane = (enum lane)((m->last + i) % LANE_COUNT);
		struct list *n = list_pop(&m->lanes[lane]);
		if (n == NULL)
			continue;
		j = CONTAINER_OF(n, struct job, node);
		m->waiting[lane]--;
		m->last = lane;
	}
	if (j != NULL)
		m->current = j;
	(void)pthread_mutex_unlock(&m->lock);
	return j;
}

static void go_on(struct media *m)
{
	struct loop *loop = m->config.domain->loop;

	while (m->role_epoch != 0) {
		struct job *j = next_job(m);
		if (j == NULL)
			return;
		j->id = ++m->next_id;
		if (send_job(m, j)) {
			timer_set(loop_wheel(loop), &m->deadline, loop_now_ms(loop) + MEDIA_JOB_MS);
			return;
		}
		/* The link holds several jobs, and gets one at a time: the role does not read. */
		(void)take_current(m);
		count_lost(m);
		fail_job(m, j, RC_IO, "the role does not read");
	}
}

static void wake(void *arg)
{
	const struct domain *d = arg;

	if (d->media != NULL)
		go_on(d->media);
}

/* The role is silent, or lies: another process shall take its place. */
static void give_up_role(struct media *m)
{
	m->role_epoch = 0;
	m->config.restart(m->config.owner);
}

static void on_deadline(struct timer *t, void *context)
{
	struct media *m = CONTAINER_OF(t, struct media, deadline);
	struct job *j = take_current(m);

	(void)context;
	if (j == NULL)
		return;
	log_event(LOG_ERROR, "media.silent", "job=%s ms=%d", media_job_name(j->kind), MEDIA_JOB_MS);
	give_up_role(m);
	(void)pthread_mutex_lock(&m->lock);
	m->stats.ended[MEDIA_TOO_SLOW]++;
	(void)pthread_mutex_unlock(&m->lock);
	fail_job(m, j, RC_SYNTAX, "the role did not end it in time");
}

/* ---- from the role ---- */

void media_on_hello(struct domain *d, const struct message_media_hello *hello)
{
	struct media *m = d->media;
	struct message welcome = {
		.type = MESSAGE_MEDIA_WELCOME, .welcome = {.epoch = hello->epoch}};

	if (m->role_epoch != hello->epoch) {
		/* The process before is gone, and its job with it: that may have been the cause. */
		struct job *lost = take_current(m);
		m->role_epoch = hello->epoch;
		if (lost != NULL) {
			log_event(LOG_WARN, "media.lost", "job=%s", media_job_name(lost->kind));
			count_lost(m);
			fail_job(m, lost, RC_IO, "the role ended with it");
		}
	}
	if (!m->config.send(m->config.owner, &welcome)) {
		give_up_role(m);
		return;
	}
	go_on(m);
}

static void on_lie(struct media *m, const char *why)
{
	struct job *j = take_current(m);

	log_event(LOG_ERROR, "media.lied", "why=\"%s\"", why);
	give_up_role(m);
	(void)pthread_mutex_lock(&m->lock);
	m->stats.lied++;
	(void)pthread_mutex_unlock(&m->lock);
	if (j != NULL)
		fail_job(m, j, RC_SYNTAX, "the role gave back something else");
}

void media_on_output(struct domain *d, const struct message_media_part *p)
{
	struct media *m = d->media;
	struct job *j = m->current; /* changed in this thread alone */

	if (m->role_epoch == 0 || j == NULL || p->job != j->id)
		return; /* of a job that was given up */
	if (p->offset == 0 && j->out == NULL) {
		j->total = p->total;
		j->out = malloc(p->total); /* message_read bounds it */
	}
	if (j->out == NULL || p->offset != j->have || p->total != j->total) {
		on_lie(m, "a part that does not continue the output");
		return;
	}
	memcpy(j->out + j->have, p->bytes.p, p->bytes.n);
	j->have += (uint32_t)p->bytes.n;
}

static enum rc rc_of(enum media_outcome outcome)
{
	switch (outcome) {
	case MEDIA_DONE:
		return RC_OK;
	case MEDIA_LIMIT:
		return RC_LIMIT;
	case MEDIA_UNREADABLE:
	case MEDIA_CRASHED: /* never again */
	case MEDIA_TOO_SLOW:
	case MEDIA_NO_MEMORY:
		return RC_SYNTAX;
	case MEDIA_BROKEN:
	case MEDIA_OUTCOME_COUNT:
		break;
	}
	return RC_IO;
}

void media_on_done(struct domain *d, const struct message_media_done *done)
{
	struct media *m = d->media;
	struct media_info info = {0};
	struct err e;

	if (m->role_epoch == 0 || m->current == NULL || done->job != m->current->id)
		return;
	enum rc rc = rc_of(done->outcome);
	const struct job *j = m->current;
	if (rc == RC_OK) {
		if (j->have != j->total || j->total == 0 ||
			result_check(j->kind, j->in,
				(struct view){.p = (const char *)j->out, .n = j->total}, &info,
				&e) != RC_OK) {
			on_lie(m, "the output is not what the job makes");
			go_on(m);
			return;
		}
	}
	struct job *ended = take_current(m);
	(void)pthread_mutex_lock(&m->lock);
	m->stats.ended[done->outcome]++;
	(void)pthread_mutex_unlock(&m->lock);
	if (rc == RC_OK)
		end_job(m, ended, RC_OK, &info, &(struct err){.rc = RC_OK});
	else
		fail_job(m, ended, rc, media_outcome_name(done->outcome));
	go_on(m);
}

void media_stop(struct domain *d)
{
	struct media *m = d->media;

	if (m == NULL)
		return;
	(void)pthread_mutex_lock(&m->lock);
	m->is_stopped = true;
	(void)pthread_mutex_unlock(&m->lock);
	m->role_epoch = 0;
	for (struct job *j = take_current(m); j != NULL; j = next_job(m)) {
		(void)take_current(m);
		fail_job(m, j, RC_IO, "the server stops");
	}
}

/* ---- new jobs ---- */

/* False: the lane is full, or nothing is taken any more. */
static bool put_job(struct media *m, enum lane lane, struct job *j)
{
	(void)pthread_mutex_lock(&m->lock);
	bool has_room = !m->is_stopped && m->waiting[lane] < MEDIA_LANE_MAX;
	if (has_room) {
		list_append(&m->lanes[lane], &j->node);
		m->waiting[lane]++;
	} else {
		m->stats.refused++;
	}
	(void)pthread_mutex_unlock(&m->lock);
	return has_room;
}

static bool is_job(enum media_job kind, struct view in)
{
	return kind < MEDIA_JOB_COUNT && in.n >= 1 && in.n <= MEDIA_INPUT_MAX;
}

enum rc media_convert(struct domain *d, enum media_job kind, struct view in, media_done_fn *fn,
	void *ctx, struct err *e)
{
	if (d->media == NULL || !is_job(kind, in))
		return fail(e, RC_LIMIT, "media: a job of %zu bytes", in.n);
	struct job *j = calloc(1, sizeof *j);
	if (j == NULL || (j->in_owned = malloc(in.n)) == NULL) {
		job_free(j);
		return fail(e, RC_NOMEM, "media: out of memory");
	}
	list_init(&j->node);
	memcpy(j->in_owned, in.p, in.n);
	j->kind = kind;
	j->in = (struct view){.p = (const char *)j->in_owned, .n = in.n};
	j->fn = fn;
	j->ctx = ctx;
	/* By a posted call, so that fn never runs before this returns. */
	if (!put_job(d->media, LANE_WATCHES, j)) {
		job_free(j);
		return fail(e, RC_LIMIT, "media: %d jobs are waiting", MEDIA_LANE_MAX);
	}
	if (loop_post(d->loop, wake, d, e) != RC_OK)
		log_event(LOG_WARN, "media.not_woken", "the next job does it");
	return RC_OK;
}

/* Until the job has ended; a job that waits too long for its turn is taken back. False: it was. */
static bool wait_job(struct media *m, struct job *j)
{
	struct timespec until;
	bool is_ours = true;

	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail */
	until.tv_sec += WAIT_S;
	(void)pthread_mutex_lock(&m->lock);
	while (!j->is_ended && is_ours) {
		if (m->current == j) { /* its end is near, and has a deadline */
			(void)pthread_cond_wait(&m->has_ended, &m->lock);
			continue;
		}
		if (pthread_cond_timedwait(&m->has_ended, &m->lock, &until) != ETIMEDOUT)
			continue;
		if (!list_is_empty(&j->node)) {
			list_remove(&j->node);
			m->waiting[LANE_PEOPLE]--;
			is_ours = false;
		}
	}
	(void)pthread_mutex_unlock(&m->lock);
	return is_ours;
}

static enum rc refuse_busy(struct problem *p, const char *detail)
{
	enum rc rc = refuse(p, RC_IO, "busy", NULL, detail);

	if (p != NULL)
		p->retry_after_s = BUSY_RETRY_S;
	return rc;
}

enum rc media_convert_wait(struct domain *d, enum media_job kind, struct view in,
	uint8_t **ret_owned, size_t *ret_n, struct media_info *ret, struct problem *p,
	struct err *e)
{
	struct media *m = d->media;
	struct job j = {.kind = kind, .in = in};

	list_init(&j.node);
	if (m == NULL || !is_job(kind, in))
		return fail(e, RC_LIMIT, "media: a job of %zu bytes", in.n);
	if (!put_job(m, LANE_PEOPLE, &j))
		return refuse_busy(p, "too many sounds and pictures are waiting");
	if (loop_post(d->loop, wake, d, e) != RC_OK)
		log_event(LOG_WARN, "media.not_woken", "the next job does it");
	if (!wait_job(m, &j))
		return refuse_busy(p, "it did not get its turn");
	if (j.rc == RC_OK) {
		*ret_owned = j.out;
		*ret_n = j.total;
		*ret = j.info;
		return RC_OK;
	}
	free(j.out);
	if (j.rc == RC_IO)
		return refuse_busy(p, "what decodes sounds and pictures is being started anew");
	return fail(e, j.rc, "%s", j.err.msg);
}
