/* The settings of a watch as people know them: one row each, with its fields, the right it needs,
 * and whether it can hide the wearer. Everything that a watch is told to be goes through here: what
 * has a form in the app, what has a route of its own (contacts …), and what the server sets by
 * itself (what keeps strangers out). Pure. */
#pragma once

#include "domain/setting_value.h"
#include "watch/command.h"

enum setting_id {
	SETTING_LANGUAGE,
	SETTING_ZONE,
	SETTING_UPLOAD_INTERVAL,
	SETTING_TRACKING_MODE,
	SETTING_QUIET_TIMES,
	SETTING_ALARM_CLOCKS,
	SETTING_TIMETABLE,
	SETTING_ALLOWED_CALLERS,
	SETTING_REFUSE_STRANGERS,
	SETTING_STEP_COUNTER,
	SETTING_WALK_TIMES,
	SETTING_SLEEP_TIME,
	SETTING_FALL_ALARM,
	SETTING_FALL_SENSITIVITY,
	SETTING_REMOVED_ALARM,
	SETTING_SOUND_PROFILE,
	SETTING_STEP_GOAL,
	SETTING_BODY,
	SETTING_APPS,
	SETTING_FAMILY_CALLS,
	SETTING_LONG_LIFE,
	SETTING_ALARM_DELIVERY,
	SETTING_HOME_WIFI,
	SETTING_POWER_TIMES,
	SETTING_GPS_SWITCH,
	SETTING_NIGHT_SAVING,
	SETTING_DIAL_PAD,
	SETTING_HEART_INTERVAL,
	SETTING_TEMPERATURE_INTERVAL,
	SETTING_TEMPERATURE_TIMES,
	SETTING_TEMPERATURE_LIMITS,
	SETTING_FORMS, /* the first without a form: those behind it have routes of their own … */
	SETTING_CONTACTS = SETTING_FORMS,
	SETTING_SOS_NUMBERS,
	SETTING_SMS_ALERTS,
	SETTING_OWN, /* … and those behind it are the server's */
	SETTING_CONTROL_NUMBERS = SETTING_OWN,
	SETTING_AUTO_ANSWER,
	SETTING_PASSWORD,
	SETTING_COUNT,
};

enum setting_type {
	TYPE_FLAG,
	TYPE_INT,
	TYPE_DECIMAL, /* tenths */
	TYPE_CHOICE,
	TYPE_TIME,
	TYPE_DAYS,
	TYPE_LANGUAGE, /* text */
	TYPE_ZONE,     /* text */
	TYPE_PHONE,    /* text */
	TYPE_WINDOWS,
	TYPE_WINDOWS_DAYS,
	TYPE_ALARMS,
	TYPE_POINTS,
	TYPE_MACS,
	TYPE_PERIODS,
	TYPE_LESSONS,
	TYPE_COUNT,
};
const char *setting_type_name(enum setting_type t);

struct setting_field {
	const char *name;
	enum setting_type type;
	int32_t min, max;         /* INT, DECIMAL: the number; lists: how many */
	const char *unit;         /* or NULL */
	const char *const *words; /* CHOICE: NULL at the end */
};

/* When a form needs `is_understood`: the person said that they know what it means. */
enum setting_caution {
	CAUTION_NONE,
	CAUTION_ALWAYS,
	CAUTION_OFF,  /* when its first field, a flag, is off */
	CAUTION_ON,   /* when it is on */
	CAUTION_LONG, /* above SETTING_INTERVAL_PLAIN_S */
};
enum { SETTING_INTERVAL_PLAIN_S = 3600 };

struct setting_def {
	const char *name;
	enum right right;
	bool is_told; /* it can stop alarms, calls or locating: all members are told */
	enum setting_caution caution;
	uint8_t fields_n;
	struct setting_field fields[SETTING_FIELDS_MAX];
};

const struct setting_def *setting_def(enum setting_id id);
/* Among those with a form. */
MUST_CHECK bool setting_from_name(struct view name, enum setting_id *ret);
/* Among all. */
MUST_CHECK bool setting_of_name(struct view name, enum setting_id *ret);
/* The place of a field; the field must exist. */
unsigned setting_field_at(enum setting_id id, const char *name);

bool setting_needs_understanding(enum setting_id id, const struct setting_value *v);

/* The settings that a command carries (at most two: LZ carries language and zone). */
enum { SETTINGS_OF_KIND_MAX = 2 };
unsigned setting_ids_of(enum command_kind kind, enum setting_id ret[SETTINGS_OF_KIND_MAX]);

/* Number of the LZ table for "de", "es-MX" … False when no watch knows it. */
bool watch_language_number(struct view language, uint8_t *ret);
/* The tags of that table; NULL at the end. */
const char *watch_language_tag(size_t i);
