/* Texts of watches: UTF-16BE as hex digits (protocol section 5.2). Used by the command files only.
 * Pure. */
#pragma once

#include <stdint.h>

#include "base/num.h"
#include "watch/encode.h"

/* Number of UTF-16 units. RC_SYNTAX for bad UTF-8, for control characters and for what is no
 * character. */
MUST_CHECK enum rc utf16_count(struct view text, size_t *ret_n, struct err *e);

/* Appends the text, which utf16_count accepted. */
void utf16_add(struct content *c, struct view text);

/* Hex digits back to UTF-8. RC_SYNTAX for other characters and lone surrogates, RC_LIMIT when it
 * does not fit. */
MUST_CHECK enum rc utf16_read(
	struct view hex, char *buf, size_t buf_size, size_t *ret_n, struct err *e);
