#include "domain/ingest.h"

#include <stdio.h>
#include <stdlib.h>

#include "domain/alarm_store.h"
#include "domain/domain_fixture.h"
#include "domain/way.h"
#include "unit.h"
#include "watch/report_pack.h"

static const char watch[] = "3707805539";

static struct live_view look(struct fixture *f, const struct uid *wearer)
{
	struct live_view v;

	assert_true(live_read(f->d.live, wearer, &v));
	return v;
}

static bool keep_entry(void *ctx, const struct history_entry *entry)
{
	*(struct history_entry *)ctx = *entry;
	return true;
}

/* The newest stored entry of wearer number 1. */
static struct history_entry newest_entry(struct fixture *f)
{
	struct history_entry entry = {.wearer = 0};

	assert_int_equal(history_read(f->d.history, f->reader, 1, 0, INT64_C(4000000000000),
				 keep_entry, &entry, NULL),
		RC_OK);
	assert_int_equal(entry.wearer, 1);
	return entry;
}

static int64_t count_stored(struct fixture *f)
{
	struct ingest_stats stats;

	ingest_read_stats(f->d.ingest, &stats);
	return (int64_t)stats.stored;
}

static void position_of_a_bound_watch_is_stored_then_shown(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	assert_int_equal(fixture_last(f, TOLD_STANDING, 1)->standing, STANDING_BOUND);
	fixture_say_place(f, 1, watch, "UD", 48.137154, 11.576124, "00000000");
	assert_false(look(f, &mia).has_fix); /* not before it is on disk */
	fixture_settle(f);
	struct live_view v = look(f, &mia);
	assert_true(v.has_fix && v.is_connected);
	assert_int_equal(v.fix.lat_e7, 481371540);
	assert_int_equal(v.fix.lon_e7, 115761240);
	assert_int_equal(v.battery_percent, 66);
	assert_int_equal(v.fix.marks, 0);
	assert_int_equal(fixture_query(f, "SELECT SUM(entries) FROM journal"), 1);
	fixture_restart(f);
	v = look(f, &mia);
	assert_true(v.has_fix);
	assert_false(v.is_connected);
	assert_int_equal(v.fix.lat_e7, 481371540);
}

static void sos_is_on_disk_before_it_is_answered(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 0);
	fixture_settle(f);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 1);
	assert_int_equal(fixture_last(f, TOLD_ANSWER, 1)->reply, REPLY_AL);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm WHERE kinds = 1"), 1);
	assert_int_equal(look(f, &mia).open_alarms, 1);
}

static void reports_that_wait_go_along_with_an_sos(void **state)
{
	struct fixture *f = *state;
	struct writer_stats before;
	struct writer_stats after;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	f->d.settings.commit_linger_ms = 60000;
	fixture_say_place(f, 1, watch, "UD", 48.1, 11.5, "00000000");
	fixture_settle(f);
	assert_int_equal(count_stored(f), 0);
	writer_read_stats(f->d.writer, &before);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	while (fixture_count(f, TOLD_ANSWER, 1) == 0)
		fixture_settle(f);
	assert_int_equal(count_stored(f), 2);
	writer_read_stats(f->d.writer, &after);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM journal"), 2);
	assert_true(after.jobs - before.jobs <= 7); /* one for both, and the turns of the test */
}

static void sos_that_cannot_be_read_is_raised_and_answered_all_the_same(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	fixture_say(f, 1, watch, "AL,xx,yy,Q,,,,,,");
	fixture_say(f, 1, watch, "AL");
	fixture_settle(f);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 2);
	assert_int_equal(fixture_query(f, "SELECT MIN(time_ms) FROM alarm"), fixture_now());
	/* Without a time of its own each repeat is the same incident all the same. */
	fixture_pass(f, 60000);
	fixture_say(f, 1, watch, "AL");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 1);
	assert_int_equal(fixture_query(f, "SELECT repeats FROM alarm"), 2);
}

static void thousand_alarms_in_a_minute_are_one_incident(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	for (int i = 0; i < 1000; i++) {
		fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
		if (i % 100 == 99)
			fixture_pass(f, 6000);
	}
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 1);
	assert_int_equal(fixture_query(f, "SELECT repeats FROM alarm"), 999);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 1000);
}

static void alarm_after_a_quiet_time_or_of_another_kind_is_a_new_one(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	fixture_pass(f, ALARM_FOLD_MS - 1);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	fixture_pass(f, 1000);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 1);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00200000"); /* fall */
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 2);
	fixture_pass(f, ALARM_FOLD_MS + 1000);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 3);
}

static void sos_hours_later_is_new_though_positions_kept_repeating_the_first(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	for (int i = 0; i < 24; i++) { /* two hours */
		fixture_pass(f, 5 * 60 * 1000);
		fixture_say_place(f, 1, watch, "UD", 48.1, 11.5 + i * 1e-4, "00010000");
	}
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 1);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 2);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm WHERE repeats > 0"), 0);
}

static void sos_of_a_clock_that_stands_still_is_new_each_time(void **state)
{
	static const char frame[] = "AL,010100,000000,V,0.0,N,0.0,E,0,0,0,0,80,66,0,0,00010000";
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	for (int i = 1; i <= 3; i++) {
		fixture_say(f, 1, watch, frame);
		fixture_pass(f, 30000);
		fixture_say(f, 1, watch, frame); /* its repeat */
		fixture_settle(f);
		assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), i);
		assert_int_equal(fixture_query(f, "SELECT SUM(repeats) FROM alarm"), i);
		assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 2 * i);
		fixture_pass(f, 3 * 3600 * 1000);
	}
}

static void alarm_of_a_clock_that_ran_ahead_swallows_no_later_one(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	fixture_settle(f);
	/* The server's clock was days ahead, and was set right since. */
	struct db *db = NULL;
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(db_script(db,
				 "UPDATE alarm SET received_ms = received_ms + 864000000,"
				 " last_ms = last_ms + 864000000",
				 NULL),
		RC_OK);
	db_close(db);
	fixture_pass(f, 3600 * 1000);
	fixture_say_place(f, 1, watch, "UD", 48.1, 11.5, "00010000");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 2);
	fixture_pass(f, 3600 * 1000);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 3);
}

static void sos_between_binding_and_its_end_in_the_main_loop_is_raised(void **state)
{
	struct fixture *f = *state;
	struct bind_work w = {.group = {{1}}, .name = "Mia", .language = "de", .zone = "Etc/UTC"};

	fixture_open(f, 1, watch); /* in quarantine */
	memcpy(w.wire_id, watch, strlen(watch));
	w.session = 1;
	assert_int_equal(bind_prepare(&f->d, &w, NULL), RC_OK);
	assert_int_equal(writer_run(f->d.writer, bind_job, &w, NULL), RC_OK);
	assert_int_equal(bind_finish(&f->d, &w, NULL), RC_OK); /* a pool thread did that */
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 0);
	fixture_settle(f);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 1);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm WHERE kinds = 1"), 1);
	bind_take_session(&w);
	fixture_settle(f);
	assert_int_equal(fixture_last(f, TOLD_STANDING, 1)->standing, STANDING_BOUND);
	assert_true(look(f, &w.wearer).is_connected);
	ingest_closed(&f->d, 1, 1);
	assert_false(look(f, &w.wearer).is_connected);
	free(w.rows);
}

static void position_that_repeats_the_alarm_raises_nothing(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	fixture_pass(f, 1000);
	fixture_say_place(f, 1, watch, "UD", 48.1, 11.5, "00010000");
	fixture_pass(f, 1000);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 1);
	assert_int_equal(fixture_query(f, "SELECT repeats FROM alarm"), 0);
	/* A bit that no AL told of is raised. */
	fixture_say_place(f, 1, watch, "UD", 48.1, 11.5, "00100000");
	fixture_pass(f, 1000);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 2);
	/* Stored positions tell of the past. */
	fixture_say_place(f, 1, watch, "UD2", 48.1, 11.5, "00200000");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 2);
}

static void same_report_twice_is_stored_once(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	fixture_say_place(f, 1, watch, "UD", 48.1, 11.5, "00000000");
	fixture_say_place(f, 1, watch, "UD", 48.1, 11.5, "00000000");
	fixture_settle(f);
	assert_int_equal(count_stored(f), 1);
	fixture_pass(f, 1000); /* another time: another report */
	fixture_say_place(f, 1, watch, "UD", 48.1, 11.5, "00000000");
	fixture_settle(f);
	assert_int_equal(count_stored(f), 2);
}

static void jump_is_marked_and_not_shown_until_it_is_believed(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_say_place(f, 1, watch, "UD", 48.1, 11.5, "00000000");
	for (int i = 0; i < 3; i++) {
		fixture_pass(f, 20000);
		fixture_say_place(f, 1, watch, "UD", 52.5, 13.4, "00000000"); /* 500 km away */
		fixture_settle(f);
		assert_true((newest_entry(f).marks & FIX_MARK_JUMP) != 0);
		assert_int_equal(look(f, &mia).fix.lat_e7, 481000000);
	}
	fixture_pass(f, 20000);
	fixture_say_place(f, 1, watch, "UD", 52.5, 13.4, "00000000");
	fixture_settle(f);
	assert_int_equal(newest_entry(f).marks, 0);
	assert_int_equal(look(f, &mia).fix.lat_e7, 525000000);
}

static void jump_within_one_commit_is_marked_too(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	f->d.settings.commit_linger_ms = 100; /* both wait for the same commit */
	fixture_say_place(f, 1, watch, "UD", 48.1, 11.5, "00000000");
	fixture_say(f, 1, watch, "UD,181126,110740,A,52.5,N,13.4,E,0,0,0,9,80,66,0,0,00000000,0,0");
	fixture_pass(f, 60000);
	assert_int_equal(count_stored(f), 2);
	assert_true((newest_entry(f).marks & FIX_MARK_JUMP) != 0);
	assert_int_equal(look(f, &mia).fix.lat_e7, 481000000);
}

static void journey_is_no_jump(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_say_place(f, 1, watch, "UD", 48.1, 11.5, "00000000");
	fixture_pass(f, 2 * 3600 * 1000); /* 500 km in two hours */
	fixture_say_place(f, 1, watch, "UD", 52.5, 13.4, "00000000");
	fixture_settle(f);
	assert_int_equal(newest_entry(f).marks, 0);
	assert_int_equal(look(f, &mia).fix.lat_e7, 525000000);
}

static void clock_that_is_not_set_files_under_the_receipt(void **state)
{
	struct fixture *f = *state;
	static const char *const dates[] = {"010100,000000", "010140,120000", "311214,235959"};

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	for (size_t i = 0; i < COUNT_OF(dates); i++) {
		char content[160];
		(void)snprintf(content, sizeof content,
			"UD,%s,A,48.1,N,11.5,E,0,0,0,9,80,66,0,0,00000000,0,0", dates[i]);
		fixture_say(f, 1, watch, content);
		fixture_settle(f);
		struct history_entry entry = newest_entry(f);
		assert_true((entry.marks & FIX_MARK_CLOCK_UNSET) != 0);
		if (entry.time_ms != fixture_now())
			fail_msg("%s: filed %lld ms off", dates[i],
				(long long)(entry.time_ms - fixture_now()));
		fixture_pass(f, 60000);
	}
}

static void order_of_the_date_is_learned_and_used_for_stored_positions(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	/* 18 November 2026 written YYMMDD; as DDMMYY it would be 26 November 2018. */
	f->vendor = "ZZ";
	fixture_say(f, 1, watch, "UD,261118,110640,A,48.1,N,11.5,E,0,0,0,9,80,66,0,0,00000000,0,0");
	fixture_settle(f);
	assert_true(newest_entry(f).time_ms == fixture_now());
	assert_int_equal(fixture_query(f, "SELECT date_order FROM device"), DATE_ORDER_OTHER);
	fixture_restart(f);
	fixture_open(f, 2, watch);
	fixture_say(
		f, 2, watch, "UD2,261117,110640,A,48.2,N,11.5,E,0,0,0,9,80,66,0,0,00000000,0,0");
	fixture_settle(f);
	assert_int_equal(count_stored(f), 1);
	struct history_entry entry = {.wearer = 0};
	assert_int_equal(history_read(f->d.history, f->reader, 1, fixture_now() - 90000000,
				 fixture_now() - 80000000, keep_entry, &entry, NULL),
		RC_OK);
	assert_int_equal(entry.wearer, 1);
	assert_true((entry.marks & FIX_MARK_STORED) != 0);
}

static void position_without_fix_is_kept_and_not_shown_as_a_place(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_say(f, 1, watch,
		"UD,181126,110640,V,22.68,N,113.99,E,22.0,0,0,0,80,55,0,0,00000000,0,0");
	fixture_settle(f);
	assert_int_equal(count_stored(f), 1);
	struct live_view v = look(f, &mia);
	assert_false(v.has_fix);
	assert_int_equal(v.battery_percent, 55);
	assert_true((newest_entry(f).marks & FIX_MARK_FACTORY_PLACE) != 0);
}

static void heartbeat_shows_presence_and_a_plausible_battery(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_pass(f, 60000);
	fixture_say(f, 1, watch, "LK,120,0,77");
	struct live_view v = look(f, &mia);
	assert_int_equal(v.battery_percent, 77);
	assert_int_equal(v.steps, 120);
	assert_true(v.last_seen_ms == fixture_now());
	fixture_say(f, 1, watch, "LK,120,0,0");
	assert_int_equal(look(f, &mia).battery_percent, 77);
	assert_int_equal(count_stored(f), 0);
}

static void version_and_model_are_written_down(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct wearer_info info;

	fixture_open(f, 1, watch);
	fixture_say(f, 1, watch, "VERNO,G29_BASE_V1.00_2014.04.23_17.46.49");
	fixture_settle(f);
	assert_int_equal(wearer_get(&f->d, f->reader, &mia, &info, NULL), RC_OK);
	assert_string_equal(info.version, "G29_BASE_V1.00_2014.04.23_17.46.49");
}

static void media_is_answered_honestly_and_counted(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	fixture_say(f, 1, watch, "TK,#!AMR0123456789012345");
	fixture_settle(f);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1), 1);
	assert_int_equal(fixture_last(f, TOLD_ANSWER, 1)->reply, REPLY_TK);
	assert_int_equal(fixture_last(f, TOLD_ANSWER, 1)->number, 0);
}

static void binding_question_is_answered_by_what_is_true(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	fixture_say(f, 1, watch, "DEVPWDCHECKBIND");
	fixture_settle(f);
	assert_int_equal(fixture_last(f, TOLD_ANSWER, 1)->reply, REPLY_BOUND);
	assert_int_equal(fixture_last(f, TOLD_ANSWER, 1)->number, 1);
}

static void unknown_watch_leaves_nothing_but_that_it_was_seen(void **state)
{
	struct fixture *f = *state;
	struct quarantine_stats stats;

	fixture_open(f, 1, "9999999999");
	assert_int_equal(fixture_last(f, TOLD_STANDING, 1)->standing, STANDING_UNKNOWN);
	fixture_say_place(f, 1, "9999999999", "UD", 48.1, 11.5, "00000000");
	fixture_say_place(f, 1, "9999999999", "AL", 48.1, 11.5, "00010000");
	fixture_settle(f);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM journal"), 0);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 0);
	quarantine_read_stats(f->d.quarantine, &stats);
	assert_int_equal(stats.ids, 1);
	assert_int_equal(stats.connected, 1);
	ingest_closed(&f->d, 1, 3);
	quarantine_read_stats(f->d.quarantine, &stats);
	assert_int_equal(stats.connected, 0);
}

static void session_older_than_the_server_is_known_by_its_id(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	/* No OPENED came: the report itself names the watch. */
	fixture_say_place(f, 7, watch, "UD", 48.1, 11.5, "00000000");
	fixture_settle(f);
	assert_true(look(f, &mia).is_connected);
	assert_true(look(f, &mia).has_fix);
}

static void sessions_of_a_lost_gateway_end(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct quarantine_stats stats;

	fixture_open(f, session_of(2, 1), watch);
	fixture_open(f, session_of(2, 2), "9999999999");
	fixture_open(f, session_of(3, 1), "8888888888");
	ingest_gateway_lost(&f->d, 2);
	assert_false(look(f, &mia).is_connected);
	quarantine_read_stats(f->d.quarantine, &stats);
	assert_int_equal(stats.connected, 1);
}

static void damaged_bytes_from_a_gateway_are_counted_and_dropped(void **state)
{
	struct fixture *f = *state;
	struct ingest_stats stats;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	struct message_report m = {.session = 1,
		.received_ms = fixture_now(),
		.id = view_of(watch),
		.report = VIEW("\x7fxyz")};
	ingest_report(&f->d, &m);
	fixture_settle(f);
	ingest_read_stats(f->d.ingest, &stats);
	assert_int_equal(stats.unreadable, 1);
	assert_int_equal(stats.stored, 0);
}

static void erased_wearer_takes_its_reports_along(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct live_view v;

	fixture_open(f, 1, watch);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	fixture_settle(f);
	assert_int_equal(wearer_erase(&f->d, &f->maria, &mia, NULL), RC_OK);
	fixture_settle(f);
	assert_false(live_read(f->d.live, &mia, &v));
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 0);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM device"), 0);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 1), 1);
	fixture_restart(f);
	assert_false(live_read(f->d.live, &mia, &v));
}

/* ---- phones ---- */

static const struct report phone_sos = {.kind = REPORT_ALARM,
	.keyword = "OSMAND",
	.source = REPORT_SOURCE_PHONE,
	.alarms = REPORT_ALARM_SOS,
	.has = REPORT_HAS_POINT | REPORT_HAS_VALIDITY,
	.is_valid = true,
	.lat_e7 = 481000000,
	.lon_e7 = 115000000};

struct phone_call {
	struct fixture *f;
	struct way_phone phone;
	enum rc rc;
};

static void call_for_help(void *arg)
{
	struct phone_call *call = arg;

	call->rc = way_report(&call->f->d, &call->phone, &phone_sos, NULL);
}

static void sos_of_a_phone_is_on_disk_before_it_is_answered(void **state)
{
	struct fixture *f = *state;
	struct phone_call call = {.f = f, .phone = {.wearer = fixture_bind(f, watch)}};

	fixture_request(f, call_for_help, &call);
	assert_int_equal(call.rc, RC_OK);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm WHERE kinds = 1"), 1);
}

static enum rc script_job(struct db *db, void *arg, struct err *e)
{
	return db_script(db, arg, e);
}

static void change(struct fixture *f, char *sql)
{
	assert_int_equal(writer_run(f->d.writer, script_job, sql, NULL), RC_OK);
}

static void count_stored_sos(void *ctx, enum rc rc)
{
	assert_int_equal(rc, RC_OK);
	++*(unsigned *)ctx;
}

static void phone_is_not_answered_when_the_disk_refuses(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	uint8_t packed[REPORT_PACK_MAX];
	size_t n = 0;
	unsigned stored = 0;

	assert_int_equal(report_pack(&phone_sos, packed, sizeof packed, &n, NULL), RC_OK);
	char away[] = "ALTER TABLE journal RENAME TO journal_away";
	char back[] = "ALTER TABLE journal_away RENAME TO journal";

	change(f, away);
	assert_int_equal(
		ingest_take_phone(&f->d, &mia, (struct view){.p = (const char *)packed, .n = n},
			f->d.wall_ms(), count_stored_sos, &stored, NULL),
		RC_OK);
	fixture_settle(f);
	assert_int_equal(stored, 0);
	change(f, back);
	ingest_flush_all(&f->d);
	fixture_settle(f);
	assert_int_equal(stored, 1);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm WHERE kinds = 1"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(position_of_a_bound_watch_is_stored_then_shown),
		TEST(sos_is_on_disk_before_it_is_answered),
		TEST(sos_of_a_phone_is_on_disk_before_it_is_answered),
		TEST(phone_is_not_answered_when_the_disk_refuses),
		TEST(reports_that_wait_go_along_with_an_sos),
		TEST(sos_that_cannot_be_read_is_raised_and_answered_all_the_same),
		TEST(thousand_alarms_in_a_minute_are_one_incident),
		TEST(alarm_after_a_quiet_time_or_of_another_kind_is_a_new_one),
		TEST(sos_hours_later_is_new_though_positions_kept_repeating_the_first),
		TEST(sos_of_a_clock_that_stands_still_is_new_each_time),
		TEST(alarm_of_a_clock_that_ran_ahead_swallows_no_later_one),
		TEST(sos_between_binding_and_its_end_in_the_main_loop_is_raised),
		TEST(position_that_repeats_the_alarm_raises_nothing),
		TEST(same_report_twice_is_stored_once),
		TEST(jump_is_marked_and_not_shown_until_it_is_believed),
		TEST(jump_within_one_commit_is_marked_too),
		TEST(journey_is_no_jump),
		TEST(clock_that_is_not_set_files_under_the_receipt),
		TEST(order_of_the_date_is_learned_and_used_for_stored_positions),
		TEST(position_without_fix_is_kept_and_not_shown_as_a_place),
		TEST(heartbeat_shows_presence_and_a_plausible_battery),
		TEST(version_and_model_are_written_down),
		TEST(media_is_answered_honestly_and_counted),
		TEST(binding_question_is_answered_by_what_is_true),
		TEST(unknown_watch_leaves_nothing_but_that_it_was_seen),
		TEST(session_older_than_the_server_is_known_by_its_id),
		TEST(sessions_of_a_lost_gateway_end),
		TEST(damaged_bytes_from_a_gateway_are_counted_and_dropped),
		TEST(erased_wearer_takes_its_reports_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
