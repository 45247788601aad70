/* The tracking mode "adaptive": often on the way, seldom at rest, by the interval that the watch is
 * told (UPLOAD). Only watches in this mode are held here; for all others a report costs one look at
 * a bit of the live table. Main loop, but for tracking_post_change. */
#pragma once

#include "domain/domain.h"
#include "watch/report.h"

struct tracking;

enum {
	TRACKING_WAY_S = 120,
	TRACKING_WAY_LOW_S = 300, /* battery under TRACKING_LOW_PERCENT */
	TRACKING_REST_S = 1800,
	TRACKING_REST_LOW_S = 3600,
	TRACKING_LOW_PERCENT = 30,
	TRACKING_CHANGES_MAX = 24,               /* a day, so that it costs less than it saves */
	TRACKING_REST_AFTER_MS = 15 * 60 * 1000, /* without a move */
	TRACKING_PAUSE_MS = 2 * 60 * 1000,       /* between two changes */
	TRACKING_MOVE_M = 150,                   /* from where it rested */
	TRACKING_MOVE_CKMH = 400,
	TRACKING_WATCHES_MAX = 1 << 20,
};

MUST_CHECK enum rc tracking_new(struct domain *d, struct tracking **ret_owned, struct err *e);
void tracking_free(struct tracking *t);
/* Takes in what is adaptive in the database; after live_load. */
MUST_CHECK enum rc tracking_load(struct domain *d, struct db *db, struct err *e);

/* Any thread: mode or interval of this wearer changed on disk. */
void tracking_post_change(struct domain *d, const struct uid *wearer);

/* Of a watch whose live row says is_adaptive: a position, or a sign of life (r NULL). */
void tracking_on_report(
	struct domain *d, uint32_t number, const struct report *r, int64_t received_ms);
void tracking_forget(struct domain *d, uint32_t number);
