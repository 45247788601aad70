/* How far off a place without GPS is, after a week of life in a made-up town. Families of three go
 * home, to school, to shops, by bus; their watches report as real ones do and teach their own
 * group's table by the rules of domain/locate.h, outdoors only. Then, for a day, each report that
 * has no GPS (indoors) is solved and compared with where the wearer is; and each outdoors as if it
 * had none. Harder than the town alone: 6 dB of fading, a quarter of the access points not heard,
 * walls, GPS errors of 7 m and now and then of 60, an access point in each bus and a phone that
 * always comes along. One JSON line for each kind of question. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/locate.h"
#include "locate/learn.h"
#include "locate/radio_row.h"
#include "locate/solve.h"
#include "sim/chance.h"
#include "sim/life.h"
#include "sim/radio.h"
#include "tools.h"

enum {
	FAMILY = 3,
	DAY_S = 86400,
	MOVING_S = 60, /* time between reports */
	RESTING_S = 600,
	TABLE = 16384, /* stations of one family */
	HEARD = RADIO_WIFI_MAX + 2 + RADIO_CELLS_MAX,
	ERRORS_MAX = 400000,
	FIRST_DAY = 20400, /* a Tuesday */
};

struct station {
	uint64_t key; /* 0: free */
	enum learned_kind kind;
	struct learned learned;
};

struct heard_now {
	uint64_t key;
	enum learned_kind kind;
	int16_t rssi_dbm;
};

struct wearer {
	struct person person;
	double lesson_s;
	struct geo lesson_at;
};

struct family {
	struct town town;
	struct wearer wearers[FAMILY];
	struct station *table;
};

struct tally {
	const char *what;
	uint32_t asked, solved, wifi, inside;
	uint32_t *errors_dm;
};

static struct station *station_of(struct family *f, uint64_t key, enum learned_kind kind)
{
	size_t i = (size_t)(chance_mix(key, kind) % TABLE);

	while (f->table[i].key != 0 && (f->table[i].key != key || f->table[i].kind != kind))
		i = (i + 1) % TABLE;
	f->table[i].key = key;
	f->table[i].kind = kind;
	return &f->table[i];
}

static double noise(uint64_t seed, uint64_t n)
{
	double sum = 0;

	for (uint64_t i = 0; i < 4; i++)
		sum += chance_between(seed, n * 4 + i, -1, 1);
	return sum / 1.155; /* nearly Gaussian, with deviation 1 */
}

static uint64_t key_of_mac(uint64_t mac)
{
	return mac & 0xfcffffffffffu;
}

static size_t listen(const struct family *f, const struct wearer *w, const struct life_state *s,
	uint64_t seed, struct heard_now ret[HEARD])
{
	struct radio r;
	size_t n = 0;
	uint64_t key = 0;

	radio_scan(&f->town, s->where, false, &r);
	if (s->activity == ACT_RIDE) /* the bus of the day */
		ret[n++] = (struct heard_now){
			key_of_mac(chance_mix(f->town.seed, 900 + seed % 7)), LEARNED_POINT, -50};
	if (w->person.kind == LIFE_TEEN)
		ret[n++] = (struct heard_now){
			key_of_mac(chance_mix(w->person.seed, 901)), LEARNED_POINT, -45};
	for (size_t i = 0; i < r.points_n; i++) {
		double rssi = r.points[i].rssi_dbm + 6 * noise(seed, i) - (s->is_outdoors ? 0 : 8);
		if (chance_below(seed, 50 + i, 4) == 0 || rssi < -95 ||
			!radio_point_key(r.points[i].mac, &key))
			continue;
		ret[n++] = (struct heard_now){key, LEARNED_POINT, (int16_t)rssi};
	}
	for (size_t i = 0; i < r.cells_n; i++) {
		if (chance_below(seed, 70 + i, 3) != 0 &&
			radio_cell_key(262, 2, r.cells[i].lac, r.cells[i].cid, &key))
			ret[n++] = (struct heard_now){key, LEARNED_CELL, 0};
	}
	return n;
}

static struct geo geo_of(const struct family *f, struct spot s)
{
	struct geo g;

	town_degrees(&f->town, s, &g.lat_e7, &g.lon_e7);
	return g;
}

static void teach(struct family *f, struct wearer *w, const struct life_state *s, double now_s,
	uint64_t seed, const struct heard_now *heard, size_t n)
{
	double error_m = chance_below(seed, 90, 25) == 0 ? 60 : 7;
	struct geo at = geo_move(
		geo_of(f, s->where), (struct geo_offset){.east_m = error_m * noise(seed, 91),
					     .north_m = error_m * noise(seed, 92)});
	double since_ms = (now_s - w->lesson_s) * 1000;

	if (since_ms < LOCATE_LESSON_MS ||
		(since_ms < LOCATE_SAME_MS && geo_distance_m(at, w->lesson_at) < LOCATE_SAME_M))
		return;
	w->lesson_s = now_s;
	w->lesson_at = at;
	for (size_t i = 0; i < n; i++) {
		struct sighting sighting = {.at = at,
			.accuracy_m = 10,
			.rssi_dbm = heard[i].rssi_dbm,
			.has_rssi = heard[i].kind == LEARNED_POINT,
			.is_fast = s->speed_ms * 360 > LOCATE_FAST_CKMH,
			.day = (uint16_t)(now_s / DAY_S)};
		learned_add(&station_of(f, heard[i].key, heard[i].kind)->learned, heard[i].kind,
			&sighting);
	}
}

static void solve_heard(
	struct family *f, uint16_t day, const struct heard_now *heard, size_t n, struct solved *ret)
{
	struct solve_in in = {.points_n = 0};

	for (size_t i = 0; i < n; i++) {
		const struct learned *l = &station_of(f, heard[i].key, heard[i].kind)->learned;
		bool is_cell = heard[i].kind == LEARNED_CELL;
		if (!learned_is_usable(l, day))
			continue;
		struct heard h = {.at = l->at,
			.radius_m = learned_radius_m(l, heard[i].kind),
			.rssi_dbm = heard[i].rssi_dbm,
			.has_rssi = !is_cell,
			.is_sure = l->count >= LEARNED_RELOCATE,
			.is_serving = is_cell && in.cells_n == 0};
		if (is_cell && in.cells_n < SOLVE_CELLS_MAX)
			in.cells[in.cells_n++] = h;
		else if (!is_cell && in.points_n < SOLVE_POINTS_MAX)
			in.points[in.points_n++] = h;
	}
	solve(&in, ret);
}

static void ask(struct family *f, struct tally *t, const struct life_state *s, uint16_t day,
	const struct heard_now *heard, size_t n)
{
	struct solved out;

	t->asked++;
	solve_heard(f, day, heard, n, &out);
	if (out.by == SOLVED_NOT || t->solved == ERRORS_MAX)
		return;
	double error_m = geo_distance_m(out.at, geo_of(f, s->where));
	t->errors_dm[t->solved++] = (uint32_t)(error_m * 10);
	t->wifi += out.by == SOLVED_WIFI;
	t->inside += error_m <= out.accuracy_m;
}

enum { INDOORS, OUTDOORS, CELLS, WITHOUT_WEEK, TALLIES };

static void one_report(
	struct family *f, struct wearer *w, double now_s, bool is_exam, struct tally *tallies)
{
	struct heard_now heard[HEARD];
	struct life_state s;
	uint16_t day = (uint16_t)(now_s / DAY_S);
	uint64_t seed = chance_mix(w->person.seed, (uint64_t)now_s);

	life_at(&w->person, now_s, &s);
	size_t n = listen(f, w, &s, seed, heard);
	if (is_exam) {
		size_t points = 0;
		while (points < n && heard[points].kind == LEARNED_POINT)
			points++;
		ask(f, &tallies[s.is_outdoors ? OUTDOORS : INDOORS], &s, day, heard, n);
		ask(f, &tallies[CELLS], &s, day, heard + points, n - points);
	} else if (s.is_outdoors) {
		teach(f, w, &s, now_s, seed, heard, n);
	} else {
		ask(f, &tallies[WITHOUT_WEEK], &s, day, heard, n);
	}
}

static void one_day(struct family *f, uint32_t day, bool is_exam, struct tally *tallies)
{
	for (size_t i = 0; i < FAMILY; i++) {
		struct wearer *w = &f->wearers[i];
		double end_s = (double)(day + 1) * DAY_S;
		for (double now_s = (double)day * DAY_S; now_s < end_s;) {
			struct life_state s;
			life_at(&w->person, now_s, &s);
			one_report(f, w, now_s, is_exam, tallies);
			double step = s.is_moving ? MOVING_S : RESTING_S;
			now_s += s.until_s - now_s < step ? s.until_s - now_s + 1 : step;
		}
	}
}

static void one_family(uint32_t number, uint32_t days, struct tally *tallies)
{
	struct family *f = calloc(1, sizeof *f);

	if (f == NULL || (f->table = calloc(TABLE, sizeof *f->table)) == NULL)
		abort();
	town_init(&f->town, 77, number, 50.98, 11.32);
	for (size_t i = 0; i < FAMILY; i++)
		f->wearers[i].person = (struct person){.town = &f->town,
			.seed = chance_mix(number, 400 + i),
			.kind = (enum life_kind)(i % LIFE_KIND_COUNT)};
	for (uint32_t day = 0; day <= days; day++)
		one_day(f, FIRST_DAY + day, day == days, tallies);
	free(f->table);
	free(f);
}

static void print(const struct tally *t)
{
	double n = t->solved == 0 ? 1 : t->solved;

	(void)printf("{\"what\":\"%s\",\"asked\":%u,\"solved\":%.3f,\"wifi\":%.3f,\"inside\":%.3f,"
		     "\"p50\":%.1f,\"p68\":%.1f,\"p90\":%.1f,\"p95\":%.1f}\n",
		t->what, t->asked, t->asked == 0 ? 0 : (double)t->solved / t->asked, t->wifi / n,
		t->inside / n, percentile(t->errors_dm, t->solved, 0.5) / 10.0,
		percentile(t->errors_dm, t->solved, 0.68) / 10.0,
		percentile(t->errors_dm, t->solved, 0.9) / 10.0,
		percentile(t->errors_dm, t->solved, 0.95) / 10.0);
}

int main(int argc, char **argv)
{
	uint32_t families = 20;
	uint32_t days = 7;
	const struct option options[] = {{"families", 1000, &families}, {"days", 60, &days}};
	struct tally tallies[TALLIES] = {[INDOORS] = {.what = "indoors"},
		[OUTDOORS] = {.what = "outdoors"},
		[CELLS] = {.what = "cells alone"},
		[WITHOUT_WEEK] = {.what = "while learning"}};

	if (!options_read(argc, argv, options, COUNT_OF(options)))
		return 2;
	process_bound(300);
	for (size_t i = 0; i < TALLIES; i++) {
		tallies[i].errors_dm = calloc(ERRORS_MAX, sizeof *tallies[i].errors_dm);
		if (tallies[i].errors_dm == NULL)
			return 1;
	}
	for (uint32_t i = 0; i < families; i++)
		one_family(i, days, tallies);
	for (size_t i = 0; i < TALLIES; i++) {
		print(&tallies[i]);
		free(tallies[i].errors_dm);
	}
	return 0;
}
