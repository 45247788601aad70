/* How often a password may be tried: per login and network, per login from strange networks, per
 * network. Delays grow and end by themselves, so nobody can lock the true owner out: a network from
 * which the account is signed in now is not held back by what others try. Counted when an attempt
 * begins, so that many at once count too. Bounded memory; forgotten at a restart. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

enum {
	SIGN_IN_DELAY_MAX_S = 60, /* the longest wait of one login from one network */
	SIGN_IN_STRANGE_FACTOR =
		10, /* a login may be tried so often as much from all networks together */
	SIGN_IN_SLOTS = 32768,
};

struct sign_in_limits;

/* account_max: attempts for one login from one network in the window before delays grow;
 * address_max: attempts from one network for any login. */
MUST_CHECK enum rc sign_in_limits_new(uint32_t account_max, uint32_t address_max, uint32_t window_s,
	struct sign_in_limits **ret_owned, struct err *e);
void sign_in_limits_free(struct sign_in_limits *l);

/* Begins an attempt. False: too many; *ret_retry_after_s says when to come back. `network` is the
 * address, of IPv6 the first 64 bits (see sign_in_network). is_known: the account has a living
 * session from there. */
bool sign_in_limits_begin(struct sign_in_limits *l, struct view login, struct view network,
	bool is_known, int64_t now_ms, uint32_t *ret_retry_after_s);
/* The attempt was right: it no longer counts. */
void sign_in_limits_succeeded(
	struct sign_in_limits *l, struct view login, struct view network, int64_t now_ms);

/* The part of an address text that one customer of a provider has: all of IPv4, the first four
 * groups of IPv6. Borrows from address. */
struct view sign_in_network(struct view address);

struct sign_in_stats {
	uint64_t limit_account, limit_address; /* attempts held back */
};
void sign_in_limits_read_stats(struct sign_in_limits *l, struct sign_in_stats *ret);
