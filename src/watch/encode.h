/* The one place that makes bytes for a watch: a frame around content that was checked. Used by
 * the command files and reply.c only. Pure. */
#pragma once

#include "watch/reply.h"

/* Content in the making, in the caller's buffer; a text that does not fit is noticed at the end. */
struct content {
	char *p;
	size_t n, size;
	bool is_full;
	size_t payload_at, payload_n; /* escaped bytes: the only ones that may be any */
};

void content_add(struct content *c, struct view text);
void content_add_number(struct content *c, int64_t value);
/* A sound or picture, at most one in a content; escaped here unless it is so already. */
void content_add_payload(struct content *c, struct view payload, bool is_escaped);

/* Writes '[' vendor '*' id '*' [index '*'] length '*' content ']'. Whatever could end the frame,
 * start another one or confuse a watch (brackets, '*', '}', blanks, control bytes, 8-bit bytes) is
 * RC_SYNTAX; so are vendor, id or index of a wrong form. */
MUST_CHECK enum rc encode_frame(const struct addressee *to, const struct content *content,
	char *buf, size_t buf_size, size_t *ret_n, struct err *e);
