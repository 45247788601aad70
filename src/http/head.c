#include "http/head.h"

#include "base/num.h"

enum {
	LENGTH_MAX = 1 << 30
}; /* far above every body limit; larger numbers are refused as malformed */

static bool has_control(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];
		if ((c < 0x20 && c != '\t') || c == 0x7F)
			return true;
	}
	return false;
}

/* RFC 9110 §5.6.2 */
static bool is_field_name(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_alnum(v.p[i]) && memchr("!#$%&'*+-.^_`|~", v.p[i], 15) == NULL)
			return false;
	}
	return v.n > 0;
}

static void take_once(struct head *h, struct view *member, struct view value, const char *bad)
{
	if (member->p != NULL)
		h->bad = bad;
	*member = value.p == NULL ? VIEW("") : value;
}

static void take_length(struct head *h, struct view value)
{
	if (h->has_length || num_u64(view_trim(value), LENGTH_MAX, &h->length, NULL) != RC_OK)
		h->bad = "Content-Length is doubled or not a number.";
	h->has_length = true;
}

static void take_coding(struct head *h, struct view value)
{
	if (h->has_transfer_encoding || !view_is_nocase(view_trim(value), VIEW("chunked")))
		h->bad = "Transfer-Encoding is not plain chunked.";
	h->has_transfer_encoding = true;
}

void head_take(struct head *h, struct view name, struct view value)
{
	static const struct {
		struct view name;
		size_t member;
	} singles[] = {
		{VIEW("host"), offsetof(struct head, host)},
		{VIEW("cookie"), offsetof(struct head, cookie)},
		{VIEW("origin"), offsetof(struct head, origin)},
		{VIEW("sec-fetch-site"), offsetof(struct head, fetch_site)},
		{VIEW("content-type"), offsetof(struct head, content_type)},
		{VIEW("last-event-id"), offsetof(struct head, last_event_id)},
		{VIEW("idempotency-key"), offsetof(struct head, idempotency_key)},
		{VIEW("if-none-match"), offsetof(struct head, if_none_match)},
		{VIEW("accept-encoding"), offsetof(struct head, accept_encoding)},
		{VIEW("x-forwarded-for"), offsetof(struct head, forwarded_for)},
		{VIEW("user-agent"), offsetof(struct head, user_agent)},
		{VIEW("range"), offsetof(struct head, range)},
		{VIEW("authorization"), offsetof(struct head, authorization)},
	};

	if (++h->fields_n > HEADERS_MAX)
		h->bad = "There are too many header fields.";
	if (!is_field_name(name) || has_control(value))
		h->bad = "A header field is malformed.";
	if (view_is_nocase(name, VIEW("content-length"))) {
		take_length(h, value);
	} else if (view_is_nocase(name, VIEW("transfer-encoding"))) {
		take_coding(h, value);
	} else {
		for (size_t i = 0; i < COUNT_OF(singles); i++) {
			if (!view_is_nocase(name, singles[i].name))
				continue;
			take_once(h, (struct view *)(void *)((char *)h + singles[i].member), value,
				"A header field came twice.");
			break;
		}
	}
	if (h->certificate_header.n > 0 && view_is_nocase(name, h->certificate_header))
		take_once(h, &h->client_certificate, value, "A header field came twice.");
	if (h->has_length && h->has_transfer_encoding)
		h->bad = "Content-Length and Transfer-Encoding are both there.";
}

static bool is_token(struct view v)
{
	if (v.n < TOKEN_CHARS_MIN || v.n > TOKEN_CHARS_MAX)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_alnum(v.p[i]) && v.p[i] != '-' && v.p[i] != '_')
			return false;
	}
	return true;
}

bool head_cookie(struct view cookies, struct view name, struct view *ret)
{
	struct view pair;
	struct view found = {0};
	bool is_there = false;

	while (view_cut_field(&cookies, ';', &pair)) {
		pair = view_trim(pair);
		size_t equals = view_find(pair, '=');
		if (equals == pair.n || !view_is((struct view){.p = pair.p, .n = equals}, name))
			continue;
		if (is_there)
			return false;
		is_there = true;
		found = (struct view){.p = pair.p + equals + 1, .n = pair.n - equals - 1};
	}
	if (!is_there || !is_token(found))
		return false;
	*ret = found;
	return true;
}

struct view head_origin_of_url(struct view url)
{
	size_t scheme = 0;

	if (view_starts_nocase(url, VIEW("https://")))
		scheme = 8;
	else if (view_starts_nocase(url, VIEW("http://")))
		scheme = 7;
	size_t end = scheme;

	while (end < url.n && memchr("/?#", url.p[end], 3) == NULL)
		end++;
	if (scheme == 0 || end == scheme)
		return (struct view){0};
	return (struct view){.p = url.p, .n = end};
}

bool head_is_own_origin(const struct head *h, struct view public_origin)
{
	if (h->fetch_site.p != NULL)
		return view_is(h->fetch_site, VIEW("same-origin"));
	if (h->origin.p == NULL)
		return true;
	if (public_origin.n > 0 && view_is_nocase(h->origin, public_origin))
		return true;
	struct view origin = head_origin_of_url(h->origin);
	if (origin.n == 0 || origin.n != h->origin.n || h->host.n == 0)
		return false;
	size_t scheme = view_find(origin, '/') + 2;
	return view_is_nocase(
		(struct view){.p = origin.p + scheme, .n = origin.n - scheme}, h->host);
}

bool head_is_type(const struct head *h, struct view type)
{
	struct view v = {.p = h->content_type.p, .n = view_find(h->content_type, ';')};
	return view_is_nocase(view_trim(v), type);
}

/* "gzip;q=0.5" has a weight above 0 when a digit other than 0 stands in it. */
static bool has_weight(struct view parameters)
{
	struct view one;

	while (view_cut_field(&parameters, ';', &one)) {
		one = view_trim(one);
		if (!view_starts_nocase(one, VIEW("q=")))
			continue;
		for (size_t i = 2; i < one.n; i++) {
			if (one.p[i] >= '1' && one.p[i] <= '9')
				return true;
		}
		return false;
	}
	return true;
}

bool head_accepts_gzip(const struct head *h)
{
	struct view list = h->accept_encoding;
	struct view one;

	while (view_cut_field(&list, ',', &one)) {
		struct view name;
		if (view_cut_field(&one, ';', &name) &&
			view_is_nocase(view_trim(name), VIEW("gzip")))
			return has_weight(one);
	}
	return false;
}

bool head_has_tag(const struct head *h, struct view tag)
{
	struct view list = h->if_none_match;
	struct view one;

	while (view_cut_field(&list, ',', &one)) {
		one = view_trim(one);
		if (view_is(one, VIEW("*")))
			return true;
		if (view_starts_nocase(one, VIEW("W/")))
			one = (struct view){.p = one.p + 2, .n = one.n - 2};
		if (view_is(one, tag))
			return true;
	}
	return false;
}
