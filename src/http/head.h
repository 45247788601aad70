/* The head of a request: the few header fields that we use, gathered in one pass, and the questions
 * that are asked of them. Pure; views borrow from the request. */
#pragma once

#include <stdint.h>

#include "base/view.h"

enum {
	TOKEN_CHARS_MIN = 32, /* of a session cookie's value */
	TOKEN_CHARS_MAX = 64,
	HEADERS_MAX = 64, /* in one request */
};

struct head {
	struct view host, cookie, origin, fetch_site, content_type, last_event_id, idempotency_key,
		if_none_match, accept_encoding, forwarded_for, user_agent, range, authorization;
	struct view certificate_header; /* set before the first field: its name; empty: none */
	struct view client_certificate; /* the value of that field */
	bool has_length, has_transfer_encoding;
	uint64_t length;
	uint16_t fields_n;
	const char *
		bad; /* static reason: the request must be answered 400 and the connection closed */
};

/* Takes one header field. A second Host, Content-Length, Transfer-Encoding, Cookie, Origin …, a
 * length that is no number, a transfer coding that is not exactly "chunked", control characters,
 * and length together with transfer coding set head->bad (RFC 9112 §6.1, §6.3). */
void head_take(struct head *h, struct view name, struct view value);

/* The value of the cookie `name`: 32 to 64 characters of base64url. False when it is not there, is
 * there twice, or looks otherwise. */
MUST_CHECK bool head_cookie(struct view cookies, struct view name, struct view *ret);

/* May this request change something? It came from our own pages: Sec-Fetch-Site is same-origin; or,
 * without that header, Origin is `public_origin` ("https://host", may be empty) or names the same
 * host as Host; or both are absent (no browser). */
bool head_is_own_origin(const struct head *h, struct view public_origin);

/* Content-Type is this media type, with or without parameters. */
bool head_is_type(const struct head *h, struct view type);

/* Does Accept-Encoding allow gzip (RFC 9110 §12.5.3; a weight of 0 refuses)? */
bool head_accepts_gzip(const struct head *h);

/* If-None-Match holds this entity tag (with its quotes), weak comparison, or "*". */
bool head_has_tag(const struct head *h, struct view tag);

/* "https://host[:port]" of a URL; empty when it is neither http nor https or has no host. Borrowed
 * from url. */
struct view head_origin_of_url(struct view url);
