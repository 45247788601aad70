#include "domain/step_count.h"

static bool is_walkable(const struct step_count *c, uint32_t steps, uint32_t time_s)
{
	uint64_t seconds = time_s - c->raw_s; /* the caller saw that time rises */

	return steps <= seconds * STEPS_PER_S_MAX + STEPS_AT_ONCE;
}

static void learn(struct step_count *c, uint32_t raw)
{
	if (raw < c->raw && c->score < STEPS_SCORE_MAX)
		c->score++;
	else if (raw >= c->raw && raw > STEPS_DAY_MAX)
		c->score = 0; /* more than anybody walks in a day: counted since ever */
}

/* How many steps since the last number. */
static uint32_t steps_since(const struct step_count *c, uint32_t raw, bool is_first_today)
{
	bool is_new_beginning = raw < c->raw || (is_first_today && c->score >= STEPS_DAILY_SCORE);

	return is_new_beginning ? raw : raw - c->raw;
}

void step_count_add(struct step_count *c, uint32_t raw, uint32_t time_s, bool is_first_today)
{
	if (raw == 0 || (c->raw != 0 && time_s < c->raw_s))
		return;
	if (c->raw != 0) {
		if (is_first_today)
			learn(c, raw);
		uint32_t steps = steps_since(c, raw, is_first_today);
		if (is_walkable(c, steps, time_s) && steps <= STEPS_DAY_MAX - c->today)
			c->today += steps;
	} else if (c->score >= STEPS_DAILY_SCORE && raw <= STEPS_DAY_MAX) {
		c->today = raw; /* known to begin at midnight */
	}
	c->raw = raw;
	c->raw_s = time_s;
}

void step_count_new_day(struct step_count *c)
{
	c->today = 0;
}
