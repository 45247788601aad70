/* The table behind live.h: one compact struct per bound watch, found by the id on the wire, by its
 * session, by its wearer. Inside of domain/ only. Every access is under live_lock; pointers are
 * good until live_unlock. */
#pragma once

#include "domain/index.h"
#include "domain/live.h"

enum date_order { DATE_ORDER_UNKNOWN, DATE_ORDER_VENDOR, DATE_ORDER_OTHER };

/* At most 168 bytes; with three index slots (4 bytes each, at least half full) under 200. */
struct live_device {
	struct uid device, wearer, group;
	uint64_t session; /* the current one; 0: not connected */
	int64_t time_ms;  /* of the latest place */
	uint32_t received_s, last_seen_s, connected_s, battery_s; /* UTC seconds */
	int32_t lat_e7, lon_e7;
	uint32_t accuracy_dm;
	int32_t altitude_dm;
	uint32_t fix_steps, steps;
	uint32_t place;     /* of this device in the table; set by live_add */
	uint32_t number;    /* of the wearer; 0: this place of the table is free */
	uint32_t last_hash; /* of the newest stored report: exact repeats are folded */
	uint16_t speed_ckmh, course_cdeg;
	uint16_t fix_has, fix_flags, flags;
	uint16_t open_alarms;
	int16_t offset_min;             /* of watches that send local time; learned */
	char wire_id[WIRE_ID_TEXT - 1]; /* no NUL when all 20 are used */
	char vendor[6];
	uint8_t fix_marks, satellites, fix_battery, fix_signal;
	uint8_t battery_percent, signal_percent;
	uint8_t date_order : 2;
	uint8_t jumps : 2; /* places in a row that were too far from the last */
	uint8_t fix_source : 3;
	bool has_fix : 1;
	bool has_battery : 1;
	bool has_signal : 1;
	bool has_steps : 1;
	bool is_demo : 1;
	bool is_conflict : 1;
	bool is_dirty : 1;       /* a wearer event is due */
	bool has_pending : 1;    /* a place of it is on its way to the disk */
	bool is_health_kept : 1; /* as the wearer's rule said last */
	bool is_adaptive : 1;    /* tracking.h wants to know of each report */
};

struct live;

MUST_CHECK enum rc live_new(struct live **ret_owned, struct err *e);
void live_free(struct live *l);
/* Every bound device with its latest place. */
MUST_CHECK enum rc live_load(struct live *l, struct db *db, struct history *h, struct err *e);

void live_lock(struct live *l);
void live_unlock(struct live *l);

/* NULL when there is none. */
struct live_device *live_by_wire_id(struct live *l, struct view wire_id);
struct live_device *live_by_session(struct live *l, uint64_t session);
struct live_device *live_by_wearer(struct live *l, const struct uid *wearer);
/* The device at a place; NULL when it is not the one of that wearer number any more. */
struct live_device *live_at(struct live *l, uint32_t place, uint32_t number);

/* RC_CONFLICT when the wire id is there already. */
MUST_CHECK enum rc live_add(struct live *l, const struct live_device *dev, struct err *e);
void live_remove(struct live *l, struct live_device *dev);
/* 0: no session. RC_NOMEM leaves it without one; the next frame of the session tries again, so that
 * a caller may go on. */
enum rc live_set_session(struct live *l, struct live_device *dev, uint64_t session, struct err *e);

/* The next device from *place on whose session belongs to that gateway; takes the lock itself. */
bool live_next_session(struct live *l, uint8_t gateway, uint32_t *place, uint64_t *ret_session);

/* Fetches a device into the cache that is wanted soon. */
void live_prefetch(const struct live *l, uint32_t place);

struct view live_wire_id(const struct live_device *dev);
void live_get_fix(const struct live_device *dev, struct fix *ret);
void live_set_fix(struct live_device *dev, const struct fix *f);

struct live_stats {
	uint32_t devices, connected;
	size_t bytes;
};
void live_read_stats(struct live *l, struct live_stats *ret);
