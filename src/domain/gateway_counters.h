/* The counters that the gateways send now and then, added up for /metrics; values of a gateway that was restarted go
 * on from where it left. Own lock; any thread. */
#pragma once

#include "link/counters.h"
#include "link/message.h"

struct gateway_counters;

enum { GATEWAY_COUNTERS_MAX = 64 /* gateways */ };

MUST_CHECK enum rc gateway_counters_new(struct gateway_counters **ret_owned, struct err *e);
void gateway_counters_free(struct gateway_counters *g);
void gateway_counters_store(
	struct gateway_counters *g, uint8_t gateway, const struct message_stats *stats);
/* The sum over all gateways. */
uint64_t gateway_counters_sum(struct gateway_counters *g, enum counter what);
