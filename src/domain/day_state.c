#include "domain/day_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "domain/fixed.h"

enum { BODY_VERSION = 1, NIGHT_FROM = 20, NIGHT_TO = 7, RISE_PERCENT = 2 };

void day_state_init(struct day_state *s, int32_t day)
{
	*s = (struct day_state){
		.day = day, .level = DAY_LEVEL_UNKNOWN, .doubted = DAY_LEVEL_UNKNOWN};
	memset(s->hours, DAY_LEVEL_UNKNOWN, sizeof s->hours);
}

/* A night counts when the watch was heard on that day at all. */
static void note_night(struct day_state *s)
{
	if (s->reports == 0)
		return;
	s->nights_seen = (uint8_t)(s->nights_seen << 1 | 1);
	s->nights_charged = (uint8_t)(s->nights_charged << 1 | (s->is_night_charged ? 1 : 0));
}

void day_state_next(struct day_state *s, int32_t day)
{
	note_night(s);
	step_count_new_day(&s->steps);
	step_count_new_day(&s->rolls);
	s->day = day;
	s->first_s = s->last_s = 0;
	s->distance_m = 0;
	s->reports = s->places = s->measurements = s->weak = 0;
	s->falls = s->taken_off = s->battery_low = 0;
	s->is_night_charged = s->is_charging;
	s->is_told = false;
	memset(s->hours, DAY_LEVEL_UNKNOWN, sizeof s->hours);
}

void day_state_seen(struct day_state *s, uint32_t time_s)
{
	if (s->first_s == 0 || time_s < s->first_s)
		s->first_s = time_s;
	if (time_s > s->last_s)
		s->last_s = time_s;
	s->reports = (uint16_t)(s->reports + (s->reports < UINT16_MAX));
}

void day_state_steps(struct day_state *s, uint32_t raw, uint32_t time_s)
{
	step_count_add(&s->steps, raw, time_s, s->steps.raw_s < s->first_s);
}

void day_state_rolls(struct day_state *s, uint32_t raw, uint32_t time_s)
{
	step_count_add(&s->rolls, raw, time_s, s->rolls.raw_s < s->first_s);
}

/* In metres; of places near each other. */
static double distance_m(int32_t lat1, int32_t lon1, int32_t lat2, int32_t lon2)
{
	static const double metres_per_e7 = 0.0111319491;
	double dlat = (double)lat1 - lat2;
	double dlon = (double)lon1 - lon2;

	if (dlon > 1.8e9)
		dlon -= 3.6e9;
	if (dlon < -1.8e9)
		dlon += 3.6e9;
	dlon *= cos(((double)lat1 + lat2) / 2 * 1e-7 * 0.017453292519943295);
	return sqrt(dlat * dlat + dlon * dlon) * metres_per_e7;
}

void day_state_place(
	struct day_state *s, int32_t lat_e7, int32_t lon_e7, uint32_t accuracy_m, uint32_t time_s)
{
	if (time_s < s->at_s)
		return;
	s->at_s = time_s;
	double noise_m = accuracy_m > DAY_MOVE_MIN_M ? accuracy_m : DAY_MOVE_MIN_M;
	double moved_m = s->has_place ? distance_m(s->at_lat_e7, s->at_lon_e7, lat_e7, lon_e7) : 0;

	s->places = (uint16_t)(s->places + (s->places < UINT16_MAX));
	if (s->has_place && moved_m < noise_m)
		return;
	if (moved_m < (double)(UINT32_MAX - s->distance_m))
		s->distance_m += (uint32_t)moved_m;
	s->at_lat_e7 = lat_e7;
	s->at_lon_e7 = lon_e7;
	s->has_place = true;
}

/* A level that cannot be, unless it is said twice. */
static bool is_doubtful(struct day_state *s, uint8_t percent, uint32_t time_s)
{
	if (s->level == DAY_LEVEL_UNKNOWN || time_s - s->level_s >= DAY_LEAP_S ||
		abs((int)percent - s->level) < DAY_LEAP_PERCENT ||
		(s->doubted != DAY_LEVEL_UNKNOWN &&
			abs((int)percent - s->doubted) < DAY_LEAP_PERCENT)) {
		s->doubted = DAY_LEVEL_UNKNOWN;
		return false;
	}
	s->doubted = percent;
	return true;
}

static void note_charging(struct day_state *s, uint8_t percent, uint32_t time_s)
{
	bool is_stale = percent < DAY_FULL_PERCENT && time_s - s->risen_s > DAY_CHARGE_S;

	if (s->level == DAY_LEVEL_UNKNOWN)
		return;
	if (percent >= s->level + RISE_PERCENT || (s->is_charging && percent > s->level)) {
		s->is_charging = true;
		s->risen_s = time_s;
	} else if (percent < s->level || is_stale) {
		s->is_charging = false;
	}
}

void day_state_level(struct day_state *s, uint8_t percent, uint32_t time_s, unsigned hour)
{
	if (percent == 0 || percent > 100 || hour >= DAY_HOURS || time_s < s->level_s ||
		is_doubtful(s, percent, time_s))
		return;
	note_charging(s, percent, time_s);
	/* Small rises are noise, and falls by one are kept for the next comparison. */
	if (s->level == DAY_LEVEL_UNKNOWN || percent < s->level || s->is_charging)
		s->level = percent;
	s->level_s = time_s;
	s->hours[hour] = (uint8_t)(s->level | (s->is_charging ? DAY_LEVEL_CHARGING : 0));
	if (s->is_charging && (hour >= NIGHT_FROM || hour < NIGHT_TO))
		s->is_night_charged = true;
}

static unsigned ones(uint8_t bits)
{
	return (unsigned)__builtin_popcount(bits);
}

bool day_state_charges_at_night(const struct day_state *s)
{
	unsigned charged = ones(s->nights_charged);

	return charged >= DAY_NIGHTS_USUAL && charged * 2 >= ones(s->nights_seen);
}

/* ---- the row ---- */

static void put_count(struct fixed_out *o, const struct step_count *c)
{
	fixed_put(o, c->raw, 4);
	fixed_put(o, c->raw_s, 4);
	fixed_put(o, c->today, 4);
	fixed_put(o, c->score, 1);
}

static void get_count(struct fixed_in *in, struct step_count *ret)
{
	ret->raw = (uint32_t)fixed_get(in, 4);
	ret->raw_s = (uint32_t)fixed_get(in, 4);
	ret->today = (uint32_t)fixed_get(in, 4);
	ret->score = (uint8_t)fixed_get(in, 1);
	in->is_bad = in->is_bad || ret->score > STEPS_SCORE_MAX || ret->today > STEPS_DAY_MAX;
}

enum {
	MARK_PLACE = 1u << 0,
	MARK_CHARGING = 1u << 1,
	MARK_NIGHT = 1u << 2,
	MARK_TOLD = 1u << 3,
	MARK_ALL = (1u << 4) - 1,
};

void day_state_write(const struct day_state *s, uint8_t ret[DAY_STATE_BYTES], size_t *ret_n)
{
	struct fixed_out o = {.p = ret, .size = DAY_STATE_BYTES};

	fixed_put(&o, BODY_VERSION, 1);
	fixed_put(&o,
		(s->has_place ? MARK_PLACE : 0u) | (s->is_charging ? MARK_CHARGING : 0u) |
			(s->is_night_charged ? MARK_NIGHT : 0u) | (s->is_told ? MARK_TOLD : 0u),
		1);
	fixed_put(&o, s->first_s, 4);
	fixed_put(&o, s->last_s, 4);
	fixed_put(&o, s->distance_m, 4);
	fixed_put(&o, (uint32_t)s->at_lat_e7, 4);
	fixed_put(&o, (uint32_t)s->at_lon_e7, 4);
	fixed_put(&o, s->at_s, 4);
	put_count(&o, &s->steps);
	put_count(&o, &s->rolls);
	fixed_put(&o, s->reports, 2);
	fixed_put(&o, s->places, 2);
	fixed_put(&o, s->measurements, 2);
	fixed_put(&o, s->weak, 2);
	fixed_put(&o, s->falls, 1);
	fixed_put(&o, s->taken_off, 1);
	fixed_put(&o, s->battery_low, 1);
	fixed_put(&o, s->level, 1);
	fixed_put(&o, s->level_s, 4);
	fixed_put(&o, s->risen_s, 4);
	fixed_put(&o, s->nights_seen, 1);
	fixed_put(&o, s->nights_charged, 1);
	fixed_put_bytes(&o, s->hours, sizeof s->hours);
	*ret_n = o.n;
}

static bool are_levels(const struct day_state *s)
{
	for (unsigned i = 0; i < DAY_HOURS; i++) {
		unsigned level = s->hours[i] & ~(unsigned)DAY_LEVEL_CHARGING;
		if (level > 100 && s->hours[i] != DAY_LEVEL_UNKNOWN)
			return false;
	}
	return s->level <= 100 || s->level == DAY_LEVEL_UNKNOWN;
}

bool day_state_read(struct view body, struct day_state *ret)
{
	struct fixed_in in = {.rest = body};

	day_state_init(ret, ret->day);
	uint64_t version = fixed_get(&in, 1);
	uint64_t marks = fixed_get(&in, 1);
	ret->has_place = (marks & MARK_PLACE) != 0;
	ret->is_charging = (marks & MARK_CHARGING) != 0;
	ret->is_night_charged = (marks & MARK_NIGHT) != 0;
	ret->is_told = (marks & MARK_TOLD) != 0;
	ret->first_s = (uint32_t)fixed_get(&in, 4);
	ret->last_s = (uint32_t)fixed_get(&in, 4);
	ret->distance_m = (uint32_t)fixed_get(&in, 4);
	ret->at_lat_e7 = (int32_t)fixed_get(&in, 4);
	ret->at_lon_e7 = (int32_t)fixed_get(&in, 4);
	ret->at_s = (uint32_t)fixed_get(&in, 4);
	get_count(&in, &ret->steps);
	get_count(&in, &ret->rolls);
	ret->reports = (uint16_t)fixed_get(&in, 2);
	ret->places = (uint16_t)fixed_get(&in, 2);
	ret->measurements = (uint16_t)fixed_get(&in, 2);
	ret->weak = (uint16_t)fixed_get(&in, 2);
	ret->falls = (uint8_t)fixed_get(&in, 1);
	ret->taken_off = (uint8_t)fixed_get(&in, 1);
	ret->battery_low = (uint8_t)fixed_get(&in, 1);
	ret->level = (uint8_t)fixed_get(&in, 1);
	ret->level_s = (uint32_t)fixed_get(&in, 4);
	ret->risen_s = (uint32_t)fixed_get(&in, 4);
	ret->nights_seen = (uint8_t)fixed_get(&in, 1);
	ret->nights_charged = (uint8_t)fixed_get(&in, 1);
	fixed_get_bytes(&in, ret->hours, sizeof ret->hours);
	return fixed_is_done(&in) && version == BODY_VERSION && marks <= MARK_ALL &&
	       are_levels(ret);
}
