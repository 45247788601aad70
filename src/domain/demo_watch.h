/* "Try it with a simulated watch": a wearer whose watch is our own simulator, bound already. One a
 * server. */
#pragma once

#include "domain/domain.h"
#include "domain/wearer.h"

/* Codes: demo_off, demo_exists (RC_CONFLICT), demo_failed (RC_IO). The caller asked rights_decide.
 */
MUST_CHECK enum rc demo_watch_create(struct domain *d, struct db *reader,
	const struct principal *who, const struct uid *group, struct wearer_info *ret,
	struct problem *p, struct err *e);

/* At start: asks for the simulated watch again when there is one. */
MUST_CHECK enum rc demo_watch_resume(struct domain *d, struct db *reader, struct err *e);
