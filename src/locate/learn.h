/* What is known of one access point or cell from sightings: reports with a good GPS fix that heard
 * it. A weighted mean that grows exact with each sighting, holds out against wrong ones, follows
 * what was moved, and knows what moves about all the time (phones, buses). Ages: old sightings
 * count less than new ones. One struct of fixed size; pure, the day is a parameter. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "locate/geo.h"

enum learned_kind { LEARNED_POINT, LEARNED_CELL };

enum {
	LEARNED_BYTES = 44,           /* as learned_write makes them */
	LEARNED_COUNT_MAX = 60000,    /* sightings are counted up to this */
	LEARNED_MOVES = 2,            /* so many moves: it moves about */
	LEARNED_MOVES_MAX = 4,        /* … more are not counted */
	LEARNED_MOVE_FADES_DAYS = 30, /* … of which one is forgotten in this time */
	LEARNED_HEAL_SIGHTINGS = 8,   /* … and all when it stayed for so many sightings */
	LEARNED_HEAL_DAYS = 3,        /* … on so many days */
	LEARNED_RELOCATE = 3,         /* sightings in a row at another place: it was moved there */
};

struct sighting {
	struct geo at;
	double accuracy_m; /* of the fix; 0: not known */
	int16_t rssi_dbm;
	bool has_rssi;
	bool is_fast; /* faster than one runs: tells that something moves along, not where it is */
	uint16_t day; /* since 1970 */
};

struct learned {
	struct geo at;
	float weight;   /* of the sightings in `at` */
	float spread_m; /* root of their mean squared distance */
	float reach_m;  /* the farthest of them */
	uint16_t count; /* sightings near `at` */
	uint16_t first_day, last_day;
	struct geo other; /* where it was seen meanwhile */
	uint8_t other_count;
	uint8_t moves;
	uint16_t moved_day; /* of the last move */
	uint8_t stays;      /* sightings since it was last seen elsewhere */
	uint8_t stay_days;
};

/* A fresh one: all zero. */
void learned_add(struct learned *l, enum learned_kind kind, const struct sighting *s);

/* It moves about: its place says nothing. */
bool learned_is_moving(const struct learned *l, uint16_t day);
/* Its place is believed: it does not move, and what was seen elsewhere is outweighed. */
bool learned_is_usable(const struct learned *l, uint16_t day);
/* How far its true place may be from `at` (one standard deviation, each direction taken together);
 * of a cell: how far around it is heard. */
double learned_radius_m(const struct learned *l, enum learned_kind kind);

void learned_write(const struct learned *l, uint8_t ret[LEARNED_BYTES]);
/* RC_SYNTAX for anything that learned_write does not make. */
MUST_CHECK enum rc learned_read(struct view in, struct learned *ret, struct err *e);
