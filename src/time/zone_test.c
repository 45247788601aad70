#include "time/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/time_text.h"
#include "time/posix_tz.h"
#include "unit.h"

static int64_t at(const char *text)
{
	int64_t ms = 0;

	assert_int_equal(time_from_text(view_of(text), &ms, NULL), RC_OK);
	return ms;
}

static struct zone *load(const char *name)
{
	struct zone *z = NULL;

	assert_int_equal(zone_load(view_of(name), &z, NULL), RC_OK);
	return z;
}

static void offsets_are_those_of_the_almanac(void **state)
{
	static const struct {
		const char *zone, *time;
		int32_t offset_s;
	} cases[] = {
		{"Europe/Berlin", "2026-01-15T12:00:00Z", 3600},
		{"Europe/Berlin", "2026-03-29T00:59:59Z", 3600},
		{"Europe/Berlin", "2026-03-29T01:00:00Z", 7200},
		{"Europe/Berlin", "2026-10-25T00:59:59Z", 7200},
		{"Europe/Berlin", "2026-10-25T01:00:00Z", 3600},
		{"Europe/Berlin", "2090-07-01T00:00:00Z", 7200},
		{"America/New_York", "2026-03-08T06:59:59Z", -18000},
		{"America/New_York", "2026-03-08T07:00:00Z", -14400},
		{"Asia/Kathmandu", "2026-06-01T00:00:00Z", 20700},
		{"Asia/Kolkata", "2026-06-01T00:00:00Z", 19800},
		{"Australia/Lord_Howe", "2026-01-01T00:00:00Z", 39600},
		{"Australia/Lord_Howe", "2026-07-01T00:00:00Z", 37800},
		{"Pacific/Kiritimati", "2026-07-01T00:00:00Z", 50400},
		{"Africa/Casablanca", "2026-02-20T00:00:00Z", 0},
		{"Etc/UTC", "2026-07-01T00:00:00Z", 0},
		{"Europe/Dublin", "2026-07-01T00:00:00Z", 3600},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct zone *z = load(cases[i].zone);
		if (zone_offset_s(z, at(cases[i].time)) != cases[i].offset_s)
			fail_msg("%s at %s: %d", cases[i].zone, cases[i].time,
				zone_offset_s(z, at(cases[i].time)));
		zone_free(z);
	}
}

static void next_change_is_the_minute_of_the_almanac(void **state)
{
	struct zone *z = load("Europe/Berlin");

	(void)state;
	assert_true(zone_next_change(z, at("2026-01-01T00:00:00Z")) == at("2026-03-29T01:00:00Z"));
	assert_true(zone_next_change(z, at("2026-03-29T01:00:00Z")) == at("2026-10-25T01:00:00Z"));
	assert_true(zone_next_change(z, at("2089-12-01T00:00:00Z")) == at("2090-03-26T01:00:00Z"));
	zone_free(z);
	z = load("Asia/Tokyo");
	assert_true(zone_next_change(z, at("2026-01-01T00:00:00Z")) == INT64_MAX);
	zone_free(z);
}

/* Property: between now and the next change the offset stays; at the change it is another one. */
static void offset_changes_exactly_at_the_next_change(void **state)
{
	static const char *const names[] = {"Europe/Berlin", "America/New_York", "America/Santiago",
		"Australia/Lord_Howe", "Africa/Casablanca", "Asia/Gaza", "Europe/Dublin",
		"America/Nuuk", "Antarctica/Troll", "Asia/Tehran"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct zone *z = load(names[i]);
		int64_t now = at("2000-01-01T00:00:00Z");
		for (int n = 0; n < 250; n++) {
			int64_t next = zone_next_change(z, now);
			if (next == INT64_MAX)
				break;
			assert_true(next > now);
			assert_int_equal(zone_offset_s(z, next - 1), zone_offset_s(z, now));
			assert_int_not_equal(zone_offset_s(z, next), zone_offset_s(z, next - 1));
			now = next;
		}
		zone_free(z);
	}
}

/* Oracle: the C library reads the same files. */
static void offsets_agree_with_the_c_library(void **state)
{
	static const char *const names[] = {"Europe/London", "America/Sao_Paulo", "Asia/Kathmandu",
		"Australia/Sydney", "Africa/El_Aaiun", "Pacific/Chatham", "America/St_Johns",
		"Europe/Moscow", "Pacific/Apia", "Asia/Pyongyang"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct zone *z = load(names[i]);
		assert_int_equal(setenv("TZ", names[i], 1), 0);
		tzset();
		for (int64_t s = 0; s < INT64_C(3500000000); s += 86400 * 5 + 3571) {
			struct tm tm;
			time_t t = (time_t)s;
			assert_non_null(localtime_r(&t, &tm)); /* allowed: the oracle */
			if (zone_offset_s(z, s * 1000) != (int32_t)tm.tm_gmtoff)
				fail_msg("%s at %lld", names[i], (long long)s);
		}
		zone_free(z);
	}
	assert_int_equal(unsetenv("TZ"), 0);
	tzset();
}

static void names_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {"", "/etc/passwd", "../../etc/passwd", "Europe/",
		"Europe//Berlin", "Europe/Berlin.txt", "Europe/Ber lin", "posix/Europe/Berlin",
		"right/Europe/Berlin", "/", "a\tb",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
	struct zone *z = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(zone_load(view_of(bad[i]), &z, NULL), RC_SYNTAX);
	assert_int_equal(zone_load(VIEW("Europe/Berlin\0x"), &z, NULL), RC_SYNTAX);
	assert_int_equal(zone_load(VIEW("Europe/Atlantis"), &z, NULL), RC_NOT_FOUND);
	assert_int_equal(zone_load(VIEW("Europe"), &z, NULL), RC_NOT_FOUND);
	assert_int_equal(zone_load(VIEW("zone1970"), &z, NULL), RC_NOT_FOUND);
	assert_null(z);
}

static size_t read_whole(const char *path, char *buf, size_t size)
{
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	size_t n = fread(buf, 1, size, in);
	assert_int_equal(fclose(in), 0);
	return n;
}

static void damaged_files_are_refused_or_read_without_harm(void **state)
{
	static char file[ZONE_FILE_MAX];
	size_t n = read_whole("/usr/share/zoneinfo/Europe/Berlin", file, sizeof file);
	struct zone *z = NULL;

	(void)state;
	for (size_t cut = 0; cut + 1 < n; cut += cut < 100 ? 1 : 37) {
		enum rc rc = zone_parse((struct view){.p = file, .n = cut}, &z, NULL);
		if (rc == RC_OK) { /* only the last line may be missing */
			assert_true(zone_next_change(z, 0) > 0);
			zone_free(z);
			z = NULL;
		}
	}
	struct prop p = {.state = 5};
	for (int i = 0; i < 2000; i++) {
		size_t where = prop_below(&p, n);
		char old = file[where];
		file[where] = (char)prop_u64(&p);
		if (zone_parse((struct view){.p = file, .n = n}, &z, NULL) == RC_OK) {
			(void)zone_offset_s(z, (int64_t)prop_u64(&p) >> 20);
			(void)zone_next_change(z, (int64_t)prop_u64(&p) >> 20);
			zone_free(z);
		}
		file[where] = old;
	}
}

static void rules_are_read_in_all_their_forms(void **state)
{
	static const struct {
		const char *text;
		bool is_good;
	} cases[] = {
		{"", true},
		{"UTC0", true},
		{"CET-1CEST,M3.5.0,M10.5.0/3", true},
		{"<+0330>-3:30<+0430>,J79/24,J263/24", true},
		{"EST5EDT,0/0,J365/25", true},
		{"IST-1GMT0,M10.5.0,M3.5.0/1", true},
		{"<-03>3", true},
		{"CET", false},
		{"CET-1CEST", false},
		{"CE-1", false},
		{"CET-1CEST,M13.5.0,M10.5.0", false},
		{"CET-1CEST,M3.6.0,M10.5.0", false},
		{"CET-1CEST,M3.5.7,M10.5.0", false},
		{"CET-1CEST,M3.5.0", false},
		{"CET-1CEST,M3.5.0,M10.5.0/168", false},
		{"CET-25", false},
		{"CET-1CEST,M3.5.0,M10.5.0,", false},
		{"<+03-3", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct tz_rule r;
		if (tz_rule_read(view_of(cases[i].text), &r) != cases[i].is_good)
			fail_msg("%s", cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_are_those_of_the_almanac),
		cmocka_unit_test(next_change_is_the_minute_of_the_almanac),
		cmocka_unit_test(offset_changes_exactly_at_the_next_change),
		cmocka_unit_test(offsets_agree_with_the_c_library),
		cmocka_unit_test(names_that_are_none_are_refused),
		cmocka_unit_test(damaged_files_are_refused_or_read_without_harm),
		cmocka_unit_test(rules_are_read_in_all_their_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
