/* The battery of a wearer's watch for people: level, course, how long it lasts, what drains it. */
#pragma once

#include "domain/battery_care.h"
#include "domain/domain.h"

enum { BATTERY_RANGE_DAYS = 31 };

struct battery_info {
	uint8_t level; /* DAY_LEVEL_UNKNOWN: never said */
	int64_t time_ms;
	bool is_charging;
	struct care_report care;
	int64_t empties_ms; /* with care.has_left */
};

/* One level of the course. */
typedef void battery_level_fn(void *ctx, int64_t time_ms, uint8_t percent, bool is_charging);
/* fn for each hour from..to of which something is known. Codes: range_invalid, range_too_long. */
MUST_CHECK enum rc battery_read(struct domain *d, struct db *reader, const struct uid *wearer,
	int64_t from_ms, int64_t to_ms, battery_level_fn *fn, void *ctx, struct battery_info *ret,
	struct problem *p, struct err *e);
