#include "domain/operator_view.h"

#include "domain/metrics.h"
#include "domain/quarantine.h"

void operator_unknown_devices(struct domain *d, unknown_device_fn *fn, void *ctx)
{
	quarantine_each(d->quarantine, fn, ctx);
}

void operator_foreign_protocols(struct domain *d, foreign_protocol_fn *fn, void *ctx)
{
	quarantine_each_foreign(d->quarantine, fn, ctx);
}

struct limit_filter {
	limit_count_fn *fn;
	void *ctx;
};

/* A limit is a metric kinward_limit_<name>_total; its name is shown without the rest. */
static void pick_limit(void *ctx, const struct metric *m)
{
	static const char head[] = "kinward_limit_";
	static const char tail[] = "_total";
	const struct limit_filter *filter = ctx;
	struct view name = view_of(m->name);
	char text[64];

	if (!view_starts_nocase(name, VIEW("kinward_limit_")) ||
		name.n < sizeof head + sizeof tail || m->value <= 0)
		return;
	name.p += sizeof head - 1;
	name.n -= sizeof head - 1 + sizeof tail - 1;
	if (!view_to_text(name, text, sizeof text))
		return;
	filter->fn(filter->ctx, &(struct limit_count){.name = text, .count = (uint64_t)m->value});
}

void operator_limits(struct domain *d, limit_count_fn *fn, void *ctx)
{
	struct limit_filter filter = {.fn = fn, .ctx = ctx};

	metrics_read(d, pick_limit, &filter);
}
