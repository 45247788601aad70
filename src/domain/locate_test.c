#include "domain/locate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/time_text.h"
#include "domain/alarm_store.h"
#include "domain/courier_dispatch.h"
#include "domain/domain_fixture.h"
#include "domain/locate_service.h"
#include "domain/locate_store.h"
#include "domain/radio_table.h"
#include "domain/wearer_erase.h"
#include "unit.h"

static const char watch[] = "3707805539";
static const char three[] = "0,3,School,00:1f:3a:00:00:01,-60,,00:1f:3a:00:00:02,-65,"
			    "a,00:1f:3a:00:00:03,-70";
static const char two_cells[] = "2,255,262,02,801,86355,150,801,86356,120,0";
static const struct geo school = {481371540, 115761240};

/* A report with this tail; east, north: metres from the school. */
static void say_at(struct fixture *f, const char *keyword, char validity, double east_m,
	double north_m, const char *status, const char *tail)
{
	struct geo at = geo_move(school, (struct geo_offset){.east_m = east_m, .north_m = north_m});
	char content[700];
	struct civil c;

	civil_from_ms(fixture_now(), &c);
	(void)snprintf(content, sizeof content,
		"%s,%02u%02u%02d,%02u%02u%02u,%c,%.6f,N,%.6f,E,1.00,0,40,9,80,66,1000,0,%s,%s",
		keyword, c.day, c.month, c.year % 100, c.hour, c.min, c.sec, validity,
		at.lat_e7 * 1e-7, at.lon_e7 * 1e-7, status, tail);
	fixture_say(f, 1, watch, content);
}

/* Twelve fixes around the school, one each two minutes. */
static void teach(struct fixture *f, double east_m, const char *tail)
{
	for (int i = 0; i < 12; i++) {
		double a = i * 0.5236;
		say_at(f, "UD", 'A', east_m + 35 * cos(a), 35 * sin(a), "00000000", tail);
		fixture_pass(f, 120000);
	}
	fixture_settle(f);
}

static struct live_view look(struct fixture *f, const struct uid *wearer)
{
	struct live_view v;

	assert_true(live_read(f->d.live, wearer, &v));
	return v;
}

static double from_school(const struct fix *fix)
{
	return geo_distance_m((struct geo){fix->lat_e7, fix->lon_e7}, school);
}

static struct uid begin(struct fixture *f)
{
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	return mia;
}

static struct locate_stats stats_of(struct fixture *f)
{
	struct locate_stats s;

	locate_read_stats(&f->d, &s);
	return s;
}

static void a_blind_report_gets_a_place_from_what_was_learned(void **state)
{
	struct fixture *f = *state;
	struct uid mia = begin(f);

	say_at(f, "UD", 'V', 0, 0, "00000000", three);
	fixture_settle(f);
	assert_false(look(f, &mia).has_fix); /* nobody knows these access points */
	assert_int_equal(stats_of(f).unknown, 1);
	teach(f, 0, three);
	fixture_pass(f, INT64_C(1800000));
	say_at(f, "UD", 'V', 5000, 5000, "00000000", three); /* the place of V means nothing */
	fixture_settle(f);
	struct fix fix = look(f, &mia).fix;
	assert_int_equal(fix.source, FIX_WIFI);
	assert_int_equal(fix.marks, 0);
	assert_true(from_school(&fix) < 40);
	assert_true((fix.has & FIX_HAS_ACCURACY) != 0 && fix.accuracy_dm >= 200 &&
		    fix.accuracy_dm < 1000);
	assert_int_equal(fix.battery_percent, 66);
	assert_true(fixture_now() - fix.time_ms < 1000);
	assert_int_equal(stats_of(f).wifi, 1);
	fixture_restart(f);
	fix = look(f, &mia).fix;
	assert_int_equal(fix.source, FIX_WIFI);
	assert_true(from_school(&fix) < 40);
}

static void the_same_access_points_are_solved_once(void **state)
{
	struct fixture *f = *state;
	struct uid mia = begin(f);

	teach(f, 0, three);
	for (int i = 0; i < 3; i++) {
		fixture_pass(f, 61000);
		say_at(f, "UD", 'V', 0, 0, "00000000", three);
		fixture_settle(f);
		assert_int_equal(look(f, &mia).fix.source, FIX_WIFI);
	}
	assert_int_equal(stats_of(f).wifi, 3);
	assert_int_equal(stats_of(f).again, 2);
}

static void without_access_points_the_cells_are_asked(void **state)
{
	struct fixture *f = *state;
	struct uid mia = begin(f);

	teach(f, 0, two_cells);
	fixture_pass(f, 61000);
	say_at(f, "UD", 'V', 0, 0, "00000000", two_cells);
	fixture_settle(f);
	assert_int_equal(look(f, &mia).fix.source, FIX_GPS); /* exact, new, and not contradicted */
	fixture_pass(f, INT64_C(1200000));
	say_at(f, "UD", 'V', 0, 0, "00000000", two_cells);
	fixture_settle(f);
	struct fix fix = look(f, &mia).fix;
	assert_int_equal(fix.source, FIX_CELL);
	assert_true(from_school(&fix) * 10 < fix.accuracy_dm);
	assert_int_equal(stats_of(f).cell, 2);
}

static void an_sos_without_gps_is_told_at_once_and_its_place_follows(void **state)
{
	struct fixture *f = *state;
	struct uid mia = begin(f);
	struct alarm_info a;
	struct db *db = NULL;
	struct stmt *s = NULL;
	bool has_row = false;

	teach(f, 0, three);
	fixture_pass(f, 61000);
	fixture_forget(f);
	say_at(f, "AL", 'V', 0, 0, "00010000", three);
	fixture_settle(f);
	assert_non_null(fixture_last(f, TOLD_ANSWER, 1));
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 1);
	assert_int_equal(db_open(f->path, DB_READER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(db_prepare(db, "SELECT id FROM alarm", &s, NULL), RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	struct uid id = stmt_uid(s, 0);
	stmt_reset(s);
	assert_int_equal(alarm_get(db, &id, &a, NULL), RC_OK);
	db_close(db);
	assert_true(a.has_fix);
	assert_int_equal(a.fix.source, FIX_WIFI);
	assert_true(from_school(&a.fix) < 40);
	assert_int_equal(look(f, &mia).open_alarms, 1);
}

static void an_sos_of_a_place_that_nobody_knows_is_an_sos(void **state)
{
	struct fixture *f = *state;

	(void)begin(f);
	fixture_forget(f);
	say_at(f, "AL", 'V', 0, 0, "00010000", three);
	fixture_settle(f);
	assert_non_null(fixture_last(f, TOLD_ANSWER, 1));
	assert_int_equal(
		fixture_query(f, "SELECT COUNT(*) FROM alarm WHERE kinds = 1 AND place IS NULL"),
		1);
}

static void an_access_point_that_moves_along_is_left_out(void **state)
{
	static const char bus[] = "0,2,bus,00:1f:3a:00:00:0b,-40,seat,00:1f:3a:00:00:0c,-45";
	struct fixture *f = *state;
	struct uid mia = begin(f);

	for (int i = 0; i < 8; i++) {
		say_at(f, "UD", 'A', 900.0 * i, 0, "00000000", bus);
		fixture_pass(f, 180000);
	}
	fixture_settle(f);
	say_at(f, "UD", 'V', 0, 0, "00000000", bus);
	fixture_settle(f);
	assert_int_equal(look(f, &mia).fix.source, FIX_GPS);
	assert_int_equal(stats_of(f).unknown, 1);
	/* with two that stay where they are, these decide, and it is said */
	teach(f, 0, three);
	fixture_pass(f, 61000);
	say_at(f, "UD", 'V', 0, 0, "00000000",
		"0,3,bus,00:1f:3a:00:00:0b,-40,,00:1f:3a:00:00:01,-60,,00:1f:3a:00:00:02,-60");
	fixture_settle(f);
	struct fix fix = look(f, &mia).fix;
	assert_int_equal(fix.source, FIX_WIFI);
	assert_int_equal(fix.marks, FIX_MARK_MOVING_AP);
	assert_true(from_school(&fix) < 40);
}

static void doubtful_fixes_teach_nothing(void **state)
{
	struct fixture *f = *state;

	(void)begin(f);
	say_at(f, "UD", 'A', 0, 0, "00000000", two_cells);
	fixture_settle(f);
	assert_int_equal(stats_of(f).lessons, 1);
	fixture_pass(f, 61000);
	say_at(f, "UD", 'A', 300000, 0, "00000000", three); /* a jump */
	say_at(f, "UD2", 'A', 3, 0, "00000000", three);     /* sent late */
	say_at(f, "UD", 'V', 0, 0, "00000000", three);
	say_at(f, "UD", 'A', 10, 0, "00000000",
		"0,1,x,00:1f:3a:00:00:01,-60,350.0"); /* accuracy 350 m */
	fixture_settle(f);
	assert_int_equal(stats_of(f).lessons, 1);
	say_at(f, "UD", 'A', 60, 0, "00000000", three);
	say_at(f, "UD", 'A', 100, 0, "00000000", three); /* within the same minute */
	fixture_pass(f, 61000);
	say_at(f, "UD", 'A', 65, 0, "00000000", three); /* at the same spot */
	assert_int_equal(stats_of(f).lessons, 2);
}

static void what_was_learned_is_sealed_and_goes_with_the_wearer(void **state)
{
	struct fixture *f = *state;
	struct uid mia = begin(f);

	teach(f, 0, three);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM radio_learned"), 3);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM radio_learned WHERE"
					  " instr(point, x'3a1f00') > 0 OR length(point) <> 66 OR"
					  " length(point_hash) <> 32"),
		0);
	assert_int_equal(wearer_erase(&f->d, &f->maria, &mia, NULL), RC_OK);
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM radio_learned"), 0);
}

static struct learn_item lesson(uint64_t key)
{
	return (struct learn_item){.group = {{1}},
		.at = school,
		.day = 20000,
		.heard = {.n = 1, .points_n = 1, .items = {{.key = key}}}};
}

static void one_group_does_not_see_what_another_learned(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;
	struct learn_item item = lesson(7);
	struct learned l;
	const struct uid others = {{2}};

	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(locate_store_learn(db, &item, NULL), RC_OK);
	assert_int_equal(locate_store_find(db, &item.group, &item.heard.items[0], &l, NULL), RC_OK);
	assert_int_equal(
		locate_store_find(db, &others, &item.heard.items[0], &l, NULL), RC_NOT_FOUND);
	item.group = others;
	assert_int_equal(locate_store_learn(db, &item, NULL), RC_OK);
	db_close(db);
	assert_int_equal(
		fixture_query(f, "SELECT COUNT(DISTINCT point_hash) FROM radio_learned"), 2);
}

static void a_groups_table_is_bounded_and_ages(void **state)
{
	struct fixture *f = *state;
	struct db *db = NULL;
	unsigned most = LOCATE_POINTS_PER_GROUP_MAX + LOCATE_POINTS_SLACK;

	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(db_begin(db, NULL), RC_OK);
	for (unsigned i = 1; i <= most + 1; i++) {
		struct learn_item item = lesson(i);
		item.day = (uint16_t)(i < 50 ? 19000 : 20000);
		assert_int_equal(locate_store_learn(db, &item, NULL), RC_OK);
	}
	assert_int_equal(db_commit(db, NULL), RC_OK);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM radio_learned"),
		LOCATE_POINTS_PER_GROUP_MAX);
	assert_int_equal(
		fixture_query(f, "SELECT COUNT(*) FROM radio_learned WHERE seen_day = 19000"), 0);
	for (int i = 0; i < 5; i++)
		assert_int_equal(locate_store_sweep(db, 20000 + LOCATE_KEEP_DAYS + 1, NULL), RC_OK);
	db_close(db);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM radio_learned"), 0);
}

static void an_imported_cell_is_a_place(void **state)
{
	struct fixture *f = *state;
	struct uid mia = begin(f);
	struct db *db = NULL;
	struct radio_row row = {.kind = ROW_CELL, .at = school, .range_m = 800};

	say_at(f, "UD", 'V', 0, 0, "00000000", two_cells);
	fixture_settle(f);
	assert_false(look(f, &mia).has_fix);
	assert_true(radio_cell_key(262, 2, 801, 86355, &row.key));
	assert_int_equal(radio_table_create(f->folder, &db, NULL), RC_OK);
	assert_int_equal(radio_table_put(db, 1, &row, 1, NULL), RC_OK);
	db_close(db);
	fixture_pass(f, LOCATE_UNKNOWN_MS + 1000);
	say_at(f, "UD", 'V', 0, 0, "00000000", two_cells);
	fixture_settle(f);
	struct fix fix = look(f, &mia).fix;
	assert_int_equal(fix.source, FIX_CELL);
	assert_true(from_school(&fix) < 1 && fix.accuracy_dm > 3000);
}

/* ---- the service ---- */

struct wire {
	unsigned sent;
	struct message last;
};

static bool keep_sent(void *owner, const struct message *m)
{
	struct wire *w = owner;

	if (m->type == MESSAGE_LOCATE_ASK) {
		w->sent++;
		w->last = *m;
	}
	return true;
}

static void set_service(struct fixture *f, struct wire *w)
{
	struct courier_dispatch_config config = {
		.domain = &f->d, .reader = f->reader, .send = keep_sent, .owner = w};

	assert_int_equal(courier_dispatch_new(&config, &f->d.courier, NULL), RC_OK);
	courier_dispatch_hello(
		f->d.courier, &(struct message_courier_hello){.epoch = 1, .busy = 1});
	f->d.settings.is_radio_service_on = true;
	f->d.settings.radio_per_hour = 2;
	fixture_settle(f);
}

static void end_service(struct fixture *f)
{
	courier_dispatch_stop(f->d.courier);
	fixture_settle(f);
	courier_dispatch_free(f->d.courier);
	f->d.courier = NULL;
}

static void answer(struct fixture *f, const struct wire *w, bool is_known, double east_m)
{
	struct geo at = geo_move(school, (struct geo_offset){.east_m = east_m});

	locate_on_told(&f->d, &(struct message_locate_told){.item = w->last.locate_ask.item,
				      .is_known = is_known,
				      .lat_e7 = at.lat_e7,
				      .lon_e7 = at.lon_e7,
				      .accuracy_m = 45});
	fixture_settle(f);
}

static void the_service_is_asked_for_what_nobody_in_the_house_knows(void **state)
{
	struct fixture *f = *state;
	struct uid mia = begin(f);
	struct wire w = {.sent = 0};

	set_service(f, &w);
	say_at(f, "UD", 'V', 0, 0, "00000000",
		"2,255,262,02,801,86355,150,801,86356,120,4,A,00:1f:3a:00:00:01,-60,"
		"B_nomap,00:1f:3a:00:00:02,-65,phone,02:1f:3a:00:00:03,-50,C,00:1f:3a:00:00:04,-"
		"70");
	fixture_settle(f);
	assert_int_equal(w.sent, 1);
	const struct message_locate_ask *a = &w.last.locate_ask;
	assert_int_equal(a->points_n, 2); /* not the one that says no, not the phone */
	assert_memory_equal(a->points[0].mac, "\x00\x1f\x3a\x00\x00\x01", 6);
	assert_memory_equal(a->points[1].mac, "\x00\x1f\x3a\x00\x00\x04", 6);
	assert_int_equal(a->points[1].rssi_dbm, -70);
	assert_int_equal(a->cells_n, 2);
	assert_true(a->cells[0].mcc == 262 && a->cells[0].mnc == 2 && a->cells[0].lac == 801 &&
		    a->cells[0].cid == 86355);
	assert_false(look(f, &mia).has_fix);
	answer(f, &w, true, 30);
	struct fix fix = look(f, &mia).fix;
	assert_int_equal(fix.source, FIX_WIFI);
	assert_int_equal(fix.accuracy_dm, 450);
	assert_true(fabs(from_school(&fix) - 30) < 1);
	/* The same set again, later: remembered. A lone access point: never. */
	fixture_pass(f, LOCATE_KNOWN_MS + 60000);
	say_at(f, "UD", 'V', 0, 0, "00000000",
		"2,255,262,02,801,86355,150,801,86356,120,2,A,00:1f:3a:00:00:01,-61,"
		"C,00:1f:3a:00:00:04,-71");
	fixture_settle(f);
	say_at(f, "UD", 'V', 0, 0, "00000000", "0,1,X,00:1f:3a:00:00:77,-60");
	fixture_settle(f);
	assert_int_equal(w.sent, 1);
	assert_int_equal(stats_of(f).wifi, 2);
	end_service(f);
}

static void the_service_may_be_silent_or_used_up(void **state)
{
	struct fixture *f = *state;
	struct uid mia = begin(f);
	struct wire w = {.sent = 0};
	char tail[] = "0,2,,00:1f:3a:00:00:01,-60,,00:1f:3a:00:01:01,-60";

	set_service(f, &w);
	for (int n = 1; n <= 5; n++) {
		tail[21] = (char)('0' + n);
		say_at(f, "UD", 'V', 0, 0, "00000000", tail);
		fixture_settle(f);
		fixture_pass(f, 5000);
	}
	assert_int_equal(w.sent, 2); /* radio_per_hour */
	assert_int_equal(stats_of(f).asked_full, 3);
	assert_int_equal(stats_of(f).unknown, 3);
	answer(f, &w, false, 0);
	fixture_pass(f, LOCATE_ASK_LIFE_MS + 1000);
	fixture_settle(f);
	assert_int_equal(stats_of(f).unknown, 5);
	answer(f, &w, true, 0); /* too late, or twice */
	assert_false(look(f, &mia).has_fix);
	end_service(f);
}

static void the_place_of_an_sos_is_told_at_once_and_made_better(void **state)
{
	struct fixture *f = *state;
	struct wire w = {.sent = 0};
	struct db *db = NULL;
	struct stmt *s = NULL;
	bool has_row = false;
	struct alarm_info a;

	(void)begin(f);
	teach(f, 200, two_cells);
	set_service(f, &w);
	say_at(f, "AL", 'V', 0, 0, "00010000",
		"2,255,262,02,801,86355,150,801,86356,120,2,,00:1f:3a:00:00:01,-60,"
		",00:1f:3a:00:00:02,-60");
	fixture_settle(f);
	assert_int_equal(w.sent, 1);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm WHERE place NOT NULL"), 1);
	answer(f, &w, true, 0);
	assert_int_equal(db_open(f->path, DB_READER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(db_prepare(db, "SELECT id FROM alarm", &s, NULL), RC_OK);
	assert_int_equal(stmt_step(s, &has_row, NULL), RC_OK);
	struct uid id = stmt_uid(s, 0);
	stmt_reset(s);
	assert_int_equal(alarm_get(db, &id, &a, NULL), RC_OK);
	db_close(db);
	assert_true(a.has_fix && a.fix.source == FIX_WIFI && from_school(&a.fix) < 1);
	end_service(f);
}

static void the_same_set_has_the_same_fingerprint(void **state)
{
	struct heard_list a = {
		.n = 3, .points_n = 2, .items = {{.key = 5}, {.key = 9}, {.key = 7}}};
	struct heard_list b = {.n = 2, .points_n = 2, .items = {{.key = 9}, {.key = 5}}};

	(void)state;
	assert_int_equal(heard_fingerprint(&a), heard_fingerprint(&b)); /* cells do not count */
	b.items[0].key = 8;
	assert_int_not_equal(heard_fingerprint(&a), heard_fingerprint(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(a_blind_report_gets_a_place_from_what_was_learned),
		TEST(the_same_access_points_are_solved_once),
		TEST(without_access_points_the_cells_are_asked),
		TEST(an_sos_without_gps_is_told_at_once_and_its_place_follows),
		TEST(an_sos_of_a_place_that_nobody_knows_is_an_sos),
		TEST(an_access_point_that_moves_along_is_left_out),
		TEST(doubtful_fixes_teach_nothing),
		TEST(what_was_learned_is_sealed_and_goes_with_the_wearer),
		TEST(one_group_does_not_see_what_another_learned),
		TEST(a_groups_table_is_bounded_and_ages),
		TEST(an_imported_cell_is_a_place),
		TEST(the_service_is_asked_for_what_nobody_in_the_house_knows),
		TEST(the_service_may_be_silent_or_used_up),
		TEST(the_place_of_an_sos_is_told_at_once_and_made_better),
		cmocka_unit_test(the_same_set_has_the_same_fingerprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
