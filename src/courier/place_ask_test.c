#include "courier/place_ask.h"

#include "base/json_out.h"
#include "prop.h"
#include "unit.h"

static void what_leaves_is_exactly_this(void **state)
{
	const struct message_locate_ask ask = {.item = {{9}},
		.points_n = 2,
		.points = {{{0x00, 0x1f, 0x3a, 0x4b, 0x5c, 0x6d}, -70}, {{0xa4, 1, 2, 3, 4, 5}, 0}},
		.cells_n = 2,
		.cells = {{262, 2, 801, 12345}, {262, 2, 801, 73519246}}};
	static const char wanted[] =
		"{\"considerIp\":false,\"wifiAccessPoints\":["
		"{\"macAddress\":\"00:1f:3a:4b:5c:6d\",\"signalStrength\":-70},"
		"{\"macAddress\":\"a4:01:02:03:04:05\"}],\"cellTowers\":["
		"{\"radioType\":\"gsm\",\"mobileCountryCode\":262,\"mobileNetworkCode\":2,"
		"\"locationAreaCode\":801,\"cellId\":12345},"
		"{\"radioType\":\"lte\",\"mobileCountryCode\":262,\"mobileNetworkCode\":2,"
		"\"locationAreaCode\":801,\"cellId\":73519246}],"
		"\"fallbacks\":{\"ipf\":false,\"lacf\":true}}";
	struct json_out j;
	struct view text;

	(void)state;
	assert_int_equal(place_ask_write(&ask, &j, &text, NULL), RC_OK);
	assert_int_equal(text.n, sizeof wanted - 1);
	assert_memory_equal(text.p, wanted, text.n);
	json_out_done(&j);
}

static void the_longest_question_fits(void **state)
{
	struct message_locate_ask ask = {
		.points_n = LOCATE_ASK_POINTS, .cells_n = LOCATE_ASK_CELLS};
	struct json_out j;
	struct view text;

	(void)state;
	for (size_t i = 0; i < LOCATE_ASK_POINTS; i++)
		ask.points[i].rssi_dbm = -128;
	for (size_t i = 0; i < LOCATE_ASK_CELLS; i++)
		ask.cells[i] = (struct locate_cell){999, 999, UINT32_MAX, UINT32_MAX};
	assert_int_equal(place_ask_write(&ask, &j, &text, NULL), RC_OK);
	json_out_done(&j);
}

static void a_place_is_read(void **state)
{
	struct message_locate_told t = {.is_known = false};

	(void)state;
	assert_int_equal(place_answer_read(VIEW("{\"location\":{\"lat\":-22.75,\"lng\":-43.3},"
						"\"accuracy\":100.4}"),
				 &t, NULL),
		RC_OK);
	assert_true(t.is_known);
	assert_int_equal(t.lat_e7, -227500000);
	assert_int_equal(t.lon_e7, -433000000);
	assert_int_equal(t.accuracy_m, 101);
}

static void other_answers_are_none(void **state)
{
	static const char *const bad[] = {"", "[]", "{}", "null", "{\"location\":{}}",
		"{\"location\":{\"lat\":1,\"lng\":2}}",
		"{\"location\":{\"lat\":91,\"lng\":2},\"accuracy\":5}",
		"{\"location\":{\"lat\":1,\"lng\":181},\"accuracy\":5}",
		"{\"location\":{\"lat\":1,\"lng\":2},\"accuracy\":0}",
		"{\"location\":{\"lat\":1,\"lng\":2},\"accuracy\":-5}",
		"{\"location\":{\"lat\":1,\"lng\":2},\"accuracy\":1e300}",
		"{\"location\":{\"lat\":\"1\",\"lng\":2},\"accuracy\":5}",
		"{\"location\":{\"lat\":0,\"lng\":0},\"accuracy\":5}",
		"{\"location\":{\"lat\":1,\"lng\":2},\"accuracy\":5,\"fallback\":\"ipf\"}",
		"{\"location\":{\"lat\":1,\"lat\":3,\"lng\":2},\"accuracy\":5}",
		"{\"location\":{\"lat\":1,\"lng\":2},\"accuracy\":5} x"};
	struct message_locate_told t = {.is_known = false};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(place_answer_read(view_of(bad[i]), &t, NULL), RC_SYNTAX);
	assert_false(t.is_known);
}

static void any_answer(struct prop *p)
{
	static const char alphabet[] = "{}[]\":,.0123456789-elatngcuryo ";
	struct message_locate_told t = {.is_known = false};
	char text[80];
	size_t n = prop_bytes(p, text, sizeof text, alphabet, sizeof alphabet - 1);

	(void)!place_answer_read((struct view){text, n}, &t, NULL);
}

static void any_answer_is_a_place_or_none(void **state)
{
	(void)state;
	prop_run("any_answer_is_a_place_or_none", 20000, any_answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_leaves_is_exactly_this),
		cmocka_unit_test(the_longest_question_fits),
		cmocka_unit_test(a_place_is_read),
		cmocka_unit_test(other_answers_are_none),
		cmocka_unit_test(any_answer_is_a_place_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
