#include "locate/learn.h"

#include <math.h>

/* Sightings farther apart than this are not of the same place. */
static const double POINT_FAR_M = 300;
static const double CELL_FAR_M = 40000;
static const double WEIGHT_MAX = 1000; /* beyond, the oldest sightings fade */
static const double SPREAD_MIN_M = 15;
static const double CELL_RADIUS_MIN_M = 300;

static double far_m(enum learned_kind kind)
{
	return kind == LEARNED_POINT ? POINT_FAR_M : CELL_FAR_M;
}

/* A strong signal is a near one; an exact fix tells more. */
static double weight_of(enum learned_kind kind, const struct sighting *s)
{
	double accuracy = s->accuracy_m <= 0 ? 15 : s->accuracy_m;
	double by_accuracy = 1 / (1 + accuracy * accuracy / 900);

	if (kind == LEARNED_CELL || !s->has_rssi)
		return by_accuracy;
	return by_accuracy * fmin(fmax(pow(10, (s->rssi_dbm + 90) / 20.0), 0.3), 100);
}

static void count_up(uint8_t *n)
{
	if (*n < UINT8_MAX)
		(*n)++;
}

/* One move is forgotten for each LEARNED_MOVE_FADES_DAYS without another. */
static uint8_t moves_now(const struct learned *l, uint16_t day)
{
	unsigned gone =
		day > l->moved_day ? (unsigned)(day - l->moved_day) / LEARNED_MOVE_FADES_DAYS : 0;

	return (uint8_t)(gone >= l->moves ? 0 : l->moves - gone);
}

static void note_move(struct learned *l, uint16_t day)
{
	l->moves = moves_now(l, day);
	if (l->moves < LEARNED_MOVES_MAX)
		l->moves++;
	l->moved_day = day;
	l->stays = 0;
	l->stay_days = 0;
}

static void begin_at(struct learned *l, struct geo at, uint8_t count, double weight, uint16_t day)
{
	l->at = at;
	l->weight = (float)weight;
	l->spread_m = (float)(2 * SPREAD_MIN_M);
	l->reach_m = 0;
	l->count = count;
	l->first_day = day;
	l->other_count = 0;
}

static void average(struct learned *l, const struct sighting *s, double apart_m, double weight)
{
	double most = 2 * fmax((double)l->spread_m, SPREAD_MIN_M);

	if (l->count >= LEARNED_RELOCATE && apart_m > most)
		weight *= most / apart_m; /* an outlier pulls no harder than its distance */
	double total = fmin((double)l->weight, WEIGHT_MAX) + weight;
	double share = weight / total;
	struct geo_offset by = geo_from(l->at, s->at);
	double square = (double)l->spread_m * (double)l->spread_m;

	l->at = geo_move(l->at,
		(struct geo_offset){.east_m = by.east_m * share, .north_m = by.north_m * share});
	l->spread_m = (float)sqrt((1 - share) * (square + share * apart_m * apart_m));
	l->weight = (float)total;
	l->reach_m = (float)fmax((double)l->reach_m, apart_m);
	if (l->count < LEARNED_COUNT_MAX)
		l->count++;
}

static void note_stay(struct learned *l, uint16_t day)
{
	count_up(&l->stays);
	if (day != l->last_day || l->stay_days == 0)
		count_up(&l->stay_days);
	if (l->stays >= LEARNED_HEAL_SIGHTINGS && l->stay_days >= LEARNED_HEAL_DAYS) {
		l->moves = 0;
		l->other_count = 0;
	}
}

static void seen_elsewhere(
	struct learned *l, enum learned_kind kind, const struct sighting *s, double weight)
{
	bool is_same_other = l->other_count > 0 && geo_distance_m(l->other, s->at) <= far_m(kind);

	l->stays = 0;
	l->stay_days = 0;
	if (!is_same_other) {
		if (l->other_count > 0) /* a third place */
			note_move(l, s->day);
		l->other = s->at;
		l->other_count = 1;
		return;
	}
	l->other_count++; /* fewer than LEARNED_RELOCATE */
	if (l->other_count >= LEARNED_RELOCATE && !s->is_fast) {
		/* A first place that was seen less often was a mistake, no move. */
		if (l->count >= LEARNED_RELOCATE || l->moves > 0)
			note_move(l, s->day);
		begin_at(l, s->at, LEARNED_RELOCATE, weight * LEARNED_RELOCATE, s->day);
	} else if (l->other_count >= LEARNED_RELOCATE) {
		l->other_count = LEARNED_RELOCATE - 1;
	}
}

void learned_add(struct learned *l, enum learned_kind kind, const struct sighting *s)
{
	double weight = weight_of(kind, s);
	double apart_m = l->count == 0 ? 0 : geo_distance_m(l->at, s->at);

	if (l->count == 0) {
		begin_at(l, s->at, 1, weight, s->day);
	} else if (apart_m > far_m(kind)) {
		seen_elsewhere(l, kind, s, weight);
	} else {
		note_stay(l, s->day);
		if (!s->is_fast)
			average(l, s, apart_m, weight);
	}
	l->last_day = s->day;
}

bool learned_is_moving(const struct learned *l, uint16_t day)
{
	return moves_now(l, day) >= LEARNED_MOVES;
}

bool learned_is_usable(const struct learned *l, uint16_t day)
{
	return l->count > 0 && !learned_is_moving(l, day) &&
	       l->count >= 2u * l->other_count + (l->other_count > 0);
}

double learned_radius_m(const struct learned *l, enum learned_kind kind)
{
	double spread = fmax((double)l->spread_m, SPREAD_MIN_M);

	if (kind == LEARNED_CELL)
		return fmax(fmax(2 * spread, 0.8 * (double)l->reach_m), CELL_RADIUS_MIN_M);
	/* The sightings lie around it; their middle is nearer the more there are, but they are
	   mostly on one side, on the street. */
	return fmax(spread / sqrt(fmin(l->count, 16)), SPREAD_MIN_M);
}

/* ---- bytes ---- */

enum { LEARNED_VERSION = 1 };

static void put(uint8_t **p, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		*(*p)++ = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t **p, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t) * (*p)++ << (8 * i);
	return value;
}

static void put_geo(uint8_t **p, struct geo g)
{
	put(p, (uint32_t)g.lat_e7, 4);
	put(p, (uint32_t)g.lon_e7, 4);
}

static struct geo get_geo(const uint8_t **p)
{
	struct geo g;

	g.lat_e7 = (int32_t)(uint32_t)get(p, 4);
	g.lon_e7 = (int32_t)(uint32_t)get(p, 4);
	return g;
}

static bool is_place(struct geo g)
{
	return g.lat_e7 >= -900000000 && g.lat_e7 <= 900000000 && g.lon_e7 >= -1800000000 &&
	       g.lon_e7 <= 1800000000;
}

static uint64_t scaled(double value, double scale, double max)
{
	return (uint64_t)lrint(fmin(fmax(value * scale, 0), max));
}

void learned_write(const struct learned *l, uint8_t ret[LEARNED_BYTES])
{
	uint8_t *p = ret;

	put(&p, LEARNED_VERSION, 1);
	put_geo(&p, l->at);
	put(&p, scaled((double)l->weight, 1000, UINT32_MAX), 4);
	put(&p, scaled((double)l->spread_m, 10, UINT32_MAX), 4);
	put(&p, scaled((double)l->reach_m, 10, UINT32_MAX), 4);
	put(&p, l->count, 2);
	put(&p, l->first_day, 2);
	put(&p, l->last_day, 2);
	put_geo(&p, l->other);
	put(&p, l->other_count, 1);
	put(&p, l->moves, 1);
	put(&p, l->moved_day, 2);
	put(&p, l->stays, 1);
	put(&p, l->stay_days, 1);
	put(&p, 0, (unsigned)(ret + LEARNED_BYTES - p));
}

enum rc learned_read(struct view in, struct learned *ret, struct err *e)
{
	const uint8_t *p = (const uint8_t *)in.p;

	if (in.n != LEARNED_BYTES || *p++ != LEARNED_VERSION)
		return fail(e, RC_SYNTAX, "locate: %zu bytes are nothing that was learned", in.n);
	ret->at = get_geo(&p);
	ret->weight = (float)((double)get(&p, 4) / 1000);
	ret->spread_m = (float)((double)get(&p, 4) / 10);
	ret->reach_m = (float)((double)get(&p, 4) / 10);
	ret->count = (uint16_t)get(&p, 2);
	ret->first_day = (uint16_t)get(&p, 2);
	ret->last_day = (uint16_t)get(&p, 2);
	ret->other = get_geo(&p);
	ret->other_count = (uint8_t)get(&p, 1);
	ret->moves = (uint8_t)get(&p, 1);
	ret->moved_day = (uint16_t)get(&p, 2);
	ret->stays = (uint8_t)get(&p, 1);
	ret->stay_days = (uint8_t)get(&p, 1);
	if (!is_place(ret->at) || !is_place(ret->other) || ret->count == 0 ||
		ret->other_count >= LEARNED_RELOCATE)
		return fail(e, RC_SYNTAX, "locate: what was learned is damaged");
	return RC_OK;
}
