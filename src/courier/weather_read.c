#include "courier/weather_read.h"

#include <jansson.h>
#include <math.h>

enum { DEGREES_MAX = 60, CODE_MAX = 99 };

static void json_freep(json_t **j)
{
	json_decref(*j);
}

/* Whole degrees; false for what is no number or cannot be. */
static bool read_degrees(const json_t *value, int8_t *ret)
{
	double degrees = json_number_value(value);

	if (!json_is_number(value) || !(fabs(degrees) <= DEGREES_MAX))
		return false;
	*ret = (int8_t)lround(degrees);
	return true;
}

static bool read_code(const json_t *value, uint8_t *ret)
{
	json_int_t code = json_integer_value(value);

	if (!json_is_integer(value) || code < 0 || code > CODE_MAX)
		return false;
	if (code <= 1)
		*ret = WEATHER_CLEAR;
	else if (code <= 48)
		*ret = WEATHER_CLOUDY;
	else if ((code >= 71 && code <= 77) || code == 85 || code == 86)
		*ret = WEATHER_SNOW;
	else
		*ret = WEATHER_RAIN;
	return true;
}

/* The days as far as they are whole: today must be. */
static bool read_days(const json_t *daily, struct message_weather_told *ret)
{
	const json_t *codes = json_object_get(daily, "weather_code");
	const json_t *highs = json_object_get(daily, "temperature_2m_max");
	const json_t *lows = json_object_get(daily, "temperature_2m_min");

	for (size_t i = 0; i < WEATHER_DAYS; i++) {
		struct weather_day *day = &ret->days[i];
		if (!read_code(json_array_get(codes, i), &day->code) ||
			!read_degrees(json_array_get(highs, i), &day->high) ||
			!read_degrees(json_array_get(lows, i), &day->low) || day->low > day->high)
			break;
		ret->days_n++;
	}
	return ret->days_n > 0;
}

enum rc weather_read(struct view body, struct message_weather_told *ret, struct err *e)
{
	json_error_t why;
	CLEANUP(json_freep)
	json_t *root =
		json_loadb(body.p == NULL ? "" : body.p, body.n, JSON_REJECT_DUPLICATES, &why);
	const json_t *current = json_object_get(root, "current");
	struct message_weather_told told = {.lat_d = ret->lat_d, .lon_d = ret->lon_d};

	if (root == NULL)
		return fail(e, RC_SYNTAX, "weather: no JSON in %zu bytes", body.n);
	if (!read_degrees(json_object_get(current, "temperature_2m"), &told.now) ||
		!read_code(json_object_get(current, "weather_code"), &told.code) ||
		!read_days(json_object_get(root, "daily"), &told))
		return fail(e, RC_SYNTAX,
			"weather: temperature_2m and weather_code of current and daily are wanted");
	told.is_good = true;
	*ret = told;
	return RC_OK;
}
