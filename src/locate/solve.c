#include "locate/solve.h"

#include <math.h>

static const double TOGETHER_M = 300; /* access points that are heard at one place */
static const double ALONE_RSSI = -80;
static const double ALONE_ACCURACY_M = 80;
static const double WIFI_ACCURACY_MIN_M = 20;
static const double CELL_ACCURACY_MIN_M = 150;
static const double CELL_RADIUS_MIN_M = 150;
static const double CELL_RADIUS_MAX_M = 35000;
static const double CELLS_APART_M = 5000; /* beyond their radii: one of them is elsewhere */

/* How far off an access point probably is: one metre at -40 dBm, ten at -68. */
static double distance_by_signal_m(const struct heard *h)
{
	if (!h->has_rssi)
		return 60;
	return fmin(fmax(pow(10, (-40 - h->rssi_dbm) / 28.0), 5), 120);
}

static double sigma_m(const struct heard *h)
{
	double d = distance_by_signal_m(h);

	return sqrt(d * d + h->radius_m * h->radius_m);
}

/* The weighted middle, and how far its parts are from it. */
struct middle {
	struct geo at;
	double weights;     /* sum of 1/sigma² */
	double residual_m2; /* weighted mean squared distance */
};

static void find_middle(const struct heard *h, const double *weights, size_t n, struct middle *ret)
{
	struct geo_offset sum = {0};

	*ret = (struct middle){.at = h[0].at};
	for (size_t i = 0; i < n; i++) {
		struct geo_offset by = geo_from(h[0].at, h[i].at);
		sum.east_m += by.east_m * weights[i];
		sum.north_m += by.north_m * weights[i];
		ret->weights += weights[i];
	}
	sum.east_m /= ret->weights;
	sum.north_m /= ret->weights;
	ret->at = geo_move(h[0].at, sum);
	for (size_t i = 0; i < n; i++) {
		double d = geo_distance_m(ret->at, h[i].at);
		ret->residual_m2 += weights[i] / ret->weights * d * d;
	}
}

/* The access points around the one that has most of the weight near it. */
static size_t pick_together(const struct solve_in *in, struct heard *ret, double *ret_weights)
{
	double best = 0;
	size_t centre = 0;
	size_t n = 0;

	for (size_t i = 0; i < in->points_n; i++) {
		double sum = 0;
		for (size_t k = 0; k < in->points_n; k++) {
			double s = sigma_m(&in->points[k]);
			if (geo_distance_m(in->points[i].at, in->points[k].at) <= TOGETHER_M)
				sum += 1 / s + 1; /* their number first, then their strength */
		}
		if (sum > best) {
			best = sum;
			centre = i;
		}
	}
	for (size_t k = 0; k < in->points_n; k++) {
		if (geo_distance_m(in->points[centre].at, in->points[k].at) > TOGETHER_M)
			continue;
		double s = sigma_m(&in->points[k]);
		ret[n] = in->points[k];
		ret_weights[n++] = 1 / (s * s);
	}
	return n;
}

static void solve_cells(const struct solve_in *in, struct solved *ret)
{
	struct heard cells[SOLVE_CELLS_MAX];
	double weights[SOLVE_CELLS_MAX];
	struct middle m;
	size_t n = 0;

	*ret = (struct solved){.by = SOLVED_NOT};
	for (size_t i = 0; i < in->cells_n; i++) {
		struct heard c = in->cells[i];
		c.radius_m = fmin(fmax(c.radius_m, CELL_RADIUS_MIN_M), CELL_RADIUS_MAX_M);
		if (n > 0 && geo_distance_m(cells[0].at, c.at) >
				     cells[0].radius_m + c.radius_m + CELLS_APART_M)
			continue; /* the serving cell stands first */
		double sigma = c.radius_m / 2 * (c.is_serving ? 1 : 1.5);
		cells[n] = c;
		weights[n++] = 1 / (sigma * sigma);
	}
	if (n == 0)
		return;
	find_middle(cells, weights, n, &m);
	/* Cells are not independent of each other: the root of their number stays. */
	double sigma = sqrt(sqrt((double)n) / m.weights);
	double accuracy = 1.2 * sqrt(sigma * sigma + m.residual_m2 / (double)(4 * n));
	if (accuracy > SOLVE_ACCURACY_MAX_M)
		return;
	ret->by = SOLVED_CELL;
	ret->at = m.at;
	ret->accuracy_m = fmax(accuracy, CELL_ACCURACY_MIN_M);
}

static bool fits(const struct solved *cells, struct geo at)
{
	return cells->by == SOLVED_NOT ||
	       geo_distance_m(cells->at, at) <= 4 * cells->accuracy_m + 1000;
}

void solve(const struct solve_in *in, struct solved *ret)
{
	struct heard points[SOLVE_POINTS_MAX];
	double weights[SOLVE_POINTS_MAX];
	struct solved cells;
	struct middle m;

	solve_cells(in, &cells);
	*ret = cells;
	size_t n = pick_together(in, points, weights);
	if (n == 0)
		return;
	if (n == 1 &&
		(!points[0].is_sure || !points[0].has_rssi || points[0].rssi_dbm < ALONE_RSSI)) {
		ret->is_disputed = in->points_n > 1;
		return;
	}
	find_middle(points, weights, n, &m);
	if (!fits(&cells, m.at)) {
		ret->is_disputed = true;
		return;
	}
	double least = n == 1 ? ALONE_ACCURACY_M : WIFI_ACCURACY_MIN_M;
	/* Walls and the unequal sides of a street keep the errors of neighbours alike. */
	double sigma2 = sqrt((double)n) / m.weights + m.residual_m2 / (double)(2 * n);
	*ret = (struct solved){.by = SOLVED_WIFI,
		.at = m.at,
		.accuracy_m = fmax(1.1 * sqrt(sigma2), least),
		.is_disputed = n < in->points_n};
}
