/* Comma-separated fields of a report and the numbers in them. Used by the readers of this room
 * only. */
#pragma once

#include "base/num.h"
#include "base/view.h"
#include "watch/report.h"

/* Cuts the next field; false after the last one (in->p is NULL then). As view_cut_field, in line.
 */
static inline bool field_cut(struct view *in, struct view *ret)
{
	size_t n = 0;

	if (in->p == NULL)
		return false;
	while (n < in->n && in->p[n] != ',')
		n++;
	*ret = (struct view){.p = in->p, .n = n};
	if (n == in->n) {
		*in = (struct view){.p = NULL, .n = 0};
	} else {
		in->p += n + 1;
		in->n -= n + 1;
	}
	return true;
}

/* A field without the blanks that some watches pad with. */
static inline struct view field_trim(struct view v)
{
	return v.n > 0 && (v.p[0] == ' ' || v.p[v.n - 1] == ' ') ? view_trim(v) : v;
}

/* The report goes on without the field; the first reason is kept. */
static inline void report_miss(struct report *r, enum report_error error)
{
	r->is_partial = true;
	if (r->error == REPORT_FINE)
		r->error = error;
}

/* The content cannot be used at all. */
static inline void report_refuse(struct report *r, enum report_error error)
{
	r->kind = REPORT_ERROR;
	r->error = error;
	r->is_partial = false;
	r->is_valid = false;
	r->is_hemisphere_unknown = false;
	r->is_time_alternative = false;
	r->is_time_local = false;
	r->has = 0;
	r->alarms = 0;
	r->flags = 0;
	r->cells_n = 0;
	r->wifi_n = 0;
	r->text = (struct view){.p = NULL, .n = 0};
}

/* An optional decimal number, scaled: sets `bit` and *ret when it is there and in range. An empty
 * field is nothing, anything else is noted as missing. */
static inline void field_decimal(struct report *r, struct view v, unsigned scale, int64_t min,
	int64_t max, enum report_has bit, int64_t *ret)
{
	v = field_trim(v);
	if (v.n == 0)
		return;
	if (num_decimal(v, scale, min, max, ret, NULL) == RC_OK)
		r->has |= bit;
	else
		report_miss(r, REPORT_BAD_VALUE);
}

/* The same for 0..max without decimals. */
static inline void field_u32(
	struct report *r, struct view v, uint32_t max, enum report_has bit, uint32_t *ret)
{
	v = field_trim(v);
	if (v.n == 0)
		return;
	if (num_u32(v, max, ret, NULL) == RC_OK)
		r->has |= bit;
	else
		report_miss(r, REPORT_BAD_VALUE);
}
