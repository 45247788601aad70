/* Changes that a partner asks for happen once: each carries an Idempotency-Key. The same key with
 * the same request gets the same answer for a day; with another request it is refused. What a
 * partner may do to one watch in an hour is counted in the same commit, over all partners. */
#pragma once

#include "crypto/token.h"
#include "domain/consent.h"

enum {
	PARTNER_KEY_MAX = 64,        /* characters of a key */
	PARTNER_ANSWERS_MAX = 5000,  /* of one partner, remembered for a day */
	PARTNER_ANSWER_BYTES = 8192, /* of one answer; sealed with the wearer's key */
};

struct partner_change {
	struct consent_count count; /* partner, wearer, right, action */
	struct view key;
	struct view request; /* method, path and body: what must be the same */
	uint32_t per_hour;   /* of this action on this watch, for all partners together */
	struct token_hash key_hash, request_hash; /* set by partner_change_begin */
};

/* An answer that was given before: status 0: none yet, go on. */
struct partner_answer {
	unsigned status;
	uint8_t *body; /* owned */
	size_t n;
};

/* Codes: key_missing, key_invalid (RC_SYNTAX), key_reused (RC_CONFLICT), too_many_commands
 * (RC_LIMIT). RC_NOT_FOUND: no consent (any more). */
MUST_CHECK enum rc partner_change_begin(struct domain *d, struct partner_change *c,
	struct partner_answer *ret, struct problem *p, struct err *e);
/* The change is done: what was answered. */
MUST_CHECK enum rc partner_change_end(struct domain *d, const struct partner_change *c,
	unsigned status, struct view body, struct err *e);
/* It was refused: the key may be used again. */
void partner_change_undo(struct domain *d, const struct partner_change *c);
