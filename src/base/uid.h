/* Random 128-bit identifiers of everything that has an id outside one table (account, group,
 * wearer, device, command, alarm …). Stored as 16 bytes, shown as 32 lower-case hex digits. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/view.h"

enum { UID_BYTES = 16, UID_TEXT = 33 };

struct uid {
	uint8_t b[UID_BYTES];
};

/* Fresh from the system's random source. Aborts when that fails: there is nothing safe to do then.
 */
struct uid uid_new(void);

/* 32 hex digits of either case. False, and *ret unchanged, for anything else. */
MUST_CHECK bool uid_from_text(struct view text, struct uid *ret);

/* Writes 32 lower-case hex digits and a NUL to ret_text. */
void uid_to_text(const struct uid *id, char ret_text[UID_TEXT]);

static inline bool uid_is(const struct uid *a, const struct uid *b)
{
	return memcmp(a->b, b->b, UID_BYTES) == 0;
}

/* True for the all-zero id, which stands for "none". */
static inline bool uid_is_none(const struct uid *a)
{
	return uid_is(a, &(struct uid){{0}});
}
