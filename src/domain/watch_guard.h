/* What keeps strangers out of a claimed watch: no control numbers, no factory password, no unknown
 * callers, no picking up by itself. Set after the claim; looked at again each day, found by an
 * index of what is due, a few at a time. Where the watch tells its settings (TS) they are compared:
 * what somebody changed is an alarm (settings_drift) and is put right again; where it does not, it
 * is told anew. */
#pragma once

#include "domain/ingest.h"
#include "domain/setting_store.h"

struct watch_guard;

enum {
	GUARD_FIRST_MS = 5 * 60 * 1000, /* after the claim */
	GUARD_EVERY_MS = 24 * 3600 * 1000,
	GUARD_TICK_MS = 60 * 1000,
	GUARD_STEP = 32, /* watches in one transaction */
};

MUST_CHECK enum rc watch_guard_new(struct domain *d, struct watch_guard **ret_owned, struct err *e);
void watch_guard_free(struct watch_guard *g);
/* Main loop: begins to look. */
void watch_guard_start(struct watch_guard *g);

/* Main loop: a bound watch, in a session that is not in doubt, told its settings: these are
 * compared (setting_drift.h). */
void watch_guard_on_status(struct domain *d, const struct uid *wearer, const struct report *r);

enum guard_item {
	GUARD_CONTROL_NUMBERS,
	GUARD_PASSWORD,
	GUARD_STRANGERS,
	GUARD_AUTO_ANSWER,
	GUARD_ITEM_COUNT
};
const char *guard_item_name(enum guard_item item);

struct guard_state {
	enum setting_state items[GUARD_ITEM_COUNT];
	int64_t checked_ms; /* the watch last told its settings; 0: never */
	int64_t drift_ms;   /* the last time that they were not ours; 0: never */
};
/* RC_CONFLICT no_device. */
MUST_CHECK enum rc watch_guard_get(struct db *reader, const struct uid *wearer,
	struct guard_state *ret, struct problem *p, struct err *e);
