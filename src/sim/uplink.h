/* Writes what a watch sends: contents and frames. Independent of watch/ on purpose, so that a
 * mistake there does not hide itself here. Pure; deliberately able to write wrong lengths. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/manners.h"
#include "sim/radio.h"

enum { UPLINK_CONTENT_MAX = 1500, UPLINK_FRAME_MAX = UPLINK_CONTENT_MAX + 100 };

/* Text that is being put together; what does not fit is left out and told by is_full. */
struct wire {
	char *p;
	size_t n, size;
	bool is_full;
};

void wire_init(struct wire *t, char *buf, size_t size);
void wire_add(struct wire *t, const char *fmt, ...) PRINTF(2, 3);
void wire_add_bytes(struct wire *t, const char *p, size_t n);

/* Everything that stands in a position record. */
struct uplink_position {
	int64_t time_ms; /* of the watch's clock, UTC */
	int zone_min;    /* for families that send local time */
	bool is_fix;
	int32_t lat_e7, lon_e7;           /* where it is */
	int32_t last_lat_e7, last_lon_e7; /* the last fix */
	double speed_kmh, course_deg, accuracy_m;
	int altitude_m, satellites, battery_percent;
	uint32_t steps, rolls;
	uint32_t status;
	unsigned mcc, mnc;
	struct radio radio;
};

/* `keyword` is "UD", "UD2" or "AL"; the family's suffix is added. */
void uplink_position(const struct manners *m, const char *keyword, const struct uplink_position *p,
	struct wire *t);

/* LK or KA with the watch's numbers. */
void uplink_heartbeat(const struct manners *m, int64_t time_ms, uint32_t steps, uint32_t rolls,
	int battery_percent, struct wire *t);

/* The frame around a content. `index` is used by families that count, `secret` by those that sign.
 */
void uplink_frame(const struct manners *m, const char *id, uint16_t index, uint64_t secret,
	struct view content, struct wire *t);
