#include "unit.h"

#include <string.h>

#include "sim/downlink.h"

static void a_right_frame_is_taken_and_its_parts_are_told(void **state)
{
	struct view in = VIEW("[3G*8800000015*000A*UPLOAD,600][3G*8");
	struct downlink d;

	(void)state;
	assert_int_equal(downlink_read(&in, false, &d, NULL), RC_OK);
	assert_true(view_is(d.vendor, VIEW("3G")));
	assert_true(view_is(d.id, VIEW("8800000015")));
	assert_true(view_is(d.keyword, VIEW("UPLOAD")));
	assert_true(view_is(d.params, VIEW("600")));
	assert_true(view_is(d.whole, VIEW("[3G*8800000015*000A*UPLOAD,600]")));
	assert_int_equal(downlink_read(&in, false, &d, NULL), RC_MORE);
	assert_true(view_is(in, VIEW("[3G*8")));
}

static void a_frame_with_an_index_is_taken_by_those_who_count(void **state)
{
	struct view in = VIEW("[ZJ*014111001332708*0075*0002*LK]");
	struct downlink d;

	(void)state;
	assert_int_equal(downlink_read(&in, true, &d, NULL), RC_OK);
	assert_true(view_is(d.index, VIEW("0075")));
	assert_true(view_is(d.content, VIEW("LK")));
	assert_null(d.params.p);
}

static void a_wrong_frame_vanishes_and_the_next_is_taken(void **state)
{
	static const struct view bad[] = {VIEW("[3G*8800000015*0003*LK]"),
		VIEW("[3G*8800000015*0001*LK]"), VIEW("[3G*8800000015*0002*LKX"),
		VIEW("[3G*8800000015*FFFF*LK]"), VIEW("x"),
		VIEW("[3G*8800000015*00000000000000000000000000000000000000000000000*LK]")};
	char buf[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct downlink d;
		int n = snprintf(buf, sizeof buf, "%.*s%s", (int)bad[i].n, bad[i].p,
			"[3G*8800000015*0002*LK]");
		struct view in = {.p = buf, .n = (size_t)n};
		assert_int_equal(downlink_read(&in, false, &d, NULL), RC_SYNTAX);
		assert_true(view_is(d.whole, bad[i]));
		assert_int_equal(downlink_read(&in, false, &d, NULL), RC_OK);
		assert_int_equal(in.n, 0);
	}
}

static void a_frame_in_parts_is_waited_for(void **state)
{
	static const char frame[] = "[3G*8800000015*0009*LANG,5   ]";
	struct downlink d;

	(void)state;
	for (size_t n = 0; n + 1 < sizeof frame - 1; n++) {
		struct view in = {.p = frame, .n = n};
		assert_int_equal(downlink_read(&in, false, &d, NULL), RC_MORE);
		assert_int_equal(in.n, n);
	}
}

static void messages_are_decoded_from_utf16(void **state)
{
	static const struct {
		struct view hex;
		const char *text;
	} rows[] = {
		{VIEW("00480069"), "Hi"},
		{VIEW("00fc20AC"), "\xc3\xbc\xe2\x82\xac"},
		{VIEW("D83DDE00"), "\xf0\x9f\x98\x80"},
		{VIEW(""), ""},
	};
	static const struct view bad[] = {
		VIEW("004"), VIEW("00g8"), VIEW("D83D"), VIEW("DE00"), VIEW("D83D0041")};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_true(downlink_text(rows[i].hex, text, sizeof text));
		assert_string_equal(text, rows[i].text);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_false(downlink_text(bad[i], text, sizeof text));
}

static void a_message_longer_than_the_display_is_cut(void **state)
{
	char text[4];

	(void)state;
	assert_true(downlink_text(VIEW("00480069002100210021"), text, sizeof text));
	assert_string_equal(text, "Hi!");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_frame_is_taken_and_its_parts_are_told),
		cmocka_unit_test(a_frame_with_an_index_is_taken_by_those_who_count),
		cmocka_unit_test(a_wrong_frame_vanishes_and_the_next_is_taken),
		cmocka_unit_test(a_frame_in_parts_is_waited_for),
		cmocka_unit_test(messages_are_decoded_from_utf16),
		cmocka_unit_test(a_message_longer_than_the_display_is_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
