#include "sim/life.h"

#include <assert.h>
#include <math.h>

#include "sim/chance.h"

enum { LEGS_MAX = 40, DAY_S = 86400 };

/* One thing after another; each leg begins where and when the one before ended. */
struct leg {
	enum activity activity;
	double start_s, end_s; /* of the day, or of the round when busy */
	struct house from, to; /* the same house when staying */
	double speed_ms;
	uint64_t mood;
};

struct plan {
	size_t n;
	struct leg legs[LEGS_MAX];
	struct house here;
	double now_s;
	uint64_t seed;
};

static double hours(double h)
{
	return h * 3600;
}

static void plan_add(struct plan *p, enum activity a, const struct house *to, double lasts_s,
	double speed_ms, uint64_t mood)
{
	assert(p->n < LEGS_MAX);
	p->legs[p->n++] = (struct leg){
		.activity = a,
		.start_s = p->now_s,
		.end_s = p->now_s + lasts_s,
		.from = p->here,
		.to = *to,
		.speed_ms = speed_ms,
		.mood = mood,
	};
	p->now_s += lasts_s;
	p->here = *to;
}

static void stay_until(struct plan *p, enum activity a, double until_s)
{
	struct house here = p->here;

	if (until_s > p->now_s)
		plan_add(p, a, &here, until_s - p->now_s, 0, chance_mix(p->seed, p->n));
}

static void walk_to(const struct person *who, struct plan *p, const struct house *to)
{
	static const double low[] = {1.05, 0.75, 1.2};
	static const double high[] = {1.4, 1.0, 1.6};
	uint64_t mood = chance_mix(p->seed, 1000 + p->n);
	double speed = chance_between(mood, 0, low[who->kind], high[who->kind]);
	struct way r;

	way_walk(who->town, &p->here, to, mood, &r);
	plan_add(p, ACT_WALK, to, way_duration_s(&r, speed), speed, mood);
}

static void ride_to(const struct person *who, struct plan *p, const struct house *to)
{
	uint64_t mood = chance_mix(p->seed, 2000 + p->n);
	double speed = chance_between(mood, 0, 7.5, 10.5);
	struct way r;

	way_bus(who->town, &p->here, to, &r);
	plan_add(p, ACT_RIDE, to, way_duration_s(&r, speed), speed, mood);
}

/* On foot when it is near, else by bus. */
static void go_to(const struct person *who, struct plan *p, const struct house *to)
{
	struct house first = town_stop_near(who->town, p->here.at);
	struct house last = town_stop_near(who->town, to->at);
	double apart = spot_distance_m(first.door, last.door);

	if (spot_distance_m(p->here.door, to->door) < 750 || apart < 500) {
		walk_to(who, p, to);
		return;
	}
	walk_to(who, p, &first);
	stay_until(p, ACT_WAIT, p->now_s + chance_between(p->seed, 3000 + p->n, 60, 300));
	ride_to(who, p, &last);
	walk_to(who, p, to);
}

static void plan_school_day(const struct person *who, struct plan *p, const struct house *home)
{
	uint64_t s = p->seed;
	struct house school = town_place(who->town, PLACE_SCHOOL, who->seed);
	struct house shop = town_place(who->town, PLACE_SHOP, chance_mix(s, 5));
	struct house play = town_place(who->town, PLACE_PLAYGROUND, chance_mix(who->seed, 6));

	stay_until(p, ACT_HOME, hours(chance_between(s, 1, 6.9, 7.3)));
	go_to(who, p, &school);
	stay_until(p, ACT_SCHOOL, hours(9.75));
	stay_until(p, ACT_PLAY, hours(10.1));
	stay_until(p, ACT_SCHOOL, hours(chance_between(s, 2, 12.9, 13.3)));
	if (chance_below(s, 3, 3) == 0) {
		go_to(who, p, &shop);
		stay_until(p, ACT_INDOORS, p->now_s + chance_between(s, 4, 300, 900));
	}
	go_to(who, p, home);
	stay_until(p, ACT_HOME, hours(chance_between(s, 7, 14.9, 15.6)));
	go_to(who, p, &play);
	stay_until(p, ACT_PLAY, p->now_s + chance_between(s, 8, 2400, 5400));
	go_to(who, p, home);
}

static void plan_free_day(const struct person *who, struct plan *p, const struct house *home)
{
	uint64_t s = p->seed;
	struct house shop = town_place(who->town, PLACE_SHOP, chance_mix(who->seed, 5));
	struct house park = town_place(who->town, PLACE_PLAYGROUND, chance_mix(s, 6));
	struct house friends = town_place(who->town, PLACE_HOME, chance_mix(who->seed, 9));

	stay_until(p, ACT_HOME, hours(chance_between(s, 1, 8.5, 10)));
	go_to(who, p, &shop);
	stay_until(p, ACT_INDOORS, p->now_s + chance_between(s, 2, 600, 1800));
	go_to(who, p, home);
	stay_until(p, ACT_HOME, hours(chance_between(s, 3, 13.5, 14.5)));
	go_to(who, p, &park);
	stay_until(p, ACT_PLAY, p->now_s + chance_between(s, 4, 1800, 4500));
	go_to(who, p, &friends);
	stay_until(p, ACT_HOME, p->now_s + chance_between(s, 7, 1800, 4500));
	go_to(who, p, home);
}

static void plan_day(const struct person *who, int64_t day, struct plan *p)
{
	struct house home = town_place(who->town, PLACE_HOME, who->seed);
	int64_t weekday = ((day + 3) % 7 + 7) % 7; /* day 0 was a Thursday; 0 is Monday */

	*p = (struct plan){.here = home, .seed = chance_mix(who->seed, (uint64_t)day)};
	if (weekday < 5 && who->kind != LIFE_OLD)
		plan_school_day(who, p, &home);
	else
		plan_free_day(who, p, &home);
	stay_until(p, ACT_HOME, DAY_S);
}

static void plan_round(const struct person *who, struct plan *p)
{
	struct house home = town_place(who->town, PLACE_HOME, who->seed);
	uint64_t s = chance_mix(who->seed, 77);

	*p = (struct plan){.here = home, .seed = s};
	for (uint64_t i = 0; i < 4; i++) {
		enum place_kind kind = i % 2 == 0 ? PLACE_SHOP : PLACE_PLAYGROUND;
		struct house next = town_place(who->town, kind, chance_mix(s, i));
		go_to(who, p, &next);
		stay_until(p, i % 2 == 0 ? ACT_INDOORS : ACT_PLAY,
			p->now_s + chance_between(s, 10 + i, 30, 60));
	}
	go_to(who, p, &home);
	stay_until(p, ACT_HOME, p->now_s + 45);
}

/* Runs about within 25 m of the door, starting and ending there. */
static void play_at(const struct leg *l, double time_s, struct life_state *ret)
{
	double ramp = fmin(fmin(time_s - l->start_s, l->end_s - time_s) / 80, 1);
	double a = time_s / 31 + (double)(l->mood % 7);
	double b = time_s / 43 + (double)(l->mood % 11);

	ret->where.x_m += ramp * 22 * sin(a);
	ret->where.y_m += ramp * 22 * sin(b);
	ret->speed_ms = ramp * hypot(22.0 / 31 * cos(a), 22.0 / 43 * cos(b));
	ret->course_deg = fmod(360 + atan2(cos(a), cos(b)) * 180 / M_PI, 360);
	ret->is_moving = true;
}

static void leg_way(const struct person *who, const struct leg *l, struct way *ret)
{
	if (l->activity == ACT_RIDE)
		way_bus(who->town, &l->from, &l->to, ret);
	else
		way_walk(who->town, &l->from, &l->to, l->mood, ret);
}

static void leg_at(
	const struct person *who, const struct leg *l, double time_s, struct life_state *ret)
{
	ret->activity = l->activity;
	ret->where = l->from.door;
	ret->is_outdoors = l->activity >= ACT_PLAY;
	if (l->activity == ACT_PLAY) {
		play_at(l, time_s, ret);
	} else if (l->activity >= ACT_WALK) {
		struct way r;
		struct way_place at;
		leg_way(who, l, &r);
		way_at(&r, l->speed_ms, time_s - l->start_s, &at);
		ret->where = at.where;
		ret->speed_ms = at.speed_ms;
		ret->course_deg = at.course_deg;
		ret->is_moving = true;
		if (l->activity == ACT_WALK)
			ret->walked_today_m += at.done_m;
	}
}

/* Full at half past five, emptied by the day, on the charger from half past eight in the evening.
 */
static double battery_at(const struct person *who, double day_s, bool *ret_is_charging)
{
	double rate = chance_between(who->seed, 50, 3.2, 4.6); /* percent an hour */
	double lowest = 100 - rate * 15;

	*ret_is_charging = day_s < hours(5.5) || day_s >= hours(20.5);
	if (day_s < hours(5.5))
		return 100;
	if (day_s < hours(20.5))
		return 100 - rate * (day_s - hours(5.5)) / 3600;
	return fmin(100, lowest + (day_s - hours(20.5)) / hours(2.5) * (100 - lowest));
}

static double leg_walked_m(const struct person *who, const struct leg *l)
{
	struct way r;

	if (l->activity == ACT_PLAY)
		return 0.5 * (l->end_s - l->start_s);
	if (l->activity != ACT_WALK)
		return 0;
	leg_way(who, l, &r);
	return way_length_m(&r);
}

void life_at(const struct person *p, double local_s, struct life_state *ret)
{
	struct plan plan;
	double day = floor(local_s / DAY_S);
	double day_s = local_s - day * DAY_S;
	double plan_s = day_s;

	*ret = (struct life_state){0};
	if (p->is_busy) {
		plan_round(p, &plan);
		plan_s = fmod(local_s, plan.now_s);
		ret->walked_today_m =
			0.6 * (day_s - plan_s); /* rounds are not counted one by one */
	} else {
		plan_day(p, (int64_t)day, &plan);
	}
	for (size_t i = 0; i < plan.n; i++) {
		const struct leg *l = &plan.legs[i];
		if (plan_s < l->end_s || i + 1 == plan.n) {
			leg_at(p, l, plan_s, ret);
			ret->until_s = local_s + fmax(l->end_s - plan_s, 0.1);
			break;
		}
		ret->walked_today_m += leg_walked_m(p, l);
	}
	ret->battery_percent = battery_at(p, day_s, &ret->is_charging);
	ret->rolls = (uint32_t)(fmin(day_s, hours(6.5)) / 1500);
}

double life_next_move_s(const struct person *p, double local_s)
{
	double at = local_s;
	struct life_state s;

	while (at < local_s + 2.0 * DAY_S) {
		life_at(p, at, &s);
		if (s.is_moving)
			return at;
		at = s.until_s + 0.5;
	}
	return local_s;
}

const char *activity_name(enum activity a)
{
	static const char *const names[] = {
		[ACT_HOME] = "home",
		[ACT_SCHOOL] = "school",
		[ACT_INDOORS] = "shop",
		[ACT_PLAY] = "playground",
		[ACT_WAIT] = "bus stop",
		[ACT_WALK] = "walking",
		[ACT_RIDE] = "bus",
	};
	return names[a];
}
