/* What the operator sees: devices without an owner, foreign protocols, limits that were reached. No
 * content. */
#pragma once

#include "domain/domain.h"

struct unknown_device {
	char id_masked[WIRE_ID_TEXT];
	char vendor[8];
	int64_t first_seen_ms, last_seen_ms;
	uint64_t frames;
};
struct foreign_protocol {
	const char *protocol, *advice;
	uint64_t count;
	int64_t last_seen_ms;
};
struct limit_count {
	const char *name;
	uint64_t count;
};
typedef void unknown_device_fn(void *ctx, const struct unknown_device *u);
typedef void foreign_protocol_fn(void *ctx, const struct foreign_protocol *f);
typedef void limit_count_fn(void *ctx, const struct limit_count *l);

/* Newest first, at most 500. Each holds a lock while fn runs: write to memory only. */
void operator_unknown_devices(struct domain *d, unknown_device_fn *fn, void *ctx);
void operator_foreign_protocols(struct domain *d, foreign_protocol_fn *fn, void *ctx);
void operator_limits(struct domain *d, limit_count_fn *fn, void *ctx);
