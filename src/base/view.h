/* A borrowed run of bytes: how all untrusted input is held. A view never owns, dies with the buffer
 * that it points into, may hold NUL bytes and is never printed with %s. All parsing goes through
 * the functions here and in base/num.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/err.h"

struct view {
	const char *p;
	size_t n;
};

/* The view of a string literal. */
#define VIEW(literal) ((struct view){.p = "" literal, .n = sizeof(literal) - 1})

static inline struct view view_of(const char *text)
{
	return (struct view){.p = text, .n = text == NULL ? 0 : strlen(text)};
}

static inline bool view_is(struct view a, struct view b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Moves n bytes from the front of *in to *ret_head. False, and nothing moved, if there are fewer.
 */
MUST_CHECK static inline bool view_cut(struct view *in, size_t n, struct view *ret_head)
{
	if (n > in->n)
		return false;
	*ret_head = (struct view){.p = in->p, .n = n};
	in->p += n;
	in->n -= n;
	return true;
}

/* Moves the bytes before the first `stop` (at most max) to *ret_head and drops the stop itself.
 * False, and nothing moved, when no stop stands within the first max + 1 bytes. */
MUST_CHECK bool view_cut_until(struct view *in, char stop, size_t max, struct view *ret_head);

/* Moves the next comma-separated field to *ret_field: up to the next `stop`, or the rest. False
 * when in->p is NULL, which is the state after the last field. An empty view with p set is one
 * empty field. */
MUST_CHECK bool view_cut_field(struct view *in, char stop, struct view *ret_field);

/* Index of the first c in v, or v.n. */
static inline size_t view_find(struct view v, char c)
{
	const char *hit = v.n == 0 ? NULL : memchr(v.p, c, v.n);
	return hit == NULL ? v.n : (size_t)(hit - v.p);
}

/* Equality without regard to ASCII case; no locale. */
bool view_is_nocase(struct view a, struct view b);

/* True when v starts with head, without regard to ASCII case. */
bool view_starts_nocase(struct view v, struct view head);

/* v without leading and trailing ASCII blanks (space and tab). */
struct view view_trim(struct view v);

/* Copies v into the array dst of dst_size bytes and ends it with NUL. False, and dst is the empty
 * text, when v is too long or holds a NUL. */
MUST_CHECK bool view_to_text(struct view v, char *dst, size_t dst_size);

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline char ascii_upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

static inline bool ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_alnum(char c)
{
	char l = ascii_lower(c);
	return ascii_is_digit(c) || (l >= 'a' && l <= 'z');
}

/* Value of a hex digit, or -1. */
static inline int ascii_hex(char c)
{
	char l = ascii_lower(c);
	if (ascii_is_digit(c))
		return c - '0';
	return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}
