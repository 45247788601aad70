#include "domain/battery_care.h"

#include "base/err.h"

/* By rule, when a watch's own days do not tell: thousandths of a percent. */
enum {
	COST_PLACE = 40,
	COST_MEASUREMENT = 60,
	COST_WEAK = 15,
	PRIOR_H = 2, /* the mean counts as so many hours of each hour of the day */
	SHARE_MAX = 90,
	SHARE_POSITIONS = 30, /* percent from which something is advised */
	SHARE_OTHER = 20,
	LEVEL_LOW = 40,
	LEFT_SHORT_MIN = 12 * 60,
	HOUR_MIN = 60,
	PERCENT = 1000,
};

const char *care_cause_name(enum care_cause c)
{
	static const char *const names[CARE_CAUSE_COUNT] = {
		"standby", "positions", "measurements", "weak_signal"};

	return names[c];
}

const char *care_advice_name(enum care_advice a)
{
	static const char *const names[CARE_ADVICE_COUNT] = {"longer_interval", "adaptive_mode",
		"fewer_measurements", "charge_tonight", "weak_signal", "not_enough_data"};

	return names[a];
}

void care_init(struct battery_care *c)
{
	*c = (struct battery_care){.last_hour = INT64_MIN};
}

/* ---- what the days say ---- */

/* The loss between two known hours without a charger. */
static void add_loss(
	struct battery_care *c, struct care_day *d, int64_t from, int64_t to, uint32_t lost_percent)
{
	uint32_t gap = (uint32_t)(to - from);
	uint32_t per_hour = lost_percent * PERCENT / gap;

	if (per_hour > CARE_LOSS_MAX)
		return;
	for (int64_t h = from; h < to; h++) {
		/* Days before 1970 may stand in a damaged row. */
		size_t of_day = (size_t)((h % DAY_HOURS + DAY_HOURS) % DAY_HOURS);
		c->loss[of_day] += per_hour;
		c->hours[of_day]++;
	}
	d->loss += per_hour * gap;
	d->hours += gap;
}

static void add_hour(struct battery_care *c, struct care_day *d, int64_t hour, uint8_t level)
{
	uint8_t last = c->last;
	bool is_known = c->last_hour != INT64_MIN && hour > c->last_hour &&
			hour - c->last_hour <= CARE_GAP_H;

	if (is_known && ((last | level) & DAY_LEVEL_CHARGING) == 0 && level <= last)
		add_loss(c, d, c->last_hour, hour, (uint32_t)(last - level));
	c->last = level;
	c->last_hour = hour;
	d->heard_h++;
}

void care_add_day(struct battery_care *c, int32_t day, const struct day_state *s)
{
	struct care_day d = {.places = s->places, .measurements = s->measurements, .weak = s->weak};

	for (unsigned h = 0; h < DAY_HOURS; h++) {
		if (s->hours[h] != DAY_LEVEL_UNKNOWN)
			add_hour(c, &d, (int64_t)day * DAY_HOURS + h, s->hours[h]);
	}
	if (c->days_n < CARE_DAYS && d.heard_h > 0)
		c->days[c->days_n++] = d;
}

/* ---- how long it lasts ---- */

static uint32_t loss_in_hour(const struct battery_care *c, uint32_t mean, unsigned h)
{
	return (c->loss[h] + mean * PRIOR_H) / (c->hours[h] + PRIOR_H);
}

static void find_left(const struct battery_care *c, uint8_t level, unsigned minute_of_day,
	struct care_report *ret)
{
	uint32_t left = (uint32_t)level * PERCENT;
	unsigned minute = minute_of_day;

	for (unsigned i = 0; i < CARE_AHEAD_H; i++) {
		unsigned minutes = HOUR_MIN - minute % HOUR_MIN;
		uint32_t loss = loss_in_hour(c, ret->loss_per_hour, minute / HOUR_MIN % DAY_HOURS) *
				minutes / HOUR_MIN;
		if (loss >= left) {
			ret->minutes_left += left * minutes / loss;
			ret->has_left = true;
			return;
		}
		left -= loss;
		ret->minutes_left += minutes;
		minute += minutes;
	}
}

/* ---- where it goes ---- */

static uint32_t count_of(const struct care_day *d, enum care_cause cause)
{
	switch (cause) {
	case CARE_POSITIONS:
		return d->places;
	case CARE_MEASUREMENTS:
		return d->measurements;
	case CARE_WEAK_SIGNAL:
		return d->weak;
	case CARE_STANDBY:
	case CARE_CAUSE_COUNT:
		break;
	}
	return 0;
}

/* Events an hour × 1000. */
static int64_t rate_of(const struct care_day *d, enum care_cause cause)
{
	return (int64_t)count_of(d, cause) * 1000 / d->heard_h;
}

/* The loss that goes up and down with the events of the days: the slope of the line through them,
 * when it explains more than a third of the differences. False: it cannot be told. */
static bool measure(
	const struct battery_care *c, enum care_cause cause, uint32_t mean, uint8_t *ret_percent)
{
	int64_t n = 0;
	int64_t x_sum = 0;
	int64_t y_sum = 0;

	for (unsigned i = 0; i < c->days_n; i++) {
		if (c->days[i].hours < CARE_HOURS_MIN)
			continue;
		n++;
		x_sum += rate_of(&c->days[i], cause);
		y_sum += c->days[i].loss / c->days[i].hours;
	}
	if (n < CARE_DAYS_MIN || x_sum == 0)
		return false;
	int64_t xx = 0;
	int64_t yy = 0;
	int64_t xy = 0;
	for (unsigned i = 0; i < c->days_n; i++) {
		if (c->days[i].hours < CARE_HOURS_MIN)
			continue;
		int64_t x = rate_of(&c->days[i], cause) - x_sum / n;
		int64_t y = c->days[i].loss / c->days[i].hours - y_sum / n;
		xx += x * x;
		yy += y * y;
		xy += x * y;
	}
	/* Days that are all alike tell nothing. 128 bits: the products are large. */
	if (xx / n < x_sum / n || xy <= 0 || (__int128)xy * xy * 3 < (__int128)xx * yy)
		return false;
	__int128 share = (__int128)xy * (x_sum / n) * 100 / xx / mean;
	*ret_percent = share > SHARE_MAX ? SHARE_MAX : (uint8_t)share;
	return true;
}

static uint8_t estimate(const struct battery_care *c, enum care_cause cause, uint32_t mean)
{
	static const uint32_t costs[CARE_CAUSE_COUNT] = {[CARE_POSITIONS] = COST_PLACE,
		[CARE_MEASUREMENTS] = COST_MEASUREMENT,
		[CARE_WEAK_SIGNAL] = COST_WEAK};
	uint64_t events = 0;
	uint64_t hours = 0;

	for (unsigned i = 0; i < c->days_n; i++) {
		events += count_of(&c->days[i], cause);
		hours += c->days[i].heard_h;
	}
	uint64_t share = hours == 0 ? 0 : events * costs[cause] * 100 / hours / mean;
	return share > SHARE_MAX ? SHARE_MAX : (uint8_t)share;
}

static void find_drains(const struct battery_care *c, struct care_report *ret)
{
	unsigned left = SHARE_MAX;

	for (enum care_cause cause = CARE_POSITIONS; cause < CARE_CAUSE_COUNT; cause++) {
		struct care_drain *d = &ret->drains[cause];
		d->is_estimate = !measure(c, cause, ret->loss_per_hour, &d->percent);
		if (d->is_estimate)
			d->percent = estimate(c, cause, ret->loss_per_hour);
		if (d->percent > left)
			d->percent = (uint8_t)left;
		left -= d->percent;
		ret->drains[CARE_STANDBY].is_estimate |= d->is_estimate;
	}
	ret->drains[CARE_STANDBY].percent = (uint8_t)(left + 100 - SHARE_MAX);
}

/* ---- what may be done ---- */

static unsigned advise(const struct care_report *r, uint8_t level, bool is_charging)
{
	bool is_low = level <= LEVEL_LOW || (r->has_left && r->minutes_left < LEFT_SHORT_MIN);
	unsigned advice = 0;

	if (level != DAY_LEVEL_UNKNOWN && is_low && !is_charging)
		advice |= 1u << CARE_CHARGE_TONIGHT;
	if (!r->has_loss)
		return advice | 1u << CARE_NOT_ENOUGH_DATA;
	if (r->drains[CARE_POSITIONS].percent >= SHARE_POSITIONS)
		advice |= 1u << CARE_LONGER_INTERVAL | 1u << CARE_ADAPTIVE_MODE;
	if (r->drains[CARE_MEASUREMENTS].percent >= SHARE_OTHER)
		advice |= 1u << CARE_FEWER_MEASUREMENTS;
	if (r->drains[CARE_WEAK_SIGNAL].percent >= SHARE_OTHER)
		advice |= 1u << CARE_BETTER_SIGNAL;
	return advice;
}

void care_report(const struct battery_care *c, uint8_t level, bool is_charging,
	unsigned minute_of_day, struct care_report *ret)
{
	uint64_t loss = 0;
	uint64_t hours = 0;

	*ret = (struct care_report){.has_loss = false};
	for (unsigned h = 0; h < DAY_HOURS; h++) {
		loss += c->loss[h];
		hours += c->hours[h];
	}
	if (hours >= CARE_HOURS_MIN && loss >= hours) {
		ret->has_loss = true;
		ret->loss_per_hour = (uint32_t)(loss / hours);
		if (level <= 100 && !is_charging)
			find_left(c, level, minute_of_day, ret);
		find_drains(c, ret);
	}
	ret->advice = advise(ret, level, is_charging);
}
