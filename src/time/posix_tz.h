/* The rule in the last line of a TZif file ("CET-1CEST,M3.5.0,M10.5.0/3"): what holds after the
 * last change that the file lists (RFC 9636 §3.3.1). Inside of time/ only. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/view.h"

struct tz_date {
	enum { TZ_MONTH_WEEK_DAY, TZ_JULIAN, TZ_DAY_OF_YEAR } kind;
	int32_t month, week, day; /* day alone for the last two kinds */
	int32_t time_s;           /* local, -167 h … +167 h */
};

struct tz_rule {
	bool is_set;
	bool has_summer;
	int32_t standard_s, summer_s; /* seconds east of UTC */
	struct tz_date begin, end;    /* of summer time */
};

/* An empty text gives a rule that is not set. False for anything malformed. */
MUST_CHECK bool tz_rule_read(struct view text, struct tz_rule *ret);
int32_t tz_rule_offset(const struct tz_rule *r, int64_t utc_s);
/* The first change after utc_s, or INT64_MAX. */
int64_t tz_rule_next(const struct tz_rule *r, int64_t utc_s);
