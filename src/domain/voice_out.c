#include "domain/voice_out.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "crypto/token.h"
#include "domain/bus.h"
#include "domain/command_row.h"
#include "domain/ingest.h"
#include "domain/live_table.h"
#include "domain/thread_store.h"
#include "store/query.h"

enum {
	BUCKETS = 4096,
	RETRY_MS = 5 * 1000,
	SILENT_SHIFT_MAX = 8,
	ASKS_MAX = 5, /* a watch that asks, and says nothing to what it gets, waits like others */
};

enum line_state {
	LINE_IDLE,
	LINE_TAKING, /* the next voice is being marked and read */
	LINE_SENT,   /* one is with the session */
	LINE_ENDING, /* what became of it is on its way to the disk */
};

struct line {
	struct list node; /* of its bucket */
	struct timer timer;
	struct domain *domain;
	struct uid wearer, group;
	uint32_t number;
	uint8_t silent; /* answers in a row that did not come */
	bool is_written;
	bool is_forgotten;   /* free it when its job ends */
	bool is_more_wanted; /* something happened while the disk was asked: look again */
	enum line_state state;
	struct uid item; /* SENT, ENDING */
	uint64_t session;
	int64_t sent_ms;
};

enum voices_count {
	COUNT_LINES,
	COUNT_SENT,
	COUNT_DELIVERED,
	COUNT_REFUSED,
	COUNT_SILENT,
	COUNT_EXPIRED,
	COUNT_COUNT
};

struct voices_out {
	struct domain *domain;
	struct list buckets[BUCKETS];
	atomic_ullong counts[COUNT_COUNT];
};

static void count(struct domain *d, enum voices_count what, uint64_t n)
{
	atomic_fetch_add_explicit(&d->voices_out->counts[what], n, memory_order_relaxed);
}

static void line_free(struct line *l)
{
	list_remove(&l->node);
	timer_cancel(&l->timer);
	atomic_fetch_sub(&l->domain->voices_out->counts[COUNT_LINES], 1);
	free(l);
}

static struct line *line_find(struct domain *d, uint32_t number)
{
	struct list *bucket = &d->voices_out->buckets[number % BUCKETS];

	for (struct list *n = bucket->next; n != bucket; n = n->next) {
		struct line *l = CONTAINER_OF(n, struct line, node);
		if (l->number == number && !l->is_forgotten)
			return l;
	}
	return NULL;
}

static void set_timer(struct line *l, int64_t in_ms)
{
	struct loop *loop = l->domain->loop;

	timer_set(loop_wheel(loop), &l->timer, loop_now_ms(loop) + (in_ms > 0 ? in_ms : 0));
}

static void publish(const struct line *l)
{
	bus_publish(l->domain->bus, EVENT_THREAD, &l->group, &l->wearer);
}

static uint64_t current_session(const struct line *l)
{
	live_lock(l->domain->live);
	const struct live_device *dev = live_by_wearer(l->domain->live, &l->wearer);
	uint64_t session = dev == NULL ? 0 : dev->session;
	live_unlock(l->domain->live);
	return session;
}

/* ---- on disk ---- */

/* One look at the queue of a watch: what is too old ends, the next voice is marked as sent. */
struct taking {
	struct line *line;
	int64_t now_ms;
	bool may_send;
	bool is_asked;           /* by the watch itself: what rests for its silence need not */
	struct uid item;         /* out; none: nothing goes out now */
	uint8_t *amr;            /* out, owned */
	size_t amr_n;            /* out */
	int64_t expired, due_ms; /* out: how many ended; when to look again, 0: nothing waits */
};

static void taking_free(struct taking *t)
{
	if (t == NULL)
		return;
	if (t->amr != NULL)
		secret_forget(t->amr, t->amr_n);
	free(t->amr);
	free(t);
}

static enum rc expire(struct db *db, struct taking *t, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE thread_item SET state = ?2, reason = CASE WHEN sent_ms = 0 THEN ?3 ELSE ?4"
		" END WHERE wearer = ?1 AND kind = 1 AND state < 2 AND expires_ms <= ?5",
		&t->line->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, THREAD_EXPIRED);
	stmt_bind_int(s, 3, REASON_NOT_CONNECTED);
	stmt_bind_int(s, 4, REASON_NO_ANSWER);
	stmt_bind_int(s, 5, t->now_ms);
	return stmt_run(s, &t->expired, e);
}

static enum rc mark_sent(struct db *db, const struct taking *t, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"UPDATE thread_item SET state = ?3, sent_ms = ?4 WHERE wearer = ?1 AND id = ?2",
		&t->line->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &t->item);
	stmt_bind_int(s, 3, THREAD_SENT);
	stmt_bind_int(s, 4, t->now_ms);
	return stmt_run(s, NULL, e);
}

/* The oldest voice that waits. What stands behind one that rests waits with it. */
static enum rc read_first(struct db *db, struct taking *t, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT id, next_ms, expires_ms, content, tries FROM thread_item WHERE wearer = ?1"
		" AND kind = 1 AND state < 2 ORDER BY created_ms, id LIMIT 1",
		&t->line->wearer, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	int64_t next_ms = stmt_int(s, 1);
	int64_t expires_ms = stmt_int(s, 2);
	bool is_refused = stmt_int(s, 4) > 0;
	bool is_due = t->may_send && (next_ms <= t->now_ms || (t->is_asked && !is_refused));
	t->due_ms = next_ms > t->now_ms && next_ms < expires_ms ? next_ms : expires_ms;
	if (is_due) {
		t->item = stmt_uid(s, 0);
		rc = thread_pad_take(
			s, 3, &t->line->wearer, "thread_item.content", &t->amr, &t->amr_n, e);
	}
	stmt_reset(s);
	return rc;
}

static enum rc take_job(struct db *db, void *arg, struct err *e)
{
	struct taking *t = arg;

	free(t->amr); /* the job may run a second time */
	t->amr = NULL;
	t->item = (struct uid){{0}};
	t->due_ms = 0;
	enum rc rc = expire(db, t, e);
	if (rc == RC_OK)
		rc = read_first(db, t, e);
	return rc == RC_OK && !uid_is_none(&t->item) ? mark_sent(db, t, e) : rc;
}

/* What became of a voice. */
struct ending {
	struct line *line;
	struct uid wearer, item;
	enum thread_state state; /* DELIVERED, QUEUED, FAILED */
	bool is_refusal;
	int64_t now_ms, next_ms;
	bool is_given_up; /* out */
};

static enum rc count_refusal(struct db *db, struct ending *g, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT tries FROM thread_item WHERE wearer = ?1 AND id = ?2", &g->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &g->item);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	g->is_given_up = has_row && stmt_int(s, 0) + 1 >= VOICE_TRIES_MAX;
	if (has_row)
		stmt_reset(s);
	return RC_OK;
}

static enum rc end_job(struct db *db, void *arg, struct err *e)
{
	struct ending *g = arg;
	struct stmt *s = NULL;

	g->is_given_up = false;
	enum rc rc = g->is_refusal ? count_refusal(db, g, e) : RC_OK;
	if (rc == RC_OK)
		rc = query_prepare(db,
			"UPDATE thread_item SET state = ?3, reason = ?4, next_ms = ?5,"
			" delivered_ms = ?6, tries = tries + ?7"
			" WHERE wearer = ?1 AND id = ?2 AND state = ?8",
			&g->wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &g->item);
	stmt_bind_int(s, 3, g->is_given_up ? THREAD_FAILED : g->state);
	stmt_bind_int(s, 4, g->is_given_up ? REASON_BY_WATCH : REASON_NONE);
	stmt_bind_int(s, 5, g->next_ms);
	stmt_bind_int(s, 6, g->state == THREAD_DELIVERED ? g->now_ms : 0);
	stmt_bind_int(s, 7, g->is_refusal);
	stmt_bind_int(s, 8, THREAD_SENT);
	return stmt_run(s, NULL, e);
}

/* ---- the line of one watch ---- */

static void look(struct line *l);

static void end_done(void *arg, enum rc rc, const struct err *e)
{
	struct ending *g = arg;
	struct line *l = g->line;
	struct domain *d = l->domain;

	if (l->is_forgotten) {
		line_free(l);
		free(g);
		return;
	}
	l->state = LINE_IDLE;
	l->session = 0;
	if (rc != RC_OK) {
		/* It stays "sent" on disk, which counts as waiting: it is offered once more. */
		log_event(LOG_WARN, "voice.not_stored", "why=\"%s\"", e->msg);
		set_timer(l, RETRY_MS);
		free(g);
		return;
	}
	count(d, COUNT_DELIVERED, g->state == THREAD_DELIVERED);
	count(d, COUNT_REFUSED, g->is_refusal);
	free(g);
	publish(l);
	look(l);
}

static void end(struct line *l, enum thread_state state, bool is_refusal, int64_t rest_ms)
{
	struct domain *d = l->domain;
	struct ending *g = malloc(sizeof *g);
	int64_t now_ms = d->wall_ms();

	timer_cancel(&l->timer);
	l->state = LINE_ENDING;
	if (g != NULL)
		*g = (struct ending){.line = l,
			.wearer = l->wearer,
			.item = l->item,
			.state = state,
			.is_refusal = is_refusal,
			.now_ms = now_ms,
			.next_ms = state == THREAD_QUEUED ? now_ms + rest_ms : 0};
	if (g != NULL && writer_post(d->writer, end_job, end_done, g, 0, NULL) == RC_OK)
		return;
	free(g);
	l->state = LINE_IDLE; /* as in end_done */
	l->session = 0;
	set_timer(l, RETRY_MS);
}

static void give_to_session(struct line *l, const struct taking *t)
{
	struct domain *d = l->domain;
	struct command c = {
		.kind = COMMAND_VOICE, .payload = {.p = (const char *)t->amr, .n = t->amr_n}};

	l->state = LINE_SENT;
	l->item = t->item;
	l->is_written = false;
	l->sent_ms = t->now_ms;
	/* The session may have ended while the disk was asked. */
	if (l->session == 0 || !d->out.command(d->out.owner, l->session, &t->item, &c)) {
		end(l, THREAD_QUEUED, false, RETRY_MS);
		return;
	}
	count(d, COUNT_SENT, 1);
	set_timer(l, (int64_t)d->settings.command_unanswered_s * 1000);
	publish(l);
}

static void take_done(void *arg, enum rc rc, const struct err *e)
{
	struct taking *t = arg;
	struct line *l = t->line;

	if (l->is_forgotten) {
		line_free(l);
		taking_free(t);
		return;
	}
	l->state = LINE_IDLE;
	if (rc != RC_OK) {
		log_event(LOG_WARN, "voice.not_taken", "why=\"%s\"", e->msg);
		set_timer(l, RETRY_MS);
	} else {
		bool is_more_wanted = l->is_more_wanted;
		count(l->domain, COUNT_EXPIRED, (uint64_t)t->expired);
		if (t->expired > 0)
			publish(l);
		l->is_more_wanted = false;
		if (!uid_is_none(&t->item))
			give_to_session(l, t);
		else if (is_more_wanted)
			look(l);
		else if (t->due_ms == 0)
			line_free(l);
		else
			set_timer(l, t->due_ms - t->now_ms);
	}
	taking_free(t);
}

/* Asks the disk for the next voice. */
static void take(struct line *l, uint64_t session, bool is_asked)
{
	struct domain *d = l->domain;
	struct taking *t = calloc(1, sizeof *t);

	timer_cancel(&l->timer);
	if (t != NULL) {
		t->line = l;
		t->now_ms = d->wall_ms();
		t->may_send = session != 0;
		t->is_asked = is_asked && l->silent < ASKS_MAX;
		l->session = session;
		l->state = LINE_TAKING;
		if (writer_post(d->writer, take_job, take_done, t, 0, NULL) == RC_OK)
			return;
	}
	l->state = LINE_IDLE;
	l->session = 0;
	set_timer(l, RETRY_MS);
	taking_free(t);
}

/* A voice of the family goes to the watch itself only. */
static void look_with(struct line *l, uint64_t session, bool is_asked)
{
	if (session != 0 && !ingest_trusts(l->domain, l->number, session))
		session = 0;
	if (l->state == LINE_IDLE)
		take(l, session, is_asked);
	else if (l->state == LINE_TAKING)
		l->is_more_wanted = true;
}

static void look(struct line *l)
{
	look_with(l, current_session(l), false);
}

static int64_t silence_ms(const struct line *l)
{
	unsigned shift = l->silent < SILENT_SHIFT_MAX ? l->silent : SILENT_SHIFT_MAX;
	int64_t ms = (int64_t)VOICE_SILENT_MS << shift;

	return ms < VOICE_SILENT_MAX_MS ? ms : VOICE_SILENT_MAX_MS;
}

static void on_timer(struct timer *t, void *context)
{
	struct line *l = CONTAINER_OF(t, struct line, timer);

	(void)context;
	if (l->state == LINE_IDLE) {
		look(l);
	} else if (l->state == LINE_SENT) {
		int64_t rest_ms = silence_ms(l);
		count(l->domain, COUNT_SILENT, 1);
		if (l->silent < UINT8_MAX)
			l->silent++;
		end(l, THREAD_QUEUED, false, rest_ms);
	}
}

static struct line *line_for(
	struct domain *d, uint32_t number, const struct uid *wearer, const struct uid *group)
{
	struct line *l = line_find(d, number);

	if (l != NULL)
		return l;
	l = calloc(1, sizeof *l);
	if (l == NULL)
		return NULL;
	l->domain = d;
	l->number = number;
	l->wearer = *wearer;
	l->group = *group;
	list_init(&l->node);
	timer_init(&l->timer, on_timer);
	list_append(&d->voices_out->buckets[number % BUCKETS], &l->node);
	count(d, COUNT_LINES, 1);
	return l;
}

/* ---- from outside ---- */

struct posted {
	struct domain *domain;
	struct uid wearer, group;
	uint32_t number;
};

static void add_posted(void *arg)
{
	struct posted *p = arg;
	struct line *l = line_for(p->domain, p->number, &p->wearer, &p->group);

	if (l != NULL)
		look(l);
	else
		log_event(LOG_ERROR, "voice.no_memory", "it is taken up at the next start");
	free(p);
}

void voice_out_post(
	struct domain *d, uint32_t number, const struct uid *wearer, const struct uid *group)
{
	struct posted *p = malloc(sizeof *p);

	if (p != NULL)
		*p = (struct posted){
			.domain = d, .wearer = *wearer, .group = *group, .number = number};
	if (p == NULL || loop_post(d->loop, add_posted, p, NULL) != RC_OK) {
		log_event(LOG_ERROR, "voice.not_queued", "it goes out after the next start");
		free(p);
	}
}

void voice_out_on_ready(struct domain *d, uint32_t number, uint64_t session)
{
	struct line *l = line_find(d, number);

	if (l != NULL && l->state != LINE_SENT)
		look_with(l, session, false);
}

void voice_out_on_asked(struct domain *d, uint32_t number, uint64_t session)
{
	struct line *l = line_find(d, number);

	if (l == NULL)
		return;
	if (l->state == LINE_SENT) {
		/* Asked for although it was sent: the watch does not have it. */
		if (d->wall_ms() - l->sent_ms >= VOICE_ASKED_AGAIN_MS)
			end(l, THREAD_QUEUED, false, 0);
		return;
	}
	look_with(l, session, true);
}

void voice_out_on_answer(struct domain *d, uint32_t number, bool is_taken)
{
	struct line *l = line_find(d, number);

	if (l == NULL || l->state != LINE_SENT)
		return;
	l->silent = 0;
	if (is_taken)
		end(l, THREAD_DELIVERED, false, 0);
	else
		end(l, THREAD_QUEUED, true, VOICE_REFUSED_MS);
}

/* Voices under way are few, and the session tells whose it is. */
static struct line *line_of_session(struct domain *d, uint64_t session, const struct uid *item)
{
	live_lock(d->live);
	const struct live_device *dev = live_by_session(d->live, session);
	uint32_t number = dev == NULL ? 0 : dev->number;
	live_unlock(d->live);
	struct line *l = number == 0 ? NULL : line_find(d, number);

	return l != NULL && l->state == LINE_SENT && l->session == session && uid_is(&l->item, item)
		       ? l
		       : NULL;
}

void voice_out_on_sent(struct domain *d, uint64_t session, const struct uid *item)
{
	struct line *l = line_of_session(d, session, item);

	if (l != NULL)
		l->is_written = true;
}

void voice_out_on_unsent(struct domain *d, uint64_t session, const struct uid *item)
{
	struct line *l = line_of_session(d, session, item);

	if (l != NULL && !l->is_written)
		end(l, THREAD_QUEUED, false, RETRY_MS);
}

void voice_out_on_closed(struct domain *d, uint32_t number, uint64_t session)
{
	struct line *l = line_find(d, number);

	if (l == NULL || l->session != session)
		return;
	if (l->state != LINE_SENT) {
		l->session = 0; /* take_done finds out */
		return;
	}
	if (l->silent < UINT8_MAX)
		l->silent++;
	end(l, THREAD_QUEUED, false, VOICE_CLOSED_MS);
}

void voice_out_forget(struct domain *d, uint32_t number)
{
	struct line *l = line_find(d, number);

	if (l == NULL)
		return;
	if (l->state == LINE_IDLE || l->state == LINE_SENT) {
		line_free(l);
		return;
	}
	timer_cancel(&l->timer);
	l->is_forgotten = true; /* its job still points to it */
}

enum rc voices_out_new(struct domain *d, struct voices_out **ret_owned, struct err *e)
{
	struct voices_out *v = calloc(1, sizeof *v);

	if (v == NULL)
		return fail(e, RC_NOMEM, "voices: out of memory");
	v->domain = d;
	for (unsigned i = 0; i < BUCKETS; i++)
		list_init(&v->buckets[i]);
	*ret_owned = v;
	return RC_OK;
}

void voices_out_free(struct voices_out *v)
{
	if (v == NULL)
		return;
	for (unsigned i = 0; i < BUCKETS; i++) {
		while (!list_is_empty(&v->buckets[i]))
			line_free(CONTAINER_OF(v->buckets[i].next, struct line, node));
	}
	free(v);
}

enum rc voices_out_load(struct domain *d, struct db *db, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db,
		"SELECT DISTINCT w.number, w.id, w.care_group FROM thread_item t"
		" JOIN wearer w ON w.id = t.wearer WHERE t.kind = 1 AND t.state < 2",
		&s, e);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct uid wearer = stmt_uid(s, 1);
		struct uid group = stmt_uid(s, 2);
		struct line *l = line_for(d, (uint32_t)stmt_int(s, 0), &wearer, &group);
		if (l == NULL)
			log_event(LOG_ERROR, "voice.no_memory", "it is taken up at the next start");
		else
			set_timer(l, RETRY_MS); /* or before, when its watch says something */
	}
	return rc;
}

void voices_out_read_stats(struct voices_out *v, struct voices_out_stats *ret)
{
	*ret = (struct voices_out_stats){
		.lines = v->counts[COUNT_LINES],
		.sent = v->counts[COUNT_SENT],
		.delivered = v->counts[COUNT_DELIVERED],
		.refused = v->counts[COUNT_REFUSED],
		.silent = v->counts[COUNT_SILENT],
		.expired = v->counts[COUNT_EXPIRED],
	};
}
