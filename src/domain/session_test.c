#include "domain/alarm.h"
#include "domain/domain_fixture.h"
#include "domain/watch_keys.h"
#include "store/query.h"
#include "store/sealed.h"
#include "unit.h"

static const char watch[] = "3707805539";

static struct live_view look(struct fixture *f, const struct uid *wearer)
{
	struct live_view v;

	assert_true(live_read(f->d.live, wearer, &v));
	return v;
}

static uint64_t current(struct fixture *f, const struct uid *wearer)
{
	live_lock(f->d.live);
	uint64_t session = live_by_wearer(f->d.live, wearer)->session;
	live_unlock(f->d.live);
	return session;
}

static void beat(struct fixture *f, uint64_t session)
{
	fixture_say(f, session, watch, "LK,0,0,70");
	fixture_settle(f);
}

static struct ingest_stats stats_of(struct fixture *f)
{
	struct ingest_stats stats;

	ingest_read_stats(f->d.ingest, &stats);
	return stats;
}

static void newer_connection_takes_over_when_it_answers(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	beat(f, 1);
	fixture_open(f, 2, watch); /* the network changed; the old socket is half open */
	assert_int_equal(current(f, &mia), 1);
	assert_int_equal(fixture_last(f, TOLD_COMMAND, 2)->command.kind, COMMAND_VERSION);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 1), 0);
	fixture_say(f, 2, watch, "VERNO,V2.0");
	fixture_settle(f);
	assert_int_equal(current(f, &mia), 2);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 1), 1);
	assert_false(look(f, &mia).is_conflict);
	assert_int_equal(stats_of(f).conflicts, 0);
}

static void watch_that_knows_no_version_takes_over_when_the_old_one_is_silent(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_open(f, 2, watch);
	beat(f, 2);
	assert_int_equal(current(f, &mia), 1);
	fixture_pass(f, 60000);
	beat(f, 2);
	assert_int_equal(current(f, &mia), 2);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 1), 1);
}

static void reports_of_both_connections_are_kept(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	fixture_open(f, 2, watch);
	fixture_say_place(f, 1, watch, "UD", 48.1, 11.5, "00000000");
	fixture_say_place(f, 2, watch, "UD", 48.2, 11.6, "00000000");
	fixture_say_place(f, 2, watch, "AL", 48.2, 11.6, "00010000");
	fixture_settle(f);
	assert_int_equal(stats_of(f).stored, 3);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm WHERE kinds = 1"), 1);
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 2), 1);
}

static void two_that_keep_talking_are_one_conflict(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_open(f, 2, watch);
	beat(f, 1);
	assert_false(look(f, &mia).is_conflict);
	beat(f, 1);
	assert_true(look(f, &mia).is_conflict);
	for (int i = 0; i < 9; i++) { /* nine minutes of both */
		fixture_pass(f, 60000);
		beat(f, 1);
		beat(f, 2);
		fixture_say(f, 2, watch, "VERNO,V2.0"); /* too late to be believed */
	}
	fixture_settle(f);
	assert_int_equal(current(f, &mia), 1);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm WHERE kinds = 32768"), 1);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 1) + fixture_count(f, TOLD_CLOSE, 2), 0);
	assert_string_equal(alarm_kind_name(ALARM_CONFLICT), "conflict");
}

static void what_is_said_in_a_conflict_is_marked(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_open(f, 2, watch);
	beat(f, 1);
	beat(f, 1);
	fixture_say_place(f, 2, watch, "UD", 48.1, 11.5, "00000000");
	fixture_settle(f);
	assert_true((look(f, &mia).fix.marks & FIX_MARK_UNVERIFIED) != 0);
}

static void conflict_ends_when_one_is_silent(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_open(f, 2, watch);
	beat(f, 1);
	beat(f, 1);
	assert_true(look(f, &mia).is_conflict);
	ingest_closed(&f->d, 2, 5);
	for (int i = 0; i < 11; i++) {
		fixture_pass(f, 60000);
		beat(f, 1);
	}
	assert_false(look(f, &mia).is_conflict);
	assert_int_equal(current(f, &mia), 1);
	assert_int_equal(stats_of(f).conflicts, 1);
}

static void two_watches_that_push_each_other_out_are_a_conflict_too(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	uint64_t session = 1;

	fixture_open(f, session, watch);
	beat(f, session);
	/* Each comes back as soon as it was closed, and answers as it should. */
	for (int i = 0; i < 6; i++) {
		session++;
		fixture_open(f, session, watch);
		fixture_say(f, session, watch, "VERNO,V2.0");
		fixture_settle(f);
		if (fixture_count(f, TOLD_CLOSE, session - 1) > 0)
			ingest_closed(&f->d, session - 1, 2);
		fixture_pass(f, 5000);
	}
	assert_true(look(f, &mia).is_conflict);
	assert_int_equal(stats_of(f).conflicts, 1);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm WHERE kinds = 32768"), 1);
	assert_true(stats_of(f).takeovers <= 3); /* then the flip-flop is over */
}

static void one_that_reconnects_now_and_then_is_no_conflict(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	uint64_t session = 1;

	fixture_open(f, session, watch);
	for (int i = 0; i < 10; i++) {
		fixture_pass(f, 6 * 60000);
		session++;
		fixture_open(f, session, watch);
		fixture_say(f, session, watch, "VERNO,V2.0");
		fixture_settle(f);
		ingest_closed(&f->d, session - 1, 1);
	}
	assert_int_equal(current(f, &mia), session);
	assert_int_equal(stats_of(f).conflicts, 0);
}

static void second_connection_steps_in_when_the_first_closes(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_open(f, 2, watch);
	ingest_closed(&f->d, 1, 1);
	assert_int_equal(current(f, &mia), 2);
	assert_true(look(f, &mia).is_connected);
	ingest_closed(&f->d, 2, 1);
	assert_false(look(f, &mia).is_connected);
}

static void third_connection_takes_the_place_of_the_second(void **state)
{
	struct fixture *f = *state;

	(void)fixture_bind(f, watch);
	fixture_open(f, 1, watch);
	fixture_open(f, 2, watch);
	fixture_open(f, 3, watch);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 2), 1);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 1), 0);
	assert_int_equal(fixture_last(f, TOLD_STANDING, 3)->standing, STANDING_BOUND);
}

static void second_connection_of_a_lost_gateway_is_no_talker(void **state)
{
	struct fixture *f = *state;
	uint64_t rival = (uint64_t)3 << 56 | 2;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_open(f, rival, watch);
	ingest_gateway_lost(&f->d, 3);
	for (int i = 0; i < 4; i++)
		beat(f, 1);
	assert_int_equal(stats_of(f).conflicts, 0);
	assert_int_equal(current(f, &mia), 1);
	ingest_closed(&f->d, 1, 1);
	assert_false(look(f, &mia).is_connected); /* nobody took its place */
	fixture_open(f, rival, watch);
	fixture_open(f, rival + 1, watch);
	ingest_gateway_lost(&f->d, 3);
	assert_false(look(f, &mia).is_connected);
}

/* Property: whatever opens, talks and closes, a current session is one that is open, and the watch
 * counts as connected exactly when one is. */
static void random_life(struct prop *p)
{
	void *state = NULL;
	bool is_open[8] = {false};

	assert_int_equal(fixture_set_up(&state), 0);
	struct fixture *f = state;
	struct uid mia = fixture_bind(f, watch);
	for (int step = 0; step < 60; step++) {
		uint64_t s = 1 + prop_below(p, 7);
		switch (prop_below(p, 5)) {
		case 0:
			if (!is_open[s])
				fixture_open(f, s, watch);
			is_open[s] = true;
			break;
		case 1:
			if (is_open[s])
				ingest_closed(&f->d, s, 1);
			is_open[s] = false;
			break;
		case 2:
			if (is_open[s])
				beat(f, s);
			break;
		case 3:
			if (is_open[s])
				fixture_say(f, s, watch, "VERNO,V2.0");
			break;
		default:
			fixture_pass(f, prop_between(p, 0, 120000));
		}
		for (unsigned i = 0; i < f->told_n;
			i++) { /* the gateway closes what it is told to */
			if (f->told[i].what != TOLD_CLOSE || !is_open[f->told[i].session])
				continue;
			is_open[f->told[i].session] = false;
			ingest_closed(&f->d, f->told[i].session, 1);
		}
		fixture_forget(f);
		uint64_t now = current(f, &mia);
		assert_true(now == 0 || is_open[now]);
		bool is_any_open = false;
		for (unsigned i = 1; i < 8; i++)
			is_any_open = is_any_open || is_open[i];
		assert_int_equal(now != 0, is_any_open);
	}
	assert_int_equal(fixture_tear_down(&state), 0);
}

static void current_session_is_always_an_open_one(void **state)
{
	(void)state;
	prop_run("sessions", 12, random_life);
}

#define KEY_A VIEW("0123456789abcdef0123456789abcdef")
#define KEY_B VIEW("fedcba9876543210fedcba9876543210")

static uint32_t number_of_wearer(struct fixture *f, const struct uid *wearer)
{
	live_lock(f->d.live);
	uint32_t number = live_by_wearer(f->d.live, wearer)->number;
	live_unlock(f->d.live);
	return number;
}

static void give_key(struct fixture *f, const struct uid *wearer, struct view key)
{
	assert_int_equal(
		watch_keys_set(&f->d, wearer, number_of_wearer(f, wearer), key, NULL), RC_OK);
	fixture_settle(f);
}

static void a_watch_with_a_key_is_heard_with_it_alone(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	give_key(f, &mia, KEY_A);
	fixture_open(f, 1, watch);
	fixture_say_place(f, 1, watch, "AL", 48.1, 11.5, "00010000");
	fixture_open_with(f, 2, watch, KEY_B);
	fixture_say_place(f, 2, watch, "AL", 48.1, 11.5, "00010000");
	fixture_settle(f);
	assert_int_equal(current(f, &mia), 0);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm"), 0);
	/* Not stored, so not answered: whoever it is will say it again. */
	assert_int_equal(fixture_count(f, TOLD_ANSWER, 1) + fixture_count(f, TOLD_ANSWER, 2), 0);
	/* Nor left open: answered heartbeats would keep it from ever coming again. */
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 1), 1);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 2), 1);
	assert_true(stats_of(f).unproved >= 2);

	fixture_open_with(f, 3, watch, KEY_A);
	fixture_say_place(f, 3, watch, "AL", 48.1, 11.5, "00010000");
	fixture_settle(f);
	assert_int_equal(current(f, &mia), 3);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM alarm WHERE kinds = 1"), 1);
	assert_true(ingest_trusts(&f->d, number_of_wearer(f, &mia), 3));
	fixture_open(f, 4, watch); /* a copy of its number changes nothing for it */
	beat(f, 4);
	assert_int_equal(current(f, &mia), 3);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 3), 0);
}

static void a_proved_connection_takes_over_at_once(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	give_key(f, &mia, KEY_A);
	fixture_open_with(f, 1, watch, KEY_A);
	fixture_open_with(f, 2, watch, KEY_A); /* the network changed */
	fixture_settle(f);
	assert_int_equal(current(f, &mia), 2);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 1), 1);
	assert_true(ingest_trusts(&f->d, number_of_wearer(f, &mia), 2));
	assert_null(fixture_last(f, TOLD_COMMAND, 2)); /* it need not be asked who it is */
}

static void a_new_key_ends_what_is_open_and_none_lets_all_in_again(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);

	fixture_open(f, 1, watch);
	fixture_open(f, 2, watch); /* perhaps a stranger */
	give_key(f, &mia, KEY_A);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 1), 1);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 2), 1);
	give_key(f, &mia, KEY_B);
	fixture_open_with(f, 3, watch, KEY_A);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 3), 1);
	give_key(f, &mia, VIEW(""));
	fixture_open(f, 4, watch);
	assert_int_equal(fixture_last(f, TOLD_STANDING, 4)->standing, STANDING_BOUND);
}

struct key_row {
	struct uid wearer;
};

static enum rc insert_key(struct db *db, void *arg, struct err *e)
{
	const struct key_row *row = arg;
	struct uid id = uid_new();
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO way (wearer, id, kind, name, key, created_ms)"
		" VALUES (?1, ?2, ?3, ?4, ?5, 0)",
		&row->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &id);
	stmt_bind_int(s, 3, WAY_WATCH_TLS);
	stmt_bind_sealed(s, 4, &row->wearer, "way.name", VIEW("own watch"));
	stmt_bind_sealed(s, 5, &row->wearer, "way.key", KEY_A);
	return stmt_run(s, NULL, e);
}

static void keys_come_back_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct uid mia = fixture_bind(f, watch);
	struct key_row row = {.wearer = mia};

	assert_int_equal(writer_run(f->d.writer, insert_key, &row, NULL), RC_OK);
	fixture_restart(f);
	fixture_open(f, 1, watch);
	assert_int_equal(fixture_count(f, TOLD_CLOSE, 1), 1);
	fixture_open_with(f, 2, watch, KEY_A);
	assert_int_equal(fixture_last(f, TOLD_STANDING, 2)->standing, STANDING_BOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(newer_connection_takes_over_when_it_answers),
		TEST(watch_that_knows_no_version_takes_over_when_the_old_one_is_silent),
		TEST(reports_of_both_connections_are_kept),
		TEST(two_that_keep_talking_are_one_conflict),
		TEST(what_is_said_in_a_conflict_is_marked),
		TEST(conflict_ends_when_one_is_silent),
		TEST(two_watches_that_push_each_other_out_are_a_conflict_too),
		TEST(one_that_reconnects_now_and_then_is_no_conflict),
		TEST(second_connection_steps_in_when_the_first_closes),
		TEST(third_connection_takes_the_place_of_the_second),
		TEST(second_connection_of_a_lost_gateway_is_no_talker),
		TEST(a_watch_with_a_key_is_heard_with_it_alone),
		TEST(a_proved_connection_takes_over_at_once),
		TEST(a_new_key_ends_what_is_open_and_none_lets_all_in_again),
		TEST(keys_come_back_after_a_restart),
		cmocka_unit_test(current_session_is_always_an_open_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
