/* From a setting's value to the commands that make a watch so: whole lists, in the form that this
 * watch reads. In a writer job. Inside of domain/ only. */
#pragma once

#include "domain/setting_store.h"
#include "domain/watch_target.h"

/* For whom, and where the commands go. */
struct setting_work {
	const struct domain *domain;
	struct watch_target to;
	const struct uid *by;      /* NULL: the server */
	struct command_rows *rows; /* out: the rows to insert and post */
	int64_t now_ms;
};

/* Adds the commands of one setting to w->rows, once each: what two settings share (LZ, UPLOAD) is
 * not said twice. `v` is what is wanted; NULL for those whose values stand elsewhere. Notes in the
 * device's row what it was told (zone, interval). */
MUST_CHECK enum rc setting_build(struct setting_work *w, struct db *db, enum setting_id id,
	const struct setting_value *v, struct err *e);

/* The same for what is in the store, and forgets what became of the last commands. */
MUST_CHECK enum rc setting_build_again(
	struct setting_work *w, struct db *db, enum setting_id id, struct err *e);

/* Offset of a zone as a watch takes it: whole quarters of an hour, within its range. */
MUST_CHECK enum rc watch_zone_minutes(
	struct view zone, int64_t now_ms, int16_t *ret_min, struct err *e);

/* Seconds between positions, by the mode and what was set. */
enum tracking_mode { TRACKING_NORMAL, TRACKING_CAREFUL, TRACKING_LIVE, TRACKING_ADAPTIVE };
enum {
	INTERVAL_DEFAULT_S = 600,
	INTERVAL_CAREFUL_S = 1800,
	INTERVAL_LIVE_S = 60,
	INTERVAL_ADAPTIVE_S = 300, /* until it is known whether the wearer is on the way */
};
uint32_t tracking_interval_s(enum tracking_mode mode, uint32_t set_s);
