/* A position as people see it: made from a stored report, always with its source, age and marks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "watch/report.h"

enum fix_source { FIX_NONE, FIX_GPS, FIX_WIFI, FIX_CELL, FIX_PHONE };

/* Doubts about a fix, never a reason to drop an alarm. */
enum fix_mark {
	FIX_MARK_CLOCK_UNSET = 1u << 0,   /* device time unusable: `time` is the receipt time */
	FIX_MARK_JUMP = 1u << 1,          /* faster than 250 m/s from the last good fix */
	FIX_MARK_FACTORY_PLACE = 1u << 2, /* the factory's coordinates */
	FIX_MARK_HEMISPHERE_UNKNOWN = 1u << 3,
	FIX_MARK_STORED = 1u << 4,     /* sent late (UD2) */
	FIX_MARK_UNVERIFIED = 1u << 5, /* another connection with the same id was talking too */
	FIX_MARK_MOVING_AP = 1u << 6,  /* heard access points that move about; they were left out */
	FIX_MARK_COUNT = 7,            /* the eighth bit is history's */
};

/* Which of the optional values are there. */
enum fix_has {
	FIX_HAS_ACCURACY = 1u << 0,
	FIX_HAS_SPEED = 1u << 1,
	FIX_HAS_COURSE = 1u << 2,
	FIX_HAS_ALTITUDE = 1u << 3,
	FIX_HAS_SATELLITES = 1u << 4,
	FIX_HAS_BATTERY = 1u << 5,
	FIX_HAS_SIGNAL = 1u << 6,
	FIX_HAS_STEPS = 1u << 7,
};

struct fix {
	int64_t time_ms, received_ms;
	int32_t lat_e7, lon_e7;
	uint32_t accuracy_dm; /* 0.1 m */
	int32_t altitude_dm;
	uint32_t steps;
	uint16_t speed_ckmh;  /* 0.01 km/h */
	uint16_t course_cdeg; /* 0.01 degree */
	uint16_t has;
	uint16_t flags; /* enum report_flag */
	uint8_t marks;
	uint8_t source;
	uint8_t satellites, battery_percent, signal_percent;
};

/* False when the report holds no point that may be shown as a place. */
bool fix_from_report(const struct report *r, int64_t time_ms, int64_t received_ms, uint8_t marks,
	struct fix *ret);

const char *fix_source_name(enum fix_source s);
/* "clock_unset", "jump" … of one mark; NULL when no such bit. */
const char *fix_mark_name(enum fix_mark bit);
