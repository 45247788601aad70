/* The weather for watches that ask: from the service that the operator has named (weather_url),
 * asked by the courier for a place rounded to a tenth of a degree, and kept for an hour for whoever
 * is near. Without a service, or when it says nothing, there is no answer. Main loop. */
#pragma once

#include "domain/domain.h"

struct weather;

enum {
	WEATHER_SETS = 1024, /* of WEATHER_WAYS places each that are remembered; the oldest goes */
	WEATHER_WAYS = 4,
	WEATHER_FRESH_MS = 60 * 60 * 1000,
	WEATHER_FAILED_MS = 10 * 60 * 1000, /* until a service that said nothing is asked again */
	WEATHER_WAITING_MAX = 256,          /* watches that wait; more get no answer */
	WEATHER_WAIT_MS = 60 * 1000,
	WEATHER_PER_HOUR_MAX = 1000, /* questions; more watches get no answer */
};

MUST_CHECK enum rc weather_new(struct domain *d, struct weather **ret_owned, struct err *e);
void weather_free(struct weather *w);

/* A watch that asks, and where and when it is. */
struct weather_request {
	uint64_t session;
	struct view index;
	bool is_forecast; /* WT_FUTR */
	int32_t lat_e7, lon_e7;
	int32_t offset_s; /* of its clock, east of UTC */
	char language[3]; /* "de", "es", else English */
};
void weather_on_request(struct domain *d, const struct weather_request *r);
/* From the courier. */
void weather_on_told(struct domain *d, const struct message_weather_told *m);

struct weather_stats {
	uint64_t asked, failed, answered, not_answered;
};
void weather_read_stats(const struct weather *w, struct weather_stats *ret);
