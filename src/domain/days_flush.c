/* Days on their way to the disk and back. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "domain/days_inside.h"
#include "store/query.h"
#include "store/sealed.h"

enum { TICK_MS = 1000, FINISHED_FIRST = 64 };

struct flush_row {
	struct days_row row;
	uint32_t place, number; /* number 0: an ended day */
	char zone[ZONE_TEXT];   /* out, with a number */
	char language[2];       /* the same */
};

struct days_flush {
	struct days *days;
	unsigned n;
	struct flush_row rows[];
};

bool days_keep_finished(struct days *ds, const struct days_row *row)
{
	if (ds->finished_n == DAYS_FINISHED_MAX)
		return false;
	if (ds->finished_n == ds->finished_capacity) {
		size_t n = ds->finished_n == 0 ? FINISHED_FIRST : ds->finished_n * 2;
		struct days_row *grown = reallocarray(ds->finished, n, sizeof *grown);
		if (grown == NULL)
			return false;
		ds->finished = grown;
		ds->finished_capacity = n;
	}
	ds->finished[ds->finished_n++] = *row;
	return true;
}

/* ---- the job ---- */

static enum rc write_row(struct db *db, const struct days_row *row, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO wearer_day (wearer, day, body) SELECT ?1, ?2, ?3"
		" WHERE EXISTS (SELECT 1 FROM wearer WHERE id = ?1)"
		" ON CONFLICT (wearer, day) DO UPDATE SET body = excluded.body",
		&row->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, row->day);
	stmt_bind_sealed(s, 3, &row->wearer, LABEL_DAY,
		(struct view){.p = (const char *)row->body, .n = row->body_n});
	rc = stmt_run(s, NULL, e);
	return rc == RC_NOT_FOUND ? RC_OK : rc; /* erased meanwhile */
}

static enum rc read_zone(struct db *db, struct flush_row *f, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(
		db, "SELECT zone, language FROM device WHERE wearer = ?1", &f->row.wearer, &s, e);

	f->zone[0] = '\0';
	if (rc != RC_OK)
		return rc;
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	struct view language = stmt_text(s, 1);
	if (language.n >= sizeof f->language)
		memcpy(f->language, language.p, sizeof f->language);
	stmt_copy_text(s, 0, f->zone, sizeof f->zone);
	stmt_reset(s);
	return RC_OK;
}

static enum rc flush_job(struct db *db, void *arg, struct err *e)
{
	struct days_flush *f = arg;
	enum rc rc = RC_OK;

	for (unsigned i = 0; i < f->n && rc == RC_OK; i++) {
		struct flush_row *r = &f->rows[i];
		if (r->row.body_n > 0)
			rc = write_row(db, &r->row, e);
		if (rc == RC_OK && r->number != 0)
			rc = read_zone(db, r, e);
	}
	return rc;
}

/* The days that ended, and entries whose row was not written, wait again. */
static void put_back(struct days *ds, const struct flush_row *r)
{
	struct days_entry *e = r->number == 0 ? NULL : days_at(ds, r->place);

	if (r->number == 0) {
		if (!days_keep_finished(ds, &r->row))
			ds->lost++;
	} else if (e != NULL && e->number == r->number) {
		days_mark(ds, e, r->place, false);
	}
}

static void take_zone(struct days *ds, const struct flush_row *r)
{
	struct days_entry *e = r->number == 0 ? NULL : days_at(ds, r->place);

	if (e == NULL || e->number != r->number || r->zone[0] == '\0')
		return;
	memcpy(e->language, r->language, sizeof e->language);
	if (strcmp(ds->zones[e->zone]->name, r->zone) == 0)
		return;
	e->zone = days_zone_find(ds, r->zone);
	e->is_low = false; /* it is noted again in the list of its new zone */
}

static void flush_done(void *arg, enum rc rc, const struct err *e)
{
	struct days_flush *f = arg;
	struct days *ds = f->days;
	struct live *live = ds->domain->live;

	if (rc != RC_OK)
		log_event(LOG_ERROR, "days.not_written", "rows=%u why=\"%s\"", f->n, e->msg);
	live_lock(live);
	for (unsigned i = 0; i < f->n; i++) {
		if (rc == RC_OK)
			take_zone(ds, &f->rows[i]);
		else
			put_back(ds, &f->rows[i]);
	}
	if (rc == RC_OK)
		ds->rows_written += f->n;
	live_unlock(live);
	ds->flush = NULL;
	bool was_full = f->n == DAYS_FLUSH_STEP;
	free(f);
	if (was_full && rc == RC_OK)
		days_flush_due(ds, false);
}

/* ---- what is due ---- */

static void take_finished(struct days *ds, struct days_flush *f)
{
	size_t n = ds->finished_n < DAYS_FLUSH_STEP ? ds->finished_n : DAYS_FLUSH_STEP;

	for (size_t i = 0; i < n; i++)
		f->rows[f->n++] = (struct flush_row){.row = ds->finished[i]};
	ds->finished_n -= n;
	if (ds->finished_n > 0)
		memmove(ds->finished, ds->finished + n, ds->finished_n * sizeof *ds->finished);
}

static void take_entry(struct days *ds, struct days_flush *f, const struct days_due *due)
{
	struct days_entry *e = days_at(ds, due->place);
	const struct live_device *dev = live_at(ds->domain->live, due->place, due->number);

	if (e == NULL || dev == NULL || e->number != due->number || !e->is_dirty)
		return; /* gone, or written already */
	e->is_dirty = e->is_soon = false;
	struct flush_row *r = &f->rows[f->n++];
	*r = (struct flush_row){.row = {.wearer = dev->wearer, .day = e->state.day},
		.place = due->place,
		.number = due->number};
	if (e->state.day != DAYS_NO_DAY)
		day_state_write(&e->state, r->row.body, &r->row.body_n);
}

static void take_ring(
	struct days *ds, struct days_flush *f, struct days_ring *ring, int64_t until_ms)
{
	while (ring->n > 0 && f->n < DAYS_FLUSH_STEP &&
		ring->items[ring->first].due_ms <= until_ms) {
		struct days_due due = ring->items[ring->first];
		ring->first = (ring->first + 1) % ring->capacity;
		ring->n--;
		take_entry(ds, f, &due);
	}
}

static bool is_due(const struct days *ds, int64_t until_ms)
{
	const struct days_ring *later = &ds->later;

	return ds->finished_n > 0 || ds->soon.n > 0 ||
	       (later->n > 0 && later->items[later->first].due_ms <= until_ms);
}

void days_flush_due(struct days *ds, bool is_all)
{
	struct domain *d = ds->domain;
	int64_t until_ms = is_all ? INT64_MAX : loop_now_ms(d->loop);
	struct err e;

	live_lock(d->live);
	bool is_there = is_due(ds, until_ms);
	live_unlock(d->live);
	if (!is_there || (ds->flush != NULL && !is_all))
		return;
	struct days_flush *f = malloc(sizeof *f + DAYS_FLUSH_STEP * sizeof f->rows[0]);
	if (f == NULL)
		return; /* the next tick */
	f->days = ds;
	f->n = 0;
	live_lock(d->live);
	take_finished(ds, f);
	take_ring(ds, f, &ds->soon, INT64_MAX);
	take_ring(ds, f, &ds->later, until_ms);
	live_unlock(d->live);
	if (f->n > 0 && writer_post(d->writer, flush_job, flush_done, f, is_all ? 0 : WRITER_LAZY,
				&e) == RC_OK) {
		ds->flush = f;
		return;
	}
	live_lock(d->live);
	for (unsigned i = 0; i < f->n; i++)
		put_back(ds, &f->rows[i]);
	live_unlock(d->live);
	free(f);
}

static bool is_empty(struct days *ds)
{
	live_lock(ds->domain->live);
	bool is = !is_due(ds, INT64_MAX);
	live_unlock(ds->domain->live);
	return is;
}

void days_flush_all(struct days *ds)
{
	/* Each round takes a full step; a writer that takes no more ends it. */
	for (unsigned i = 0; ds != NULL && i < DAYS_ROUNDS_MAX && !is_empty(ds); i++)
		days_flush_due(ds, true);
}

/* ---- at the start ---- */

bool days_read_body(struct stmt *s, int column, const struct uid *wearer, struct day_state *ret)
{
	uint8_t *body = NULL;
	size_t n = 0;

	if (stmt_take_sealed(s, column, wearer, LABEL_DAY, &body, &n, NULL) != RC_OK)
		return false;
	bool is_good = day_state_read((struct view){.p = (const char *)body, .n = n}, ret);
	free(body);
	return is_good;
}

static void load_row(struct days *ds, struct stmt *s)
{
	struct uid wearer = stmt_uid(s, 0);
	struct day_state state = {.day = (int32_t)stmt_int(s, 1)};
	char zone[ZONE_TEXT];

	if (!days_read_body(s, 2, &wearer, &state))
		return; /* its key is gone, or it is damaged: the day begins anew */
	stmt_copy_text(s, 3, zone, sizeof zone);
	struct view language = stmt_text(s, 4);
	live_lock(ds->domain->live);
	const struct live_device *dev = live_by_wearer(ds->domain->live, &wearer);
	struct days_entry *e = dev == NULL ? NULL : days_make_entry(ds, dev);
	if (e != NULL) {
		e->state = state;
		e->zone = days_zone_find(ds, zone);
		if (language.n >= sizeof e->language)
			memcpy(e->language, language.p, sizeof e->language);
		if (!e->is_low && state.level <= DAYS_EVENING_LEVEL && !state.is_charging)
			days_note_low(ds, e, dev->place);
	}
	live_unlock(ds->domain->live);
}

enum rc days_load(struct days *ds, struct db *reader, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader,
		"SELECT y.wearer, y.day, y.body, d.zone, d.language FROM wearer_day y"
		" JOIN device d ON d.wearer = y.wearer WHERE y.day >= ?1 ORDER BY y.day",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, ds->domain->wall_ms() / INT64_C(86400000) - 2);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
		load_row(ds, s);
	return rc;
}

/* ---- its life ---- */

static void on_tick(struct timer *t, void *context)
{
	struct days *ds = CONTAINER_OF(t, struct days, tick);
	struct loop *loop = ds->domain->loop;

	(void)context;
	days_flush_due(ds, false);
	days_look_at_evening(ds);
	timer_set(loop_wheel(loop), &ds->tick, loop_now_ms(loop) + TICK_MS);
}

enum rc days_new(struct domain *d, struct days **ret_owned, struct err *e)
{
	struct days *ds = calloc(1, sizeof *ds);

	if (ds == NULL)
		return fail(e, RC_NOMEM, "days: out of memory");
	ds->domain = d;
	timer_init(&ds->tick, on_tick);
	(void)days_zone_find(ds, "Etc/UTC"); /* the first: without a file */
	if (ds->zones_n == 0) {
		days_free(ds);
		return fail(e, RC_NOMEM, "days: out of memory");
	}
	*ret_owned = ds;
	return RC_OK;
}

void days_start(struct days *ds)
{
	struct loop *loop = ds->domain->loop;

	timer_set(loop_wheel(loop), &ds->tick, loop_now_ms(loop) + TICK_MS);
}

void days_free(struct days *ds)
{
	if (ds == NULL)
		return;
	timer_cancel(&ds->tick);
	for (uint32_t i = 0; i < ds->blocks_n; i++)
		free(ds->blocks[i]);
	free(ds->blocks);
	for (unsigned i = 0; i < ds->zones_n; i++) {
		zone_free(ds->zones[i]->zone);
		free(ds->zones[i]->low);
		free(ds->zones[i]);
	}
	free(ds->soon.items);
	free(ds->later.items);
	free(ds->finished);
	free(ds);
}
