/* What one day of a wearer has been so far: steps, way, falls, the battery by the hour. Made from
 * reports one by one, kept in memory for the current day, and as one sealed row for each day. Pure:
 * the local hour and day are given by days.c. */
#pragma once

#include <stddef.h>

#include "base/err.h"
#include "base/view.h"
#include "domain/step_count.h"

enum {
	DAY_HOURS = 24,
	DAY_LEVEL_UNKNOWN = 0x7f,
	DAY_LEVEL_CHARGING = 0x80, /* bit of a level */
	DAY_STATE_BYTES = 128,     /* of a row */
	DAY_MOVE_MIN_M = 25,       /* nearer than this to the last place that counted: noise */
	DAY_NIGHTS = 8,            /* that are remembered */
	DAY_NIGHTS_USUAL = 3,      /* … of which so many with a charger make it usual */
	/* A level that leaps so far so quickly is believed when a second one says the same. */
	DAY_LEAP_PERCENT = 30,
	DAY_LEAP_S = 30 * 60,
	/* A level under this that does not rise any more for so long is on no charger. */
	DAY_FULL_PERCENT = 95,
	DAY_CHARGE_S = 2 * 3600,
};

struct day_state {
	int32_t day;              /* local, since 1970 */
	uint32_t first_s, last_s; /* reports, UTC seconds; 0: none */
	uint32_t distance_m;
	int32_t at_lat_e7, at_lon_e7; /* the last place that counted */
	uint32_t at_s;                /* time of the last place */
	struct step_count steps, rolls;
	uint16_t reports, places, measurements, weak; /* weak: reports with a signal under 40 % */
	uint8_t falls, taken_off, battery_low;
	uint8_t level;                       /* last believed, 0..100; DAY_LEVEL_UNKNOWN */
	uint8_t doubted;                     /* a level that leapt; DAY_LEVEL_UNKNOWN: none */
	uint32_t level_s;                    /* of the last believed */
	uint32_t risen_s;                    /* when it was last seen to rise */
	uint8_t nights_seen, nights_charged; /* bits, the newest night lowest */
	bool has_place;                      /* at_… holds one */
	bool is_charging;
	bool is_night_charged;    /* of the night that begins or ended on this day */
	bool is_told;             /* "not charged" was said this evening */
	uint8_t hours[DAY_HOURS]; /* level at the hour's last report */
};

void day_state_init(struct day_state *s, int32_t day);
/* The same watch on a later day: counters go on, what belongs to the day begins anew. */
void day_state_next(struct day_state *s, int32_t day);

void day_state_seen(struct day_state *s, uint32_t time_s);
void day_state_steps(struct day_state *s, uint32_t raw, uint32_t time_s);
void day_state_rolls(struct day_state *s, uint32_t raw, uint32_t time_s);
/* A good place; accuracy_m 0: unknown. What is older than the last one is left out. */
void day_state_place(
	struct day_state *s, int32_t lat_e7, int32_t lon_e7, uint32_t accuracy_m, uint32_t time_s);
/* A level that the watch said; 0 and more than 100 say nothing. */
void day_state_level(struct day_state *s, uint8_t percent, uint32_t time_s, unsigned hour);
/* It usually lies on a charger at night. */
bool day_state_charges_at_night(const struct day_state *s);

/* *ret_n at most DAY_STATE_BYTES. */
void day_state_write(const struct day_state *s, uint8_t ret[DAY_STATE_BYTES], size_t *ret_n);
MUST_CHECK bool day_state_read(struct view body, struct day_state *ret);
