/* Escaping of binary payloads on the wire (protocol section 1.1): } [ ] , * become 7D 01 … 7D 05.
 * Text frames are never unescaped. Pure. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/view.h"

/* True when each 7D is followed by 01 … 05 and no raw bracket occurs. */
bool escape_is_sound(struct view in);

/* The bytes that were escaped, written to buf; *ret_n of them. RC_SYNTAX when not sound, RC_LIMIT
 * when buf is too small; in.n bytes always suffice. */
MUST_CHECK enum rc escape_read(
	struct view in, char *buf, size_t buf_size, size_t *ret_n, struct err *e);

/* The wire form of the bytes, at most twice as many. */
MUST_CHECK enum rc escape_write(
	struct view in, char *buf, size_t buf_size, size_t *ret_n, struct err *e);
