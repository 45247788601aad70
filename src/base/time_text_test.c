#include "unit.h"

#include "base/time_text.h"

static const int64_t YEAR_1_MS = INT64_C(-62135596800000);
static const int64_t YEAR_10000_MS = INT64_C(253402300800000);

struct known {
	struct civil civil;
	int64_t ms;
};

/* From Python's datetime. */
static const struct known knowns[] = {
	{{1970, 1, 1, 0, 0, 0}, 0},
	{{2000, 2, 29, 12, 34, 56}, INT64_C(951827696000)},
	{{2038, 1, 19, 3, 14, 8}, INT64_C(2147483648000)},
	{{1999, 12, 31, 23, 59, 59}, INT64_C(946684799000)},
	{{2100, 3, 1, 0, 0, 0}, INT64_C(4107542400000)},
	{{1900, 2, 28, 23, 59, 59}, INT64_C(-2203891201000)},
	{{9999, 12, 31, 23, 59, 59}, INT64_C(253402300799000)},
	{{1, 1, 1, 0, 0, 0}, INT64_C(-62135596800000)},
	{{2026, 11, 22, 10, 55, 0}, INT64_C(1795344900000)},
	{{2024, 2, 29, 0, 0, 0}, INT64_C(1709164800000)},
};

static void assert_civil(const struct civil *a, const struct civil *b)
{
	assert_int_equal(a->year, b->year);
	assert_int_equal(a->month, b->month);
	assert_int_equal(a->day, b->day);
	assert_int_equal(a->hour, b->hour);
	assert_int_equal(a->min, b->min);
	assert_int_equal(a->sec, b->sec);
}

static void known_dates_agree_both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(knowns); i++) {
		int64_t ms = 0;
		struct civil c;
		assert_int_equal(civil_to_ms(&knowns[i].civil, &ms, NULL), RC_OK);
		assert_true(ms == knowns[i].ms);
		civil_from_ms(knowns[i].ms, &c);
		assert_civil(&c, &knowns[i].civil);
	}
}

static void dates_that_do_not_exist_are_refused(void **state)
{
	static const struct civil bad[] = {
		{2023, 2, 29, 0, 0, 0},
		{1900, 2, 29, 0, 0, 0},
		{2024, 2, 30, 0, 0, 0},
		{2024, 4, 31, 0, 0, 0},
		{2024, 0, 1, 0, 0, 0},
		{2024, 13, 1, 0, 0, 0},
		{2024, 255, 1, 0, 0, 0},
		{2024, 1, 0, 0, 0, 0},
		{2024, 1, 32, 0, 0, 0},
		{0, 1, 1, 0, 0, 0},
		{-1, 1, 1, 0, 0, 0},
		{10000, 1, 1, 0, 0, 0},
		{2024, 1, 1, 24, 0, 0},
		{2024, 1, 1, 0, 60, 0},
		{2024, 1, 1, 0, 0, 60},
	};
	int64_t ms = 5;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err e = {0};
		assert_int_equal(civil_to_ms(&bad[i], &ms, &e), RC_SYNTAX);
		assert_true(e.msg[0] != '\0');
	}
	assert_true(ms == 5);
}

static void every_day_of_400_years_follows_the_one_before(void **state)
{
	struct civil before;
	struct civil c;
	int64_t first = INT64_C(-2208988800000); /* 1900-01-01 */

	(void)state;
	civil_from_ms(first, &before);
	for (int64_t day = 1; day < 146097; day++) {
		int64_t ms = 0;
		civil_from_ms(first + day * 86400000, &c);
		bool is_next_day =
			c.year == before.year && c.month == before.month && c.day == before.day + 1;
		bool is_next_month = c.year == before.year && c.month == before.month + 1 &&
				     c.day == 1 && before.day >= 28;
		bool is_next_year = c.year == before.year + 1 && c.month == 1 && c.day == 1 &&
				    before.month == 12 && before.day == 31;
		assert_int_equal(is_next_day + is_next_month + is_next_year, 1);
		assert_int_equal(civil_to_ms(&c, &ms, NULL), RC_OK);
		assert_true(ms == first + day * 86400000);
		before = c;
	}
	assert_int_equal(before.year, 2299);
	assert_int_equal(before.month, 12);
	assert_int_equal(before.day, 31);
}

static void text_has_milliseconds_and_z(void **state)
{
	char text[TIME_TEXT];

	(void)state;
	time_to_text(INT64_C(1795344900007), text);
	assert_string_equal(text, "2026-11-22T10:55:00.007Z");
	time_to_text(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999Z");
	time_to_text(INT64_C(253402300799999), text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
}

struct text_row {
	struct view text;
	int64_t ms;
};

static void rfc_3339_is_read_with_offset_and_fraction(void **state)
{
	static const struct text_row rows[] = {
		{VIEW("2026-11-22T10:55:00Z"), INT64_C(1795344900000)},
		{VIEW("2026-11-22t10:55:00z"), INT64_C(1795344900000)},
		{VIEW("2026-11-22 10:55:00Z"), INT64_C(1795344900000)},
		{VIEW("2026-11-22T11:55:00+01:00"), INT64_C(1795344900000)},
		{VIEW("2026-11-22T05:25:00-05:30"), INT64_C(1795344900000)},
		{VIEW("2026-11-22T10:55:00.5Z"), INT64_C(1795344900500)},
		{VIEW("2026-11-22T10:55:00.0079999Z"), INT64_C(1795344900007)},
		{VIEW("2026-11-22T10:55:00.123456789Z"), INT64_C(1795344900123)},
		{VIEW("1970-01-01T00:00:00Z"), 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t ms = -1;
		assert_int_equal(time_from_text(rows[i].text, &ms, NULL), RC_OK);
		assert_true(ms == rows[i].ms);
	}
}

static void other_texts_are_no_time(void **state)
{
	static const struct view bad[] = {VIEW(""), VIEW("2026-11-22"), VIEW("2026-11-22T10:55Z"),
		VIEW("2026-11-22T10:55:00"), VIEW("2026-11-22T10:55:00ZZ"),
		VIEW("2026-11-22T10:55:00.Z"), VIEW("2026-11-22T10:55:00.1234567890Z"),
		VIEW("2026-11-22T10:55:00+0100"), VIEW("2026-11-22T10:55:00+24:00"),
		VIEW("2026-11-22T10:55:00+01:60"), VIEW("2026-02-30T10:55:00Z"),
		VIEW("1969-12-31T23:59:59Z"), VIEW("+026-11-22T10:55:00Z"),
		VIEW("2026-11-22T24:00:00Z"), VIEW("2026-11-22T10:55:60Z"),
		VIEW(" 2026-11-22T10:55:00Z"), VIEW("2026/11/22T10:55:00Z"),
		VIEW("2026-11-22T10:55:00\0"),
		VIEW("2026-11-22\0"
		     "10:55:00Z")};
	int64_t ms = 5;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(time_from_text(bad[i], &ms, NULL), RC_SYNTAX);
	assert_true(ms == 5);
}

static void round_trip(struct prop *p)
{
	int64_t ms = prop_between(p, YEAR_1_MS, YEAR_10000_MS - 1);
	char text[TIME_TEXT];
	struct civil c;
	int64_t back = 0;

	civil_from_ms(ms, &c);
	assert_int_equal(civil_to_ms(&c, &back, NULL), RC_OK);
	assert_true(back <= ms && ms - back < 1000);
	ms = prop_between(p, 0, YEAR_10000_MS - 1);
	time_to_text(ms, text);
	assert_int_equal(time_from_text(view_of(text), &back, NULL), RC_OK);
	assert_true(back == ms);
}

static void every_time_survives_its_text(void **state)
{
	(void)state;
	prop_run("every_time_survives_its_text", 20000, round_trip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_dates_agree_both_ways),
		cmocka_unit_test(dates_that_do_not_exist_are_refused),
		cmocka_unit_test(every_day_of_400_years_follows_the_one_before),
		cmocka_unit_test(text_has_milliseconds_and_z),
		cmocka_unit_test(rfc_3339_is_read_with_offset_and_fraction),
		cmocka_unit_test(other_texts_are_no_time),
		cmocka_unit_test(every_time_survives_its_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
