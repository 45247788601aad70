/* What a wearer does all day, as a pure function of time: home at night, the way to school on foot
 * or by bus, school, shops, the playground. Deterministic by the person's seed; nobody is ever
 * teleported. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/town.h"

enum life_kind { LIFE_CHILD, LIFE_OLD, LIFE_TEEN, LIFE_KIND_COUNT };

enum activity {
	ACT_HOME,
	ACT_SCHOOL,  /* indoors */
	ACT_INDOORS, /* a shop */
	ACT_PLAY,    /* outdoors, moving about */
	ACT_WAIT,    /* outdoors, standing: the bus stop */
	ACT_WALK,
	ACT_RIDE,
};

struct person {
	const struct town *town;
	uint64_t seed;
	enum life_kind kind;
	bool is_busy; /* goes round all day with short rests: for demonstrations */
};

struct life_state {
	enum activity activity;
	struct spot where;
	bool is_moving;
	bool is_outdoors; /* GPS works */
	bool is_charging;
	double speed_ms, course_deg;
	double until_s; /* local time at which the present activity ends; later than now */
	double battery_percent;
	double walked_today_m;
	uint32_t rolls;
};

/* local_s: seconds since 1970 in local time of the town. */
void life_at(const struct person *p, double local_s, struct life_state *ret);

/* The first time at or after local_s, within two days, at which the person moves; local_s when
 * none. */
double life_next_move_s(const struct person *p, double local_s);

const char *activity_name(enum activity a);
