#include "domain/health.h"

#include "store/query.h"
#include "watch/report_pack.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

struct reading {
	struct report *scratch; /* 1 KB: one for the whole reading */
	health_fn *fn;
	void *ctx;
	uint32_t n;
	bool is_truncated;
};

static const struct {
	uint32_t of_report;
	unsigned of_value;
} values[] = {
	{REPORT_HAS_HEART, HEALTH_HEART},
	{REPORT_HAS_BLOOD_PRESSURE, HEALTH_BLOOD_PRESSURE},
	{REPORT_HAS_SPO2, HEALTH_SPO2},
	{REPORT_HAS_TEMPERATURE, HEALTH_TEMPERATURE},
};

static bool read_entry(void *ctx, const struct history_entry *entry)
{
	struct reading *r = ctx;
	const struct report *report = r->scratch;
	struct health_value v = {.time_ms = entry->time_ms, .received_ms = entry->received_ms};

	if (report_unpack(entry->packed, r->scratch, NULL) != RC_OK)
		return true;
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		if (report->has & values[i].of_report)
			v.has |= values[i].of_value;
	}
	if ((report->has & REPORT_HAS_STEPS) != 0 && !report->is_battery_unsure)
		v.has |= HEALTH_STEPS;
	if (v.has == 0)
		return true;
	if (r->n == HEALTH_VALUES_MAX) {
		r->is_truncated = true;
		return false;
	}
	r->n++;
	v.heart_bpm = report->heart_bpm;
	v.systolic_mmhg = report->systolic_mmhg;
	v.diastolic_mmhg = report->diastolic_mmhg;
	v.spo2_permille = report->spo2_permille;
	v.temperature_cdeg = report->temperature_cdeg;
	v.steps = report->steps;
	r->fn(r->ctx, &v);
	return true;
}

enum rc health_list(struct domain *d, struct db *reader, const struct uid *wearer, int64_t from_ms,
	int64_t to_ms, health_fn *fn, void *ctx, bool *ret_truncated, struct problem *p,
	struct err *e)
{
	struct report scratch;
	struct reading r = {.scratch = &scratch, .fn = fn, .ctx = ctx};
	struct stmt *s = NULL;

	if (from_ms >= to_ms)
		return refuse(p, RC_SYNTAX, "range_invalid", "from", "from must be before to");
	if (to_ms - from_ms > HEALTH_DAYS_MAX * DAY_MS)
		return refuse(p, RC_SYNTAX, "range_too_long", "to", "at most 31 days at once");
	enum rc rc = query_row(reader, "SELECT number FROM wearer WHERE id = ?1", wearer, &s, e);
	if (rc != RC_OK)
		return rc;
	uint32_t number = (uint32_t)stmt_int(s, 0);
	stmt_reset(s);
	rc = history_read(d->history, reader, number, from_ms, to_ms, read_entry, &r, e);
	if (rc == RC_OK)
		*ret_truncated = r.is_truncated;
	return rc;
}
