/* How many requests an account or an address may send: token buckets in a table of fixed size. Keys
 * are hashed with a random key, so nobody can choose a neighbour; when a set of the table is full,
 * the bucket that was used longest ago is given up (its owner starts afresh). Any thread; one
 * mutex. */
#pragma once

#include <stdint.h>

#include "base/view.h"

enum rate_class {
	RATE_NONE = 1,
	RATE_READ,
	RATE_HEAVY, /* history */
	RATE_CHANGE,
	RATE_COMMAND,
	RATE_SIGN_IN, /* passwords; the domain limits guesses besides */
	RATE_CLAIM_CODE,
	RATE_STREAM, /* opening streams */
	RATE_CLASS_COUNT,
};
const char *rate_class_name(enum rate_class c);

struct rate;

/* per_s: reads a second of one account, 1..10,000,000; the other classes are fractions of it
 * (rate.c). */
MUST_CHECK enum rc rate_new(uint32_t per_s, struct rate **ret_owned, struct err *e);
void rate_free(struct rate *r);

/* Takes one token of the key's bucket. False when there is none; *ret_wait_s says when there will
 * be (>= 1). */
MUST_CHECK bool rate_take(
	struct rate *r, enum rate_class c, struct view key, int64_t mono_ms, uint32_t *ret_wait_s);
