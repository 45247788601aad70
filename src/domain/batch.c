#include "domain/ingest_inside.h"

#include <stdlib.h>

#include "base/log.h"
#include "domain/bus.h"
#include "domain/courier_outbox.h"
#include "domain/days.h"

enum {
	SPARE_MAX = 4,
	ARRAY_FIRST = 64,
	NEWS_AHEAD = 4,
	PENDING_SEEN = 256, /* news of a batch that are looked through for a place */
};

/* The last place of the device among the newest news of a batch; NULL when there is none. */
static const struct fix *last_in(const struct batch *b, const struct live_device *dev)
{
	size_t n_news = b == NULL ? 0 : b->news_n;
	size_t oldest = n_news > PENDING_SEEN ? n_news - PENDING_SEEN : 0;

	for (size_t i = n_news; i > oldest; i--) {
		const struct news *n = &b->news[i - 1];
		if (n->place == dev->place && n->number == dev->number && (n->has & NEWS_FIX) != 0)
			return &n->fix;
	}
	return NULL;
}

bool batch_last_place(const struct ingest *in, const struct live_device *dev, struct fix *ret)
{
	const struct fix *newest = NULL;

	/* Rare: a watch that reports twice within the time of a commit. */
	if (dev->has_pending) {
		const struct fix *found[] = {last_in(in->plain, dev), last_in(in->urgent, dev)};
		for (size_t i = 0; i < COUNT_OF(found); i++) {
			if (found[i] != NULL &&
				(newest == NULL || found[i]->time_ms > newest->time_ms))
				newest = found[i];
		}
		for (struct list *n = in->flying.prev; newest == NULL && n != &in->flying;
			n = n->prev)
			newest = last_in(CONTAINER_OF(n, struct batch, node), dev);
	}
	if (newest != NULL)
		*ret = *newest;
	else if (dev->has_fix)
		live_get_fix(dev, ret);
	return newest != NULL || dev->has_fix;
}

static void *grow(void *items, size_t *capacity, size_t size)
{
	size_t wanted = *capacity == 0 ? ARRAY_FIRST : *capacity * 2;
	void *grown = reallocarray(items, wanted, size);

	if (grown != NULL)
		*capacity = wanted;
	return grown;
}

static void tell_waiters(struct batch *b, enum rc rc)
{
	for (size_t i = 0; i < b->waiters_n; i++)
		b->waiters[i].fn(b->waiters[i].ctx, rc);
	b->waiters_n = 0;
}

void batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	tell_waiters(b, RC_LIMIT);
	list_remove(&b->node);
	history_batch_done(&b->entries);
	free(b->answers);
	free(b->news);
	free(b->alarms);
	free(b->places);
	free(b->health);
	free(b->waiters);
	free(b);
}

/* Keeps the memory of a few for the next ones. */
static void recycle(struct ingest *in, struct batch *b)
{
	if (in->spare_n >= SPARE_MAX || b->entries.capacity > (size_t)INGEST_BATCH_BYTES * 2) {
		batch_free(b);
		return;
	}
	b->entries.n = 0;
	b->entries.count = 0;
	b->answers_n = b->news_n = b->alarms_n = b->places_n = b->health_n = 0;
	b->counted_bytes = 0;
	b->must_go = false;
	list_append(&in->spare, &b->node);
	in->spare_n++;
}

enum rc batch_for(struct ingest *in, bool is_urgent, struct batch **ret, struct err *e)
{
	struct batch **slot = is_urgent ? &in->urgent : &in->plain;

	if (*slot == NULL) {
		struct list *n = list_pop(&in->spare);
		struct batch *b = NULL;
		if (n != NULL) {
			b = CONTAINER_OF(n, struct batch, node);
			in->spare_n--;
		} else {
			b = calloc(1, sizeof *b);
			if (b == NULL)
				return fail(e, RC_NOMEM, "ingest: out of memory");
			list_init(&b->node);
			history_batch_init(&b->entries);
		}
		b->domain = in->domain;
		b->is_urgent = is_urgent;
		*slot = b;
	}
	*ret = *slot;
	return RC_OK;
}

enum rc batch_add_answer(struct batch *b, uint64_t session, struct view index,
	const struct reply *reply, struct err *e)
{
	if (b->answers_n == b->answers_capacity) {
		struct answer *grown = grow(b->answers, &b->answers_capacity, sizeof *grown);
		if (grown == NULL)
			return fail(e, RC_NOMEM, "ingest: out of memory");
		b->answers = grown;
	}
	struct answer *a = &b->answers[b->answers_n++];
	a->session = session;
	a->reply = *reply;
	a->index_n = (uint8_t)(index.n <= sizeof a->index ? index.n : 0);
	if (a->index_n > 0)
		memcpy(a->index, index.p, a->index_n);
	b->must_go = true;
	return RC_OK;
}

enum rc batch_add_news(struct batch *b, struct news **ret, struct err *e)
{
	if (b->news_n == b->news_capacity) {
		struct news *grown = grow(b->news, &b->news_capacity, sizeof *grown);
		if (grown == NULL)
			return fail(e, RC_NOMEM, "ingest: out of memory");
		b->news = grown;
	}
	*ret = &b->news[b->news_n++];
	return RC_OK;
}

enum rc batch_add_alarm(struct batch *b, const struct alarm_work *alarm, struct err *e)
{
	if (b->alarms_n == b->alarms_capacity) {
		struct alarm_work *grown = grow(b->alarms, &b->alarms_capacity, sizeof *grown);
		if (grown == NULL)
			return fail(e, RC_NOMEM, "ingest: out of memory");
		b->alarms = grown;
	}
	b->alarms[b->alarms_n++] = *alarm;
	b->must_go = true;
	return RC_OK;
}

enum rc batch_add_place(struct batch *b, const struct place_work *place, struct err *e)
{
	if (b->places_n == b->places_capacity) {
		struct place_work *grown = grow(b->places, &b->places_capacity, sizeof *grown);
		if (grown == NULL)
			return fail(e, RC_NOMEM, "ingest: out of memory");
		b->places = grown;
	}
	b->places[b->places_n++] = *place;
	b->must_go = true;
	return RC_OK;
}

static enum rc store_places(struct db *db, struct batch *b, struct err *e)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < b->places_n && rc == RC_OK; i++) {
		struct place_work *p = &b->places[i];
		struct view report = {.p = b->entries.bytes + p->report_at, .n = p->report_n};
		rc = alarm_add_place(db, &p->wearer, p->received_ms, p->is_better, report,
			p->alarms, &p->alarms_n, e);
		if (rc == RC_NOT_FOUND || rc == RC_SYNTAX) { /* erased, or its key is damaged */
			p->alarms_n = 0;
			rc = RC_OK;
		}
	}
	return rc;
}

enum rc batch_add_health(struct batch *b, const struct health_intake *health, struct err *e)
{
	if (b->health_n == b->health_capacity) {
		struct health_intake *grown = grow(b->health, &b->health_capacity, sizeof *grown);
		if (grown == NULL)
			return fail(e, RC_NOMEM, "ingest: out of memory");
		b->health = grown;
	}
	b->health[b->health_n++] = *health;
	return RC_OK;
}

enum rc batch_add_waiter(struct batch *b, const struct waiter *waiter, struct err *e)
{
	if (b->waiters_n == b->waiters_capacity) {
		struct waiter *grown = grow(b->waiters, &b->waiters_capacity, sizeof *grown);
		if (grown == NULL)
			return fail(e, RC_NOMEM, "ingest: out of memory");
		b->waiters = grown;
	}
	b->waiters[b->waiters_n++] = *waiter;
	b->must_go = true;
	return RC_OK;
}

static enum rc store(struct db *db, struct batch *b, struct err *e)
{
	enum rc rc = RC_OK;

	for (size_t i = 0; i < b->alarms_n && rc == RC_OK; i++) {
		struct alarm_work *a = &b->alarms[i];
		a->intake.report =
			(struct view){.p = b->entries.bytes + a->report_at, .n = a->report_n};
		rc = alarm_take_in(db, &a->intake, &a->outcome, e);
		if (rc == RC_NOT_FOUND) { /* erased while it was under way */
			a->outcome = (struct alarm_outcome){.is_new = false};
			rc = RC_OK;
		}
	}
	if (rc == RC_OK && b->places_n > 0)
		rc = store_places(db, b, e);
	for (size_t i = 0; i < b->health_n && rc == RC_OK; i++)
		rc = health_take_in(db, &b->health[i], e);
	return rc == RC_OK ? history_journal(b->domain->history, db, &b->entries, e) : rc;
}

static enum rc batch_job(struct db *db, void *arg, struct err *e)
{
	struct batch *b = arg;
	enum rc rc = store(db, b, e);

	return rc == RC_OK && b->along != NULL ? store(db, b->along, e) : rc;
}

static void apply_news(struct ingest *in, const struct news *n)
{
	struct live_device *dev = live_at(in->domain->live, n->place, n->number);

	if (dev == NULL)
		return;
	days_on_news(in->domain->days, dev, n);
	if ((n->has & NEWS_FIX) != 0) {
		dev->has_pending = false;
		if (!dev->has_fix || n->fix.time_ms >= dev->time_ms)
			live_set_fix(dev, &n->fix);
	}
	if ((n->has & NEWS_BATTERY) != 0) {
		dev->has_battery = true;
		dev->battery_percent = n->battery_percent;
		dev->battery_s = n->received_s;
	}
	if ((n->has & NEWS_SIGNAL) != 0) {
		dev->has_signal = true;
		dev->signal_percent = n->signal_percent;
	}
	if ((n->has & NEWS_STEPS) != 0) {
		dev->has_steps = true;
		dev->steps = n->steps;
	}
	if ((n->has & NEWS_FLAGS) != 0)
		dev->flags = n->flags;
	ingest_mark_dirty(in, dev);
}

static void tell_alarms(struct ingest *in, const struct batch *b)
{
	struct domain *d = in->domain;

	for (size_t i = 0; i < b->alarms_n; i++) {
		const struct alarm_work *a = &b->alarms[i];
		if (uid_is_none(&a->outcome.id))
			continue;
		ingest_count(in, COUNT_ALARMS_NEW, a->outcome.is_new);
		if (a->outcome.is_new)
			courier_knock(d);
		live_lock(d->live);
		struct live_device *dev = live_at(d->live, a->place, a->number);
		if (dev != NULL)
			dev->open_alarms = a->outcome.open_alarms;
		if (dev != NULL && a->outcome.is_new)
			days_on_alarm(d->days, dev, a->intake.kinds);
		live_unlock(d->live);
		bus_publish(d->bus, EVENT_ALARM, &a->group, &a->outcome.id);
		bus_publish(d->bus, EVENT_WEARER, &a->group, &a->intake.wearer);
	}
}

static void tell_places(struct domain *d, const struct batch *b)
{
	for (size_t i = 0; i < b->places_n; i++) {
		const struct place_work *p = &b->places[i];
		for (size_t k = 0; k < p->alarms_n; k++)
			bus_publish(d->bus, EVENT_ALARM, &p->group, &p->alarms[k]);
	}
}

static void keep_for_later(struct ingest *in, struct batch *b)
{
	struct loop *loop = in->domain->loop;

	list_append(&in->failed, &b->node);
	timer_set(loop_wheel(loop), &in->retry, loop_now_ms(loop) + INGEST_RETRY_MS);
}

/* It is on disk: answers, memory, events. */
static void tell_stored(struct ingest *in, struct batch *b)
{
	struct domain *d = in->domain;
	struct err e;

	ingest_count(in, COUNT_BATCHES, 1);
	ingest_count(in, COUNT_STORED, b->entries.count);
	ingest_count(in, COUNT_WAITING_BYTES, 0 - (uint64_t)b->counted_bytes);
	for (size_t i = 0; i < b->answers_n; i++) {
		const struct answer *a = &b->answers[i];
		d->out.answer(d->out.owner, a->session,
			(struct view){.p = a->index, .n = a->index_n}, &a->reply);
	}
	if (history_append(d->history, d->writer, &b->entries, &e) != RC_OK)
		log_event(LOG_ERROR, "ingest.not_in_memory", "why=\"%s\"", e.msg);
	live_lock(d->live);
	for (size_t i = 0; i < b->news_n; i++) {
		if (i + NEWS_AHEAD < b->news_n) {
			live_prefetch(d->live, b->news[i + NEWS_AHEAD].place);
			days_prefetch(d->days, b->news[i + NEWS_AHEAD].place);
		}
		apply_news(in, &b->news[i]);
	}
	live_unlock(d->live);
	for (size_t i = 0; i < b->health_n; i++)
		bus_publish(d->bus, EVENT_HEALTH, &b->health[i].group, &b->health[i].wearer);
	tell_alarms(in, b);
	tell_places(d, b);
	tell_waiters(b, RC_OK);
	recycle(in, b);
}

static void batch_ended(struct ingest *in, struct batch *b, enum rc rc, const struct err *e)
{
	list_remove(&b->node);
	if (rc == RC_OK) {
		tell_stored(in, b);
		return;
	}
	log_event(
		LOG_ERROR, "ingest.not_stored", "reports=%u why=\"%s\"", b->entries.count, e->msg);
	ingest_count(in, COUNT_BATCHES_FAILED, 1);
	keep_for_later(in, b);
}

static void batch_done(void *arg, enum rc rc, const struct err *e)
{
	struct batch *b = arg;
	struct ingest *in = b->domain->ingest;
	struct batch *along = STEAL(b->along);

	if (!b->is_urgent)
		in->plain_under_way--;
	batch_ended(in, b, rc, e);
	if (along != NULL) /* in this order: sequence numbers rise */
		batch_ended(in, along, rc, e);
}

static void post(struct ingest *in, struct batch *b)
{
	unsigned flags = b->is_urgent ? WRITER_URGENT : WRITER_PLAIN;
	struct batch *along = b->along;
	struct err e;

	if (writer_post(in->domain->writer, batch_job, batch_done, b, flags, &e) == RC_OK) {
		in->plain_under_way += !b->is_urgent;
		list_append(&in->flying, &b->node);
		if (along != NULL)
			list_append(&in->flying, &along->node);
		return;
	}
	b->along = NULL;
	keep_for_later(in, b);
	if (along != NULL)
		keep_for_later(in, along);
}

static size_t batch_bytes(const struct batch *b)
{
	return b->entries.n + b->answers_n * sizeof *b->answers + b->news_n * sizeof *b->news +
	       b->alarms_n * sizeof *b->alarms + b->places_n * sizeof *b->places +
	       b->health_n * sizeof *b->health + b->waiters_n * sizeof *b->waiters;
}

static struct batch *take_filled(struct ingest *in, struct batch **slot)
{
	struct batch *b = STEAL(*slot);

	b->counted_bytes = batch_bytes(b);
	ingest_count(in, COUNT_WAITING_BYTES, b->counted_bytes);
	return b;
}

static void send_off(struct ingest *in, struct batch **slot)
{
	post(in, take_filled(in, slot));
}

/* Alarms now, and what waits goes along: one commit for both. */
static void send_urgent(struct ingest *in)
{
	struct batch *b = take_filled(in, &in->urgent);

	if (in->plain != NULL) {
		timer_cancel(&in->linger);
		b->along = take_filled(in, &in->plain);
	}
	post(in, b);
}

void ingest_flush(struct domain *d)
{
	struct ingest *in = d->ingest;

	if (in->urgent != NULL)
		send_urgent(in);
	if (in->plain == NULL)
		return;
	/* One plain batch is under way at a time: while it is, the next one gathers company. */
	bool is_due = in->plain->must_go || d->settings.commit_linger_ms == 0 ||
		      in->plain->entries.n >= INGEST_BATCH_BYTES;
	if (is_due && in->plain_under_way == 0) {
		timer_cancel(&in->linger);
		send_off(in, &in->plain);
	} else if (!timer_is_set(&in->linger)) {
		timer_set(loop_wheel(d->loop), &in->linger,
			loop_now_ms(d->loop) + d->settings.commit_linger_ms);
	}
}

void ingest_hurry(struct domain *d)
{
	struct ingest *in = d->ingest;

	if (in->plain != NULL && in->plain_under_way == 0)
		send_off(in, &in->plain);
}

bool ingest_is_idle(struct domain *d)
{
	const struct ingest *in = d->ingest;

	return in->plain == NULL && in->urgent == NULL &&
	       atomic_load_explicit(&in->counts[COUNT_WAITING_BYTES], memory_order_relaxed) == 0;
}

void ingest_on_linger(struct timer *t, void *context)
{
	struct ingest *in = CONTAINER_OF(t, struct ingest, linger);

	(void)context;
	if (in->plain == NULL)
		return;
	if (in->plain_under_way == 0)
		send_off(in, &in->plain);
	else
		timer_set(loop_wheel(in->domain->loop), &in->linger,
			loop_now_ms(in->domain->loop) + in->domain->settings.commit_linger_ms);
}

void ingest_flush_all(struct domain *d)
{
	struct ingest *in = d->ingest;

	if (in->urgent != NULL)
		send_urgent(in);
	if (in->plain != NULL)
		send_off(in, &in->plain);
	ingest_on_retry(&in->retry, NULL);
}

void ingest_on_retry(struct timer *t, void *context)
{
	struct ingest *in = CONTAINER_OF(t, struct ingest, retry);
	struct list again;
	struct list *n = NULL;

	(void)context;
	list_init(&again);
	while ((n = list_pop(&in->failed)) != NULL)
		list_append(&again, n);
	while ((n = list_pop(&again)) != NULL)
		post(in, CONTAINER_OF(n, struct batch, node));
}

bool ingest_is_full(struct domain *d)
{
	struct ingest *in = d->ingest;
	size_t filling = (in->plain == NULL ? 0 : batch_bytes(in->plain)) +
			 (in->urgent == NULL ? 0 : batch_bytes(in->urgent));
	bool is_full =
		atomic_load_explicit(&in->counts[COUNT_WAITING_BYTES], memory_order_relaxed) +
			filling >=
		INGEST_WAITING_BYTES;

	ingest_count(in, COUNT_FULL, is_full);
	return is_full;
}

void ingest_mark_dirty(struct ingest *in, struct live_device *dev)
{
	struct domain *d = in->domain;

	if (dev->is_dirty || !bus_is_heard(d->bus, &dev->group))
		return;
	if (in->dirty_n == in->dirty_capacity) {
		struct dirty *grown = grow(in->dirty, &in->dirty_capacity, sizeof *grown);
		if (grown == NULL)
			return; /* people see it at the next change */
		in->dirty = grown;
	}
	in->dirty[in->dirty_n++] = (struct dirty){.place = dev->place, .number = dev->number};
	dev->is_dirty = true;
	if (!timer_is_set(&in->events))
		timer_set(loop_wheel(d->loop), &in->events, loop_now_ms(d->loop) + INGEST_EVENT_MS);
}

void ingest_on_events(struct timer *t, void *context)
{
	struct ingest *in = CONTAINER_OF(t, struct ingest, events);
	struct domain *d = in->domain;

	(void)context;
	live_lock(d->live);
	for (size_t i = 0; i < in->dirty_n; i++) {
		struct live_device *dev = live_at(d->live, in->dirty[i].place, in->dirty[i].number);
		if (dev == NULL)
			continue;
		dev->is_dirty = false;
		bus_publish(d->bus, EVENT_WEARER, &dev->group, &dev->wearer);
	}
	live_unlock(d->live);
	in->dirty_n = 0;
}

void ingest_touch(struct domain *d, const struct uid *wearer)
{
	live_lock(d->live);
	struct live_device *dev = live_by_wearer(d->live, wearer);
	if (dev != NULL)
		ingest_mark_dirty(d->ingest, dev);
	live_unlock(d->live);
}
