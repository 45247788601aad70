#include "time/posix_tz.h"

enum { DAY_S = 86400, NAME_MIN = 3, NAME_MAX = 16 };

static bool cut_char(struct view *in, char c)
{
	if (in->n == 0 || in->p[0] != c)
		return false;
	in->p++;
	in->n--;
	return true;
}

static bool cut_number(struct view *in, int32_t max, int32_t *ret)
{
	int32_t value = 0;
	size_t n = 0;

	while (n < in->n && n < 4 && in->p[n] >= '0' && in->p[n] <= '9')
		value = value * 10 + (in->p[n++] - '0');
	if (n == 0 || value > max)
		return false;
	in->p += n;
	in->n -= n;
	*ret = value;
	return true;
}

static bool cut_name(struct view *in)
{
	struct view name;
	size_t n = 0;

	if (cut_char(in, '<'))
		return view_cut_until(in, '>', NAME_MAX, &name) && name.n >= NAME_MIN;
	while (n < in->n && ascii_lower(in->p[n]) >= 'a' && ascii_lower(in->p[n]) <= 'z')
		n++;
	return n >= NAME_MIN && view_cut(in, n, &name);
}

/* [+-]hh[:mm[:ss]] */
static bool cut_time(struct view *in, int32_t hours_max, int32_t *ret_s)
{
	bool is_negative = cut_char(in, '-');
	int32_t h = 0;
	int32_t m = 0;
	int32_t s = 0;

	if (!is_negative)
		(void)cut_char(in, '+'); /* may be there */
	if (!cut_number(in, hours_max, &h))
		return false;
	if (cut_char(in, ':')) {
		if (!cut_number(in, 59, &m))
			return false;
		if (cut_char(in, ':') && !cut_number(in, 59, &s))
			return false;
	}
	int32_t total = h * 3600 + m * 60 + s;
	*ret_s = is_negative ? -total : total;
	return true;
}

static bool cut_date(struct view *in, struct tz_date *ret)
{
	*ret = (struct tz_date){.time_s = 2 * 3600};
	if (cut_char(in, 'M')) {
		ret->kind = TZ_MONTH_WEEK_DAY;
		if (!cut_number(in, 12, &ret->month) || ret->month < 1 || !cut_char(in, '.') ||
			!cut_number(in, 5, &ret->week) || ret->week < 1 || !cut_char(in, '.') ||
			!cut_number(in, 6, &ret->day))
			return false;
	} else if (cut_char(in, 'J')) {
		ret->kind = TZ_JULIAN;
		if (!cut_number(in, 365, &ret->day) || ret->day < 1)
			return false;
	} else {
		ret->kind = TZ_DAY_OF_YEAR;
		if (!cut_number(in, 365, &ret->day))
			return false;
	}
	return !cut_char(in, '/') || cut_time(in, 167, &ret->time_s);
}

bool tz_rule_read(struct view text, struct tz_rule *ret)
{
	struct tz_rule r = {.is_set = text.n > 0};
	int32_t west_s = 0;

	if (text.n == 0) {
		*ret = r;
		return true;
	}
	if (!cut_name(&text) || !cut_time(&text, 24, &west_s))
		return false;
	r.standard_s = -west_s;
	r.summer_s = r.standard_s + 3600;
	if (text.n > 0) {
		r.has_summer = true;
		if (!cut_name(&text))
			return false;
		if (text.n > 0 && text.p[0] != ',') {
			if (!cut_time(&text, 24, &west_s))
				return false;
			r.summer_s = -west_s;
		}
		if (!cut_char(&text, ',') || !cut_date(&text, &r.begin) || !cut_char(&text, ',') ||
			!cut_date(&text, &r.end) || text.n > 0)
			return false;
	}
	*ret = r;
	return true;
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* Days from 1970-01-01 to 1 January of the year. */
static int64_t days_to_year(int64_t year)
{
	int64_t y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400 - 719162;
}

static int64_t year_of(int64_t utc_s)
{
	int64_t day = utc_s >= 0 ? utc_s / DAY_S : -((-utc_s + DAY_S - 1) / DAY_S);
	int64_t year = 1970 + day / 366;

	while (days_to_year(year + 1) <= day)
		year++;
	while (days_to_year(year) > day)
		year--;
	return year;
}

/* Local seconds since 1970 at which the date falls in that year. */
static int64_t date_in_year(const struct tz_date *d, int64_t year)
{
	static const int32_t before_month[] = {
		0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
	int64_t first = days_to_year(year);
	int64_t day = 0;

	switch (d->kind) {
	case TZ_JULIAN: /* 29 February is never counted */
		day = first + d->day - 1 + (is_leap(year) && d->day >= 60 ? 1 : 0);
		break;
	case TZ_DAY_OF_YEAR:
		day = first + d->day;
		break;
	case TZ_MONTH_WEEK_DAY: {
		int64_t leap = is_leap(year) ? 1 : 0;
		int64_t month_first =
			first + before_month[d->month - 1] + (d->month > 2 ? leap : 0);
		int64_t month_next = first + before_month[d->month] + (d->month > 1 ? leap : 0);
		int64_t weekday = ((month_first % 7) + 11) % 7; /* 1970-01-01 was a Thursday */
		day = month_first + (d->day - weekday + 7) % 7 + (int64_t)(d->week - 1) * 7;
		while (day >= month_next)
			day -= 7;
		break;
	}
	}
	return day * DAY_S + d->time_s;
}

/* UTC seconds at which summer time begins and ends in that year. */
static int64_t begin_in_year(const struct tz_rule *r, int64_t year)
{
	return date_in_year(&r->begin, year) - r->standard_s;
}

static int64_t end_in_year(const struct tz_rule *r, int64_t year)
{
	return date_in_year(&r->end, year) - r->summer_s;
}

int64_t tz_rule_next(const struct tz_rule *r, int64_t utc_s)
{
	int64_t best = INT64_MAX;

	if (!r->has_summer || r->summer_s == r->standard_s)
		return INT64_MAX;
	int64_t year = year_of(utc_s);
	for (int64_t y = year - 1; y <= year + 2; y++) {
		int64_t begin = begin_in_year(r, y);
		int64_t end = end_in_year(r, y);
		/* Permanent summer time is written as a year of 365 days: its ends meet. */
		if (begin_in_year(r, y + 1) <= end && begin <= end)
			continue;
		if (begin > utc_s && begin < best)
			best = begin;
		if (end > utc_s && end < best)
			best = end;
	}
	return best;
}

int32_t tz_rule_offset(const struct tz_rule *r, int64_t utc_s)
{
	int64_t latest = INT64_MIN;
	bool is_summer = false;

	if (!r->has_summer)
		return r->standard_s;
	int64_t year = year_of(utc_s);
	for (int64_t y = year - 1; y <= year + 1; y++) {
		int64_t begin = begin_in_year(r, y);
		int64_t end = end_in_year(r, y);
		if (end <= utc_s && end >= latest) {
			latest = end;
			is_summer = false;
		}
		if (begin <= utc_s && begin >= latest) {
			latest = begin;
			is_summer = true;
		}
	}
	return is_summer ? r->summer_s : r->standard_s;
}
