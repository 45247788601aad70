/* Health values that watches reported: what is stored, as it was said. Not a diagnosis: watches of
 * this kind guess. */
#pragma once

#include "domain/domain.h"

enum { HEALTH_VALUES_MAX = 5000, HEALTH_DAYS_MAX = 31 };

enum health_has {
	HEALTH_HEART = 1u << 0,
	HEALTH_BLOOD_PRESSURE = 1u << 1,
	HEALTH_SPO2 = 1u << 2,
	HEALTH_TEMPERATURE = 1u << 3,
	HEALTH_STEPS = 1u << 4,
};

struct health_value {
	int64_t time_ms, received_ms;
	unsigned has; /* enum health_has */
	uint8_t heart_bpm;
	uint16_t systolic_mmhg, diastolic_mmhg;
	uint16_t spo2_permille;
	int16_t temperature_cdeg; /* 0.01 degree Celsius */
	uint32_t steps;
};
typedef void health_fn(void *ctx, const struct health_value *v);

/* Values with from <= time < to, oldest first. Codes: range_invalid, range_too_long (RC_SYNTAX).
 * *ret_truncated: there were more than HEALTH_VALUES_MAX. RC_NOT_FOUND: no such wearer. */
MUST_CHECK enum rc health_list(struct domain *d, struct db *reader, const struct uid *wearer,
	int64_t from_ms, int64_t to_ms, health_fn *fn, void *ctx, bool *ret_truncated,
	struct problem *p, struct err *e);
