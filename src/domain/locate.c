#include "domain/locate.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/log.h"
#include "domain/locate_service.h"
#include "domain/locate_store.h"
#include "domain/pool.h"
#include "domain/radio_table.h"

enum { DAY_MS = 86400000, CELL_SURE = 5 };

static const double IMPORTED_POINT_M = 40;  /* how exactly public tables know access points */
static const double IMPORTED_CELL_M = 1500; /* range of a cell whose row says none */

/* The last lesson of a watch. */
struct lesson_slot {
	uint32_t number; /* of the wearer; 0: free */
	uint32_t at_s;
	struct geo at;
};

/* The last solution. */
struct known_slot {
	uint32_t number, fingerprint, until_s;
	uint32_t accuracy_dm;
	struct geo at;
	uint8_t by;
	bool has_moving;
};

enum locate_count {
	COUNT_WIFI,
	COUNT_CELL,
	COUNT_UNKNOWN,
	COUNT_AGAIN,
	COUNT_DROPPED,
	COUNT_LESSONS,
	COUNT_LESSONS_DROPPED,
	COUNT_ASKED,
	COUNT_ASKED_FULL,
	COUNT_ANSWERED,
	LOCATE_COUNTS,
};

struct lessons {
	struct locate *locate;
	size_t n;
	struct learn_item items[LOCATE_LESSONS_MAX]; /* at most the setting */
};

struct locate {
	struct domain *domain;
	struct pool *pool;
	struct radio_reader *radio; /* the pool's thread */
	struct locate_service *service;
	unsigned asked_n;
	struct timer patience; /* while questions are with the service */
	struct lesson_slot *lesson_slots;
	struct known_slot *known_slots;
	struct lessons filling;
	struct timer flush, sweep;
	struct list questions; /* all that have no answer yet */
	unsigned questions_n;
	bool is_stopped;
	atomic_ullong counts[LOCATE_COUNTS];
};

/* One report on its way through the thread and back. */
struct question {
	struct list node;
	struct locate *locate;
	atomic_bool is_lost; /* the thread could not give it back */
	uint32_t place, number;
	struct uid group;
	struct uid id; /* with the service: none when it is not */
	int64_t asked_ms;
	uint32_t fingerprint;
	struct solved_place result;
	struct heard_list heard;
};

static void count(struct locate *l, enum locate_count what)
{
	(void)atomic_fetch_add_explicit(&l->counts[what], 1, memory_order_relaxed);
}

/* ---- lessons ---- */

static enum rc learn_job(struct db *db, void *arg, struct err *e)
{
	const struct lessons *ls = arg;
	enum rc rc = RC_OK;

	for (size_t i = 0; i < ls->n && rc == RC_OK; i++) {
		rc = locate_store_learn(db, &ls->items[i], e);
		if (rc == RC_NOT_FOUND) /* its key is gone */
			rc = RC_OK;
	}
	return rc;
}

static void learn_done(void *arg, enum rc rc, const struct err *e)
{
	if (rc != RC_OK)
		log_event(LOG_WARN, "locate.not_learned", "why=\"%s\"", e->msg);
	free(arg);
}

static void on_flush(struct timer *t, void *context)
{
	struct locate *l = CONTAINER_OF(t, struct locate, flush);
	size_t bytes = offsetof(struct lessons, items) + l->filling.n * sizeof(struct learn_item);
	struct lessons *ls = malloc(bytes);

	(void)context;
	if (ls == NULL) {
		l->filling.n = 0; /* they come again */
		return;
	}
	memcpy(ls, &l->filling, bytes);
	l->filling.n = 0;
	/* It joins the commit of the reports that follow. */
	if (writer_post(l->domain->writer, learn_job, learn_done, ls, WRITER_LAZY, NULL) != RC_OK)
		free(ls);
}

static bool is_good_lesson(const struct fix *f)
{
	if ((f->has & FIX_HAS_ACCURACY) != 0 && f->accuracy_dm > LOCATE_GPS_ACCURACY_MAX_M * 10)
		return false;
	return (f->has & FIX_HAS_SATELLITES) == 0 || f->satellites >= LOCATE_GPS_SATELLITES_MIN;
}

/* A good fix with something heard. Cheap when it is not the time for a lesson. */
static void learn(struct locate *l, const struct live_device *dev, const struct report *r,
	const struct fix *f)
{
	struct lesson_slot *slot = &l->lesson_slots[dev->number % LOCATE_SLOTS];
	uint32_t now_s = (uint32_t)(f->received_ms / 1000);
	struct geo at = {f->lat_e7, f->lon_e7};

	if (slot->number == dev->number && now_s - slot->at_s < LOCATE_LESSON_MS / 1000)
		return;
	if (!is_good_lesson(f) ||
		(slot->number == dev->number && now_s - slot->at_s < LOCATE_SAME_MS / 1000 &&
			geo_distance_m(slot->at, at) < LOCATE_SAME_M))
		return;
	if (l->filling.n >= l->domain->settings.locate_lessons_per_s) {
		count(l, COUNT_LESSONS_DROPPED);
		return;
	}
	struct learn_item *item = &l->filling.items[l->filling.n];
	heard_of_report(r, &item->heard);
	if (item->heard.n == 0)
		return;
	*slot = (struct lesson_slot){.number = dev->number, .at_s = now_s, .at = at};
	item->group = dev->group;
	item->at = at;
	item->accuracy_m = (f->has & FIX_HAS_ACCURACY) != 0 ? (double)f->accuracy_dm / 10 : 0;
	item->is_fast = (f->has & FIX_HAS_SPEED) != 0 && f->speed_ckmh > LOCATE_FAST_CKMH;
	item->day = (uint16_t)(f->received_ms / DAY_MS);
	if (l->filling.n++ == 0)
		timer_set(loop_wheel(l->domain->loop), &l->flush,
			loop_now_ms(l->domain->loop) + LOCATE_FLUSH_MS);
	count(l, COUNT_LESSONS);
}

/* ---- solving: the pool's thread ---- */

/* What the group learned comes first; a cell that it hardly knows is better known to the table. */
static bool find_place(
	struct db *reader, struct question *q, const struct heard_item *item, struct heard *ret)
{
	struct radio_reader *radio = q->locate->radio;
	enum learned_kind kind = item->is_cell ? LEARNED_CELL : LEARNED_POINT;
	uint16_t today = (uint16_t)(q->result.received_ms / DAY_MS);
	struct learned l = {.count = 0};
	uint32_t range_m = 0;

	*ret = (struct heard){.rssi_dbm = item->rssi_dbm,
		.has_rssi = item->has_rssi,
		.is_serving = item->is_serving};
	bool is_learned = locate_store_find(reader, &q->group, item, &l, NULL) == RC_OK;
	if (is_learned && !item->is_cell && learned_is_moving(&l, today)) {
		q->result.has_moving = true;
		return false;
	}
	is_learned = is_learned && learned_is_usable(&l, today);
	if (!is_learned || (item->is_cell && l.count < CELL_SURE)) {
		if (radio_reader_find(radio, item->is_cell, item->key, &ret->at, &range_m, NULL) ==
			RC_OK) {
			ret->radius_m = !item->is_cell ? IMPORTED_POINT_M
					: range_m == 0 ? IMPORTED_CELL_M
						       : range_m;
			return true;
		}
	}
	ret->at = l.at;
	ret->radius_m = learned_radius_m(&l, kind);
	ret->is_sure = l.count >= LEARNED_RELOCATE;
	return is_learned;
}

static void solve_question(struct db *reader, struct question *q)
{
	struct solve_in in = {.points_n = 0};

	for (uint8_t i = 0; i < q->heard.n; i++) {
		const struct heard_item *item = &q->heard.items[i];
		struct heard *to = item->is_cell ? &in.cells[in.cells_n] : &in.points[in.points_n];
		if (!find_place(reader, q, item, to))
			continue;
		if (item->is_cell)
			in.cells_n++;
		else
			in.points_n++;
	}
	solve(&in, &q->result.solved);
	q->result.has_moving = q->result.has_moving || q->result.solved.is_disputed;
}

static void finish(void *arg);

static void solve_task(struct db *reader, void *arg)
{
	struct question *q = arg;
	struct err e;

	solve_question(reader, q);
	if (loop_post(q->locate->domain->loop, finish, q, &e) != RC_OK) {
		log_event(LOG_WARN, "locate.lost", "why=\"%s\"", e.msg);
		atomic_store(&q->is_lost, true);
	}
}

/* ---- what was found: the main loop ---- */

static void remember(struct locate *l, const struct question *q)
{
	const struct solved *s = &q->result.solved;
	uint32_t life_ms = s->by == SOLVED_NOT ? LOCATE_UNKNOWN_MS : LOCATE_KNOWN_MS;

	l->known_slots[q->number % LOCATE_SLOTS] = (struct known_slot){.number = q->number,
		.fingerprint = q->fingerprint,
		.until_s = (uint32_t)((l->domain->wall_ms() + life_ms) / 1000),
		.accuracy_dm = (uint32_t)(s->accuracy_m * 10),
		.at = s->at,
		.by = (uint8_t)s->by,
		.has_moving = q->result.has_moving};
}

static void tell(struct locate *l, struct live_device *dev, const struct solved_place *s)
{
	static const enum locate_count counts[] = {[SOLVED_NOT] = COUNT_UNKNOWN,
		[SOLVED_WIFI] = COUNT_WIFI,
		[SOLVED_CELL] = COUNT_CELL};

	count(l, counts[s->solved.by]);
	if (s->solved.by != SOLVED_NOT)
		solved_store(l->domain->ingest, dev, s);
}

static void drop(struct question *q)
{
	q->locate->asked_n -= !uid_is_none(&q->id);
	q->locate->questions_n--;
	list_remove(&q->node);
	free(q);
}

static void store_place(struct locate *l, const struct question *q, const struct solved_place *s)
{
	struct domain *d = l->domain;

	live_lock(d->live);
	struct live_device *dev = live_at(d->live, q->place, q->number);
	if (dev != NULL) /* else it was erased meanwhile */
		tell(l, dev, s);
	live_unlock(d->live);
}

static void end_question(struct locate *l, struct question *q)
{
	remember(l, q);
	store_place(l, q, &q->result);
	drop(q);
}

/* True when the service was asked: the question waits for its answer. What the house knows of an
 * alarm is told at once. */
static bool ask_service(struct locate *l, struct question *q)
{
	struct solved known = {.by = SOLVED_NOT};
	struct loop *loop = l->domain->loop;
	struct uid id = uid_new();

	if (l->asked_n == LOCATE_ASKED_MAX ||
		!locate_service_wants(l->service, &q->heard, &q->result.solved))
		return false;
	enum asked asked = locate_service_ask(l->service, &q->heard, &id, &known);
	if (asked == ASKED_KNOWN && known.by != SOLVED_NOT)
		q->result.solved = known;
	if (asked == ASKED_FULL)
		count(l, COUNT_ASKED_FULL);
	if (asked != ASKED_NOW)
		return false;
	count(l, COUNT_ASKED);
	q->id = id;
	q->asked_ms = loop_now_ms(loop);
	if (l->asked_n++ == 0)
		timer_set(loop_wheel(loop), &l->patience, q->asked_ms + LOCATE_ASK_LIFE_MS);
	if (q->result.has_alarm && q->result.solved.by != SOLVED_NOT) {
		store_place(l, q, &q->result);
		q->result.is_better = true;
	}
	return true;
}

/* It was not answered in time. An alarm has had its place. */
static void give_up(struct locate *l, struct question *q)
{
	if (q->result.is_better)
		drop(q);
	else
		end_question(l, q);
}

static void on_patience(struct timer *t, void *context)
{
	struct locate *l = CONTAINER_OF(t, struct locate, patience);
	struct loop *loop = l->domain->loop;
	int64_t now_ms = loop_now_ms(loop);
	int64_t next_ms = INT64_MAX;

	(void)context;
	for (struct list *n = l->questions.next; n != &l->questions;) {
		struct question *q = CONTAINER_OF(n, struct question, node);
		n = n->next;
		if (uid_is_none(&q->id))
			continue;
		int64_t due_ms = q->asked_ms + LOCATE_ASK_LIFE_MS;
		if (due_ms <= now_ms)
			give_up(l, q);
		else if (due_ms < next_ms)
			next_ms = due_ms;
	}
	if (next_ms != INT64_MAX)
		timer_set(loop_wheel(loop), &l->patience, next_ms);
}

void locate_on_told(struct domain *d, const struct message_locate_told *told)
{
	struct locate *l = d->locate;
	struct solved solved;

	if (l == NULL || l->is_stopped || uid_is_none(&told->item))
		return;
	for (struct list *n = l->questions.next; n != &l->questions; n = n->next) {
		struct question *q = CONTAINER_OF(n, struct question, node);
		if (!uid_is(&q->id, &told->item))
			continue;
		locate_service_told(l->service, &q->heard, told, &solved);
		if (solved.by == SOLVED_NOT) {
			give_up(l, q);
			return;
		}
		count(l, COUNT_ANSWERED);
		q->result.solved = solved;
		end_question(l, q);
		return;
	}
}

static void finish(void *arg)
{
	struct question *q = arg;

	if (!q->locate->is_stopped && !ask_service(q->locate, q)) /* else locate_free drops it */
		end_question(q->locate, q);
}

static bool is_known(struct locate *l, const struct live_device *dev, uint32_t fingerprint,
	struct solved_place *s)
{
	const struct known_slot *k = &l->known_slots[dev->number % LOCATE_SLOTS];

	if (k->number != dev->number || k->fingerprint != fingerprint ||
		k->until_s <= (uint32_t)(l->domain->wall_ms() / 1000))
		return false;
	s->solved = (struct solved){.by = (enum solved_by)k->by,
		.at = k->at,
		.accuracy_m = (double)k->accuracy_dm / 10};
	s->has_moving = k->has_moving;
	return true;
}

static void ask(struct locate *l, struct live_device *dev, const struct report *r,
	const struct solved_place *s)
{
	struct heard_list heard;
	struct solved_place known = *s;

	heard_of_report(r, &heard);
	if (heard.n == 0)
		return;
	uint32_t fingerprint = heard_fingerprint(&heard);
	if (is_known(l, dev, fingerprint, &known)) {
		count(l, COUNT_AGAIN);
		tell(l, dev, &known);
		return;
	}
	struct question *q = malloc(sizeof *q);
	if (q == NULL)
		return; /* as when the queue is full: the next report asks again */
	*q = (struct question){.locate = l,
		.place = dev->place,
		.number = dev->number,
		.group = dev->group,
		.fingerprint = fingerprint,
		.result = *s,
		.heard = heard};
	list_append(&l->questions, &q->node);
	l->questions_n++;
	if (pool_post(l->pool, solve_task, q, NULL) == RC_OK)
		return;
	count(l, COUNT_DROPPED);
	drop(q);
}

void locate_on_report(struct domain *d, struct live_device *dev, const struct report *r,
	const struct judged *j, int64_t received_ms, bool has_alarm)
{
	enum {
		KEPT = REPORT_HAS_TIME | REPORT_HAS_BATTERY | REPORT_HAS_SIGNAL | REPORT_HAS_STEPS |
		       REPORT_HAS_STATUS
	};
	enum { DROPPED = FIX_MARK_JUMP | FIX_MARK_FACTORY_PLACE | FIX_MARK_HEMISPHERE_UNKNOWN };
	struct locate *l = d->locate;

	if (l == NULL || l->is_stopped || (r->cells_n == 0 && r->wifi_n == 0) ||
		r->kind == REPORT_HEALTH)
		return;
	if (j->is_place) {
		if (j->marks == 0)
			learn(l, dev, r, &j->fix);
		return;
	}
	struct solved_place s = {.time_ms = j->time_ms,
		.received_ms = received_ms,
		.has = r->has & KEPT & ~(uint32_t)REPORT_HAS_TIME,
		.status = r->status,
		.steps = r->steps,
		.flags = r->flags,
		.marks = (uint8_t)(j->marks & ~DROPPED),
		.battery_percent = r->battery_percent,
		.signal_percent = r->signal_percent,
		.is_stored = r->is_stored,
		.has_alarm = has_alarm};
	ask(l, dev, r, &s);
}

/* ---- from the start to the end ---- */

static enum rc sweep_job(struct db *db, void *arg, struct err *e)
{
	const struct locate *l = arg;

	return locate_store_sweep(db, (uint16_t)(l->domain->wall_ms() / DAY_MS), e);
}

static void sweep_done(void *arg, enum rc rc, const struct err *e)
{
	(void)arg;
	if (rc != RC_OK)
		log_event(LOG_WARN, "locate.not_swept", "why=\"%s\"", e->msg);
}

static void on_sweep(struct timer *t, void *context)
{
	struct locate *l = CONTAINER_OF(t, struct locate, sweep);
	struct loop *loop = l->domain->loop;

	(void)context;
	for (struct list *n = l->questions.next; n != &l->questions;) {
		struct question *q = CONTAINER_OF(n, struct question, node);
		n = n->next;
		if (atomic_load(&q->is_lost))
			drop(q);
	}
	/* What cannot be posted is swept the next time. */
	(void)!writer_post(l->domain->writer, sweep_job, sweep_done, l, WRITER_LAZY, NULL);
	timer_set(loop_wheel(loop), &l->sweep, loop_now_ms(loop) + LOCATE_SWEEP_MS);
}

static void locate_freep(struct locate **l)
{
	locate_free(*l);
}

enum rc locate_new(
	struct domain *d, const struct db *like, struct locate **ret_owned, struct err *e)
{
	CLEANUP(locate_freep) struct locate *l = calloc(1, sizeof *l);

	if (l == NULL)
		return fail(e, RC_NOMEM, "locate: out of memory");
	l->domain = d;
	list_init(&l->questions);
	timer_init(&l->flush, on_flush);
	timer_init(&l->sweep, on_sweep);
	timer_init(&l->patience, on_patience);
	l->lesson_slots = calloc(LOCATE_SLOTS, sizeof *l->lesson_slots);
	l->known_slots = calloc(LOCATE_SLOTS, sizeof *l->known_slots);
	if (l->lesson_slots == NULL || l->known_slots == NULL)
		return fail(e, RC_NOMEM, "locate: out of memory");
	enum rc rc = radio_reader_new(d->settings.data_dir, &l->radio, e);
	if (rc == RC_OK)
		rc = locate_service_new(d, &l->service, e);
	if (rc == RC_OK)
		rc = pool_start(like, 1, LOCATE_QUEUE_MAX, &l->pool, e);
	if (rc != RC_OK)
		return rc;
	timer_set(loop_wheel(d->loop), &l->sweep, loop_now_ms(d->loop) + LOCATE_SWEEP_MS);
	*ret_owned = STEAL(l);
	return RC_OK;
}

void locate_stop(struct locate *l)
{
	if (l == NULL)
		return;
	l->is_stopped = true;
	pool_stop(l->pool);
	l->pool = NULL;
	timer_cancel(&l->flush);
	timer_cancel(&l->sweep);
	timer_cancel(&l->patience);
}

void locate_free(struct locate *l)
{
	if (l == NULL)
		return;
	locate_stop(l);
	while (!list_is_empty(&l->questions))
		drop(CONTAINER_OF(l->questions.next, struct question, node));
	locate_service_free(l->service);
	radio_reader_free(l->radio);
	free(l->lesson_slots);
	free(l->known_slots);
	free(l);
}

bool locate_is_idle(const struct domain *d)
{
	return d->locate == NULL || d->locate->questions_n == d->locate->asked_n;
}

void locate_read_stats(struct domain *d, struct locate_stats *ret)
{
	const struct locate *l = d->locate;

	*ret = (struct locate_stats){.wifi = 0};
	if (l == NULL)
		return;
	const atomic_ullong *c = l->counts;
	*ret = (struct locate_stats){.wifi = c[COUNT_WIFI],
		.cell = c[COUNT_CELL],
		.unknown = c[COUNT_UNKNOWN],
		.again = c[COUNT_AGAIN],
		.dropped = c[COUNT_DROPPED],
		.lessons = c[COUNT_LESSONS],
		.lessons_dropped = c[COUNT_LESSONS_DROPPED],
		.asked = c[COUNT_ASKED],
		.asked_full = c[COUNT_ASKED_FULL],
		.answered = c[COUNT_ANSWERED]};
}
