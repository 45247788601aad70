/* In the evening: whose watch is low, lies on no charger, and usually does at night. Only those
 * that were noted as low are looked at, when the evening of their zone begins. */
#include <stdlib.h>

#include "base/log.h"
#include "domain/alarm_store.h"
#include "domain/bus.h"
#include "domain/courier_outbox.h"
#include "domain/days_inside.h"

enum { LOW_FIRST = 16, DAY_MS = 86400000, HOUR_MS = 3600000, RETRY_MS = 10 * 1000 };

struct warned {
	struct uid wearer, group;
	uint32_t place, number;
	struct alarm_outcome outcome; /* out */
};

struct days_evening {
	struct days *days;
	unsigned n;
	int64_t now_ms;
	struct warned all[DAYS_EVENING_STEP];
};

void days_note_low(struct days *ds, struct days_entry *e, uint32_t place)
{
	struct days_zone *z = ds->zones[e->zone];

	if (z->low_n == z->low_capacity) {
		size_t n = z->low_n == 0 ? LOW_FIRST : z->low_n * 2;
		struct days_due *grown = reallocarray(z->low, n, sizeof *grown);
		if (grown == NULL)
			return; /* the next report tries again */
		z->low = grown;
		z->low_capacity = n;
	}
	z->low[z->low_n++] = (struct days_due){.place = place, .number = e->number};
	e->is_low = true;
}

/* When it is hour `h` on the local day of that moment: right also on the days when clocks change,
 * because a second step uses the offset at the result. */
static int64_t moment_of(const struct days_zone *z, int32_t day, unsigned h)
{
	int64_t local_ms = (int64_t)day * DAY_MS + (int64_t)h * HOUR_MS;
	int64_t utc_ms = local_ms;

	for (unsigned i = 0; i < 2 && z->zone != NULL; i++)
		utc_ms = local_ms - (int64_t)zone_offset_s(z->zone, utc_ms) * 1000;
	return utc_ms;
}

void days_set_evening(struct days_zone *z, int64_t now_ms)
{
	int32_t day = days_day_of(z, now_ms);
	int64_t evening_ms = moment_of(z, day, DAYS_EVENING_H);

	z->evening_ms =
		now_ms < evening_ms + HOUR_MS ? evening_ms : moment_of(z, day + 1, DAYS_EVENING_H);
}

static bool should_warn(const struct days_entry *e, int64_t now_ms)
{
	const struct day_state *s = &e->state;

	return s->level <= DAYS_EVENING_LEVEL && !s->is_charging && !s->is_told &&
	       now_ms / 1000 - s->level_s <= DAYS_EVENING_FRESH_S && day_state_charges_at_night(s);
}

static void look_at(struct days *ds, const struct days_due *low, struct days_evening *w)
{
	struct days_entry *e = days_at(ds, low->place);
	const struct live_device *dev = live_at(ds->domain->live, low->place, low->number);

	if (e == NULL || dev == NULL || e->number != low->number || !e->is_low)
		return;
	e->is_low = false;
	if (!should_warn(e, w->now_ms))
		return;
	e->state.is_told = true;
	days_mark(ds, e, low->place, true);
	w->all[w->n++] = (struct warned){.wearer = dev->wearer,
		.group = dev->group,
		.place = low->place,
		.number = low->number};
}

/* ---- the job ---- */

static enum rc warn_job(struct db *db, void *arg, struct err *e)
{
	struct days_evening *w = arg;
	enum rc rc = RC_OK;

	for (unsigned i = 0; i < w->n && rc == RC_OK; i++) {
		const struct alarm_intake intake = {.wearer = w->all[i].wearer,
			.kinds = ALARM_NOT_CHARGED,
			.device_time_ms = w->now_ms,
			.time_ms = w->now_ms,
			.received_ms = w->now_ms,
			.is_own_report = true};
		rc = alarm_take_in(db, &intake, &w->all[i].outcome, e);
		if (rc == RC_NOT_FOUND) { /* erased meanwhile */
			w->all[i].outcome = (struct alarm_outcome){.is_new = false};
			rc = RC_OK;
		}
	}
	return rc;
}

static void tell(struct days *ds, const struct warned *w)
{
	struct domain *d = ds->domain;

	if (uid_is_none(&w->outcome.id))
		return;
	live_lock(d->live);
	struct live_device *dev = live_at(d->live, w->place, w->number);
	if (dev != NULL)
		dev->open_alarms = w->outcome.open_alarms;
	ds->told++;
	live_unlock(d->live);
	bus_publish(d->bus, EVENT_ALARM, &w->group, &w->outcome.id);
	bus_publish(d->bus, EVENT_WEARER, &w->group, &w->wearer);
}

/* Not written: the evening begins once more. */
static void try_again(struct days *ds, const struct days_evening *w)
{
	live_lock(ds->domain->live);
	for (unsigned i = 0; i < w->n; i++) {
		struct days_entry *e = days_at(ds, w->all[i].place);
		if (e == NULL || e->number != w->all[i].number)
			continue;
		e->state.is_told = false;
		if (!e->is_low)
			days_note_low(ds, e, w->all[i].place);
		ds->zones[e->zone]->evening_ms = w->now_ms + RETRY_MS;
	}
	live_unlock(ds->domain->live);
}

static void warn_done(void *arg, enum rc rc, const struct err *e)
{
	struct days_evening *w = arg;
	struct days *ds = w->days;

	if (rc != RC_OK) {
		log_event(LOG_ERROR, "days.not_told", "watches=%u why=\"%s\"", w->n, e->msg);
		try_again(ds, w);
	}
	for (unsigned i = 0; i < w->n && rc == RC_OK; i++)
		tell(ds, &w->all[i]);
	if (rc == RC_OK && w->n > 0)
		courier_knock(ds->domain);
	ds->evening = NULL;
	free(w);
}

/* Those of one zone, as far as they fit into one job. True: its evening is over. */
static bool look_at_zone(struct days *ds, struct days_zone *z, struct days_evening *w)
{
	while (z->low_n > 0 && w->n < DAYS_EVENING_STEP) {
		struct days_due low = z->low[--z->low_n];
		look_at(ds, &low, w);
	}
	return z->low_n == 0;
}

void days_look_at_evening(struct days *ds)
{
	struct domain *d = ds->domain;
	int64_t now_ms = d->wall_ms();
	struct days_evening *w = NULL;
	struct err e;

	if (ds->evening != NULL)
		return;
	live_lock(d->live);
	for (unsigned i = 0; i < ds->zones_n; i++) {
		struct days_zone *z = ds->zones[i];
		if (now_ms < z->evening_ms)
			continue;
		if (w == NULL && z->low_n > 0)
			w = calloc(1, sizeof *w);
		if (w == NULL && z->low_n > 0)
			break; /* no memory: the next tick */
		if (w != NULL)
			w->now_ms = now_ms;
		if (z->low_n > 0 && !look_at_zone(ds, z, w))
			break; /* more in the next job */
		days_set_evening(z, now_ms + HOUR_MS);
	}
	live_unlock(d->live);
	if (w == NULL)
		return;
	w->days = ds;
	if (w->n > 0 && writer_post(d->writer, warn_job, warn_done, w, 0, &e) == RC_OK) {
		ds->evening = w;
		return;
	}
	if (w->n > 0) {
		log_event(LOG_WARN, "days.busy", "why=\"%s\"", e.msg);
		try_again(ds, w);
	}
	free(w);
}
