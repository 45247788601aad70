/* Reading of UTF-8 text (RFC 3629): no surrogates, no overlong forms, nothing over U+10FFFF. Pure.
 */
#pragma once

#include <stdint.h>

#include "base/view.h"

/* Moves one character from the front of *in to *ret_char. False, and nothing moved, when in is
 * empty or does not begin with a well-formed sequence. */
MUST_CHECK bool utf8_next(struct view *in, uint32_t *ret_char);
