/* How many of something each key holds, and how many all hold together: event streams of an
 * account, connections of an address. Any thread; one mutex. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

enum { QUOTA_KEY = 16 };

struct quota;

/* Limits of 0: none. */
MUST_CHECK enum rc quota_new(
	uint32_t all_max, uint32_t per_key_max, struct quota **ret_owned, struct err *e);
void quota_free(struct quota *q);

/* One more for the key. RC_LIMIT: the key has as many as it may; RC_DENIED: all together have;
 * RC_NOMEM. */
MUST_CHECK enum rc quota_take(struct quota *q, const uint8_t key[QUOTA_KEY]);
void quota_give(struct quota *q, const uint8_t key[QUOTA_KEY]);
/* Would quota_take say RC_LIMIT? */
bool quota_is_full(struct quota *q, const uint8_t key[QUOTA_KEY]);
/* Of all keys. */
uint32_t quota_count(struct quota *q);
