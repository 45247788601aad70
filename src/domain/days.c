#include "domain/days.h"

#include <assert.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/time_text.h"
#include "domain/alarm.h"
#include "domain/days_inside.h"
#include "domain/health_store.h"
#include "domain/ingest_inside.h"
#include "store/query.h"
#include "store/sealed.h"
#include "watch/report.h"

enum { SIGNAL_WEAK = 40, RING_FIRST = 256, DAY_S = 86400, HOUR_S = 3600 };

/* ---- entries, at the places of the live table ---- */

struct days_entry *days_at(const struct days *ds, uint32_t place)
{
	uint32_t block = place / DAYS_BLOCK;

	if (block >= ds->blocks_n || ds->blocks[block] == NULL)
		return NULL;
	return &ds->blocks[block][place % DAYS_BLOCK];
}

static bool make_block(struct days *ds, uint32_t block)
{
	if (block >= ds->blocks_n) {
		uint32_t n = ds->blocks_n == 0 ? 16 : ds->blocks_n * 2;
		while (n <= block)
			n *= 2;
		struct days_entry **grown =
			reallocarray(ds->blocks, n, sizeof(struct days_entry *));
		if (grown == NULL)
			return false;
		for (uint32_t i = ds->blocks_n; i < n; i++)
			grown[i] = NULL;
		ds->blocks = grown;
		ds->blocks_n = n;
	}
	if (ds->blocks[block] == NULL) {
		ds->blocks[block] = calloc(DAYS_BLOCK, sizeof(struct days_entry));
		ds->made_blocks += ds->blocks[block] != NULL;
	}
	return ds->blocks[block] != NULL;
}

/* The entry of this device, fresh when there was none; NULL when memory is out: the day misses this
 * report. */
struct days_entry *days_make_entry(struct days *ds, const struct live_device *dev)
{
	struct days_entry *e = days_at(ds, dev->place);

	if (e != NULL && e->number == dev->number)
		return e;
	if (e == NULL) {
		if (!make_block(ds, dev->place / DAYS_BLOCK))
			return NULL;
		e = days_at(ds, dev->place);
		assert(e != NULL); /* its block is made */
	}
	*e = (struct days_entry){.number = dev->number};
	day_state_init(&e->state, DAYS_NO_DAY);
	days_mark(ds, e, dev->place, true); /* its zone is read with the first write */
	return e;
}

void days_prefetch(const struct days *ds, uint32_t place)
{
	const struct days_entry *e = ds == NULL ? NULL : days_at(ds, place);

	if (e != NULL) {
		__builtin_prefetch(e, 1);
		__builtin_prefetch((const char *)e + 64, 1);
	}
}

/* ---- what waits to be written ---- */

static bool ring_push(struct days_ring *r, struct days_due due)
{
	if (r->n == r->capacity) {
		size_t capacity = r->capacity == 0 ? RING_FIRST : r->capacity * 2;
		struct days_due *grown = malloc(capacity * sizeof *grown);
		if (grown == NULL)
			return false;
		for (size_t i = 0; i < r->n; i++)
			grown[i] = r->items[(r->first + i) % r->capacity];
		free(r->items);
		r->items = grown;
		r->capacity = capacity;
		r->first = 0;
	}
	r->items[(r->first + r->n++) % r->capacity] = due;
	return true;
}

void days_mark(struct days *ds, struct days_entry *e, uint32_t place, bool is_soon)
{
	struct days_due due = {.place = place, .number = e->number};

	if (is_soon ? e->is_soon : e->is_dirty)
		return;
	if (!is_soon)
		due.due_ms = loop_now_ms(ds->domain->loop) + DAYS_FLUSH_MS;
	if (!ring_push(is_soon ? &ds->soon : &ds->later, due))
		return; /* the next report tries again */
	e->is_dirty = true;
	e->is_soon = e->is_soon || is_soon;
}

/* ---- the clock of a zone ---- */

static void look_at_clock(struct days_zone *z, int64_t now_ms)
{
	z->offset_s = z->zone == NULL ? 0 : zone_offset_s(z->zone, now_ms);
	z->until_ms = z->zone == NULL ? INT64_MAX : zone_next_change(z->zone, now_ms);
	z->since_ms = now_ms;
}

/* Seconds east of UTC at that moment, mostly without looking anything up. */
static int32_t offset_at(struct days_zone *z, int64_t time_ms)
{
	if (time_ms >= z->until_ms)
		look_at_clock(z, time_ms);
	if (time_ms >= z->since_ms || z->zone == NULL)
		return z->offset_s;
	return zone_offset_s(z->zone, time_ms);
}

int32_t days_day_of(const struct days_zone *z, int64_t time_ms)
{
	int64_t local_s = time_ms / 1000 + (z->zone == NULL ? 0 : zone_offset_s(z->zone, time_ms));

	return (int32_t)(local_s / DAY_S - (local_s % DAY_S < 0));
}

uint16_t days_zone_find(struct days *ds, const char *name)
{
	struct err e;

	for (unsigned i = 0; i < ds->zones_n; i++) {
		if (strcmp(ds->zones[i]->name, name) == 0)
			return (uint16_t)i;
	}
	if (ds->zones_n == DAYS_ZONES_MAX)
		return 0;
	struct days_zone *z = calloc(1, sizeof *z);
	if (z == NULL)
		return 0;
	if (!view_to_text(view_of(name), z->name, sizeof z->name) ||
		(ds->zones_n > 0 && zone_load(view_of(name), &z->zone, &e) != RC_OK)) {
		log_event(LOG_WARN, "days.no_zone", "zone=\"%s\"", name);
		free(z);
		return 0;
	}
	look_at_clock(z, ds->domain->wall_ms());
	days_set_evening(z, ds->domain->wall_ms());
	ds->zones[ds->zones_n] = z;
	return (uint16_t)ds->zones_n++;
}

/* ---- reports ---- */

/* The day that ended goes to the disk as it is. */
static void finish_day(struct days *ds, struct days_entry *e, const struct live_device *dev)
{
	struct days_row row = {.wearer = dev->wearer, .day = e->state.day};

	if (!e->is_dirty || e->state.day == DAYS_NO_DAY)
		return;
	day_state_write(&e->state, row.body, &row.body_n);
	if (!days_keep_finished(ds, &row))
		ds->lost++;
}

/* The hour and the second of a report in the watch's zone. False: of a day that is over. */
static bool begin(struct days *ds, struct days_entry *e, const struct live_device *dev,
	int64_t time_ms, unsigned *ret_hour)
{
	struct days_zone *z = ds->zones[e->zone];
	int64_t local_s = time_ms / 1000 + offset_at(z, time_ms);
	int32_t day = (int32_t)(local_s / DAY_S);

	*ret_hour = (unsigned)(local_s % DAY_S / HOUR_S);
	if (day == e->state.day)
		return true;
	if (e->state.day == DAYS_NO_DAY) {
		e->state.day = day;
		return true;
	}
	if (day < e->state.day)
		return false;
	finish_day(ds, e, dev);
	day_state_next(&e->state, day);
	return true;
}

static void look_at_level(struct days *ds, struct days_entry *e, uint32_t place)
{
	if (e->state.level <= DAYS_EVENING_LEVEL && !e->state.is_charging && !e->is_low)
		days_note_low(ds, e, place);
}

void days_on_news(struct days *ds, const struct live_device *dev, const struct news *n)
{
	struct days_entry *e = ds == NULL || n->has == 0 ? NULL : days_make_entry(ds, dev);
	int64_t time_ms = (int64_t)n->received_s * 1000;
	unsigned hour = 0;

	if (e == NULL)
		return;
	if ((n->has & NEWS_FIX) != 0 && n->fix.time_ms < time_ms)
		time_ms = n->fix.time_ms;
	if (time_ms < 0 || !begin(ds, e, dev, time_ms, &hour))
		return;
	struct day_state *s = &e->state;
	uint32_t time_s = (uint32_t)(time_ms / 1000);
	day_state_seen(s, time_s);
	if ((n->has & NEWS_FIX) != 0 && n->fix.source == FIX_GPS)
		day_state_place(s, n->fix.lat_e7, n->fix.lon_e7,
			(n->fix.has & FIX_HAS_ACCURACY) != 0 ? n->fix.accuracy_dm / 10 : 0, time_s);
	if ((n->has & NEWS_STEPS) != 0)
		day_state_steps(s, n->steps, time_s);
	if ((n->has & NEWS_ROLLS) != 0)
		day_state_rolls(s, n->rolls, time_s);
	if ((n->has & NEWS_SIGNAL) != 0 && n->signal_percent < SIGNAL_WEAK)
		s->weak = (uint16_t)(s->weak + (s->weak < UINT16_MAX));
	if ((n->has & NEWS_BATTERY) != 0) {
		day_state_level(s, n->battery_percent, time_s, hour);
		look_at_level(ds, e, dev->place);
	}
	days_mark(ds, e, dev->place, false);
}

void days_on_heartbeat(struct days *ds, const struct live_device *dev, const uint32_t *steps,
	const uint32_t *rolls, const uint8_t *battery_percent)
{
	bool says_something = steps != NULL || rolls != NULL || battery_percent != NULL;
	struct days_entry *e = ds == NULL || !says_something ? NULL : days_make_entry(ds, dev);
	uint32_t time_s = dev->last_seen_s;
	unsigned hour = 0;

	if (e == NULL || !begin(ds, e, dev, (int64_t)time_s * 1000, &hour))
		return;
	struct day_state *s = &e->state;
	if (s->first_s == 0)
		day_state_seen(s, time_s);
	if (time_s > s->last_s)
		s->last_s = time_s;
	if (steps != NULL)
		day_state_steps(s, *steps, time_s);
	if (rolls != NULL)
		day_state_rolls(s, *rolls, time_s);
	if (battery_percent != NULL) {
		day_state_level(s, *battery_percent, time_s, hour);
		look_at_level(ds, e, dev->place);
	}
	days_mark(ds, e, dev->place, false);
}

static void count(uint8_t *n, bool is_one)
{
	*n = (uint8_t)(*n + (is_one && *n < UINT8_MAX));
}

void days_on_alarm(struct days *ds, const struct live_device *dev, uint32_t kinds)
{
	static const uint32_t counted =
		REPORT_ALARM_FALL | REPORT_ALARM_REMOVED | REPORT_ALARM_LOW_BATTERY;
	struct days_entry *e =
		ds == NULL || (kinds & counted) == 0 ? NULL : days_make_entry(ds, dev);
	unsigned hour = 0;

	if (e == NULL || !begin(ds, e, dev, ds->domain->wall_ms(), &hour))
		return;
	count(&e->state.falls, (kinds & REPORT_ALARM_FALL) != 0);
	count(&e->state.taken_off, (kinds & REPORT_ALARM_REMOVED) != 0);
	count(&e->state.battery_low, (kinds & REPORT_ALARM_LOW_BATTERY) != 0);
	days_mark(ds, e, dev->place, true);
}

bool days_on_measurement(struct days *ds, const struct live_device *dev, int64_t received_ms)
{
	struct days_entry *e = ds == NULL ? NULL : days_make_entry(ds, dev);
	unsigned hour = 0;

	if (e == NULL || !begin(ds, e, dev, received_ms, &hour))
		return true;
	if (e->state.measurements >= HEALTH_PER_DAY_MAX)
		return false;
	e->state.measurements++;
	days_mark(ds, e, dev->place, false);
	return true;
}

void days_clock(struct days *ds, const struct live_device *dev, int64_t now_ms,
	int32_t *ret_offset_s, char ret_language[3])
{
	const struct days_entry *e = ds == NULL ? NULL : days_at(ds, dev->place);
	bool is_known = e != NULL && e->number == dev->number;

	*ret_offset_s = is_known ? offset_at(ds->zones[e->zone], now_ms) : 0;
	memset(ret_language, 0, 3);
	if (is_known)
		memcpy(ret_language, e->language, sizeof e->language);
}

/* ---- any thread ---- */

void days_forget(struct domain *d, const struct uid *wearer)
{
	live_lock(d->live);
	const struct live_device *dev = d->days == NULL ? NULL : live_by_wearer(d->live, wearer);
	struct days_entry *e = dev == NULL ? NULL : days_at(d->days, dev->place);
	if (e != NULL && e->number == dev->number) {
		int32_t day = e->state.day;
		day_state_init(&e->state, day);
		days_mark(d->days, e, dev->place, true); /* over what is on its way */
	}
	for (size_t i = 0; d->days != NULL && i < d->days->finished_n; i++) {
		if (uid_is(&d->days->finished[i].wearer, wearer))
			d->days->finished[i].body_n = 0;
	}
	live_unlock(d->live);
}

void days_zone_changed(struct domain *d, const struct uid *wearer)
{
	live_lock(d->live);
	const struct live_device *dev = d->days == NULL ? NULL : live_by_wearer(d->live, wearer);
	struct days_entry *e = dev == NULL ? NULL : days_at(d->days, dev->place);
	if (e != NULL && e->number == dev->number)
		days_mark(d->days, e, dev->place, true);
	live_unlock(d->live);
}

void day_to_text(int32_t day, char ret[DATE_TEXT])
{
	char text[TIME_TEXT];

	time_to_text((int64_t)day * DAY_S * 1000, text);
	memcpy(ret, text, DATE_TEXT - 1);
	ret[DATE_TEXT - 1] = '\0';
}

/* What is in memory of the wearer; false: nothing. */
static bool read_now(struct domain *d, const struct uid *wearer, struct day_info *ret)
{
	bool is_there = false;

	live_lock(d->live);
	const struct live_device *dev = d->days == NULL ? NULL : live_by_wearer(d->live, wearer);
	const struct days_entry *e = dev == NULL ? NULL : days_at(d->days, dev->place);
	if (e != NULL && e->number == dev->number && e->state.day != DAYS_NO_DAY) {
		*ret = (struct day_info){.day = e->state.day, .state = e->state};
		is_there = true;
	}
	live_unlock(d->live);
	return is_there;
}

static enum rc read_zone(
	struct db *reader, const struct uid *wearer, char ret[ZONE_TEXT], struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc =
		query_prepare(reader, "SELECT zone FROM device WHERE wearer = ?1", wearer, &s, e);

	memcpy(ret, "Etc/UTC", sizeof "Etc/UTC");
	if (rc != RC_OK)
		return rc;
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	stmt_copy_text(s, 0, ret, ZONE_TEXT);
	stmt_reset(s);
	return RC_OK;
}

static enum rc read_rows(struct db *reader, const struct uid *wearer, int32_t from, int32_t to,
	const struct day_info *now, day_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT day, body FROM wearer_day WHERE wearer = ?1 AND day BETWEEN ?2 AND ?3"
		" ORDER BY day",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, from);
	stmt_bind_int(s, 3, to);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct day_info info = {.day = (int32_t)stmt_int(s, 0)};
		if (now != NULL && info.day == now->day)
			continue; /* memory knows more */
		if (days_read_body(s, 1, wearer, &info.state))
			fn(ctx, &info);
	}
	if (rc == RC_OK && now != NULL && now->day >= from && now->day <= to)
		fn(ctx, now);
	return rc;
}

enum rc days_list(struct domain *d, struct db *reader, const struct uid *wearer, int64_t from_ms,
	int64_t to_ms, char ret_zone[ZONE_TEXT], day_fn *fn, void *ctx, struct problem *p,
	struct err *e)
{
	struct days_zone z = {.name = ""};
	struct day_info now;

	if (from_ms >= to_ms)
		return refuse(p, RC_SYNTAX, "range_invalid", "from", "from must be before to");
	if (to_ms - from_ms > DAYS_RANGE_MAX * (int64_t)DAY_S * 1000)
		return refuse(p, RC_SYNTAX, "range_too_long", "to", "at most 400 days at once");
	enum rc rc = read_zone(reader, wearer, ret_zone, e);
	if (rc != RC_OK)
		return rc;
	if (zone_load(view_of(ret_zone), &z.zone, NULL) != RC_OK)
		z.zone = NULL; /* the system lost it: as the rows were made */
	int32_t from = days_day_of(&z, from_ms);
	int32_t to = days_day_of(&z, to_ms - 1);
	zone_free(z.zone);
	bool has_now = read_now(d, wearer, &now);
	return read_rows(reader, wearer, from, to, has_now ? &now : NULL, fn, ctx, e);
}

void days_read_stats(struct domain *d, struct days_stats *ret)
{
	*ret = (struct days_stats){.bytes = 0};
	if (d->days == NULL)
		return;
	live_lock(d->live);
	*ret = (struct days_stats){.rows_written = d->days->rows_written,
		.lost = d->days->lost,
		.told = d->days->told,
		.bytes = (size_t)d->days->made_blocks * DAYS_BLOCK * sizeof(struct days_entry)};
	live_unlock(d->live);
}
