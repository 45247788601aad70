/* Time windows of a member's rights: "only" (a shift: outside of it the rights do not hold) and
 * "not" (quiet at the other parent's: inside of it they do not hold), on days of the week, in the
 * group's zone. Stored packed, next to the member. Pure. */
#pragma once

#include "domain/rights.h"

enum {
	WINDOWS_MAX = 8, /* of one member, or of one member and wearer */
	WINDOW_BYTES = 10,
	DAY_MINUTES = 24 * 60,
};

struct window {
	bool is_only;
	uint8_t days;              /* bit 0: Monday … bit 6: Sunday; of the window's beginning */
	uint16_t from_min, to_min; /* of the day; to <= from ends on the next day */
	right_set rights;
};

size_t windows_pack(
	const struct window *windows, size_t n, uint8_t ret[WINDOWS_MAX * WINDOW_BYTES]);
/* False when the bytes are no windows. */
MUST_CHECK bool windows_unpack(struct view packed, struct window ret[WINDOWS_MAX], size_t *ret_n);

/* The rights that do not hold at that local time (UTC ms + offset of the zone). What cannot be read
 * forbids all. */
right_set windows_forbid(struct view packed, int64_t local_ms);
