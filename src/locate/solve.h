/* The place of a watch from what it heard: access points and cells whose places are known go in, a
 * place with an accuracy comes out, or nothing. The truth lies inside of the accuracy in at least
 * 68 % of the cases (solve_test.c, and `bench/run locate`). Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "locate/geo.h"

enum { SOLVE_POINTS_MAX = 8, SOLVE_CELLS_MAX = 7, SOLVE_ACCURACY_MAX_M = 30000 };

struct heard {
	struct geo at;
	double radius_m; /* point: how exactly its place is known; cell: how far it is heard */
	int16_t rssi_dbm;
	bool has_rssi;
	bool is_sure;    /* point: known well enough to be believed alone */
	bool is_serving; /* cell: the one that the watch is in */
};

struct solve_in {
	size_t points_n, cells_n;
	struct heard points[SOLVE_POINTS_MAX], cells[SOLVE_CELLS_MAX];
};

enum solved_by { SOLVED_NOT, SOLVED_WIFI, SOLVED_CELL };

struct solved {
	enum solved_by by;
	struct geo at;
	double accuracy_m;
	bool is_disputed; /* access points whose places do not fit the rest were left out */
};

/* Two access points that agree make a place; one alone does when it is strong and known for sure,
 * and no cell speaks against it; else the cells do. */
void solve(const struct solve_in *in, struct solved *ret);
