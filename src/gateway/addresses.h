/* How many connections each address holds: IPv4 by address, IPv6 by /64. A table of fixed size with
 * room for one entry a connection; the hash is keyed, so that nobody can choose colliding
 * addresses. One thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "link/message.h"

struct addresses;

MUST_CHECK enum rc addresses_new(
	size_t connections_max, uint64_t key, struct addresses **ret_owned, struct err *e);
void addresses_free(struct addresses *a);

/* Counts one more. RC_LIMIT, and nothing counted, when there are per_address_max already. */
MUST_CHECK enum rc addresses_add(
	struct addresses *a, const struct peer *peer, uint32_t per_address_max, struct err *e);
/* Counts one less of an address that was added. */
void addresses_drop(struct addresses *a, const struct peer *peer);
uint32_t addresses_count(const struct addresses *a, const struct peer *peer);
