#include "domain/battery.h"

#include "domain/days.h"
#include "domain/live.h"
#include "time/zone.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

struct reading {
	battery_level_fn *fn;
	void *ctx;
	int64_t from_ms, to_ms, now_ms;
	struct zone *zone; /* NULL: UTC */
	struct battery_care *care;
	struct battery_info *info;
};

static int64_t utc_of(const struct reading *r, int64_t local_ms)
{
	int64_t utc_ms = local_ms;

	for (unsigned i = 0; i < 2 && r->zone != NULL; i++)
		utc_ms = local_ms - (int64_t)zone_offset_s(r->zone, utc_ms) * 1000;
	return utc_ms;
}

/* For the course: a level stands at the end of its hour, but not in time to come. */
static void tell_levels(const struct reading *r, const struct day_info *day)
{
	for (unsigned h = 0; h < DAY_HOURS; h++) {
		uint8_t level = day->state.hours[h];
		int64_t at_ms = utc_of(r, day->day * DAY_MS + (h + 1) * HOUR_MS);
		if (level == DAY_LEVEL_UNKNOWN)
			continue;
		if (at_ms > r->now_ms)
			at_ms = r->now_ms;
		if (at_ms >= r->from_ms && at_ms < r->to_ms)
			r->fn(r->ctx, at_ms, level & (uint8_t)~DAY_LEVEL_CHARGING,
				(level & DAY_LEVEL_CHARGING) != 0);
	}
}

static void read_course(void *ctx, const struct day_info *day)
{
	tell_levels(ctx, day);
}

static void read_care(void *ctx, const struct day_info *day)
{
	struct reading *r = ctx;

	care_add_day(r->care, day->day, &day->state);
	r->info->level = day->state.level;
	r->info->time_ms = (int64_t)day->state.level_s * 1000;
	r->info->is_charging = day->state.is_charging;
}

static void zone_freep(struct zone **z)
{
	zone_free(*z);
}

static unsigned minute_of_day(const struct reading *r, int64_t time_ms)
{
	int64_t offset_s = r->zone == NULL ? 0 : zone_offset_s(r->zone, time_ms);
	int64_t local_ms = time_ms + offset_s * 1000;

	return local_ms < 0 ? 0 : (unsigned)(local_ms % DAY_MS / 60000);
}

enum rc battery_read(struct domain *d, struct db *reader, const struct uid *wearer, int64_t from_ms,
	int64_t to_ms, battery_level_fn *fn, void *ctx, struct battery_info *ret, struct problem *p,
	struct err *e)
{
	struct battery_care care;
	CLEANUP(zone_freep) struct zone *zone = NULL;
	struct reading r = {.fn = fn,
		.ctx = ctx,
		.from_ms = from_ms,
		.to_ms = to_ms,
		.now_ms = d->wall_ms(),
		.care = &care,
		.info = ret};
	char name[ZONE_TEXT];

	care_init(&care);
	*ret = (struct battery_info){.level = DAY_LEVEL_UNKNOWN};
	if (to_ms - from_ms > BATTERY_RANGE_DAYS * DAY_MS)
		return refuse(p, RC_SYNTAX, "range_too_long", "to", "at most 31 days at once");
	enum rc rc = days_list(d, reader, wearer, r.now_ms - CARE_DAYS * DAY_MS, r.now_ms + 1, name,
		read_care, &r, p, e);
	if (rc != RC_OK)
		return rc;
	if (zone_load(view_of(name), &zone, NULL) == RC_OK)
		r.zone = zone;
	rc = days_list(d, reader, wearer, from_ms, to_ms, name, read_course, &r, p, e);
	if (rc != RC_OK)
		return rc;
	care_report(
		&care, ret->level, ret->is_charging, minute_of_day(&r, ret->time_ms), &ret->care);
	/* From the time of the level on: it went on falling since. */
	ret->empties_ms = ret->time_ms + (int64_t)ret->care.minutes_left * 60000;
	return RC_OK;
}
