/* Open claims in memory: what the main loop asks when an unclaimed watch appears or says something.
 * Has its own lock. Inside of domain/ only; the API's side is claim.h. */
#pragma once

#include "domain/claim.h"
#include "watch/report.h"

struct claims;

MUST_CHECK enum rc claims_new(struct domain *d, struct claims **ret_owned, struct err *e);
void claims_free(struct claims *cs);
MUST_CHECK enum rc claims_load(struct domain *d, struct db *db, struct err *e);

/* Main loop. */

/* Somebody waits for a watch with this id. */
bool claims_want(struct domain *d, struct view wire_id);
/* An unclaimed watch opened a session: tells its claims; `is_new` asks for near misses. */
void claims_on_opened(struct domain *d, uint64_t session, struct view wire_id, bool is_new);
/* A report of an unclaimed session. True when it took the answer upon itself (SOS as the proof). */
bool claims_on_report(struct domain *d, const struct message_report *m, struct view wire_id,
	const struct report *r);
void claims_on_closed(struct domain *d, uint64_t session, struct view wire_id);
void claims_on_foreign(struct domain *d, enum foreign kind);

struct claims_stats {
	uint64_t open, bound, locked, codes_wrong, codes_sent;
};
/* Any thread. */
void claims_read_stats(struct claims *cs, struct claims_stats *ret);
