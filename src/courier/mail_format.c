#include "courier/mail_format.h"

#include <stdio.h>

#include "base/mail_address.h"
#include "base/time_text.h"

enum {
	WORD_BYTES = 42,      /* of text in one encoded word: 56 characters of base64 */
	LINE_BYTES = 57,      /* of text in one line: 76 characters of base64 */
	DAYS_FROM_SUNDAY = 4, /* 1 January 1970 was a Thursday */
};
#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct text {
	char *p;
	size_t n;
	bool is_full;
};

static void put(struct text *t, struct view v)
{
	if (t->is_full || v.n > MAIL_FORMAT_MAX - t->n) {
		t->is_full = true;
		return;
	}
	if (v.n > 0)
		memcpy(t->p + t->n, v.p, v.n);
	t->n += v.n;
}

static void put_base64(struct text *t, struct view v)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < v.n; i += 3) {
		size_t n = v.n - i < 3 ? v.n - i : 3;
		uint32_t bits = 0;
		char four[4] = "===";
		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < n ? (uint8_t)v.p[i + k] : 0);
		four[3] = '=';
		for (size_t k = 0; k <= n; k++)
			four[k] = digits[bits >> (18 - 6 * k) & 63];
		put(t, (struct view){.p = four, .n = sizeof four});
	}
}

/* The end of the first at most max bytes that cuts no character (of four bytes at most). */
static size_t whole_chars(struct view v, size_t max)
{
	size_t n = max;

	if (v.n <= max)
		return v.n;
	while (n > max - 3 && ((uint8_t)v.p[n] & 0xC0) == 0x80)
		n--;
	return n;
}

static bool is_plain(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < ' ' || v.p[i] > '~')
			return false;
	}
	return view_find(v, '=') == v.n; /* looks like an encoded word */
}

/* RFC 2047: words of at most 75 characters, folded. */
static void put_subject(struct text *t, struct view subject)
{
	put(t, VIEW("Subject: "));
	if (is_plain(subject)) {
		put(t, subject);
		put(t, VIEW("\r\n"));
		return;
	}
	for (bool is_first = true; subject.n > 0; is_first = false) {
		size_t n = whole_chars(subject, WORD_BYTES);
		put(t, is_first ? VIEW("=?utf-8?B?") : VIEW(" =?utf-8?B?"));
		put_base64(t, (struct view){.p = subject.p, .n = n});
		put(t, VIEW("?=\r\n"));
		subject.p += n;
		subject.n -= n;
	}
}

static void put_date(struct text *t, int64_t time_ms)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct civil c;
	char line[64];

	civil_from_ms(time_ms, &c);
	int n = snprintf(line, sizeof line, "Date: %s, %u %s %04d %02u:%02u:%02u +0000\r\n",
		days[(time_ms / DAY_MS + DAYS_FROM_SUNDAY) % 7], c.day, months[c.month - 1],
		(int)c.year, c.hour, c.min, c.sec);
	put(t, (struct view){.p = line, .n = (size_t)n});
}

static void put_text(struct text *t, struct view text)
{
	while (text.n > 0) {
		size_t n = text.n < LINE_BYTES ? text.n : LINE_BYTES;
		put_base64(t, (struct view){.p = text.p, .n = n});
		put(t, VIEW("\r\n"));
		text.p += n;
		text.n -= n;
	}
}

static bool has_control(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if ((uint8_t)v.p[i] < ' ' || v.p[i] == 0x7F)
			return true;
	}
	return false;
}

enum rc mail_format(
	const struct mail_parts *m, char dst[MAIL_FORMAT_MAX], size_t *ret_n, struct err *e)
{
	struct text t = {.p = dst};
	char id[UID_TEXT];

	if (!is_mail_address(m->from) || !is_mail_address(m->to))
		return fail(e, RC_SYNTAX, "mail: no address");
	if (m->subject.n == 0 || has_control(m->subject) || m->time_ms < 0)
		return fail(e, RC_SYNTAX, "mail: a subject that is not allowed");
	uid_to_text(&m->id, id);
	put(&t, VIEW("From: Kinward <"));
	put(&t, m->from);
	put(&t, VIEW(">\r\nTo: <"));
	put(&t, m->to);
	put(&t, VIEW(">\r\n"));
	put_subject(&t, m->subject);
	put_date(&t, m->time_ms);
	put(&t, VIEW("Message-ID: <"));
	put(&t, view_of(id));
	put(&t, VIEW("@"));
	put(&t, mail_address_domain(m->from));
	put(&t, VIEW(">\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
		     "Content-Type: text/plain; charset=utf-8\r\n"
		     "Content-Transfer-Encoding: base64\r\n\r\n"));
	put_text(&t, m->text);
	if (t.is_full)
		return fail(e, RC_LIMIT, "mail: more than %d bytes", MAIL_FORMAT_MAX);
	*ret_n = t.n;
	return RC_OK;
}
