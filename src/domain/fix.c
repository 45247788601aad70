#include "domain/fix.h"

/* One value: which bit of the report carries it to which bit of the fix. */
static const struct {
	uint32_t in;
	uint16_t out;
} carried[] = {
	{REPORT_HAS_ACCURACY, FIX_HAS_ACCURACY},
	{REPORT_HAS_SPEED, FIX_HAS_SPEED},
	{REPORT_HAS_COURSE, FIX_HAS_COURSE},
	{REPORT_HAS_ALTITUDE, FIX_HAS_ALTITUDE},
	{REPORT_HAS_SATELLITES, FIX_HAS_SATELLITES},
	{REPORT_HAS_BATTERY, FIX_HAS_BATTERY},
	{REPORT_HAS_SIGNAL, FIX_HAS_SIGNAL},
	{REPORT_HAS_STEPS, FIX_HAS_STEPS},
};

bool fix_from_report(const struct report *r, int64_t time_ms, int64_t received_ms, uint8_t marks,
	struct fix *ret)
{
	static const enum fix_source sources[REPORT_SOURCE_COUNT] = {
		FIX_GPS, FIX_WIFI, FIX_CELL, FIX_PHONE};

	if ((r->has & REPORT_HAS_POINT) == 0 || (r->source == REPORT_SOURCE_GPS && !r->is_valid))
		return false;
	uint16_t has = 0;
	for (size_t i = 0; i < COUNT_OF(carried); i++) {
		if ((r->has & carried[i].in) != 0)
			has |= carried[i].out;
	}
	*ret = (struct fix){
		.time_ms = time_ms,
		.received_ms = received_ms,
		.lat_e7 = r->lat_e7,
		.lon_e7 = r->lon_e7,
		.accuracy_dm = r->accuracy_dm,
		.altitude_dm = r->altitude_dm,
		.steps = r->steps,
		.speed_ckmh = r->speed_ckmh,
		.course_cdeg = r->course_cdeg,
		.has = has,
		.flags = r->flags,
		.marks = marks,
		.source = (uint8_t)sources[r->source],
		.satellites = r->satellites,
		.battery_percent = r->battery_percent,
		.signal_percent = r->signal_percent,
	};
	return true;
}

const char *fix_source_name(enum fix_source s)
{
	static const char *const names[] = {"none", "gps", "wifi", "cell", "phone"};

	return names[s];
}

const char *fix_mark_name(enum fix_mark bit)
{
	static const char *const names[FIX_MARK_COUNT] = {"clock_unset", "jump", "factory_place",
		"hemisphere_unknown", "stored", "unverified", "moving_ap"};

	for (unsigned i = 0; i < FIX_MARK_COUNT; i++) {
		if (bit == 1u << i)
			return names[i];
	}
	return NULL;
}
