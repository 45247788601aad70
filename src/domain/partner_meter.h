/* How much a partner does: requests a minute, calls of each right on each wearer an hour, different
 * wearers an hour, and requests for what it may not see. The first two are answered "later"; the
 * last two are unusual, and the caller stops the partner. In memory, of fixed size; a restart
 * begins anew (what must not begin anew, locating and messages, is counted in the database). Any
 * thread; one mutex. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "domain/rights.h"

enum { PARTNER_MISSING_PER_HOUR_MAX = 100 /* requests answered 404 */ };

struct partner_meter;

MUST_CHECK enum rc partner_meter_new(struct partner_meter **ret_owned, struct err *e);
void partner_meter_free(struct partner_meter *m);

/* False: too fast; *ret_wait_s says when it may go on. */
bool partner_meter_request(struct partner_meter *m, const struct uid *partner, uint32_t per_min,
	int64_t mono_ms, uint32_t *ret_wait_s);
/* The same of one right on one wearer. */
bool partner_meter_right(struct partner_meter *m, const struct uid *partner,
	const struct uid *wearer, enum right right, int64_t mono_ms, uint32_t *ret_wait_s);
/* Calls of a right on one wearer in an hour. */
uint32_t partner_right_per_hour(enum right right);

/* False: unusual; stop it. */
bool partner_meter_wearer(struct partner_meter *m, const struct uid *partner,
	const struct uid *wearer, uint32_t per_hour, int64_t mono_ms);
bool partner_meter_missing(struct partner_meter *m, const struct uid *partner, int64_t mono_ms);
/* It was stopped or begins again: counts from zero. */
void partner_meter_forget(struct partner_meter *m, const struct uid *partner);
