/* Counters of the server role and those that the gateways send, for /metrics and the operator. */
#pragma once

#include "domain/domain.h"

struct metric {
	const char *name; /* "kinward_reports_stored_total"; the same name may come with several labels */
	const char *help;
	bool is_gauge;
	char label[48]; /* `keyword="TK"` or "" */
	double value;
};
typedef void metric_fn(void *ctx, const struct metric *m);

/* All of them, same names together. fn only writes to memory. Any thread. */
void metrics_read(struct domain *d, metric_fn *fn, void *ctx);
