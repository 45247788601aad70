/* Tells a watch all its settings again: after it was set back to the factory's, restarted, unbound
 * by its wearer or got another SIM. What is due stands in the device's row; one watch at a time,
 * with a pause, so that many at once make no storm, and only while it is connected. Main loop. */
#pragma once

#include "domain/domain.h"

struct reapply;

enum {
	REAPPLY_PAUSE_MS = 100,          /* between two watches */
	REAPPLY_TICK_MS = 5 * 1000,      /* looks at least so often */
	REAPPLY_SETTLE_MS = 30 * 1000,   /* after the cause, for the watch to be back */
	REAPPLY_AWAY_MS = 5 * 60 * 1000, /* again, when it is not connected */
	REAPPLY_GAP_MS = 60 * 60 * 1000, /* between two times that only the watch's word asks for */
};

MUST_CHECK enum rc reapply_new(struct domain *d, struct reapply **ret_owned, struct err *e);
void reapply_free(struct reapply *r);
void reapply_start(struct reapply *r);

/* In a writer job. `is_certain`: we did it ourselves; else only when it was not done lately. */
MUST_CHECK enum rc reapply_want(
	struct db *db, const struct uid *wearer, int64_t now_ms, bool is_certain, struct err *e);
