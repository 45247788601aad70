/* Who is kept out by the operator: accounts (they cannot sign in, and their sessions end) and
 * networks (their requests are refused before anything is read). Network bans stand in memory and
 * are asked for each request; a short list, any thread. */
#pragma once

#include "base/address.h"
#include "domain/domain.h"

struct bans;

enum {
	BANS_MAX = 1000,
	BAN_REASON_TEXT = 401, /* 100 characters */
	BAN_HOURS_MAX = 8760,
	BAN_BITS_MIN_4 = 8,  /* the widest network of IPv4: /8 … */
	BAN_BITS_MIN_6 = 32, /* … and of IPv6 */
	NETWORK_TEXT = ADDRESS_CHARS + 4,
};

/* Loads the networks. */
MUST_CHECK enum rc bans_new(
	struct db *reader, int64_t now_ms, struct bans **ret_owned, struct err *e);
void bans_free(struct bans *b);
/* Nearly free when there is no ban. b may be NULL. */
bool bans_hold(struct bans *b, const struct address *address, int64_t now_ms);
uint64_t bans_refused(struct bans *b);
void bans_count_refused(struct bans *b);

struct network_ban {
	struct uid id;
	char network[NETWORK_TEXT]; /* "192.0.2.0/24" */
	char reason[BAN_REASON_TEXT];
	int64_t until_ms, created_ms;
};
typedef void network_ban_fn(void *ctx, const struct network_ban *b);
/* Those that last, newest first. */
MUST_CHECK enum rc ban_networks_list(
	struct db *reader, int64_t now_ms, network_ban_fn *fn, void *ctx, struct err *e);
/* Codes: network_invalid (RC_SYNTAX: not a network, wider than above, or this machine's own),
 * too_many_bans (RC_LIMIT). */
MUST_CHECK enum rc ban_network_add(struct domain *d, const struct principal *who,
	struct view network, int64_t hours, struct view reason, struct network_ban *ret,
	struct problem *p, struct err *e);
/* RC_NOT_FOUND: no such ban. */
MUST_CHECK enum rc ban_network_remove(
	struct domain *d, const struct principal *who, const struct uid *ban, struct err *e);

/* In a job or with a reader: RC_OK, or RC_DENIED with account_banned. */
MUST_CHECK enum rc ban_check_account(
	struct db *db, const struct uid *account, int64_t now_ms, struct problem *p, struct err *e);
