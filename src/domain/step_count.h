/* What a watch's counter (steps, rolls) says, as a number of today. Some watches count since ever,
 * some since midnight, all of them begin anew now and then: the raw number is kept, a fall of it is
 * a new beginning, and whether midnight is one is learned from the watch. Numbers that nobody can
 * walk are not believed. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	STEPS_PER_S_MAX = 4,        /* nobody walks faster for long */
	STEPS_AT_ONCE = 300,        /* … and this much more between two reports */
	STEPS_DAY_MAX = 100 * 1000, /* of one day */
	STEPS_DAILY_SCORE = 2,      /* midnights with a new beginning until it is believed */
	STEPS_SCORE_MAX = 3,
};

struct step_count {
	uint32_t raw;   /* as last said; 0: nothing yet */
	uint32_t raw_s; /* when, UTC seconds */
	uint32_t today;
	uint8_t score; /* of beginning anew at midnight: 0..STEPS_SCORE_MAX */
};

/* A number came. `is_first_today`: none came since local midnight. A 0 says nothing: many watches
 * send it without having counted. What is older than the last one is left out. */
void step_count_add(struct step_count *c, uint32_t raw, uint32_t time_s, bool is_first_today);
/* Midnight. */
void step_count_new_day(struct step_count *c);
