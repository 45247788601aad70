/* Which addresses may be called: the public ones. Everything that the registries of special-purpose
 * addresses (RFC 6890) name is refused: loopback, private, shared (100.64/10), link-local,
 * documentation, benchmarking, multicast, reserved; of IPv6 all but global unicast (2000::/3), and
 * of that not Teredo, 6to4, documentation. Forms that carry an IPv4 address in an IPv6 one are
 * judged by it (mapped) or refused (6to4, NAT64, compatible). Pure. */
#pragma once

#include "base/address.h"

bool address_is_public(const struct address *a);

/* Public, or in a prefix that the operator named (courier_allow). */
bool address_is_callable(const struct address *a, const struct prefixes *allowed);
