#include "unit.h"

#include "crypto/cbor.h"

#define BYTES(literal) ((struct view){.p = (literal), .n = sizeof(literal) - 1})

static void each_kind_is_read(void **state)
{
	struct view in = BYTES("\x18\x2A\x38\x63\x42\x01\x02\x63"
			       "abc\x82\xA1\xF5\xF4\xF6\x1B\x00\x00\x00\x01\x00\x00\x00\x00");
	struct cbor c;
	int64_t n = 0;

	(void)state;
	assert_true(cbor_cut(&in, &c) && cbor_int(&c, &n) && n == 42);
	assert_true(cbor_cut(&in, &c) && cbor_int(&c, &n) && n == -100);
	assert_true(cbor_cut(&in, &c) && c.kind == CBOR_BYTES && c.bytes.n == 2);
	assert_false(cbor_int(&c, &n));
	assert_true(cbor_cut(&in, &c) && c.kind == CBOR_TEXT && view_is(c.bytes, VIEW("abc")));
	assert_true(cbor_cut(&in, &c) && c.kind == CBOR_ARRAY && c.number == 2);
	assert_true(cbor_cut(&in, &c) && c.kind == CBOR_MAP && c.number == 1);
	assert_true(cbor_cut(&in, &c) && c.kind == CBOR_BOOL && c.number == 1);
	assert_true(cbor_cut(&in, &c) && c.kind == CBOR_BOOL && c.number == 0);
	assert_true(cbor_cut(&in, &c) && c.kind == CBOR_NULL);
	assert_true(cbor_cut(&in, &c) && cbor_int(&c, &n) && n == INT64_C(1) << 32);
	assert_int_equal(in.n, 0);
	assert_false(cbor_cut(&in, &c));
}

static void lies_about_lengths_and_other_kinds_are_refused(void **state)
{
	static const struct view bad[] = {
		{"", 0}, {"\x58", 1}, {"\x42\x01", 2},
		{"\x5B\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10}, /* 2^64-1 bytes */
		{"\x9B\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10}, /* as many items */
		{"\xBB\x80\x00\x00\x00\x00\x00\x00\x00\x01", 10}, /* pairs: twice that overflows */
		{"\xA1\x01", 2},                                  /* half a pair */
		{"\x9F\x01\xFF", 3},                              /* no length */
		{"\x5F\x41\x01\xFF", 4}, {"\xC0\x01", 2},         /* tag */
		{"\xF9\x3C\x00", 3},                              /* float */
		{"\xF8\x20", 2},                                  /* simple value */
		{"\x1C", 1},                                      /* reserved */
		{"\x81\x81\x81\x81\x81\x81\x81\x01", 8},          /* deeper than it may be */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct view in = bad[i];
		struct view whole;
		if (cbor_cut_whole(&in, &whole))
			fail_msg("number %zu was taken", i);
		assert_int_equal(in.n, bad[i].n);
	}
}

static void whole_items_are_cut_with_what_is_in_them(void **state)
{
	struct view in = BYTES("\xA2\x01\x82\x02\x03\x04\xA0\x05");
	struct view deep = BYTES("\x81\x81\x81\x81\x81\x81\x01");
	struct view whole;

	(void)state;
	assert_true(cbor_cut_whole(&in, &whole));
	assert_int_equal(whole.n, 7);
	assert_true(cbor_cut_whole(&in, &whole));
	assert_int_equal(whole.n, 1);
	assert_true(cbor_cut_whole(&deep, &whole));
	assert_int_equal(whole.n, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_read),
		cmocka_unit_test(lies_about_lengths_and_other_kinds_are_refused),
		cmocka_unit_test(whole_items_are_cut_with_what_is_in_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
