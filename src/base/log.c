#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/time_text.h"

enum { LINE_MAX = 1024, SITE_LINES_MAX = 20, SITE_WINDOW_MS = 10000 };

/* Set once by log_start, before there are threads. */
static enum log_level log_level = LOG_INFO;
static const char *log_role = "kinward";

void log_start(enum log_level level, const char *role)
{
	log_level = level;
	log_role = role;
}

/* Counts a line of the site. False when the site has used up its window. *ret_left_out is what the
 * windows before left out. */
static bool site_may_write(struct log_site *site, long long now_ms, unsigned *ret_left_out)
{
	long long start = atomic_load(&site->window_start_ms);

	*ret_left_out = 0;
	if (start == 0 || now_ms - start >= SITE_WINDOW_MS) {
		if (atomic_compare_exchange_strong(&site->window_start_ms, &start, now_ms)) {
			atomic_store(&site->lines, 0);
			*ret_left_out = atomic_exchange(&site->left_out, 0);
		}
	}
	if (atomic_fetch_add(&site->lines, 1) < SITE_LINES_MAX)
		return true;
	atomic_fetch_add(&site->left_out, 1);
	return false;
}

static size_t clamp(int written, size_t room)
{
	if (written < 0)
		return 0;
	return (size_t)written < room ? (size_t)written : room - 1;
}

void log_write(struct log_site *site, enum log_level level, const char *event, const char *fmt, ...)
{
	static const char *const names[] = {"error", "warn", "info", "debug"};
	char line[LINE_MAX];
	char time[TIME_TEXT];
	unsigned left_out = 0;
	va_list args;

	if (level > log_level || !site_may_write(site, clock_mono_ms() + 1, &left_out))
		return;
	time_to_text(clock_wall_ms(), time);
	size_t room = sizeof line - 1; /* keeps a byte for the end of the line */
	size_t n = clamp(
		snprintf(line, room, "%s %s %s %s ", time, names[level], log_role, event), room);
	va_start(args, fmt);
	n += clamp(vsnprintf(line + n, room - n, fmt, args), room - n);
	va_end(args);
	if (left_out > 0)
		n += clamp(snprintf(line + n, room - n, " left_out=%u", left_out), room - n);
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
			line[i] = '?'; /* a value that was not quoted must not begin a line of its
					  own */
	}
	while (n > 0 && line[n - 1] == ' ')
		n--;
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* there is nowhere left to tell it */
}

const char *log_quote(struct view v, char ret_text[LOG_TEXT_MAX])
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];
		bool is_plain = c > 0x20 && c < 0x7F && c != '"' && c != '\'' && c != '\\';
		/* room for this byte, the mark of a cut, and the NUL */
		if (n + (is_plain ? 1 : 4) + 2 + 1 > LOG_TEXT_MAX) {
			ret_text[n++] = '.';
			ret_text[n++] = '.';
			break;
		}
		if (is_plain) {
			ret_text[n++] = (char)c;
			continue;
		}
		ret_text[n++] = '\\';
		ret_text[n++] = 'x';
		ret_text[n++] = digits[c >> 4];
		ret_text[n++] = digits[c & 15];
	}
	ret_text[n] = '\0';
	return ret_text;
}
