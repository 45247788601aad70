/* Counters of the server role and those that the gateways send, for /metrics and the operator. The
 * gateways' are called kinward_watch_<name> (link/counters.h), limits
 * kinward_limit_<setting>_total. */
#pragma once

#include "domain/domain.h"
#include "link/message.h"

struct metric {
	const char *name; /* "kinward_reports_stored_total"; the same name may come with several
			     labels */
	const char *help;
	bool is_gauge;
	char label[48]; /* `keyword="TK"` or "" */
	double value;
};
typedef void metric_fn(void *ctx, const struct metric *m);

/* What the gateways counted last. */
struct gateway_metrics;
MUST_CHECK enum rc gateway_metrics_new(struct gateway_metrics **ret_owned, struct err *e);
void gateway_metrics_free(struct gateway_metrics *g);
/* A STATS message of that gateway. */
void gateway_metrics_set(struct gateway_metrics *g, uint8_t gateway, const struct message_stats *s);
/* Its process ended: gauges are 0, what it counted stays. */
void gateway_metrics_lost(struct gateway_metrics *g, uint8_t gateway);

/* All of them, same names together. fn only writes to memory. Any thread. */
void metrics_read(struct domain *d, metric_fn *fn, void *ctx);
