#include "base/time_text.h"

#include <stdio.h>

#include "base/num.h"

enum { MS_PER_DAY = 86400000, DAYS_1970 = 719468 };

static const int64_t HOUR_S = 3600;
static const int64_t MINUTE_S = 60;

static bool is_leap(int32_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static uint8_t days_in_month(int32_t year, uint8_t month)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01; years begin in March, so that the leap day is the last of its year. */
static int64_t days_from_civil(int32_t year, uint8_t month, uint8_t day)
{
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t era = y / 400;
	int64_t year_of_era = y - era * 400;
	int64_t month_from_march = month > 2 ? month - 3 : month + 9;
	int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - DAYS_1970;
}

enum rc civil_to_ms(const struct civil *c, int64_t *ret_ms, struct err *e)
{
	if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1 ||
		c->day > days_in_month(c->year, c->month))
		return fail(e, RC_SYNTAX, "date: %d-%u-%u does not exist", (int)c->year,
			(unsigned)c->month, (unsigned)c->day);
	if (c->hour > 23 || c->min > 59 || c->sec > 59)
		return fail(e, RC_SYNTAX, "time: %u:%u:%u does not exist", (unsigned)c->hour,
			(unsigned)c->min, (unsigned)c->sec);
	int64_t seconds = days_from_civil(c->year, c->month, c->day) * 24 * HOUR_S +
			  c->hour * HOUR_S + c->min * MINUTE_S + c->sec;
	*ret_ms = seconds * 1000;
	return RC_OK;
}

void civil_from_ms(int64_t utc_ms, struct civil *ret)
{
	int64_t ms = utc_ms % MS_PER_DAY;
	int64_t days = utc_ms / MS_PER_DAY;

	if (ms < 0) {
		ms += MS_PER_DAY;
		days--;
	}
	days += DAYS_1970;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;

	ret->year = (int32_t)(yoe + era * 400 + (month <= 2 ? 1 : 0));
	ret->month = (uint8_t)month;
	ret->day = (uint8_t)(doy - (153 * mp + 2) / 5 + 1);
	ret->hour = (uint8_t)(ms / 3600000);
	ret->min = (uint8_t)(ms / 60000 % 60);
	ret->sec = (uint8_t)(ms / 1000 % 60);
}

static void put_digits(char *dst, int64_t value, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		dst[i] = (char)('0' + value % 10);
		value /= 10;
	}
}

void time_to_text(int64_t utc_ms, char ret_text[TIME_TEXT])
{
	struct civil c;
	int64_t ms = utc_ms % 1000;

	civil_from_ms(utc_ms, &c);
	memcpy(ret_text, "0000-00-00T00:00:00.000Z", TIME_TEXT);
	put_digits(ret_text, c.year, 4);
	put_digits(ret_text + 5, c.month, 2);
	put_digits(ret_text + 8, c.day, 2);
	put_digits(ret_text + 11, c.hour, 2);
	put_digits(ret_text + 14, c.min, 2);
	put_digits(ret_text + 17, c.sec, 2);
	put_digits(ret_text + 20, ms < 0 ? ms + 1000 : ms, 3);
}

/* Cuts exactly `digits` decimal digits. */
static bool cut_number(struct view *in, size_t digits, uint32_t *ret)
{
	struct view head;

	return view_cut(in, digits, &head) && num_u32(head, 9999, ret, NULL) == RC_OK;
}

static bool cut_char(struct view *in, const char *allowed, char *ret)
{
	struct view head;

	if (!view_cut(in, 1, &head) || head.p[0] == '\0' || strchr(allowed, head.p[0]) == NULL)
		return false;
	*ret = head.p[0];
	return true;
}

static bool cut_date_time(struct view *in, struct civil *ret)
{
	uint32_t v[6] = {0};
	static const char *const separators[] = {"-", "-", "Tt ", ":", ":", NULL};
	char c = 0;

	for (size_t i = 0; i < COUNT_OF(v); i++) {
		if (!cut_number(in, i == 0 ? 4 : 2, &v[i]))
			return false;
		if (separators[i] != NULL && !cut_char(in, separators[i], &c))
			return false;
	}
	*ret = (struct civil){.year = (int32_t)v[0],
		.month = (uint8_t)v[1],
		.day = (uint8_t)v[2],
		.hour = (uint8_t)v[3],
		.min = (uint8_t)v[4],
		.sec = (uint8_t)v[5]};
	return true;
}

/* ".123456" as milliseconds; cut, not rounded. */
static bool cut_fraction(struct view *in, int64_t *ret_ms)
{
	int64_t scale = 100;

	*ret_ms = 0;
	if (in->n == 0 || in->p[0] != '.')
		return true;
	in->p++;
	in->n--;
	size_t digits = 0;
	for (; in->n > 0 && ascii_is_digit(in->p[0]); in->p++, in->n--, digits++) {
		*ret_ms += (in->p[0] - '0') * scale;
		scale /= 10;
	}
	return digits > 0 && digits <= 9;
}

/* "Z" or "+01:00", as milliseconds to subtract. */
static bool cut_offset(struct view *in, int64_t *ret_ms)
{
	char sign = 0;
	char colon = 0;
	uint32_t hours = 0;
	uint32_t minutes = 0;

	if (!cut_char(in, "Zz+-", &sign))
		return false;
	*ret_ms = 0;
	if (sign == 'Z' || sign == 'z')
		return true;
	if (!cut_number(in, 2, &hours) || !cut_char(in, ":", &colon) ||
		!cut_number(in, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*ret_ms = ((int64_t)hours * 60 + minutes) * 60000 * (sign == '-' ? -1 : 1);
	return true;
}

enum rc time_from_text(struct view text, int64_t *ret_ms, struct err *e)
{
	struct civil c;
	int64_t ms = 0;
	int64_t fraction = 0;
	int64_t offset = 0;

	if (!cut_date_time(&text, &c) || !cut_fraction(&text, &fraction) ||
		!cut_offset(&text, &offset) || text.n != 0 || c.year < 1970)
		return fail(e, RC_SYNTAX, "time: RFC 3339 such as 2026-11-22T10:55:00Z expected");
	enum rc rc = civil_to_ms(&c, &ms, e);
	if (rc == RC_OK)
		*ret_ms = ms + fraction - offset;
	return rc;
}
