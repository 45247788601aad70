#include "domain/setting_table.h"

#include <assert.h>

static const char *const modes[] = {"normal", "careful", "live", "adaptive", NULL};
static const char *const profiles[] = {"vibrate_ring", "ring", "vibrate", "silent", NULL};
static const char *const deliveries[] = {
	"platform", "platform_sms_call", "platform_call", "platform_sms", NULL};
static const char *const warnings[] = {"sms", "call", NULL};

#define FLAG(name)                                                                                 \
	{                                                                                          \
		name, TYPE_FLAG, 0, 1, NULL, NULL                                                  \
	}
#define NUMBER(name, min, max, unit)                                                               \
	{                                                                                          \
		name, TYPE_INT, min, max, unit, NULL                                               \
	}
#define CHOICE(name, words)                                                                        \
	{                                                                                          \
		name, TYPE_CHOICE, 0, 0, NULL, words                                               \
	}
#define LIST(name, type, min, max)                                                                 \
	{                                                                                          \
		name, type, min, max, NULL, NULL                                                   \
	}
#define ONE(name, type)                                                                            \
	{                                                                                          \
		name, type, 0, 0, NULL, NULL                                                       \
	}

/* clang-format off */
static const struct setting_def defs[SETTING_COUNT] = {
	[SETTING_LANGUAGE] = {"language", RIGHT_SETTINGS, false, CAUTION_NONE, 1, {ONE("language", TYPE_LANGUAGE)}},
	[SETTING_ZONE] = {"zone", RIGHT_SETTINGS, false, CAUTION_NONE, 1, {ONE("zone", TYPE_ZONE)}},
	[SETTING_UPLOAD_INTERVAL] = {"upload_interval", RIGHT_SETTINGS, true, CAUTION_LONG, 1, {NUMBER("seconds", 60, 65535, "s")}},
	[SETTING_TRACKING_MODE] = {"tracking_mode", RIGHT_SETTINGS, true, CAUTION_NONE, 1, {CHOICE("mode", modes)}},
	[SETTING_QUIET_TIMES] = {"quiet_times", RIGHT_SCHEDULE, true, CAUTION_NONE, 1, {LIST("windows", TYPE_WINDOWS_DAYS, 0, SETTING_WINDOWS_MAX)}},
	[SETTING_ALARM_CLOCKS] = {"alarm_clocks", RIGHT_SCHEDULE, false, CAUTION_NONE, 1, {LIST("alarms", TYPE_ALARMS, 0, SETTING_ALARMS_MAX)}},
	[SETTING_TIMETABLE] = {"timetable", RIGHT_SCHEDULE, false, CAUTION_NONE, 2, {LIST("periods", TYPE_PERIODS, 0, SETTING_PERIODS_MAX), LIST("lessons", TYPE_LESSONS, 0, SETTING_LESSONS_MAX)}},
	[SETTING_ALLOWED_CALLERS] = {"allowed_callers", RIGHT_CONTACTS, true, CAUTION_NONE, 1, {FLAG("is_on")}},
	[SETTING_REFUSE_STRANGERS] = {"refuse_strangers", RIGHT_CONTACTS, true, CAUTION_OFF, 1, {FLAG("is_on")}},
	[SETTING_STEP_COUNTER] = {"step_counter", RIGHT_SETTINGS, false, CAUTION_NONE, 1, {FLAG("is_on")}},
	[SETTING_WALK_TIMES] = {"walk_times", RIGHT_SCHEDULE, false, CAUTION_NONE, 1, {LIST("windows", TYPE_WINDOWS, 1, 3)}},
	[SETTING_SLEEP_TIME] = {"sleep_time", RIGHT_SCHEDULE, true, CAUTION_NONE, 2, {ONE("from", TYPE_TIME), ONE("to", TYPE_TIME)}},
	[SETTING_FALL_ALARM] = {"fall_alarm", RIGHT_SETTINGS, true, CAUTION_OFF, 2, {FLAG("is_on"), FLAG("dials")}},
	[SETTING_FALL_SENSITIVITY] = {"fall_sensitivity", RIGHT_SETTINGS, true, CAUTION_NONE, 1, {NUMBER("level", 1, 8, NULL)}},
	[SETTING_REMOVED_ALARM] = {"removed_alarm", RIGHT_SETTINGS, true, CAUTION_OFF, 1, {FLAG("is_on")}},
	[SETTING_SOUND_PROFILE] = {"sound_profile", RIGHT_SETTINGS, false, CAUTION_NONE, 1, {CHOICE("profile", profiles)}},
	[SETTING_STEP_GOAL] = {"step_goal", RIGHT_SETTINGS, false, CAUTION_NONE, 1, {NUMBER("steps", 0, 99999, "steps")}},
	[SETTING_BODY] = {"body", RIGHT_SETTINGS, false, CAUTION_NONE, 2, {NUMBER("height_cm", 30, 250, "cm"), NUMBER("weight_kg", 5, 300, "kg")}},
	[SETTING_APPS] = {"apps", RIGHT_SETTINGS, true, CAUTION_NONE, 6, {FLAG("dial"), FLAG("alarm"), FLAG("video"), FLAG("phone_book"), FLAG("chat"), FLAG("camera")}},
	[SETTING_FAMILY_CALLS] = {"family_calls", RIGHT_SETTINGS, true, CAUTION_NONE, 1, {FLAG("is_on")}},
	[SETTING_LONG_LIFE] = {"long_life", RIGHT_SETTINGS, true, CAUTION_ON, 1, {FLAG("is_on")}},
	[SETTING_ALARM_DELIVERY] = {"alarm_delivery", RIGHT_CONTACTS, true, CAUTION_NONE, 1, {CHOICE("delivery", deliveries)}},
	[SETTING_HOME_WIFI] = {"home_wifi", RIGHT_PLACES, true, CAUTION_NONE, 1, {LIST("macs", TYPE_MACS, 1, SETTING_MACS_MAX)}},
	[SETTING_POWER_TIMES] = {"power_times", RIGHT_POWER, true, CAUTION_ON, 4, {FLAG("is_on"), ONE("on_at", TYPE_TIME), ONE("off_at", TYPE_TIME), ONE("days", TYPE_DAYS)}},
	[SETTING_GPS_SWITCH] = {"gps_switch", RIGHT_SETTINGS, true, CAUTION_OFF, 1, {FLAG("is_on")}},
	[SETTING_NIGHT_SAVING] = {"night_saving", RIGHT_SETTINGS, true, CAUTION_ON, 1, {FLAG("is_on")}},
	[SETTING_DIAL_PAD] = {"dial_pad", RIGHT_CONTACTS, true, CAUTION_NONE, 1, {FLAG("is_on")}},
	[SETTING_HEART_INTERVAL] = {"heart_interval", RIGHT_SETTINGS, false, CAUTION_NONE, 2, {FLAG("is_on"), NUMBER("seconds", 300, 65535, "s")}},
	[SETTING_TEMPERATURE_INTERVAL] = {"temperature_interval", RIGHT_SETTINGS, false, CAUTION_NONE, 2, {FLAG("is_on"), NUMBER("hours", 1, 12, "h")}},
	[SETTING_TEMPERATURE_TIMES] = {"temperature_times", RIGHT_SETTINGS, false, CAUTION_NONE, 1, {LIST("points", TYPE_POINTS, 1, SETTING_POINTS_MAX)}},
	[SETTING_TEMPERATURE_LIMITS] = {"temperature_limits", RIGHT_CONTACTS, true, CAUTION_NONE, 5, {FLAG("is_on"), {"low", TYPE_DECIMAL, 300, 450, "degC", NULL}, {"high", TYPE_DECIMAL, 300, 450, "degC", NULL}, CHOICE("warning", warnings), ONE("number", TYPE_PHONE)}},
	[SETTING_CONTACTS] = {"contacts", RIGHT_CONTACTS, true, CAUTION_NONE, 0, {{0}}},
	[SETTING_SOS_NUMBERS] = {"sos_numbers", RIGHT_CONTACTS, true, CAUTION_NONE, 0, {{0}}},
	[SETTING_SMS_ALERTS] = {"sms_alerts", RIGHT_CONTACTS, true, CAUTION_NONE, 3, {FLAG("low_battery"), FLAG("sos"), FLAG("removed")}},
	[SETTING_CONTROL_NUMBERS] = {"control_numbers", RIGHT_NONE, true, CAUTION_NONE, 0, {{0}}},
	[SETTING_AUTO_ANSWER] = {"auto_answer", RIGHT_NONE, true, CAUTION_NONE, 0, {{0}}},
	[SETTING_PASSWORD] = {"password", RIGHT_NONE, true, CAUTION_NONE, 0, {{0}}},
};
/* clang-format on */

const struct setting_def *setting_def(enum setting_id id)
{
	assert(id < SETTING_COUNT);
	return &defs[id];
}

static bool find(struct view name, enum setting_id end, enum setting_id *ret)
{
	for (enum setting_id i = 0; i < end; i++) {
		if (view_is(name, view_of(defs[i].name))) {
			*ret = i;
			return true;
		}
	}
	return false;
}

bool setting_from_name(struct view name, enum setting_id *ret)
{
	return find(name, SETTING_FORMS, ret);
}

bool setting_of_name(struct view name, enum setting_id *ret)
{
	return find(name, SETTING_COUNT, ret);
}

unsigned setting_field_at(enum setting_id id, const char *name)
{
	unsigned i = 0;

	while (i < defs[id].fields_n && strcmp(defs[id].fields[i].name, name) != 0)
		i++;
	assert(i < defs[id].fields_n);
	return i;
}

const char *setting_type_name(enum setting_type t)
{
	static const char *const names[TYPE_COUNT] = {
		[TYPE_FLAG] = "flag",
		[TYPE_INT] = "int",
		[TYPE_DECIMAL] = "decimal",
		[TYPE_CHOICE] = "enum",
		[TYPE_TIME] = "hhmm",
		[TYPE_DAYS] = "days",
		[TYPE_LANGUAGE] = "language",
		[TYPE_ZONE] = "zone",
		[TYPE_PHONE] = "phone",
		[TYPE_WINDOWS] = "window",
		[TYPE_WINDOWS_DAYS] = "window_days",
		[TYPE_ALARMS] = "alarm",
		[TYPE_POINTS] = "timepoint",
		[TYPE_MACS] = "mac",
		[TYPE_PERIODS] = "periods",
		[TYPE_LESSONS] = "lessons",
	};

	return names[t];
}

bool setting_needs_understanding(enum setting_id id, const struct setting_value *v)
{
	switch (defs[id].caution) {
	case CAUTION_NONE:
		return false;
	case CAUTION_ALWAYS:
		return true;
	case CAUTION_OFF:
		return v->numbers[0] == 0;
	case CAUTION_ON:
		return v->numbers[0] != 0;
	case CAUTION_LONG:
		return v->numbers[0] > SETTING_INTERVAL_PLAIN_S;
	}
	return true;
}

/* The LZ table of the protocol, section 5.2. */
static const struct {
	const char *tag; /* BCP 47: the whole, or the first part of what is asked for */
	uint8_t number;
} languages[] = {
	{"zh-TW", 14},
	{"zh-HK", 14},
	{"zh-Hant", 14},
	{"en", 0},
	{"zh", 1},
	{"pt", 3},
	{"es", 4},
	{"de", 5},
	{"tr", 7},
	{"vi", 8},
	{"ru", 9},
	{"fr", 10},
	{"el", 11},
	{"it", 12},
	{"sv", 13},
	{"bg", 15},
	{"nl", 16},
	{"pl", 17},
	{"fi", 18},
	{"th", 19},
	{"he", 22},
	{"da", 23},
	{"hi", 25},
	{"ro", 26},
	{"cs", 27},
	{"ar", 28},
	{"hu", 34},
	{"sk", 36},
};

bool watch_language_number(struct view language, uint8_t *ret)
{
	for (size_t i = 0; i < COUNT_OF(languages); i++) {
		struct view tag = view_of(languages[i].tag);
		bool is_whole =
			language.n == tag.n || (language.n > tag.n && language.p[tag.n] == '-');
		if (is_whole && view_starts_nocase(language, tag)) {
			*ret = languages[i].number;
			return true;
		}
	}
	return false;
}

const char *watch_language_tag(size_t i)
{
	return i < COUNT_OF(languages) ? languages[i].tag : NULL;
}

/* One more than the id, so that 0 is none. */
#define OF(id) ((uint8_t)((id) + 1))

static const uint8_t settings_of[COMMAND_KIND_COUNT][SETTINGS_OF_KIND_MAX] = {
	[COMMAND_LANGUAGE_ZONE] = {OF(SETTING_LANGUAGE), OF(SETTING_ZONE)},
	[COMMAND_LANGUAGE] = {OF(SETTING_LANGUAGE)},
	[COMMAND_ZONE] = {OF(SETTING_ZONE)},
	[COMMAND_UPLOAD_INTERVAL] = {OF(SETTING_UPLOAD_INTERVAL), OF(SETTING_TRACKING_MODE)},
	[COMMAND_PASSWORD] = {OF(SETTING_PASSWORD)},
	[COMMAND_AUTO_ANSWER_OFF] = {OF(SETTING_AUTO_ANSWER)},
	[COMMAND_AUTO_PICKUP_OFF] = {OF(SETTING_AUTO_ANSWER)},
	[COMMAND_SMS_FORWARD_OFF] = {OF(SETTING_AUTO_ANSWER)},
	[COMMAND_CENTER_CLEAR] = {OF(SETTING_CONTROL_NUMBERS)},
	[COMMAND_SLAVE_CLEAR] = {OF(SETTING_CONTROL_NUMBERS)},
	[COMMAND_BOOK_1] = {OF(SETTING_CONTACTS)},
	[COMMAND_BOOK_2] = {OF(SETTING_CONTACTS)},
	[COMMAND_BOOK_3] = {OF(SETTING_CONTACTS)},
	[COMMAND_BOOK_WHOLE] = {OF(SETTING_CONTACTS)},
	[COMMAND_BOOK_ENTRY] = {OF(SETTING_CONTACTS)},
	[COMMAND_BOOK_REMOVE] = {OF(SETTING_CONTACTS)},
	[COMMAND_SOS_1] = {OF(SETTING_SOS_NUMBERS)},
	[COMMAND_SOS_2] = {OF(SETTING_SOS_NUMBERS)},
	[COMMAND_SOS_3] = {OF(SETTING_SOS_NUMBERS)},
	[COMMAND_SOS_ALL] = {OF(SETTING_SOS_NUMBERS)},
	[COMMAND_SOS_SMS] = {OF(SETTING_SMS_ALERTS)},
	[COMMAND_BATTERY_SMS] = {OF(SETTING_SMS_ALERTS)},
	[COMMAND_REMOVED_SMS] = {OF(SETTING_SMS_ALERTS)},
	[COMMAND_REFUSE_STRANGERS] = {OF(SETTING_REFUSE_STRANGERS)},
	[COMMAND_REFUSE_STRANGERS_2] = {OF(SETTING_REFUSE_STRANGERS)},
	[COMMAND_ALARM_CLOCKS] = {OF(SETTING_ALARM_CLOCKS)},
	[COMMAND_QUIET_TIMES_DAYS] = {OF(SETTING_QUIET_TIMES)},
	[COMMAND_WALK_TIMES] = {OF(SETTING_WALK_TIMES)},
	[COMMAND_STEP_COUNTER] = {OF(SETTING_STEP_COUNTER)},
	[COMMAND_SLEEP_TIME] = {OF(SETTING_SLEEP_TIME)},
	[COMMAND_ALLOWED_1] = {OF(SETTING_ALLOWED_CALLERS)},
	[COMMAND_ALLOWED_2] = {OF(SETTING_ALLOWED_CALLERS)},
	[COMMAND_REMOVED_ALARM] = {OF(SETTING_REMOVED_ALARM)},
	[COMMAND_FALL_ALARM] = {OF(SETTING_FALL_ALARM)},
	[COMMAND_FALL_SWITCH] = {OF(SETTING_FALL_ALARM)},
	[COMMAND_FALL_SENSITIVITY] = {OF(SETTING_FALL_SENSITIVITY)},
	[COMMAND_ALARM_DELIVERY] = {OF(SETTING_ALARM_DELIVERY)},
	[COMMAND_HEART_INTERVAL] = {OF(SETTING_HEART_INTERVAL)},
	[COMMAND_TEMPERATURE_INTERVAL] = {OF(SETTING_TEMPERATURE_INTERVAL)},
	[COMMAND_TEMPERATURE_TIMES] = {OF(SETTING_TEMPERATURE_TIMES)},
	[COMMAND_TEMPERATURE_LIMITS] = {OF(SETTING_TEMPERATURE_LIMITS)},
	[COMMAND_HOME_WIFI] = {OF(SETTING_HOME_WIFI)},
	[COMMAND_SOUND_PROFILE] = {OF(SETTING_SOUND_PROFILE)},
	[COMMAND_TIMETABLE] = {OF(SETTING_TIMETABLE)},
	[COMMAND_STEP_GOAL] = {OF(SETTING_STEP_GOAL)},
	[COMMAND_BODY] = {OF(SETTING_BODY)},
	[COMMAND_APPS] = {OF(SETTING_APPS)},
	[COMMAND_FAMILY_CALLS] = {OF(SETTING_FAMILY_CALLS)},
	[COMMAND_LONG_LIFE] = {OF(SETTING_LONG_LIFE)},
	[COMMAND_POWER_TIMES] = {OF(SETTING_POWER_TIMES)},
	[COMMAND_GPS_SWITCH] = {OF(SETTING_GPS_SWITCH)},
	[COMMAND_NIGHT_SAVING] = {OF(SETTING_NIGHT_SAVING)},
	[COMMAND_DIAL_PAD] = {OF(SETTING_DIAL_PAD)},
};

unsigned setting_ids_of(enum command_kind kind, enum setting_id ret[SETTINGS_OF_KIND_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; kind < COMMAND_KIND_COUNT && i < SETTINGS_OF_KIND_MAX; i++) {
		if (settings_of[kind][i] != 0)
			ret[n++] = (enum setting_id)(settings_of[kind][i] - 1);
	}
	return n;
}
