/* Watches know an offset, not a zone: when a zone's offset changes (summer time), each watch in it
 * is told the new one at that minute. One timer for all zones; no walk over all watches: the index
 * (zone, offset sent) finds those that are wrong, in bounded steps. Also mends what changed while
 * the service was off. Main loop. */
#pragma once

#include "domain/domain.h"

struct zone_clock;

enum {
	ZONE_CLOCK_STEP = 64, /* watches in one transaction */
	ZONE_CLOCK_MAX_MS =
		60 * 60 * 1000, /* looks at least so often: tzdata or the clock may have changed */
};

MUST_CHECK enum rc zone_clock_new(struct domain *d, struct zone_clock **ret_owned, struct err *e);
void zone_clock_free(struct zone_clock *c);
/* The first look, soon. */
void zone_clock_start(struct zone_clock *c);
/* The same from any thread: perhaps a zone that nobody had. */
void zone_clock_wake(struct domain *d);
