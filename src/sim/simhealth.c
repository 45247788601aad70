#include "sim/simhealth.h"

#include <math.h>
#include <stdio.h>

#include "base/num.h"
#include "sim/chance.h"
#include "sim/simsettings.h"
#include "sim/uplink.h"

enum {
	SENSOR_MS = 500, /* how long a measurement takes */
	MINUTE_MS = 60000,
	HOUR_S = 3600,
	DAY_MIN = 1440,
};

enum wanted { WANTED_HEART = 1u << 0, WANTED_TEMPERATURE = 1u << 1, WANTED_OXYGEN = 1u << 2 };

static int64_t now_ms(const struct simwatch *w)
{
	return loop_now_ms(w->world->loop);
}

static bool is_yisai(const struct simwatch *w)
{
	return manners_have(&w->manners, MANNER_LOCAL_TIME);
}

/* ---- what this person has ---- */

/* Faster when moving, slower at night. */
static int pulse_of(const struct simwatch *w)
{
	struct life_state s;
	double local_s = simwatch_local_s(w);

	life_at(&w->person, local_s, &s);
	int rest = 62 + (int)chance_below(w->person.seed, 71, 16);
	return rest + (s.is_moving ? 28 : 0) +
	       (int)chance_below(w->person.seed, (uint64_t)local_s / 60, 9);
}

static int temperature_cdeg(const struct simwatch *w)
{
	double local_s = simwatch_local_s(w);

	return 3640 + (int)(30 * sin(local_s / 86400 * 2 * M_PI)) +
	       (int)chance_below(w->person.seed, (uint64_t)local_s / 60, 20);
}

static void say(struct simwatch *w, const char *content)
{
	if (w->state == SIMWATCH_ONLINE)
		simwatch_send(w, view_of(content));
}

static void say_heart(struct simwatch *w)
{
	char content[64];
	int bpm = pulse_of(w);
	int systolic = 108 + (int)chance_below(w->person.seed, 72, 25);

	if (is_yisai(w))
		(void)snprintf(content, sizeof content, "HEART,%d", bpm);
	else
		(void)snprintf(content, sizeof content, "bphrt,%d,%d,%d,,,,", systolic,
			systolic * 2 / 3, bpm);
	say(w, content);
}

static void say_temperature(struct simwatch *w)
{
	char content[64];
	int cdeg = temperature_cdeg(w);

	(void)snprintf(content, sizeof content, is_yisai(w) ? "TEMP,%d.%02d" : "btemp2,1,%d.%02d",
		cdeg / 100, cdeg % 100);
	say(w, content);
}

static void say_oxygen(struct simwatch *w)
{
	char content[64];

	(void)snprintf(content, sizeof content, "oxygen,1,%d.%u", 96,
		(unsigned)chance_below(w->person.seed, 73, 10));
	say(w, content);
}

void simhealth_say_pulse(struct simwatch *w)
{
	char content[32];

	(void)snprintf(content, sizeof content, "PULSE,%d", pulse_of(w));
	say(w, content);
}

/* ---- schedules ---- */

static int64_t period_ms(const struct simwatch *w, double seconds)
{
	return (int64_t)fmax(seconds * 1000 / w->world->options.speed, 50);
}

static void next_at(int64_t *due_ms, int64_t at_ms)
{
	if (*due_ms == 0 || at_ms < *due_ms)
		*due_ms = at_ms;
}

/* When the next of the set times of the day comes; 0 when there is none. */
static int64_t next_point_ms(struct simwatch *w)
{
	struct command c;
	double local_s = simwatch_local_s(w);
	double minute = fmod(local_s / 60, DAY_MIN);
	double best = 0;

	if (!simsettings_have(w, COMMAND_TEMPERATURE_TIMES, &c))
		return 0;
	for (unsigned i = 0; i < c.list_n; i++) {
		double wait = c.points[i].time_min - minute;
		if (wait <= 0.01)
			wait += DAY_MIN;
		best = best == 0 ? wait : fmin(best, wait);
	}
	return best == 0 ? 0 : now_ms(w) + period_ms(w, best * 60);
}

static void schedule(struct simwatch *w)
{
	int64_t due_ms = 0;

	if (w->health_wanted != 0)
		next_at(&due_ms, now_ms(w) + SENSOR_MS);
	for (size_t i = 0; i < SIMWATCH_SENSORS; i++) {
		if (w->health_every_ms[i] != 0)
			next_at(&due_ms, w->health_due_ms[i]);
	}
	if (w->health_point_ms != 0)
		next_at(&due_ms, w->health_point_ms);
	if (due_ms == 0)
		simwatch_clear_due(w, DUE_MEASURE);
	else
		simwatch_set_due(w, DUE_MEASURE, due_ms);
}

static void set_period(struct simwatch *w, unsigned sensor, bool is_on, double seconds)
{
	w->health_every_ms[sensor] = is_on ? period_ms(w, seconds) : 0;
	w->health_due_ms[sensor] = now_ms(w) + w->health_every_ms[sensor];
}

void simhealth_measure(struct simwatch *w)
{
	unsigned wanted = w->health_wanted;

	w->health_wanted = 0;
	for (unsigned i = 0; i < SIMWATCH_SENSORS; i++) {
		if (w->health_every_ms[i] == 0 || w->health_due_ms[i] > now_ms(w))
			continue;
		wanted |= 1u << i;
		w->health_due_ms[i] = now_ms(w) + w->health_every_ms[i];
	}
	if (w->health_point_ms != 0 && w->health_point_ms <= now_ms(w)) {
		wanted |= WANTED_TEMPERATURE;
		w->health_point_ms = next_point_ms(w);
	}
	if ((wanted & WANTED_HEART) != 0)
		say_heart(w);
	if ((wanted & WANTED_TEMPERATURE) != 0)
		say_temperature(w);
	if ((wanted & WANTED_OXYGEN) != 0)
		say_oxygen(w);
	schedule(w);
}

bool simhealth_act(struct simwatch *w, const struct command *c)
{
	bool is_once = true;

	if (c->kind == COMMAND_MEASURE_HEART) {
		w->health_wanted |= WANTED_HEART;
	} else if (c->kind == COMMAND_MEASURE_TEMPERATURE) {
		w->health_wanted |= WANTED_TEMPERATURE;
	} else if (c->kind == COMMAND_HEART_INTERVAL) {
		set_period(w, 0, c->interval_s > 0, c->interval_s);
		is_once = false;
	} else if (c->kind == COMMAND_TEMPERATURE_INTERVAL) {
		set_period(w, 1, c->is_on, (double)c->values[0] * HOUR_S);
		is_once = false;
	} else if (c->kind == COMMAND_TEMPERATURE_PERIOD) {
		set_period(w, 1, true, c->interval_s);
		is_once = false;
	} else if (c->kind == COMMAND_HEALTH_INTERVAL) {
		set_period(w, 0, c->is_on, c->interval_s);
		set_period(w, 2, c->is_on, c->interval_s);
		is_once = false;
	} else {
		return false;
	}
	schedule(w);
	return is_once;
}

void simhealth_plan(struct simwatch *w)
{
	w->health_point_ms = next_point_ms(w);
	schedule(w);
}

bool simhealth_tell(struct simwatch *w, struct view what, struct view value)
{
	static const struct {
		const char *name, *head;
		unsigned wanted;
	} rows[] = {
		{"heart", "heart,", WANTED_HEART},
		{"pressure", "BLOOD,", WANTED_HEART},
		{"oxygen", "oxygen,0,", WANTED_OXYGEN},
		{"temperature", "btemp2,1,", WANTED_TEMPERATURE},
	};
	char content[64];
	struct wire t;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!view_is(what, view_of(rows[i].name)) || value.n > 20)
			continue;
		if (value.n == 0) {
			w->health_wanted |= rows[i].wanted;
			simhealth_measure(w);
			return true;
		}
		wire_init(&t, content, sizeof content);
		wire_add(&t, "%s", rows[i].head);
		wire_add_bytes(&t, value.p, value.n);
		simwatch_send(w, (struct view){.p = t.p, .n = t.n});
		return true;
	}
	return false;
}

void simhealth_wipe(struct simwatch *w)
{
	memset(w->health_every_ms, 0, sizeof w->health_every_ms);
	w->health_point_ms = 0;
	w->health_wanted = 0;
	schedule(w);
}
