/* Alarms in the writer's transaction: new, repeat, or nothing. Inside of domain/ only. */
#pragma once

#include "domain/alarm.h"

enum { ALARM_FOLD_MS = 10 * 60 * 1000 };

/* Sealed with the wearer's key. */
#define ALARM_LABEL_REPORT "alarm.report"
#define ALARM_LABEL_NOTE "alarm.note"
#define ALARM_LABEL_PLACE "alarm.place"

struct alarm_intake {
	struct uid wearer;
	uint32_t kinds;
	uint32_t status;
	int64_t device_time_ms; /* receipt time when the device said none */
	int64_t time_ms, received_ms;
	uint8_t marks;
	bool is_own_report; /* AL: it counts as a repeat; a position with alarm bits only keeps the
			       alarm awake */
	struct view report; /* packed, or empty */
};

struct alarm_outcome {
	struct uid id; /* none: nothing changed */
	bool is_new;
	uint16_t open_alarms; /* of the wearer, now */
};

/* RC_NOT_FOUND when the wearer was erased meanwhile. */
MUST_CHECK enum rc alarm_take_in(
	struct db *db, const struct alarm_intake *in, struct alarm_outcome *ret, struct err *e);
/* A place that was solved for a report with an alarm: `report` is packed. It goes to the alarms
 * that this report raised or repeated and that have none yet (or, when `is_better`, a vaguer one);
 * their ids are returned. */
enum { ALARM_PLACES_MAX = 4 };
MUST_CHECK enum rc alarm_add_place(struct db *db, const struct uid *wearer, int64_t received_ms,
	bool is_better, struct view report, struct uid ret_ids[ALARM_PLACES_MAX], size_t *ret_n,
	struct err *e);
MUST_CHECK enum rc alarm_count_open(
	struct db *db, const struct uid *wearer, uint16_t *ret, struct err *e);
