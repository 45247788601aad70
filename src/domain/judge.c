#include "domain/ingest_inside.h"

#include <stdlib.h>

#include "locate/geo.h"

enum {
	HOUR_MS = 3600 * 1000,
	QUARTER_MS = 15 * 60 * 1000,
	AHEAD_MAX_MS = 24 * HOUR_MS,
	AHEAD_SHOWN_MS =
		10 * 60 * 1000, /* a fix further in the future is shown under its receipt time */
	LEARN_MAX_MS = 36 * HOUR_MS, /* a date is learned from a report this close to now */
	OFFSET_MAX_MIN = 14 * 60,
	JUMP_MPS = 250,
	JUMP_MIN_M = 2000,
	NEAR_E7 = 120000, /* 1.3 km: both ways together still less than JUMP_MIN_M */
	JUMPS_BELIEVED = 3,
	BATTERY_STEP = 10,
};

static const int64_t year_2015_ms = 1420070400000;
static const int32_t factory_lat_e7 = 226800000;
static const int32_t factory_lon_e7 = 1139900000;
static const int32_t factory_near_e7 = 200000; /* about 2 km */

/* Which reading of the date: live reports decide it by the clock and teach it, stored ones follow.
 */
static int64_t read_date(
	struct live_device *dev, const struct report *r, int64_t received_ms, bool *has_learned)
{
	if (!r->is_time_alternative)
		return r->time_ms;
	int64_t by_vendor = llabs(r->time_ms - received_ms);
	int64_t by_other = llabs(r->time_alt_ms - received_ms);
	if (!r->is_stored && by_vendor != by_other) {
		uint8_t order = by_vendor < by_other ? DATE_ORDER_VENDOR : DATE_ORDER_OTHER;
		if (order != dev->date_order &&
			(by_vendor < LEARN_MAX_MS || by_other < LEARN_MAX_MS)) {
			dev->date_order = order & 3u;
			*has_learned = true;
		}
		return order == DATE_ORDER_VENDOR ? r->time_ms : r->time_alt_ms;
	}
	return dev->date_order == DATE_ORDER_OTHER ? r->time_alt_ms : r->time_ms;
}

/* Local time of the watch to UTC; the offset is learned from live reports, in quarters of an hour.
 */
static int64_t to_utc(struct live_device *dev, const struct report *r, int64_t local_ms,
	int64_t received_ms, bool *has_learned)
{
	if (!r->is_time_local)
		return local_ms;
	int64_t ahead = local_ms - received_ms;
	int64_t quarters =
		(ahead >= 0 ? ahead + QUARTER_MS / 2 : ahead - QUARTER_MS / 2) / QUARTER_MS;
	if (!r->is_stored && llabs(quarters) * 15 <= OFFSET_MAX_MIN &&
		quarters * 15 != dev->offset_min) {
		dev->offset_min = (int16_t)(quarters * 15);
		*has_learned = true;
	}
	return local_ms - (int64_t)dev->offset_min * 60000;
}

static int64_t judge_time(
	struct live_device *dev, const struct report *r, int64_t received_ms, struct judged *j)
{
	if ((r->has & REPORT_HAS_TIME) == 0) {
		j->marks |= FIX_MARK_CLOCK_UNSET;
		return received_ms;
	}
	int64_t time_ms = read_date(dev, r, received_ms, &j->has_learned);
	time_ms = to_utc(dev, r, time_ms, received_ms, &j->has_learned);
	if (time_ms < year_2015_ms || time_ms > received_ms + AHEAD_MAX_MS ||
		time_ms > received_ms + AHEAD_SHOWN_MS) {
		j->marks |= FIX_MARK_CLOCK_UNSET;
		return received_ms;
	}
	return time_ms;
}

static bool is_factory_place(const struct report *r)
{
	bool is_weak =
		!r->is_valid || ((r->has & REPORT_HAS_SATELLITES) != 0 && r->satellites == 0);

	return is_weak && labs((long)r->lat_e7 - factory_lat_e7) <= factory_near_e7 &&
	       labs((long)r->lon_e7 - factory_lon_e7) <= factory_near_e7;
}

/* How far from the truth a place may be beyond what a jump allows anyway. */
static double slack_m(const struct fix *f)
{
	return f->source == FIX_GPS || (f->has & FIX_HAS_ACCURACY) == 0
		       ? 0
		       : 2 * (double)f->accuracy_dm / 10;
}

bool judge_is_jump(const struct fix *last, const struct fix *f)
{
	if (last == NULL || (f->marks & FIX_MARK_STORED) != 0)
		return false;
	if (labs((long)last->lat_e7 - f->lat_e7) < NEAR_E7 &&
		labs((long)last->lon_e7 - f->lon_e7) < NEAR_E7)
		return false; /* under JUMP_MIN_M at any latitude */
	double metres = geo_distance_m((struct geo){last->lat_e7, last->lon_e7},
				(struct geo){f->lat_e7, f->lon_e7}) -
			slack_m(last) - slack_m(f);
	double seconds = (double)llabs(f->time_ms - last->time_ms) / 1000.0;

	return metres >= JUMP_MIN_M && metres > seconds * JUMP_MPS;
}

/* After some in a row the new place is believed. */
static bool is_jump(struct live_device *dev, const struct fix *last, const struct fix *f)
{
	if (last == NULL || (f->marks & FIX_MARK_STORED) != 0)
		return false;
	if (!judge_is_jump(last, f) || dev->jumps >= JUMPS_BELIEVED) {
		dev->jumps = 0;
		return false;
	}
	dev->jumps = (dev->jumps + 1u) & 3u;
	return true;
}

void judge(struct live_device *dev, const struct fix *last, const struct report *r,
	int64_t received_ms, struct judged *ret)
{
	ret->marks = 0;
	ret->has_learned = false;
	ret->is_place = false;
	ret->time_ms = judge_time(dev, r, received_ms, ret);
	if (r->is_stored)
		ret->marks |= FIX_MARK_STORED;
	if (r->is_hemisphere_unknown)
		ret->marks |= FIX_MARK_HEMISPHERE_UNKNOWN;
	if (dev->is_conflict)
		ret->marks |= FIX_MARK_UNVERIFIED;
	if ((r->has & REPORT_HAS_POINT) != 0 && is_factory_place(r))
		ret->marks |= FIX_MARK_FACTORY_PLACE;
	ret->has_fix = fix_from_report(r, ret->time_ms, received_ms, ret->marks, &ret->fix);
	if (!ret->has_fix || (ret->marks & FIX_MARK_FACTORY_PLACE) != 0)
		return;
	if (is_jump(dev, last, &ret->fix)) {
		ret->marks |= FIX_MARK_JUMP;
		ret->fix.marks = ret->marks;
		return;
	}
	ret->is_place = true;
}

bool judge_battery(const struct live_device *dev, const struct report *r)
{
	if ((r->has & REPORT_HAS_BATTERY) == 0 || r->battery_percent == 0 ||
		r->battery_percent > 100)
		return false;
	return !r->is_battery_unsure || !dev->has_battery ||
	       abs((int)r->battery_percent - (int)dev->battery_percent) <= BATTERY_STEP;
}
