/* Health values on their way into the store and out of it: what one report said, as a sealed row.
 * Inside of domain/ only. */
#pragma once

#include "domain/health.h"
#include "watch/report.h"

enum {
	/* The very same report so soon after the last frame is a resend, not a second measurement.
	 */
	HEALTH_FOLD_MS = 30 * 1000,
	/* A value within this time after a measurement was asked for is its result. */
	HEALTH_ASKED_MS = 5 * 60 * 1000,
	HEALTH_PER_DAY_MAX = 1500, /* of one wearer; more are answered but not kept */
};

/* One report, before it is stored; a plain value. */
struct health_intake {
	struct uid wearer, group;
	int64_t time_ms;
	struct health_value value; /* without by */
};

/* False when the report holds nothing about health: an acknowledgement. */
bool health_from_report(
	const struct report *r, int64_t time_ms, int64_t received_ms, struct health_value *ret);
/* In a writer job. RC_OK also when the wearer does not allow it (any more), or is gone. */
MUST_CHECK enum rc health_take_in(struct db *db, const struct health_intake *in, struct err *e);
