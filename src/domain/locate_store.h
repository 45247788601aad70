/* What the watches of a group taught about access points and cells: rows sealed for the group,
 * found by a keyed hash that differs from group to group. Inside of domain/ only. */
#pragma once

#include "domain/domain.h"
#include "locate/learn.h"
#include "watch/report.h"

enum {
	HEARD_MAX = REPORT_WIFI_MAX + REPORT_CELLS_MAX,
	LOCATE_POINTS_PER_GROUP_MAX = 2000, /* access points and cells; the longest unseen go */
	LOCATE_POINTS_SLACK = 100,          /* … in one go, when there are so many more */
	LOCATE_KEEP_DAYS = 180,             /* not seen for so long: forgotten */
	LOCATE_SWEEP_MAX = 500,             /* rows that one sweep forgets */
	LOCATE_WELL_KNOWN = 64, /* sightings; then one a day is enough while nothing changes */
};

#define LOCATE_LABEL_POINT "radio_learned.point"
#define LOCATE_LABEL_BODY "radio_learned.body"

/* One access point or cell in a report. */
struct heard_item {
	uint64_t key; /* radio_point_key, radio_cell_key */
	int16_t rssi_dbm;
	bool has_rssi;
	bool is_cell;
	bool is_serving;
	bool may_leave; /* access point: its owner does not mind, and it is no phone's made-up one
			 */
};
struct heard_list {
	uint8_t n, points_n;
	struct heard_item items[HEARD_MAX];
};

/* The access points and cells of a report that have a name of their own. */
void heard_of_report(const struct report *r, struct heard_list *ret);
/* The same for the same set of access points (of cells when there are fewer than two). */
uint32_t heard_fingerprint(const struct heard_list *h);

/* One good fix and what was heard there. */
struct learn_item {
	struct uid group;
	struct geo at;
	double accuracy_m;
	bool is_fast;
	uint16_t day;
	struct heard_list heard;
};

/* In the writer's transaction. Nothing happens for a group that is gone. */
MUST_CHECK enum rc locate_store_learn(struct db *db, const struct learn_item *item, struct err *e);
/* RC_NOT_FOUND when the group has not learned it. */
MUST_CHECK enum rc locate_store_find(struct db *reader, const struct uid *group,
	const struct heard_item *item, struct learned *ret, struct err *e);
/* Forgets what was not seen for long. */
MUST_CHECK enum rc locate_store_sweep(struct db *db, uint16_t today, struct err *e);
