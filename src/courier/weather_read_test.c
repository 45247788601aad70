#include "courier/weather_read.h"

#include <stdio.h>

#include "base/https_url.h"
#include "courier/question.h"
#include "unit.h"

static const char good[] =
	"{\"latitude\":50.9,\"current\":{\"time\":\"2026-11-22T18:00\",\"temperature_2m\":3.6,"
	"\"weather_code\":61},\"daily\":{\"weather_code\":[61,71,3,0],"
	"\"temperature_2m_max\":[5.4,-0.6,7,9.49],\"temperature_2m_min\":[1,-4.5,2.2,0]}}";

static void an_answer_becomes_degrees_and_four_kinds_of_weather(void **state)
{
	struct message_weather_told t = {.lat_d = 509, .lon_d = 113};

	(void)state;
	assert_int_equal(weather_read(view_of(good), &t, NULL), RC_OK);
	assert_true(t.is_good);
	assert_int_equal(t.lat_d, 509);
	assert_int_equal(t.now, 4);
	assert_int_equal(t.code, WEATHER_RAIN);
	assert_int_equal(t.days_n, 4);
	assert_int_equal(t.days[1].code, WEATHER_SNOW);
	assert_int_equal(t.days[1].high, -1);
	assert_int_equal(t.days[1].low, -5);
	assert_int_equal(t.days[2].code, WEATHER_CLOUDY);
	assert_int_equal(t.days[3].code, WEATHER_CLEAR);
}

static void anything_else_is_no_weather(void **state)
{
	static const char *const texts[] = {"", "null", "[]", "{}", "{\"current\":[]}",
		"{\"current\":{\"temperature_2m\":3,\"weather_code\":1}}",
		"{\"current\":{\"temperature_2m\":1e99,\"weather_code\":1},\"daily\":{"
		"\"weather_code\":[1],\"temperature_2m_max\":[1],\"temperature_2m_min\":[0]}}",
		"{\"current\":{\"temperature_2m\":3,\"weather_code\":-1},\"daily\":{"
		"\"weather_code\":[1],\"temperature_2m_max\":[1],\"temperature_2m_min\":[0]}}",
		"{\"current\":{\"temperature_2m\":3,\"weather_code\":1},\"daily\":{"
		"\"weather_code\":[1],\"temperature_2m_max\":[0],\"temperature_2m_min\":[1]}}",
		"{\"current\":{\"temperature_2m\":\"3\",\"weather_code\":1},\"daily\":{"
		"\"weather_code\":[1],\"temperature_2m_max\":[1],\"temperature_2m_min\":[0]}}"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct message_weather_told t = {.lat_d = 1};
		assert_int_equal(weather_read(view_of(texts[i]), &t, NULL), RC_SYNTAX);
		assert_false(t.is_good);
	}
	for (size_t n = 0; n < sizeof good - 1; n++) {
		struct message_weather_told t = {.lat_d = 1};
		assert_int_equal(
			weather_read((struct view){.p = good, .n = n}, &t, NULL), RC_SYNTAX);
	}
}

static void an_address_gets_one_rounded_place(void **state)
{
	char url[80];

	(void)state;
	assert_true(question_weather_url(
		"https://w.example/?a={lat}&b={lon}", 509, -5, url, sizeof url));
	assert_string_equal(url, "https://w.example/?a=50.9&b=-0.5");
	assert_true(
		question_weather_url("https://w.example/{lon}/{lat}", -900, 1800, url, sizeof url));
	assert_string_equal(url, "https://w.example/180.0/-90.0");
	assert_false(question_weather_url("https://w.example/?a={lat}", 1, 2, url, sizeof url));
	assert_false(question_weather_url(
		"https://w.example/?a={lat}&b={lon}&c={lon}", 1, 2, url, sizeof url));
	assert_false(question_weather_url("https://w.example/?a={lat}&b={lon}", 509, -5, url, 30));
}

/* As docs/health.md names it. */
static void the_service_that_is_documented_can_be_asked(void **state)
{
	static const char service[] =
		"https://api.open-meteo.com/v1/forecast?latitude={lat}&longitude={lon}"
		"&current=temperature_2m,weather_code&daily=weather_code,temperature_2m_max,"
		"temperature_2m_min&forecast_days=4&timezone=auto";
	char url[HTTPS_URL_MAX + 1];
	struct https_url read;

	(void)state;
	assert_true(sizeof service <= 256); /* a setting */
	assert_true(question_weather_url(service, -334, 1512, url, sizeof url));
	assert_int_equal(https_url_read(view_of(url), &read, NULL), RC_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_becomes_degrees_and_four_kinds_of_weather),
		cmocka_unit_test(anything_else_is_no_weather),
		cmocka_unit_test(an_address_gets_one_rounded_place),
		cmocka_unit_test(the_service_that_is_documented_can_be_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
