#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef fail
#undef fail_sys

enum rc fail(struct err *e, enum rc rc, const char *fmt, ...)
{
	if (e == NULL)
		return rc;
	e->rc = rc;
	e->sys = 0;
	va_list args;
	va_start(args, fmt);
	(void)vsnprintf(e->msg, sizeof e->msg, fmt, args); /* cut on purpose */
	va_end(args);
	return rc;
}

enum rc fail_sys(struct err *e, const char *fmt, ...)
{
	int sys = errno;

	if (e == NULL)
		return RC_IO;
	e->rc = RC_IO;
	e->sys = sys;
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(e->msg, sizeof e->msg, fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof e->msg) {
		char text[64];
		(void)snprintf(e->msg + n, sizeof e->msg - (size_t)n, ": %s",
			strerror_r(sys, text, sizeof text)); /* cut on purpose */
	}
	errno = sys;
	return RC_IO;
}

const char *rc_name(enum rc rc)
{
	switch (rc) {
	case RC_OK:
		return "ok";
	case RC_MORE:
		return "more";
	case RC_SYNTAX:
		return "syntax";
	case RC_LIMIT:
		return "limit";
	case RC_DENIED:
		return "denied";
	case RC_NOT_FOUND:
		return "not_found";
	case RC_CONFLICT:
		return "conflict";
	case RC_NOMEM:
		return "no_memory";
	case RC_IO:
		return "io";
	case RC_BUG:
		return "bug";
	}
	return "unknown";
}
