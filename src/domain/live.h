/* What every bound watch is doing now: presence and the latest values, in memory. Changed by the
 * main loop, read by every thread (one mutex, short sections). At most 200 bytes a device. */
#pragma once

#include "domain/domain.h"
#include "domain/fix.h"

/* Snapshot of one wearer's device; a plain value. */
struct live_view {
	bool has_device;
	struct uid device;
	struct uid group;
	char wire_id[WIRE_ID_TEXT];
	bool is_connected, is_conflict, is_demo;
	int64_t connected_since_ms; /* 0: never */
	int64_t last_seen_ms;       /* 0: never */
	int64_t battery_ms;
	bool has_battery, has_signal, has_steps;
	uint8_t battery_percent, signal_percent;
	uint32_t steps;
	uint16_t flags;
	bool has_fix;
	struct fix fix; /* the newest that is no factory place and no jump */
	uint16_t open_alarms;
};

/* False when the wearer is unknown. */
bool live_read(struct live *l, const struct uid *wearer, struct live_view *ret);
