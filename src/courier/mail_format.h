/* A mail as bytes (RFC 5322, MIME), made from parts that the courier does not trust: no part can
 * end a header or begin another one, whatever it holds. Pure. */
#pragma once

#include <stdint.h>

#include "base/uid.h"
#include "base/view.h"

enum { MAIL_FORMAT_MAX = 32768 };

struct mail_parts {
	struct view from, to; /* addresses; others than is_mail_address are refused */
	struct view subject;  /* UTF-8, no control characters */
	struct view text;     /* UTF-8 */
	struct uid id;        /* of the message: a repeat has the same */
	int64_t time_ms;
};

/* Writes the mail with \r\n into dst; RC_SYNTAX for a part that is not allowed, RC_LIMIT when it is
 * too long. */
MUST_CHECK enum rc mail_format(
	const struct mail_parts *m, char dst[MAIL_FORMAT_MAX], size_t *ret_n, struct err *e);
