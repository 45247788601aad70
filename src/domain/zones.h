/* Daylight saving: watches are told their offset, so when it changes they are told again, at the right minute. Works
 * from what each watch was last told, so a change that happened while the server was down is made up for. */
#pragma once

#include "domain/domain.h"

struct zones;

MUST_CHECK enum rc zones_start(struct domain *d, struct zones **ret_owned, struct err *e);
/* Main loop, or after it ended. NULL is allowed. */
void zones_stop(struct zones *z);
/* A watch got another zone: look for its next change. Any thread. */
void zones_refresh(struct domain *d);

/* The offset of a zone now, in minutes and rounded to quarters of an hour. */
MUST_CHECK enum rc zones_offset_min(
	struct view zone, int64_t now_ms, int16_t *ret, struct err *e);
