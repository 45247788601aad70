#include "domain/health.h"

#include <stdio.h>

#include "domain/calls.h"
#include "domain/domain_fixture.h"
#include "domain/health_store.h"
#include "unit.h"

static const char watch[] = "3707805539";

#define DAY_MS INT64_C(86400000)

static struct uid wearer_of(struct fixture *f, bool is_allowed)
{
	const struct health_rule rule = {.is_allowed = is_allowed, .keep_days = 30};
	struct uid mia = fixture_bind(f, watch);
	struct problem p;

	fixture_open(f, 1, watch);
	assert_int_equal(health_rule_put(&f->d, &f->maria, &mia, &rule, true, &p, NULL), RC_OK);
	return mia;
}

struct listed {
	unsigned n;
	struct health_value last;
};

static void keep(void *ctx, const struct health_value *v)
{
	struct listed *l = ctx;

	l->n++;
	l->last = *v;
}

static struct listed list(struct fixture *f, const struct uid *wearer)
{
	struct listed l = {.n = 0};
	struct problem p;
	bool is_truncated = false;

	assert_int_equal(health_list(f->reader, wearer, fixture_now() - 30 * DAY_MS,
				 fixture_now() + 1, keep, &l, &is_truncated, &p, NULL),
		RC_OK);
	return l;
}

static void say(struct fixture *f, const char *content)
{
	fixture_say(f, 1, watch, content);
	fixture_settle(f);
}

static void nothing_is_kept_without_the_rule(void **state)
{
	struct fixture *f = *state;
	struct uid mia = wearer_of(f, false);

	say(f, "bphrt,120,80,60,,,,");
	assert_int_equal(fixture_last(f, TOLD_ANSWER, 1)->reply, REPLY_ECHO);
	assert_int_equal(list(f, &mia).n, 0);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM health_value"), 0);
}

static void the_rule_on_disk_counts_also_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct uid mia = wearer_of(f, true);

	fixture_restart(f);
	fixture_open(f, 1, watch);
	say(f, "heart,61");
	assert_int_equal(list(f, &mia).n, 1);
}

static void a_rule_does_not_widen_behind_ones_back(void **state)
{
	struct fixture *f = *state;
	const struct health_rule wider = {.is_allowed = true, .keep_days = 30};
	struct uid mia = wearer_of(f, false);
	struct problem p = {.code = NULL};

	assert_int_equal(
		health_rule_put(&f->d, &f->maria, &mia, &wider, false, &p, NULL), RC_CONFLICT);
	assert_string_equal(p.code, "rule_changed");
}

static void what_somebody_asked_for_has_a_name(void **state)
{
	struct fixture *f = *state;
	struct uid mia = wearer_of(f, true);
	struct db *db = NULL;
	char sql[512];

	(void)snprintf(sql, sizeof sql,
		"INSERT INTO command (wearer, id, kind, message, state, reason, created_ms,"
		" expires_ms, sent_ms, finished_ms, by_account, idempotency_key)"
		" SELECT id, x'01', 'measure_heart', x'00', 2, 0, %lld, 0, %lld, 1,"
		" x'a1000000000000000000000000000000', '' FROM wearer",
		(long long)fixture_now(), (long long)fixture_now());
	assert_int_equal(db_open(f->path, DB_WRITER, f->d.keyring, &db, NULL), RC_OK);
	assert_int_equal(db_script(db, sql, NULL), RC_OK);
	db_close(db);
	fixture_pass(f, 60 * 1000);
	say(f, "heart,61");
	struct listed l = list(f, &mia);
	assert_int_equal(l.last.origin, HEALTH_ASKED);
	assert_true(uid_is(&l.last.by, &f->maria.account));
	fixture_pass(f, HEALTH_ASKED_MS);
	say(f, "heart,62");
	assert_int_equal(list(f, &mia).last.origin, HEALTH_BY_UNKNOWN);
}

static void a_day_has_so_many_values_and_no_more(void **state)
{
	struct fixture *f = *state;
	struct uid mia = wearer_of(f, true);

	for (unsigned i = 0; i < HEALTH_PER_DAY_MAX + 20; i++)
		fixture_say(f, 1, watch, i % 2 == 0 ? "heart,61" : "heart,62");
	fixture_settle(f);
	assert_int_equal(list(f, &mia).n, HEALTH_PER_DAY_MAX);
	fixture_pass(f, DAY_MS);
	say(f, "heart,63");
	assert_int_equal(list(f, &mia).n, HEALTH_PER_DAY_MAX + 1);
}

static void what_is_too_old_goes(void **state)
{
	struct fixture *f = *state;
	struct uid mia = wearer_of(f, true);

	assert_int_equal(health_sweep_new(&f->d, &f->d.health_sweep, NULL), RC_OK);
	health_sweep_start(f->d.health_sweep);
	say(f, "heart,61");
	say(f, "calllog,112,,1,1,1795000000,5");
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM call_log"), 1);
	fixture_pass(f, 29 * DAY_MS);
	say(f, "heart,62");
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM health_value"), 2);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM call_log"), 1);
	fixture_pass(f, 3 * DAY_MS);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM health_value"), 1);
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM call_log"), 0);
	assert_int_equal(list(f, &mia).last.heart_bpm, 62);
	health_sweep_free(f->d.health_sweep);
	f->d.health_sweep = NULL;
}

static void an_erased_wearer_leaves_nothing_here(void **state)
{
	struct fixture *f = *state;
	struct uid mia = wearer_of(f, true);
	static const char *const tables[] = {"SELECT COUNT(*) FROM health_value",
		"SELECT COUNT(*) FROM health_rule", "SELECT COUNT(*) FROM wearer_day",
		"SELECT COUNT(*) FROM call_log"};

	days_start(f->d.days);
	say(f, "heart,61");
	say(f, "LK,100,0,50");
	say(f, "calllog,112,,1,1,1795000000,5");
	fixture_pass(f, 3000);
	for (size_t i = 0; i < COUNT_OF(tables); i++)
		assert_int_equal(fixture_query(f, tables[i]), 1);
	assert_int_equal(wearer_erase(&f->d, &f->maria, &mia, NULL), RC_OK);
	fixture_pass(f, 2 * 3600 * 1000);
	for (size_t i = 0; i < COUNT_OF(tables); i++)
		assert_int_equal(fixture_query(f, tables[i]), 0);
}

static void the_newest_calls_are_kept(void **state)
{
	struct fixture *f = *state;
	struct uid mia = wearer_of(f, false);

	for (unsigned i = 0; i < CALLS_MAX + 30; i++) {
		char content[80];
		(void)snprintf(content, sizeof content, "calllog,0%u,,1,1,%u,5", 100000 + i,
			1794900000 + i);
		fixture_say(f, 1, watch, content);
	}
	fixture_settle(f);
	(void)mia;
	assert_int_equal(fixture_query(f, "SELECT COUNT(*) FROM call_log"), CALLS_MAX);
	assert_int_equal(fixture_query(f, "SELECT MAX(started_ms) / 1000 FROM call_log"),
		1794900000 + CALLS_MAX + 29);
}

static void numbers_are_the_same_with_and_without_their_country(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_same;
	} numbers[] = {
		{"+4936431234567", "036431234567", true},
		{"004936431234567", "+4936431234567", true},
		{"036431234567", "036431234567", true},
		{"+34 600 123 456", "600123456", true},
		{"112", "112", true},
		{"112", "110", false},
		{"112", "+49112", false},
		{"036431234567", "036431234568", false},
		{"", "", false},
		{"1234567", "7654321", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		assert_int_equal(call_numbers_match(view_of(numbers[i].a), view_of(numbers[i].b)),
			numbers[i].is_same);
		assert_int_equal(call_numbers_match(view_of(numbers[i].b), view_of(numbers[i].a)),
			numbers[i].is_same);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)
		TEST(nothing_is_kept_without_the_rule),
		TEST(the_rule_on_disk_counts_also_after_a_restart),
		TEST(a_rule_does_not_widen_behind_ones_back),
		TEST(what_somebody_asked_for_has_a_name),
		TEST(a_day_has_so_many_values_and_no_more),
		TEST(what_is_too_old_goes),
		TEST(an_erased_wearer_leaves_nothing_here),
		TEST(the_newest_calls_are_kept),
		cmocka_unit_test(numbers_are_the_same_with_and_without_their_country),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
