/* One event a line on standard error: time, level, role, event name, key=value pairs. Never
 * positions, phone numbers, names, message texts or tokens. Lines of one call site are limited to
 * 20 in 10 s; what was left out is counted in the next line. Safe from every thread. */
#pragma once

#include "base/err.h"
#include "base/view.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

enum { LOG_TEXT_MAX = 96 };

/* State of one call site's rate limit. */
struct log_site {
	_Atomic(long long) window_start_ms;
	_Atomic(unsigned) lines;
	_Atomic(unsigned) left_out;
};

/* The least important level that is written, and the role's name in each line ("server"). Call
 * once, before threads start. `role` is kept. */
void log_start(enum log_level level, const char *role);

void log_write(struct log_site *site, enum log_level level, const char *event, const char *fmt, ...)
	PRINTF(4, 5);

/* log_event(LOG_INFO, "gateway.ready", "port=%u", port) */
#define log_event(level, event, ...)                                                               \
	do {                                                                                       \
		static struct log_site log_site_;                                                  \
		log_write(&log_site_, level, event, __VA_ARGS__);                                  \
	} while (0)

/* Text from a peer, made harmless for a log line: printable ASCII without blanks, quotes and
 * backslashes; the rest as \xHH; cut. Returns ret_text. */
const char *log_quote(struct view v, char ret_text[LOG_TEXT_MAX]);
