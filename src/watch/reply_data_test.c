#include "unit.h"

#include "base/time_text.h"
#include "watch/reply_data.h"
#include "watch/watch_kit.h"

static int64_t local_of(const char *text)
{
	int64_t ms = 0;

	assert_int_equal(time_from_text(view_of(text), &ms, NULL), RC_OK);
	return ms / 1000;
}

/* Over the link and then written, as the gateway does; "" when it cannot be. */
static const char *written(enum reply_kind kind, const struct reply_data *data, const char *vendor)
{
	static char text[REPLY_FRAME_MAX + 1];
	struct reply r = {.kind = kind, .data = data};
	struct reply again = {.kind = REPLY_NONE};
	struct addressee to = {.vendor = view_of(vendor), .id = VIEW("8800000015")};
	char direct[REPLY_FRAME_MAX];
	uint8_t packed[REPLY_PACK_MAX];
	size_t n = 0;
	size_t direct_n = 0;

	text[0] = '\0';
	enum rc rc = reply_write(&r, &to, direct, sizeof direct, &direct_n, NULL);
	if (rc != RC_OK)
		return text;
	assert_int_equal(reply_pack(&r, packed, sizeof packed, &n, NULL), RC_OK);
	struct view v = {.p = (const char *)packed, .n = n};
	assert_int_equal(reply_unpack(v, &again, NULL), RC_OK);
	assert_null(again.data);
	assert_int_equal(reply_write(&again, &to, text, REPLY_FRAME_MAX, &n, NULL), RC_OK);
	assert_int_equal(n, direct_n);
	assert_memory_equal(text, direct, n);
	text[n] = '\0';
	/* a reply that came is packed again as it is */
	uint8_t packed_again[REPLY_PACK_MAX];
	size_t n_again = 0;
	assert_int_equal(
		reply_pack(&again, packed_again, sizeof packed_again, &n_again, NULL), RC_OK);
	assert_int_equal(n_again, v.n);
	assert_memory_equal(packed_again, packed, v.n);
	for (size_t i = 0; i < v.n; i++) {
		struct view cut = {.p = v.p, .n = i};
		assert_int_equal(reply_unpack(cut, &again, NULL), RC_SYNTAX);
	}
	return text;
}

static struct reply_data weather_of(const char *text, const char *city)
{
	struct reply_data d = {.weather = {.local_s = local_of("2020-04-08T11:52:32Z"),
				       .now = 21,
				       .low = -5,
				       .high = 22,
				       .code = 1}};

	assert_true(view_to_text(view_of(text), d.weather.text, sizeof d.weather.text));
	assert_true(view_to_text(view_of(city), d.weather.city, sizeof d.weather.city));
	return d;
}

static void weather_has_the_form_of_the_vendor(void **state)
{
	struct reply_data d =
		weather_of("\xE5\xA4\x9A\xE4\xBA\x91", "\xE5\x8D\x97\xE5\xB1\xB1\xE5\x8C\xBA");

	(void)state;
	assert_string_equal(written(REPLY_WEATHER, &d, "YS"),
		"[YS*8800000015*0037*WT,2020-04-08,11:52:32,591A4E91,1,21,-5,22,53575C71533A]");
	d = weather_of("Sch\xC3\xB6n, W\xC4\x99ll", "K\xC3\xB6ln");
	assert_string_equal(written(REPLY_WEATHER, &d, "3G"),
		"[3G*8800000015*004B*WT,2020-04-08,11:52:32,5363686f656e2c2057656c6c,1,21,-5,22,"
		"004B00F6006C006E]");
}

static void a_forecast_says_high_before_low(void **state)
{
	struct reply_data d = {.forecast = {.local_s = local_of("2023-12-30T10:39:56Z"),
				       .now = 19,
				       .city = "A",
				       .days = {{1, -2, 23, "B"}, {9, 17, 24, "C"},
					       {2, 17, 22, "D"}, {2, 16, 22, "E"}}}};

	(void)state;
	assert_string_equal(written(REPLY_FORECAST, &d, "YS"),
		"[YS*8800000015*0078*WT_FUTR,2023-12-30,10:39:56,0041,19,0042,1,23,-2,2023-12-31,"
		"0043,9,24,17,2024-01-01,0044,2,22,17,2024-01-02,0045,2,22,16]");
	d.forecast.days[3].text[0] = '\0';
	assert_string_equal(written(REPLY_FORECAST, &d, "YS"), "");
}

static void places_and_addresses_have_their_forms(void **state)
{
	struct reply_data d = {.place = {.lat_e7 = 225717070, .lon_e7 = -1138613968}};

	(void)state;
	assert_string_equal(written(REPLY_PLACE, &d, "SG"),
		"[SG*8800000015*0021*RG,BASE,22.571707,N,-113.861396,E]");
	d = (struct reply_data){.place = {.lat_e7 = -5, .lon_e7 = 1000000}};
	assert_string_equal(written(REPLY_PLACE, &d, "SG"),
		"[SG*8800000015*001D*RG,BASE,0.000000,N,0.100000,E]");
	d = (struct reply_data){.address = {.is_gps = true, .text = "Am Gr\xC3\xBCn 1"}};
	assert_string_equal(written(REPLY_ADDRESS, &d, "SG"),
		"[SG*8800000015*001C*RAD,GPS,416d20477275656e2031]");
	d.address.is_gps = false;
	assert_string_equal(written(REPLY_ADDRESS, &d, "SG"),
		"[SG*8800000015*001D*RAD,BASE,416d20477275656e2031]");
}

static void friends_are_told_in_three_forms(void **state)
{
	struct reply_data d = {.friend = {.id = "8800000016", .name = "A", .number = "112"}};

	(void)state;
	assert_string_equal(written(REPLY_FRIEND, &d, "3G"), "[3G*8800000015*000A*8800000016]");
	assert_string_equal(
		written(REPLY_FRIEND, &d, "YS"), "[YS*8800000015*0016*PP,8800000016,0041,112]");
	d.friend.dialect = DIALECT_V32;
	assert_string_equal(written(REPLY_FRIEND, &d, "3G"), "[3G*8800000015*000D*pp,8800000016]");
	d = (struct reply_data){.friend = {.result = FRIEND_OTHER_HAS_ONE}};
	assert_string_equal(written(REPLY_FRIEND, &d, "3G"), "[3G*8800000015*0001*1]");
	d.friend.result = FRIEND_THIS_HAS_ONE;
	assert_string_equal(written(REPLY_FRIEND, &d, "3G"), "[3G*8800000015*0001*2]");
	assert_string_equal(written(REPLY_FRIEND, &d, "YS"), "");
	d.friend.result = 3;
	assert_string_equal(written(REPLY_FRIEND, &d, "3G"), "");
	d = (struct reply_data){.friend = {.id = "88]0000016"}};
	assert_string_equal(written(REPLY_FRIEND, &d, "3G"), "");
	d = (struct reply_data){.friend = {.id = "8800000016", .number = "x"}};
	assert_string_equal(written(REPLY_FRIEND, &d, "3G"), "");
}

static void data_over_their_limits_are_refused(void **state)
{
	struct reply_data good = weather_of("a", "b");
	struct reply_data d;

	(void)state;
	assert_int_equal(reply_data_check(REPLY_WEATHER, &good, NULL), RC_OK);
	for (unsigned i = 0; i < 8; i++) {
		d = good;
		switch (i) {
		case 0:
			d.weather.code = 4;
			break;
		case 1:
			d.weather.now = REPLY_DEGREES_MAX + 1;
			break;
		case 2:
			d.weather.low = -REPLY_DEGREES_MAX - 1;
			break;
		case 3:
			d.weather.local_s = 0;
			break;
		case 4:
			d.weather.text[0] = '\0';
			break;
		case 5:
			memset(d.weather.city, 'x', REPLY_TEXT_UNITS + 1);
			break;
		case 6:
			memset(d.weather.city, 'x', sizeof d.weather.city);
			break;
		default:
			d.weather.text[0] = '\n';
			break;
		}
		assert_int_not_equal(reply_data_check(REPLY_WEATHER, &d, NULL), RC_OK);
		assert_string_equal(written(REPLY_WEATHER, &d, "3G"), "");
	}
	d = (struct reply_data){.place = {.lat_e7 = 900000001}};
	assert_string_equal(written(REPLY_PLACE, &d, "3G"), "");
	struct reply none = {.kind = REPLY_WEATHER};
	struct addressee to = {.vendor = VIEW("3G"), .id = VIEW("8800000015")};
	char text[REPLY_FRAME_MAX];
	uint8_t packed[REPLY_PACK_MAX];
	size_t n = 0;
	assert_int_equal(reply_write(&none, &to, text, sizeof text, &n, NULL), RC_SYNTAX);
	assert_int_equal(reply_pack(&none, packed, sizeof packed, &n, NULL), RC_SYNTAX);
}

static void accents_are_lost_and_nothing_else(void **state)
{
	char text[20];

	(void)state;
	reply_text_to_ascii(
		VIEW("\xC3\x84\xC3\x9F\xC3\xA9\xC5\x81\xC5\xBE\xE2\x80\x99 x"), text, sizeof text);
	assert_string_equal(text, "AesseLz' x");
	reply_text_to_ascii(VIEW("\xE5\x8D\x97\xD0\x90"), text, sizeof text);
	assert_string_equal(text, "??");
	reply_text_to_ascii(VIEW("12345678901234567890"), text, sizeof text);
	assert_string_equal(text, "1234567890123456789");
	/* every letter of the table */
	for (uint32_t c = 0xC0; c < 0x180; c++) {
		const char letter[2] = {(char)(0xC0 | c >> 6), (char)(0x80 | (c & 0x3F))};
		reply_text_to_ascii((struct view){.p = letter, .n = 2}, text, sizeof text);
		assert_true(text[0] > ' ' && text[0] < 0x7F && text[0] != '?');
	}
}

static void any_text(struct prop *p, char *ret, size_t size)
{
	(void)prop_bytes(
		p, ret, prop_chance(p, 80) ? 20 : size, prop_chance(p, 80) ? "ab ,]*}[" : NULL, 8);
	ret[size - 1] = prop_chance(p, 99) ? '\0' : 'x';
}

/* Any values at all: one frame, or none. */
static void one_data(struct prop *p)
{
	static const enum reply_kind kinds[] = {
		REPLY_WEATHER, REPLY_FORECAST, REPLY_PLACE, REPLY_ADDRESS, REPLY_FRIEND};
	enum reply_kind kind = kinds[prop_below(p, COUNT_OF(kinds))];
	struct reply_data d = {.place = {0}};

	if (kind == REPLY_WEATHER) {
		d.weather.local_s = prop_between(p, 1400000000, 4200000000);
		d.weather.code = (uint8_t)prop_below(p, 5);
		d.weather.now = (int8_t)prop_between(p, -62, 62);
		d.weather.low = (int8_t)prop_between(p, -62, 62);
		d.weather.high = (int8_t)prop_between(p, -62, 62);
		any_text(p, d.weather.text, sizeof d.weather.text);
		any_text(p, d.weather.city, sizeof d.weather.city);
	} else if (kind == REPLY_FORECAST) {
		d.forecast.local_s = prop_between(p, 1400000000, 4200000000);
		any_text(p, d.forecast.city, sizeof d.forecast.city);
		for (size_t i = 0; i < REPLY_FORECAST_DAYS; i++)
			any_text(p, d.forecast.days[i].text, sizeof d.forecast.days[i].text);
	} else if (kind == REPLY_PLACE) {
		d.place.lat_e7 = (int32_t)prop_between(p, -910000000, 910000000);
		d.place.lon_e7 = (int32_t)prop_between(p, INT32_MIN, INT32_MAX);
	} else if (kind == REPLY_ADDRESS) {
		d.address.is_gps = prop_chance(p, 50);
		any_text(p, d.address.text, sizeof d.address.text);
	} else {
		d.friend.result = (uint8_t)prop_below(p, 4);
		d.friend.dialect = (uint8_t)prop_below(p, 4);
		(void)prop_bytes(
			p, d.friend.id, FRAME_ID_MAX, "0123456789]", prop_chance(p, 90) ? 10 : 11);
		any_text(p, d.friend.name, sizeof d.friend.name);
		(void)prop_bytes(p, d.friend.number, COMMAND_NUMBER_MAX, "0123456789*", 10);
	}
	const char *text = written(kind, &d, prop_chance(p, 50) ? "3G" : "YS");
	if (text[0] != '\0')
		(void)kit_strict_frame(view_of(text));
}

static void any_data_are_one_frame_or_none(void **state)
{
	(void)state;
	prop_run("any_data_are_one_frame_or_none", 5000, one_data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weather_has_the_form_of_the_vendor),
		cmocka_unit_test(a_forecast_says_high_before_low),
		cmocka_unit_test(places_and_addresses_have_their_forms),
		cmocka_unit_test(friends_are_told_in_three_forms),
		cmocka_unit_test(data_over_their_limits_are_refused),
		cmocka_unit_test(accents_are_lost_and_nothing_else),
		cmocka_unit_test(any_data_are_one_frame_or_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
