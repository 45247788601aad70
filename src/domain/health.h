/* Health values that watches reported, as they were said: heart rate, blood pressure, oxygen,
 * temperature. Not a diagnosis: watches of this kind guess, and no alarm comes from a single value.
 * Kept only when the group allows it for the wearer, for as many days as it says; values that could
 * not be measured are kept as such. */
#pragma once

#include "domain/approval.h"

enum {
	HEALTH_VALUES_MAX = 5000,
	HEALTH_DAYS_MAX = 31,
	HEALTH_KEEP_DAYS = 90, /* when nobody said */
	HEALTH_KEEP_DAYS_MAX = 3650,
};

/* Bits of has and failed. */
enum health_kind {
	HEALTH_HEART,
	HEALTH_BLOOD_PRESSURE,
	HEALTH_OXYGEN,
	HEALTH_TEMPERATURE,
	HEALTH_KIND_COUNT,
};
const char *health_kind_name(enum health_kind k); /* "heart", "blood_pressure" … */

enum health_origin {
	HEALTH_BY_UNKNOWN,
	HEALTH_ASKED,     /* somebody asked for it */
	HEALTH_SCHEDULED, /* the watch measures by itself now and then */
	HEALTH_ON_WATCH,  /* started on the watch */
	HEALTH_ORIGIN_COUNT,
};
const char *health_origin_name(enum health_origin o);

/* What one report said. */
struct health_value {
	int64_t time_ms, received_ms;
	uint8_t has, failed; /* 1 << enum health_kind */
	uint8_t heart_bpm;
	uint16_t systolic_mmhg, diastolic_mmhg;
	uint16_t spo2_permille;
	int16_t temperature_cdeg; /* 0.01 degree Celsius */
	enum health_origin origin;
	struct uid by; /* with HEALTH_ASKED: the account; none when it is not known */
};
typedef void health_fn(void *ctx, const struct health_value *v);

/* Values with from <= time < to, oldest first. Codes: range_invalid, range_too_long (RC_SYNTAX).
 * *ret_truncated: there were more than HEALTH_VALUES_MAX. */
MUST_CHECK enum rc health_list(struct db *reader, const struct uid *wearer, int64_t from_ms,
	int64_t to_ms, health_fn *fn, void *ctx, bool *ret_truncated, struct problem *p,
	struct err *e);

struct health_rule {
	bool is_allowed;
	uint16_t keep_days;
};
MUST_CHECK enum rc health_rule_get(
	struct db *reader, const struct uid *wearer, struct health_rule *ret, struct err *e);
/* True when the change needs the right CONSENT: turning on, or keeping longer. */
bool health_rule_is_wider(const struct health_rule *now, const struct health_rule *wanted);
/* Waits until it is durable; what comes from then on is judged by it. `may_widen` false:
 * RC_CONFLICT rule_changed when it would be wider by now. */
MUST_CHECK enum rc health_rule_put(struct domain *d, const struct principal *who,
	const struct uid *wearer, const struct health_rule *rule, bool may_widen, struct problem *p,
	struct err *e);

/* Deletes every value, day and call of the wearer, as a proposal (class D). */
extern const struct approval_kind health_erase_kind;

/* Deletes values, days and calls that are too old, little at a time: a job of a few milliseconds,
 * then the others' turn. Main loop. */
struct health_sweep;
enum { HEALTH_SWEEP_STEP = 64, HEALTH_SWEEP_BUSY_MS = 200 };
MUST_CHECK enum rc health_sweep_new(
	struct domain *d, struct health_sweep **ret_owned, struct err *e);
void health_sweep_start(struct health_sweep *h);
void health_sweep_free(struct health_sweep *h);
