#include "unit.h"

#include <inttypes.h>

#include "base/num.h"

static void u32_reads_digits_up_to_its_maximum(void **state)
{
	uint32_t v = 7;

	(void)state;
	assert_int_equal(num_u32(VIEW("0"), 10, &v, NULL), RC_OK);
	assert_int_equal(v, 0);
	assert_int_equal(num_u32(VIEW("9"), 10, &v, NULL), RC_OK);
	assert_int_equal(num_u32(VIEW("010"), 10, &v, NULL), RC_OK);
	assert_int_equal(v, 10);
	assert_int_equal(num_u32(VIEW("11"), 10, &v, NULL), RC_LIMIT);
	assert_int_equal(v, 10);
	assert_int_equal(num_u32(VIEW("4294967295"), UINT32_MAX, &v, NULL), RC_OK);
	assert_true(v == UINT32_MAX);
	assert_int_equal(num_u32(VIEW("4294967296"), UINT32_MAX, &v, NULL), RC_LIMIT);
}

static void only_digits_are_a_number(void **state)
{
	static const struct view bad[] = {VIEW(""), VIEW("-1"), VIEW("+1"), VIEW(" 1"), VIEW("1 "),
		VIEW("1\0"), VIEW("0x1"), VIEW("1e3"), VIEW("1."), VIEW("\xD9\xA1")};
	uint32_t v32 = 7;
	uint64_t v64 = 7;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err e = {0};
		assert_int_equal(num_u32(bad[i], 100, &v32, &e), RC_SYNTAX);
		assert_int_equal(e.rc, RC_SYNTAX);
		assert_true(e.msg[0] != '\0');
		assert_int_equal(num_u64(bad[i], 100, &v64, NULL), RC_SYNTAX);
	}
	assert_int_equal(v32, 7);
	assert_true(v64 == 7);
}

static void u64_stops_before_it_overflows(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_int_equal(num_u64(VIEW("18446744073709551615"), UINT64_MAX, &v, NULL), RC_OK);
	assert_true(v == UINT64_MAX);
	assert_int_equal(num_u64(VIEW("18446744073709551616"), UINT64_MAX, &v, NULL), RC_LIMIT);
	assert_int_equal(num_u64(VIEW("99999999999999999999999"), UINT64_MAX, &v, NULL), RC_LIMIT);
}

static void i64_takes_a_sign(void **state)
{
	int64_t v = 0;

	(void)state;
	assert_int_equal(num_i64(VIEW("-12"), -12, 12, &v, NULL), RC_OK);
	assert_true(v == -12);
	assert_int_equal(num_i64(VIEW("+12"), -12, 12, &v, NULL), RC_OK);
	assert_true(v == 12);
	assert_int_equal(num_i64(VIEW("-13"), -12, 12, &v, NULL), RC_LIMIT);
	assert_int_equal(num_i64(VIEW("13"), -12, 12, &v, NULL), RC_LIMIT);
	assert_int_equal(num_i64(VIEW("1.0"), -12, 12, &v, NULL), RC_SYNTAX);
	assert_int_equal(num_i64(VIEW("--1"), -12, 12, &v, NULL), RC_SYNTAX);
	assert_int_equal(num_i64(VIEW("-"), -12, 12, &v, NULL), RC_SYNTAX);
	assert_int_equal(num_i64(VIEW(""), -12, 12, &v, NULL), RC_SYNTAX);
	assert_true(v == 12);
	assert_int_equal(
		num_i64(VIEW("9223372036854775807"), INT64_MIN, INT64_MAX, &v, NULL), RC_OK);
	assert_true(v == INT64_MAX);
	assert_int_equal(
		num_i64(VIEW("9223372036854775808"), INT64_MIN, INT64_MAX, &v, NULL), RC_LIMIT);
}

static void hex_takes_one_to_eight_digits(void **state)
{
	uint32_t v = 0;

	(void)state;
	assert_int_equal(num_hex32(VIEW("0"), &v, NULL), RC_OK);
	assert_int_equal(v, 0);
	assert_int_equal(num_hex32(VIEW("FfFFffFF"), &v, NULL), RC_OK);
	assert_true(v == UINT32_MAX);
	assert_int_equal(num_hex32(VIEW("00010000"), &v, NULL), RC_OK);
	assert_int_equal(v, 0x10000);
	assert_int_equal(num_hex32(VIEW("000010000"), &v, NULL), RC_LIMIT);
	assert_int_equal(num_hex32(VIEW(""), &v, NULL), RC_SYNTAX);
	assert_int_equal(num_hex32(VIEW("0x1"), &v, NULL), RC_SYNTAX);
	assert_int_equal(num_hex32(VIEW("-1"), &v, NULL), RC_SYNTAX);
	assert_int_equal(v, 0x10000);
}

struct decimal_row {
	struct view text;
	unsigned scale;
	enum rc rc;
	int64_t value;
};

static void decimals_are_scaled_and_rounded(void **state)
{
	static const struct decimal_row rows[] = {
		{VIEW("22.571707"), 7, RC_OK, 225717070},
		{VIEW("-12.5"), 0, RC_OK, -13},
		{VIEW("12.5"), 0, RC_OK, 13},
		{VIEW("12.4999999"), 0, RC_OK, 12},
		{VIEW(".5"), 1, RC_OK, 5},
		{VIEW("7."), 2, RC_OK, 700},
		{VIEW("+7.005"), 2, RC_OK, 701},
		{VIEW("-0"), 3, RC_OK, 0},
		{VIEW("0.00000000049"), 9, RC_OK, 0},
		{VIEW("0.0000000005"), 9, RC_OK, 1},
		{VIEW("9223372036.854775807"), 9, RC_OK, INT64_MAX},
		{VIEW("9223372036.8547758075"), 9, RC_LIMIT, 0},
		{VIEW("9223372036.854775808"), 9, RC_LIMIT, 0},
		{VIEW("9223372036854775808"), 0, RC_LIMIT, 0},
		{VIEW("922337203685477580"), 2, RC_LIMIT, 0},
		{VIEW(""), 0, RC_SYNTAX, 0},
		{VIEW("."), 0, RC_SYNTAX, 0},
		{VIEW("-"), 0, RC_SYNTAX, 0},
		{VIEW("-."), 0, RC_SYNTAX, 0},
		{VIEW("1.2.3"), 0, RC_SYNTAX, 0},
		{VIEW("1e5"), 0, RC_SYNTAX, 0},
		{VIEW("1,5"), 0, RC_SYNTAX, 0},
		{VIEW("nan"), 0, RC_SYNTAX, 0},
		{VIEW("- 1"), 0, RC_SYNTAX, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t v = 0;
		enum rc rc =
			num_decimal(rows[i].text, rows[i].scale, INT64_MIN, INT64_MAX, &v, NULL);
		assert_int_equal(rc, rows[i].rc);
		assert_true(v == rows[i].value);
	}
}

static void decimal_bounds_hold_for_the_scaled_value(void **state)
{
	int64_t v = 5;

	(void)state;
	assert_int_equal(num_decimal(VIEW("90"), 7, -900000000, 900000000, &v, NULL), RC_OK);
	assert_true(v == 900000000);
	assert_int_equal(
		num_decimal(VIEW("90.0000001"), 7, -900000000, 900000000, &v, NULL), RC_LIMIT);
	assert_int_equal(
		num_decimal(VIEW("-90.0000001"), 7, -900000000, 900000000, &v, NULL), RC_LIMIT);
	assert_true(v == 900000000);
}

static void sizes_do_not_overflow(void **state)
{
	size_t v = 7;

	(void)state;
	assert_true(size_add(SIZE_MAX - 1, 1, &v));
	assert_true(v == SIZE_MAX);
	assert_false(size_add(SIZE_MAX, 1, &v));
	assert_true(size_mul(SIZE_MAX / 2, 2, &v));
	assert_true(v == SIZE_MAX - 1);
	assert_false(size_mul(SIZE_MAX / 2 + 1, 2, &v));
}

static void round_trip(struct prop *p)
{
	char text[48];
	uint64_t number = prop_any_size(p);
	uint64_t u = 0;
	uint32_t h = 0;
	int64_t i = 0;
	int64_t sign = prop_chance(p, 50) ? -1 : 1;
	int64_t whole = (int64_t)(number >> 1) * sign;

	(void)snprintf(text, sizeof text, "%" PRIu64, number);
	assert_int_equal(num_u64(view_of(text), UINT64_MAX, &u, NULL), RC_OK);
	assert_true(u == number);
	(void)snprintf(text, sizeof text, "%" PRIx32, (uint32_t)number);
	assert_int_equal(num_hex32(view_of(text), &h, NULL), RC_OK);
	assert_true(h == (uint32_t)number);
	(void)snprintf(text, sizeof text, "%" PRId64, whole);
	assert_int_equal(num_i64(view_of(text), INT64_MIN, INT64_MAX, &i, NULL), RC_OK);
	assert_true(i == whole);
}

static void what_printf_writes_is_read_back(void **state)
{
	(void)state;
	prop_run("what_printf_writes_is_read_back", 5000, round_trip);
}

static void decimal_round(struct prop *p)
{
	static const int64_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000};
	unsigned scale = (unsigned)prop_below(p, COUNT_OF(powers));
	int64_t value = (int64_t)(prop_any_size(p) >> 8);
	bool is_negative = prop_chance(p, 50);
	char text[64];
	int64_t v = 0;

	(void)snprintf(text, sizeof text, "%s%" PRId64 ".%0*" PRId64, is_negative ? "-" : "",
		value / powers[scale], (int)scale, scale == 0 ? 0 : value % powers[scale]);
	if (scale == 0)
		*strchr(text, '.') = '\0';
	assert_int_equal(num_decimal(view_of(text), scale, INT64_MIN, INT64_MAX, &v, NULL), RC_OK);
	assert_true(v == (is_negative ? -value : value));
}

static void a_decimal_with_all_its_digits_is_exact(void **state)
{
	(void)state;
	prop_run("a_decimal_with_all_its_digits_is_exact", 5000, decimal_round);
}

static void garbage_round(struct prop *p)
{
	char buf[24];
	struct view v = {.p = buf, .n = prop_bytes(p, buf, sizeof buf, "0123456789.-+ ax", 16)};
	int64_t out = 77;
	enum rc rc = num_decimal(v, (unsigned)prop_below(p, 10), -1000, 1000, &out, NULL);

	if (rc == RC_OK)
		assert_true(out >= -1000 && out <= 1000);
	else
		assert_true(out == 77 && (rc == RC_SYNTAX || rc == RC_LIMIT));
}

static void outputs_are_written_only_on_success(void **state)
{
	(void)state;
	prop_run("outputs_are_written_only_on_success", 20000, garbage_round);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(u32_reads_digits_up_to_its_maximum),
		cmocka_unit_test(only_digits_are_a_number),
		cmocka_unit_test(u64_stops_before_it_overflows),
		cmocka_unit_test(i64_takes_a_sign),
		cmocka_unit_test(hex_takes_one_to_eight_digits),
		cmocka_unit_test(decimals_are_scaled_and_rounded),
		cmocka_unit_test(decimal_bounds_hold_for_the_scaled_value),
		cmocka_unit_test(sizes_do_not_overflow),
		cmocka_unit_test(what_printf_writes_is_read_back),
		cmocka_unit_test(a_decimal_with_all_its_digits_is_exact),
		cmocka_unit_test(outputs_are_written_only_on_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
