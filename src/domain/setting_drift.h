/* Does the watch show what it confirmed? What TS and CONFIG tell is compared with the shadow; what
 * differs is noted, shown, and told again, at most once an hour. Inside of domain/ only. */
#pragma once

#include "domain/setting_build.h"

enum { DRIFT_PAUSE_MS = 60 * 60 * 1000 };

/* Of one TS. */
struct told_settings {
	bool has_interval, has_zone, has_language, has_profile;
	uint32_t interval_s, language, profile;
	int zone_min;
};
/* Pure: what can be read of it. */
void setting_drift_read(struct view status, struct told_settings *ret);

/* In a writer job: notes, and adds the commands that put it right. */
MUST_CHECK enum rc setting_drift_look(
	struct setting_work *w, struct db *db, const struct told_settings *told, struct err *e);
/* The level of the fall sensor in CONFIG LS, "3+8". */
MUST_CHECK enum rc setting_drift_look_config(
	struct setting_work *w, struct db *db, struct view config, struct err *e);
