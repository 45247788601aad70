/* What phones send, as reports: OsmAnd's parameters (also Traccar Client's older versions), Traccar
 * Client's JSON, OwnTracks' JSON in clear or encrypted. Everything is bounded and checked; a value
 * that cannot be is left out, a place that cannot be is refused. Pure: the time of now is given. */
#pragma once

#include "watch/report.h"

enum {
	PHONE_REPORTS_MAX = 50,         /* of one request */
	PHONE_BODY_MAX = 64 * 1024,     /* bytes of one request */
	PHONE_LATE_MS = 10 * 60 * 1000, /* older than this it is history, not news */
	PHONE_TOKEN_MAX = 64,
};

/* Called for each place, oldest first as they came. False ends the reading with RC_OK. */
typedef bool phone_report_fn(void *ctx, const struct report *r);

/* "id=…&lat=…": decodes in place; the token borrows from text. RC_SYNTAX with a message for people.
 */
struct osmand {
	struct view token;
	struct report report;
};
MUST_CHECK enum rc osmand_read(
	char *text, size_t n, int64_t now_ms, struct osmand *ret, struct err *e);

/* {"location":{"coords":{…}},"device_id":"…"}: the token first, then the places. */
MUST_CHECK enum rc traccar_read(struct view json, int64_t now_ms, char ret_token[PHONE_TOKEN_MAX],
	phone_report_fn *fn, void *ctx, struct err *e);

/* One object or an array of them. key: of encrypted ones; empty: these are refused. Types other
 * than places are taken and ignored, as OwnTracks wants. RC_DENIED: not readable with this key. */
MUST_CHECK enum rc owntracks_read(struct view json, struct view key, int64_t now_ms,
	phone_report_fn *fn, void *ctx, struct err *e);
