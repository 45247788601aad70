/* The strict form of an address that this service calls by itself (webhooks). Stricter than what
 * browsers take: each byte means the same to every reader, so that what was checked is what is
 * called. Used where such an address is set (domain) and where it is called (courier). Pure. */
#pragma once

#include <stdint.h>

#include "base/view.h"

enum { HTTPS_URL_MAX = 1000, HTTPS_HOST_MAX = 253, HTTPS_PORT_FREE_MIN = 1024 };

struct https_url {
	struct view host; /* without brackets; borrowed, as the others */
	uint16_t port;
	struct view path; /* with the query, from the first '/' on */
	bool is_v6;       /* the host is an IPv6 address that stood in brackets */
};

/* https://host[:port]/path[?query]: lower-case scheme and host; the host a name with a dot in it,
 * an IPv4 address in its one usual form, or an IPv6 address in brackets; port 443, or 1024 and
 * above; a path; no user, no fragment, only the characters of RFC 3986. RC_SYNTAX or RC_LIMIT with
 * the reason. Whether the host may be called is not decided here. */
MUST_CHECK enum rc https_url_read(struct view text, struct https_url *ret, struct err *e);

/* a-z, 0-9, '-' and '.', no empty label, at least one dot, last label not a number. */
MUST_CHECK bool is_host_name(struct view text);
