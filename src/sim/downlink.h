/* Reads what the server sends, as strictly as real firmware: exact length, the bracket in exactly
 * that place, the watch's own id. What does not fit vanishes; here it is reported, because it is a
 * fault of the server. Pure. */
#pragma once

#include "base/err.h"
#include "base/view.h"

enum { DOWNLINK_FRAME_MAX = 10240 };

struct downlink {
	struct view whole, vendor, id, index, content;
	struct view keyword, params; /* params.p is NULL without a comma */
};

/* Takes one frame from the front of *in. RC_MORE: not whole yet. RC_SYNTAX: *ret->whole is what was
 * dropped, *in stands after it. has_index: frames carry one. */
MUST_CHECK enum rc downlink_read(
	struct view *in, bool has_index, struct downlink *ret, struct err *e);

/* UTF-16BE in hex digits as UTF-8, NUL-terminated, cut to size. False when it is no such text. */
MUST_CHECK bool downlink_text(struct view hex, char *ret_utf8, size_t size);
