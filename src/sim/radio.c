#include "sim/radio.h"

#include <math.h>
#include <stdio.h>

#include "sim/chance.h"

static const double TOWER_GRID_M = 650;
static const double POINT_GRID_M = 45;
static const double POINT_REACH_M = 70;
static const double DEAD_GRID_M = 150;

enum { SALT_TOWERS = 31, SALT_POINTS = 32, SALT_DEAD = 33 };

static uint64_t square_seed(const struct town *t, uint64_t salt, int64_t x, int64_t y)
{
	return chance_mix(chance_mix(t->seed, salt), (uint64_t)(x * 1000003 + y));
}

static int64_t square_of(double metres, double grid_m)
{
	return (int64_t)floor(metres / grid_m);
}

static struct spot spot_in_square(uint64_t seed, int64_t x, int64_t y, double grid_m)
{
	return (struct spot){
		.x_m = ((double)x + chance_between(seed, 1, 0.1, 0.9)) * grid_m,
		.y_m = ((double)y + chance_between(seed, 2, 0.1, 0.9)) * grid_m,
	};
}

static void add_cell(struct radio *r, const struct radio_cell *c)
{
	if (r->cells_n == RADIO_CELLS_MAX && r->cells[RADIO_CELLS_MAX - 1].level > c->level)
		return;
	size_t i = r->cells_n < RADIO_CELLS_MAX ? r->cells_n++ : RADIO_CELLS_MAX - 1;
	r->cells[i] = *c;
	for (; i > 0 && r->cells[i - 1].level < r->cells[i].level; i--) {
		struct radio_cell swap = r->cells[i];
		r->cells[i] = r->cells[i - 1];
		r->cells[i - 1] = swap;
	}
}

static void scan_cells(const struct town *t, struct spot where, struct radio *ret)
{
	int64_t x0 = square_of(where.x_m, TOWER_GRID_M);
	int64_t y0 = square_of(where.y_m, TOWER_GRID_M);
	uint32_t lac = 20000 + chance_below(t->seed, 7, 9000);

	for (int64_t x = x0 - 1; x <= x0 + 1; x++) {
		for (int64_t y = y0 - 1; y <= y0 + 1; y++) {
			uint64_t seed = square_seed(t, SALT_TOWERS, x, y);
			struct spot tower = spot_in_square(seed, x, y, TOWER_GRID_M);
			double d = spot_distance_m(tower, where);
			struct radio_cell c = {
				.lac = lac,
				.cid = 1000 + chance_below(seed, 3, 60000),
				.level = (int)(170 - d / 10),
			};
			if (c.level > 80)
				add_cell(ret, &c);
		}
	}
	int best = ret->cells_n == 0 ? 80 : ret->cells[0].level;
	ret->signal_percent = (best - 80) * 100 / 90;
}

static void name_point(uint64_t seed, bool has_odd_names, char ret_ssid[RADIO_SSID_MAX + 1])
{
	static const char *const plain[] = {
		"HomeBox", "WLAN-", "Vodanet-", "MyNet", "AP_", "Villa", "", "o2box"};
	static const char *const odd[] = {
		"Cafe, Mitte", "[free]", "a]b", "x*y}z", "]", ",,,", "K\303\274che", "<b>net</b>"};
	uint32_t kind = chance_below(seed, 5, 8);

	if (has_odd_names && chance_below(seed, 6, 2) == 0)
		(void)snprintf(ret_ssid, RADIO_SSID_MAX + 1, "%s", odd[kind]);
	else if (plain[kind][0] == '\0')
		ret_ssid[0] = '\0'; /* hidden */
	else
		(void)snprintf(ret_ssid, RADIO_SSID_MAX + 1, "%s%04X", plain[kind],
			(unsigned)chance_below(seed, 7, 65536));
}

static void add_point(struct radio *r, const struct radio_point *p)
{
	if (r->points_n == RADIO_WIFI_MAX && r->points[RADIO_WIFI_MAX - 1].rssi_dbm > p->rssi_dbm)
		return;
	size_t i = r->points_n < RADIO_WIFI_MAX ? r->points_n++ : RADIO_WIFI_MAX - 1;
	r->points[i] = *p;
	for (; i > 0 && r->points[i - 1].rssi_dbm < r->points[i].rssi_dbm; i--) {
		struct radio_point swap = r->points[i];
		r->points[i] = r->points[i - 1];
		r->points[i - 1] = swap;
	}
}

static void scan_points(
	const struct town *t, struct spot where, bool has_odd_names, struct radio *ret)
{
	int64_t x0 = square_of(where.x_m, POINT_GRID_M);
	int64_t y0 = square_of(where.y_m, POINT_GRID_M);

	for (int64_t x = x0 - 1; x <= x0 + 1; x++) {
		for (int64_t y = y0 - 1; y <= y0 + 1; y++) {
			uint64_t seed = square_seed(t, SALT_POINTS, x, y);
			double d = spot_distance_m(spot_in_square(seed, x, y, POINT_GRID_M), where);
			if (chance_below(seed, 4, 3) == 0 || d > POINT_REACH_M)
				continue;
			struct radio_point p = {.rssi_dbm = (int)(-38 - 28 * log10(1 + d / 2))};
			uint64_t mac = chance_mix(seed, 8);
			for (size_t i = 0; i < sizeof p.mac; i++)
				p.mac[i] = (uint8_t)(mac >> (8 * i));
			p.mac[0] &= 0xfc; /* a vendor's address, of one station */
			name_point(seed, has_odd_names, p.ssid);
			add_point(ret, &p);
		}
	}
}

void radio_scan(const struct town *t, struct spot where, bool has_odd_names, struct radio *ret)
{
	*ret = (struct radio){0};
	scan_cells(t, where, ret);
	scan_points(t, where, has_odd_names, ret);
}

bool radio_has_network(const struct town *t, struct spot where, unsigned percent)
{
	uint64_t seed = square_seed(
		t, SALT_DEAD, square_of(where.x_m, DEAD_GRID_M), square_of(where.y_m, DEAD_GRID_M));

	return chance_below(seed, 1, 100) >= percent;
}
