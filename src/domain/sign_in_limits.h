/* How often a password (or a code) may be tried: per login and network, per login from strange
 * networks, per network, and by all strangers together. Delays grow and end by themselves, so
 * nobody can lock the true owner out: a network from which the account has signed in is not held
 * back by what others try. Counted when an attempt begins, so that many at once count too. Bounded
 * memory; forgotten at a restart. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

enum {
	SIGN_IN_DELAY_MAX_S = 60, /* for passwords */
	/* A code has six digits, and is tried behind the right password. */
	CODE_ACCOUNT_MAX = 5,
	CODE_ADDRESS_MAX = 50,
	CODE_TOTAL_MAX = 2000,
	CODE_WINDOW_S = 3600,
	CODE_DELAY_MAX_S = 900,
	SIGN_IN_STRANGE_FACTOR =
		10, /* a login may be tried so often as much from all networks together */
	SIGN_IN_SLOTS = 32768,
};

struct sign_in_limits;

struct sign_in_rules {
	uint32_t account_max; /* of one login from one network in the window before delays grow */
	uint32_t address_max; /* from one network for any login */
	uint32_t total_max;   /* of all strangers; then one each second */
	uint32_t window_s;
	uint32_t delay_max_s; /* the longest wait of one login from one network */
};
MUST_CHECK enum rc sign_in_limits_new(
	const struct sign_in_rules *rules, struct sign_in_limits **ret_owned, struct err *e);
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

/* A password was hashed to be compared. */
void sign_in_limits_count_hash(struct sign_in_limits *l);

struct sign_in_stats {
	uint64_t limit_account, limit_address, limit_total; /* attempts held back */
	uint64_t hashes; /* passwords that were hashed, whether there is such a login or not */
};
void sign_in_limits_read_stats(struct sign_in_limits *l, struct sign_in_stats *ret);
