/* What a watch tells or asks for beside its values, and the answer: its calls, the weather, where
 * it is. Nothing is answered that is not known. Main loop. */
#pragma once

#include "domain/domain.h"
#include "watch/report.h"

enum {
	WATCH_ASKS_FRESH_MS = 10 * 60 * 1000,    /* an older place is not told as where it is */
	WATCH_ASKS_REGION_MS = 12 * 3600 * 1000, /* … nor as where the weather is wanted */
};

/* A report with a position, after it was judged and put into its batch: WT, WAD, WG, PP. Call
 * without live_lock. */
void watch_asks_on_position(
	struct domain *d, const struct message_report *m, const struct report *r);
/* Any other report that answers no command of ours. True: its answer is given here, now or after
 * the commit. */
bool watch_asks_on_other(struct domain *d, const struct message_report *m, const struct report *r);
