/* The header of a frame: '[' [signature] vendor '*' id '*' [index '*'] length '*' (protocol section
 * 1). Used by frame.c only. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

struct header {
	struct view signature, vendor, id, index;
	uint32_t declared;
	size_t n; /* bytes of the header: the content starts here */
};

/* in.p[0] is '['. RC_MORE while it may still become a header; with is_final the question whether an
 * index stands before the length is answered by what is there. RC_SYNTAX at the first illegal byte.
 */
MUST_CHECK enum rc header_read(struct view in, bool is_final, struct header *ret);

/* Whether in (after a '[') goes on with a vendor code and '*', or may still do so (RC_MORE). */
MUST_CHECK enum rc header_starts(struct view in);
