/* How long a watch's battery lasts, from its own days: how much it loses in which hour of the day,
 * what of that comes from positions, measurements and weak networks, and what may be done. Pure:
 * given day by day, oldest first. */
#pragma once

#include "domain/day_state.h"

enum {
	CARE_DAYS = 28,  /* that are looked at */
	CARE_GAP_H = 12, /* hours without a level over which a loss is spread; more say nothing */
	CARE_HOURS_MIN = 6,    /* of observed loss, before anything is said */
	CARE_LOSS_MAX = 30000, /* a thousandth of a percent an hour: more is a false level */
	CARE_AHEAD_H = 24 * 30,
	CARE_DAYS_MIN = 7, /* for what is measured; less is estimated by rule */
};

enum care_cause {
	CARE_STANDBY,
	CARE_POSITIONS,
	CARE_MEASUREMENTS,
	CARE_WEAK_SIGNAL,
	CARE_CAUSE_COUNT
};
const char *care_cause_name(enum care_cause c);

enum care_advice {
	CARE_LONGER_INTERVAL,
	CARE_ADAPTIVE_MODE,
	CARE_FEWER_MEASUREMENTS,
	CARE_CHARGE_TONIGHT,
	CARE_BETTER_SIGNAL,
	CARE_NOT_ENOUGH_DATA,
	CARE_ADVICE_COUNT,
};
const char *care_advice_name(enum care_advice a);

/* Loss is in thousandths of a percent. */
struct care_day {
	uint32_t loss, hours; /* seen without charger */
	uint32_t places, measurements, weak, heard_h;
};

struct battery_care {
	uint32_t loss[DAY_HOURS], hours[DAY_HOURS];
	struct care_day days[CARE_DAYS];
	unsigned days_n;
	int64_t last_hour; /* of the last known level, since 1970; INT64_MIN: none */
	uint8_t last;      /* level with its charging bit */
};

void care_init(struct battery_care *c);
void care_add_day(struct battery_care *c, int32_t day, const struct day_state *s);

struct care_drain {
	uint8_t percent; /* of the loss */
	bool is_estimate;
};
struct care_report {
	bool has_loss;
	uint32_t loss_per_hour; /* thousandths of a percent, of all hours */
	bool has_left;
	uint32_t minutes_left;
	struct care_drain drains[CARE_CAUSE_COUNT];
	unsigned advice; /* 1 << enum care_advice */
};
/* level DAY_LEVEL_UNKNOWN: not known now. minute_of_day: local. */
void care_report(const struct battery_care *c, uint8_t level, bool is_charging,
	unsigned minute_of_day, struct care_report *ret);
