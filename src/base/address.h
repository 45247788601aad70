/* Addresses of clients: text, prefix lists of the settings (metrics_from, trusted_proxy), and who
 * the client behind a trusted proxy is. IPv4 is held as ::ffff:a.b.c.d. Pure. */
#pragma once

#include <stdint.h>
#include <sys/socket.h>

#include "base/view.h"

enum { ADDRESS_BYTES = 16, ADDRESS_CHARS = 46, PREFIXES_MAX = 32 };

struct address {
	uint8_t b[ADDRESS_BYTES];
};

struct prefixes {
	size_t n;
	struct {
		struct address address;
		uint8_t bits; /* 0..128 */
	} items[PREFIXES_MAX];
};

/* False for a family that is not IP. */
MUST_CHECK bool address_from_socket(const struct sockaddr *sa, struct address *ret);
MUST_CHECK bool address_from_text(struct view text, struct address *ret);
void address_to_text(const struct address *a, char ret_text[ADDRESS_CHARS]);

/* What limits count by: the address itself, of IPv6 the /64. */
struct address address_network(const struct address *a);

/* "127.0.0.1, ::1, 10.0.0.0/8": separated by commas or blanks. */
MUST_CHECK enum rc prefixes_read(struct view text, struct prefixes *ret, struct err *e);
bool prefixes_hold(const struct prefixes *p, const struct address *a);

/* The client: the peer itself; or, when the peer is a trusted proxy, the rightmost address of
 * X-Forwarded-For that is no trusted proxy. Unreadable text there ends the walk at the last address
 * that was read. */
struct address address_of_client(
	const struct address *peer, const struct prefixes *trusted, struct view forwarded_for);
