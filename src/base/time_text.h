/* Civil time and its RFC 3339 text, proleptic Gregorian, UTC, no leap seconds, no libc zone state.
 */
#pragma once

#include <stdint.h>

#include "base/view.h"

enum { TIME_TEXT = 25 }; /* "2026-11-22T10:55:00.000Z" and NUL */

struct civil {
	int32_t year;           /* 1..9999 */
	uint8_t month, day;     /* 1..12, 1..31 */
	uint8_t hour, min, sec; /* 0..23, 0..59, 0..59 */
};

/* UTC ms of a civil time. RC_SYNTAX for a date that does not exist (31 February, month 13, hour
 * 24). */
MUST_CHECK enum rc civil_to_ms(const struct civil *c, int64_t *ret_ms, struct err *e);
void civil_from_ms(int64_t utc_ms, struct civil *ret);

void time_to_text(int64_t utc_ms, char ret_text[TIME_TEXT]);
/* RFC 3339 with Z or an offset, optional fraction. Years 1970..9999. */
MUST_CHECK enum rc time_from_text(struct view text, int64_t *ret_ms, struct err *e);
