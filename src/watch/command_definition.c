/* The one table of what a watch can be told (protocol section 5, commands.json): a row a kind. */
#include "watch/command.h"

enum { MINUTE_S = 60, DAY_S = 86400 };

static const struct command_value delivery_values[] = {
	{0, "platform"},
	{1, "platform, SMS, call"},
	{2, "platform, call"},
	{3, "platform, SMS"},
	{0, NULL},
};

static const struct command_value profile_values[] = {
	{1, "vibrate and ring"},
	{2, "ring"},
	{3, "vibrate"},
	{4, "silent"},
	{0, NULL},
};

static const struct command_value warning_values[] = {
	{0, "SMS"},
	{1, "call"},
	{0, NULL},
};

/* ---- what follows the keyword ---- */

static const struct command_field on_fields[] = {
	{.name = "on", .type = PARAM_FLAG, .member = MEMBER_IS_ON},
};

static const struct command_field zero_fields[] = {
	{.name = "off", .type = PARAM_FIXED, .fixed = "0"},
};

static const struct command_field empty_fields[] = {
	{.name = "number", .type = PARAM_FIXED, .fixed = ""},
};

static const struct command_field once_fields[] = {
	{.name = "once", .type = PARAM_FIXED, .fixed = "1"},
};

static const struct command_field message_fields[] = {
	{.name = "text",
		.type = PARAM_TEXT,
		.min = 1,
		.max = COMMAND_TEXT_MAX,
		.unit = "characters"},
};

static const struct command_field language_zone_fields[] = {
	{.name = "language", .type = PARAM_LANGUAGE},
	{.name = "zone", .type = PARAM_ZONE, .unit = "h"},
};

static const struct command_field language_fields[] = {
	{.name = "language", .type = PARAM_LANGUAGE},
};

static const struct command_field zone_fields[] = {
	{.name = "zone", .type = PARAM_ZONE, .unit = "h"},
};

static const struct command_field upload_fields[] = {
	{.name = "interval",
		.type = PARAM_INT,
		.member = MEMBER_INTERVAL_S,
		.min = COMMAND_INTERVAL_MIN_S,
		.max = COMMAND_INTERVAL_MAX_S,
		.unit = "s"},
};

static const struct command_field password_fields[] = {
	{.name = "digits",
		.type = PARAM_DIGITS,
		.min = COMMAND_DIGITS_MIN,
		.max = COMMAND_DIGITS_MAX,
		.is_secret = true},
};

static const struct command_field page_fields[] = {
	{.name = "entry",
		.type = PARAM_ENTRY,
		.max = COMMAND_NAME_UNITS,
		.unit = "characters",
		.repeat_min = COMMAND_BOOK_PAGE,
		.repeat_max = COMMAND_BOOK_PAGE,
		.is_optional = true},
};

static const struct command_field whole_fields[] = {
	{.name = "entry",
		.type = PARAM_ENTRY,
		.max = COMMAND_NAME_UNITS,
		.unit = "characters",
		.repeat_min = 1,
		.repeat_max = COMMAND_BOOK_MAX},
};

static const struct command_field entry_fields[] = {
	{.name = "slot",
		.type = PARAM_INT,
		.member = MEMBER_SLOT,
		.min = 1,
		.max = COMMAND_SLOT_MAX},
	{.name = "name",
		.type = PARAM_NAME,
		.min = 1,
		.max = COMMAND_NAME_UNITS,
		.unit = "characters"},
	{.name = "number", .type = PARAM_PHONE},
	{.name = "picture", .type = PARAM_PICTURE, .is_optional = true},
};

static const struct command_field entry_2_fields[] = {
	{.name = "slot",
		.type = PARAM_INT,
		.member = MEMBER_SLOT,
		.min = 1,
		.max = COMMAND_SLOT_MAX},
	{.name = "name",
		.type = PARAM_NAME,
		.min = 1,
		.max = COMMAND_NAME_UNITS,
		.unit = "characters"},
	{.name = "number", .type = PARAM_PHONE},
	{.name = "picture", .type = PARAM_PICTURE, .is_optional = true},
	{.name = "kind", .type = PARAM_INT, .member = MEMBER_VALUE_0, .max = 5},
};

static const struct command_field slot_fields[] = {
	{.name = "slot",
		.type = PARAM_INT,
		.member = MEMBER_SLOT,
		.min = 1,
		.max = COMMAND_SLOT_MAX},
};

static const struct command_field number_fields[] = {
	{.name = "number", .type = PARAM_PHONE},
};

static const struct command_field number_or_not_fields[] = {
	{.name = "number", .type = PARAM_PHONE, .is_optional = true},
};

static const struct command_field three_numbers_fields[] = {
	{.name = "number",
		.type = PARAM_PHONE,
		.repeat_min = COMMAND_SOS_MAX,
		.repeat_max = COMMAND_SOS_MAX,
		.is_optional = true},
};

static const struct command_field five_numbers_fields[] = {
	{.name = "number",
		.type = PARAM_PHONE,
		.repeat_min = COMMAND_BOOK_PAGE,
		.repeat_max = COMMAND_BOOK_PAGE,
		.is_optional = true},
};

static const struct command_field reward_fields[] = {
	{.name = "count",
		.type = PARAM_INT,
		.member = MEMBER_VALUE_0,
		.max = 99,
		.unit = "flowers"},
};

static const struct command_field voice_fields[] = {
	{.name = "audio", .type = PARAM_AUDIO, .min = COMMAND_VOICE_MIN, .unit = "bytes"},
};

static const struct command_field voice_group_fields[] = {
	{.name = "group", .type = PARAM_WORD, .member = MEMBER_WORD_0, .min = 1, .max = 24},
	{.name = "audio", .type = PARAM_AUDIO, .min = COMMAND_VOICE_MIN, .unit = "bytes"},
};

static const struct command_field alarm_clocks_fields[] = {
	{.name = "alarm", .type = PARAM_ALARM, .repeat_min = 1, .repeat_max = COMMAND_ALARMS_MAX},
};

static const struct command_field four_windows_fields[] = {
	{.name = "window", .type = PARAM_WINDOW, .repeat_min = 1, .repeat_max = 4},
};

static const struct command_field four_windows_days_fields[] = {
	{.name = "window", .type = PARAM_WINDOW_DAYS, .repeat_min = 1, .repeat_max = 4},
};

static const struct command_field three_windows_fields[] = {
	{.name = "window", .type = PARAM_WINDOW, .repeat_min = 1, .repeat_max = 3},
};

static const struct command_field one_window_fields[] = {
	{.name = "window", .type = PARAM_WINDOW, .repeat_min = 1, .repeat_max = 1},
};

static const struct command_field fall_alarm_fields[] = {
	{.name = "alarm", .type = PARAM_FLAG, .member = MEMBER_IS_ON},
	{.name = "dial", .type = PARAM_FLAG, .member = MEMBER_VALUE_0},
};

static const struct command_field fall_sensitivity_fields[] = {
	{.name = "level", .type = PARAM_INT, .member = MEMBER_VALUE_0, .min = 1, .max = 8},
	{.name = "levels",
		.type = PARAM_INT,
		.member = MEMBER_VALUE_1,
		.min = 1,
		.max = 8,
		.joint = '+'},
};

static const struct command_field delivery_fields[] = {
	{.name = "mode", .type = PARAM_ENUM, .member = MEMBER_VALUE_0, .values = delivery_values},
};

static const struct command_field profile_fields[] = {
	{.name = "mode", .type = PARAM_ENUM, .member = MEMBER_VALUE_0, .values = profile_values},
};

static const struct command_field pill_fields[] = {
	{.name = "alarm", .type = PARAM_ALARM, .repeat_min = 1, .repeat_max = 1},
	{.name = "slot", .type = PARAM_INT, .member = MEMBER_SLOT, .min = 1, .max = 3},
	{.name = "text", .type = PARAM_TEXT, .min = 1, .max = 60, .unit = "characters"},
	{.name = "audio",
		.type = PARAM_AUDIO,
		.member = MEMBER_VALUE_0,
		.min = COMMAND_VOICE_MIN,
		.unit = "bytes",
		.is_optional = true,
		.is_last = true},
};

static const struct command_field heart_interval_fields[] = {
	{.name = "interval",
		.type = PARAM_INT,
		.member = MEMBER_INTERVAL_S,
		.min = 300,
		.max = 65535,
		.unit = "s",
		.has_zero = true},
};

static const struct command_field health_interval_fields[] = {
	{.name = "kind", .type = PARAM_FIXED, .fixed = "1"},
	{.name = "on", .type = PARAM_FLAG, .member = MEMBER_IS_ON},
	{.name = "interval",
		.type = PARAM_INT,
		.member = MEMBER_INTERVAL_S,
		.min = 300,
		.max = 65535,
		.unit = "s"},
};

static const struct command_field temperature_interval_fields[] = {
	{.name = "on", .type = PARAM_FLAG, .member = MEMBER_IS_ON},
	{.name = "hours",
		.type = PARAM_INT,
		.member = MEMBER_VALUE_0,
		.min = 1,
		.max = 12,
		.unit = "h"},
};

static const struct command_field temperature_times_fields[] = {
	{.name = "count", .type = PARAM_COUNT},
	{.name = "point", .type = PARAM_POINT, .repeat_min = 1, .repeat_max = COMMAND_POINTS_MAX},
};

static const struct command_field temperature_limits_fields[] = {
	{.name = "low",
		.type = PARAM_DECIMAL,
		.member = MEMBER_VALUE_0,
		.min = 300,
		.max = 450,
		.unit = "degC"},
	{.name = "high",
		.type = PARAM_DECIMAL,
		.member = MEMBER_VALUE_1,
		.min = 300,
		.max = 450,
		.unit = "degC"},
	{.name = "on", .type = PARAM_FLAG, .member = MEMBER_IS_ON},
	{.name = "type", .type = PARAM_ENUM, .member = MEMBER_VALUE_2, .values = warning_values},
	{.name = "number", .type = PARAM_PHONE},
};

static const struct command_field temperature_period_fields[] = {
	{.name = "interval",
		.type = PARAM_INT,
		.member = MEMBER_INTERVAL_S,
		.min = 1,
		.max = 65535,
		.unit = "s"},
};

static const struct command_field home_wifi_fields[] = {
	{.name = "mac",
		.type = PARAM_MAC,
		.repeat_min = COMMAND_MACS_MAX,
		.repeat_max = COMMAND_MACS_MAX},
};

static const struct command_field timetable_fields[] = {
	{.name = "periods",
		.type = PARAM_PERIODS,
		.repeat_min = COMMAND_PERIODS,
		.repeat_max = COMMAND_PERIODS},
	{.name = "lessons",
		.type = PARAM_LESSONS,
		.min = 1,
		.max = COMMAND_NAME_UNITS,
		.unit = "characters",
		.repeat_max = COMMAND_LESSONS_MAX},
};

static const struct command_field step_goal_fields[] = {
	{.name = "goal",
		.type = PARAM_INT,
		.member = MEMBER_VALUE_0,
		.max = 99999,
		.unit = "steps"},
};

static const struct command_field body_fields[] = {
	{.name = "height",
		.type = PARAM_INT,
		.member = MEMBER_VALUE_0,
		.min = 30,
		.max = 250,
		.unit = "cm"},
	{.name = "weight",
		.type = PARAM_INT,
		.member = MEMBER_VALUE_1,
		.min = 5,
		.max = 300,
		.unit = "kg"},
};

static const struct command_field apps_fields[] = {
	{.name = "switch",
		.type = PARAM_APP,
		.max = 99,
		.repeat_min = 1,
		.repeat_max = COMMAND_APPS_MAX},
};

static const struct command_field power_times_fields[] = {
	{.name = "on", .type = PARAM_FLAG, .member = MEMBER_IS_ON},
	{.name = "on_at", .type = PARAM_HHMM, .member = MEMBER_FROM},
	{.name = "off_at", .type = PARAM_HHMM, .member = MEMBER_TO},
	{.name = "days", .type = PARAM_DAYS},
};

static const struct command_field gps_fields[] = {
	{.name = "switch", .type = PARAM_FIXED, .fixed = "DW"},
	{.name = "on", .type = PARAM_FLAG, .member = MEMBER_IS_ON, .joint = '-'},
};

static const struct command_field night_fields[] = {
	{.name = "switch", .type = PARAM_FIXED, .fixed = "YJ"},
	{.name = "on", .type = PARAM_FLAG, .member = MEMBER_IS_ON, .joint = '-'},
};

static const struct command_field dial_fields[] = {
	{.name = "switch", .type = PARAM_FIXED, .fixed = "PH"},
	{.name = "on", .type = PARAM_FLAG, .member = MEMBER_IS_ON, .joint = '-'},
};

static const struct command_field owner_fields[] = {
	{.name = "name",
		.type = PARAM_NAME,
		.min = 1,
		.max = COMMAND_NAME_UNITS,
		.unit = "characters"},
	{.name = "", .type = PARAM_FIXED, .fixed = ""},
	{.name = "", .type = PARAM_FIXED, .fixed = ""},
};

static const struct command_field apn_fields[] = {
	{.name = "name",
		.type = PARAM_HOST,
		.member = MEMBER_WORD_0,
		.min = 1,
		.max = COMMAND_WORD_MAX},
	{.name = "user",
		.type = PARAM_WORD,
		.member = MEMBER_WORD_1,
		.max = COMMAND_WORD_MAX,
		.is_optional = true},
	{.name = "password",
		.type = PARAM_WORD,
		.member = MEMBER_WORD_2,
		.max = COMMAND_WORD_MAX,
		.is_optional = true,
		.is_secret = true},
	{.name = "mccmnc", .type = PARAM_DIGITS, .min = 5, .max = 6},
};

static const struct command_field friend_fields[] = {
	{.name = "friend",
		.type = PARAM_WORD,
		.member = MEMBER_WORD_0,
		.max = 24,
		.is_optional = true,
		.is_last = true},
};

static const struct command_field wifi_join_fields[] = {
	{.name = "id", .type = PARAM_WORD, .member = MEMBER_WORD_0, .min = 1, .max = 32},
	{.name = "password",
		.type = PARAM_WORD,
		.member = MEMBER_WORD_1,
		.max = 63,
		.is_optional = true,
		.is_secret = true},
	{.name = "ssid", .type = PARAM_WORD, .member = MEMBER_WORD_2, .min = 1, .max = 32},
};

static const struct command_field wifi_forget_fields[] = {
	{.name = "id", .type = PARAM_WORD, .member = MEMBER_WORD_0, .min = 1, .max = 32},
};

/* ---- kinds ---- */

/* clang-format off */
static const struct command_definition definitions[COMMAND_KIND_COUNT] = {
	[COMMAND_LOCATE] = {.keyword = "CR", .name = "locate", .class = CLASS_PRIVATE, .answers = {"CR"},
		.timeout_s = 30, .life_s = 5 * MINUTE_S, .may_repeat = true, .later = "UD",
		.meaning = "locate now: GPS on for some minutes, positions follow"},
	[COMMAND_FIND] = {.keyword = "FIND", .name = "find", .class = CLASS_HARMLESS, .answers = {"FIND"},
		.timeout_s = 30, .life_s = 2 * MINUTE_S,
		.meaning = "ring for a minute"},
	[COMMAND_MESSAGE] = {.keyword = "MESSAGE", .name = "message", .class = CLASS_HARMLESS, .answers = {"MESSAGE"},
		.timeout_s = 30, .life_s = 3 * DAY_S,
		.fields = message_fields, .fields_n = COUNT_OF(message_fields),
		.meaning = "show a text"},
	[COMMAND_LANGUAGE_ZONE] = {.keyword = "LZ", .name = "language_zone", .class = CLASS_HARMLESS, .answers = {"LZ"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = language_zone_fields, .fields_n = COUNT_OF(language_zone_fields),
		.meaning = "language and time zone together"},
	[COMMAND_LANGUAGE] = {.keyword = "LANG", .name = "language", .class = CLASS_HARMLESS, .answers = {"LANG"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = language_fields, .fields_n = COUNT_OF(language_fields),
		.meaning = "language (4G watches that do not answer LZ)"},
	[COMMAND_ZONE] = {.keyword = "ZONE", .name = "zone", .class = CLASS_HARMLESS, .answers = {"ZONE"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = zone_fields, .fields_n = COUNT_OF(zone_fields),
		.meaning = "time zone (4G watches that do not answer LZ)"},
	[COMMAND_UPLOAD_INTERVAL] = {.keyword = "UPLOAD", .name = "upload_interval", .class = CLASS_SAFETY, .answers = {"UPLOAD"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = upload_fields, .fields_n = COUNT_OF(upload_fields),
		.meaning = "how often a moving watch reports its position"},
	[COMMAND_VERSION] = {.keyword = "VERNO", .name = "version", .class = CLASS_HARMLESS, .answers = {"VERNO"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.meaning = "ask for the version; the answer carries it"},
	[COMMAND_STATUS] = {.keyword = "TS", .name = "status", .class = CLASS_HARMLESS, .answers = {"TS"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.meaning = "ask for the settings report; the answer carries it"},
	[COMMAND_PASSWORD] = {.keyword = "PW", .name = "password", .class = CLASS_SAFETY, .answers = {"PW"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = password_fields, .fields_n = COUNT_OF(password_fields),
		.meaning = "password for settings by SMS"},
	[COMMAND_AUTO_ANSWER_OFF] = {.keyword = "ACALL", .name = "auto_answer_off", .class = CLASS_HARMLESS, .answers = {"ACALL"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = zero_fields, .fields_n = COUNT_OF(zero_fields),
		.meaning = "no call is picked up without the wearer"},
	[COMMAND_AUTO_PICKUP_OFF] = {.keyword = "AUTO", .name = "auto_pickup_off", .class = CLASS_HARMLESS, .answers = {"AUTO"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = zero_fields, .fields_n = COUNT_OF(zero_fields),
		.meaning = "the same on yisai"},
	[COMMAND_SMS_FORWARD_OFF] = {.keyword = "CPSMS", .name = "sms_forward_off", .class = CLASS_HARMLESS, .answers = {"CPSMS"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = zero_fields, .fields_n = COUNT_OF(zero_fields),
		.meaning = "received SMS are not forwarded"},
	[COMMAND_CENTER_CLEAR] = {.keyword = "CENTER", .name = "center_clear", .class = CLASS_SAFETY, .answers = {"CENTER"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = empty_fields, .fields_n = COUNT_OF(empty_fields),
		.meaning = "no centre number"},
	[COMMAND_SLAVE_CLEAR] = {.keyword = "SLAVE", .name = "slave_clear", .class = CLASS_SAFETY, .answers = {"SLAVE"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = empty_fields, .fields_n = COUNT_OF(empty_fields),
		.meaning = "no second centre number"},
	[COMMAND_BOOK_1] = {.keyword = "PHB", .name = "book_1", .class = CLASS_SAFETY, .answers = {"PHB", "PHB1"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .keyword_yisai = "PHB1",
		.fields = page_fields, .fields_n = COUNT_OF(page_fields),
		.meaning = "phone book, entries 1 to 5; yisai erases the whole book first"},
	[COMMAND_BOOK_2] = {.keyword = "PHB2", .name = "book_2", .class = CLASS_SAFETY, .answers = {"PHB2"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = page_fields, .fields_n = COUNT_OF(page_fields),
		.meaning = "phone book, entries 6 to 10"},
	[COMMAND_BOOK_3] = {.keyword = "PHB3", .name = "book_3", .class = CLASS_SAFETY, .answers = {"PHB3"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = page_fields, .fields_n = COUNT_OF(page_fields),
		.meaning = "phone book, entries 11 to 15"},
	[COMMAND_BOOK_WHOLE] = {.keyword = "PHL", .name = "book_whole", .class = CLASS_SAFETY, .answers = {"PHL"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .vendors = VENDORS_YISAI,
		.fields = whole_fields, .fields_n = COUNT_OF(whole_fields),
		.meaning = "the whole phone book, replaced"},
	[COMMAND_BOOK_ENTRY] = {.keyword = "PHBX", .name = "book_entry", .class = CLASS_SAFETY, .answers = {"PHBX"},
		.timeout_s = 60, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .has_status = true,
		.fields = entry_fields, .fields_n = COUNT_OF(entry_fields),
		.meaning = "phone book entry with picture"},
	[COMMAND_BOOK_REMOVE] = {.keyword = "DPHBX", .name = "book_remove", .class = CLASS_SAFETY, .answers = {"PHBX", "DPHBX"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .has_status = true,
		.fields = slot_fields, .fields_n = COUNT_OF(slot_fields),
		.meaning = "delete such an entry; answered as PHBX"},
	[COMMAND_SOS_1] = {.keyword = "SOS1", .name = "sos_1", .class = CLASS_SAFETY, .answers = {"SOS1"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = number_or_not_fields, .fields_n = COUNT_OF(number_or_not_fields),
		.meaning = "SOS number 1; an empty one clears"},
	[COMMAND_SOS_2] = {.keyword = "SOS2", .name = "sos_2", .class = CLASS_SAFETY, .answers = {"SOS2"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = number_or_not_fields, .fields_n = COUNT_OF(number_or_not_fields),
		.meaning = "SOS number 2; an empty one clears"},
	[COMMAND_SOS_3] = {.keyword = "SOS3", .name = "sos_3", .class = CLASS_SAFETY, .answers = {"SOS3"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = number_or_not_fields, .fields_n = COUNT_OF(number_or_not_fields),
		.meaning = "SOS number 3; an empty one clears"},
	[COMMAND_SOS_ALL] = {.keyword = "SOS", .name = "sos_all", .class = CLASS_SAFETY, .answers = {"SOS", "SOS1", "SOS2", "SOS3"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = three_numbers_fields, .fields_n = COUNT_OF(three_numbers_fields),
		.meaning = "all three SOS numbers; empty ones are cleared"},
	[COMMAND_CALL] = {.keyword = "CALL", .name = "call", .class = CLASS_PRIVATE, .answers = {"CALL"},
		.timeout_s = 30, .life_s = 1 * MINUTE_S, .is_sensitive = true,
		.fields = number_fields, .fields_n = COUNT_OF(number_fields),
		.meaning = "the watch dials, and shows it"},
	[COMMAND_PHOTO] = {.keyword = "rcapture", .name = "photo", .class = CLASS_PRIVATE, .answers = {"RCAPTURE"},
		.timeout_s = 120, .life_s = 5 * MINUTE_S, .is_sensitive = true, .later = "IMG",
		.meaning = "take a picture"},
	[COMMAND_SOS_SMS] = {.keyword = "SOSSMS", .name = "sos_sms", .class = CLASS_SAFETY, .answers = {"SOSSMS"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = on_fields, .fields_n = COUNT_OF(on_fields),
		.meaning = "SMS to the SOS numbers on SOS"},
	[COMMAND_BATTERY_SMS] = {.keyword = "LOWBAT", .name = "battery_sms", .class = CLASS_SAFETY, .answers = {"LOWBAT"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = on_fields, .fields_n = COUNT_OF(on_fields),
		.meaning = "SMS to the centre number on low battery"},
	[COMMAND_REMOVED_SMS] = {.keyword = "REMOVESMS", .name = "removed_sms", .class = CLASS_SAFETY, .answers = {"REMOVESMS"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = on_fields, .fields_n = COUNT_OF(on_fields),
		.meaning = "SMS on taking off"},
	[COMMAND_POWER_OFF] = {.keyword = "POWEROFF", .name = "power_off", .class = CLASS_DESTRUCTIVE, .answers = {"POWEROFF", "CR", "RESET"},
		.timeout_s = 30, .life_s = 2 * MINUTE_S, .is_sensitive = true,
		.meaning = "switch off: no SOS, no locating; yisai answers CR"},
	[COMMAND_RESET] = {.keyword = "RESET", .name = "reset", .class = CLASS_SAFETY, .answers = {"RESET"},
		.timeout_s = 30, .life_s = 10 * MINUTE_S, .is_sensitive = true, .silence = SILENCE_YISAI,
		.meaning = "restart"},
	[COMMAND_REFUSE_STRANGERS] = {.keyword = "DEVREFUSEPHONESWITCH", .name = "refuse_strangers", .class = CLASS_SAFETY, .answers = {"DEVREFUSEPHONESWITCH"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = on_fields, .fields_n = COUNT_OF(on_fields),
		.meaning = "refuse unknown callers"},
	[COMMAND_REFUSE_STRANGERS_2] = {.keyword = "REJECT", .name = "refuse_strangers_2", .class = CLASS_SAFETY, .answers = {"REJECT"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .vendors = VENDORS_YISAI, .silence = SILENCE_ALL,
		.fields = on_fields, .fields_n = COUNT_OF(on_fields),
		.meaning = "refuse unknown callers (yisai)"},
	[COMMAND_REWARD] = {.keyword = "FLOWER", .name = "reward", .class = CLASS_HARMLESS, .answers = {"FLOWER"},
		.timeout_s = 30, .life_s = 3 * DAY_S,
		.fields = reward_fields, .fields_n = COUNT_OF(reward_fields),
		.meaning = "reward hearts or flowers"},
	[COMMAND_VOICE] = {.keyword = "TK", .name = "voice", .class = CLASS_PRIVATE, .answers = {"TK"},
		.timeout_s = 60, .life_s = 3 * DAY_S, .has_status = true,
		.fields = voice_fields, .fields_n = COUNT_OF(voice_fields),
		.meaning = "voice message"},
	[COMMAND_VOICE_GROUP] = {.keyword = "TK2", .name = "voice_group", .class = CLASS_PRIVATE, .answers = {"TK2"},
		.timeout_s = 60, .life_s = 3 * DAY_S, .has_status = true,
		.fields = voice_group_fields, .fields_n = COUNT_OF(voice_group_fields),
		.meaning = "voice message of a friend or group"},
	[COMMAND_ALARM_CLOCKS] = {.keyword = "REMIND", .name = "alarm_clocks", .class = CLASS_HARMLESS, .answers = {"REMIND"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = alarm_clocks_fields, .fields_n = COUNT_OF(alarm_clocks_fields),
		.meaning = "alarm clocks; the list replaces all earlier ones"},
	[COMMAND_QUIET_TIMES] = {.keyword = "SILENCETIME", .name = "quiet_times", .class = CLASS_SAFETY, .answers = {"SILENCETIME"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = four_windows_fields, .fields_n = COUNT_OF(four_windows_fields),
		.meaning = "class mode windows; calls are refused in them"},
	[COMMAND_QUIET_TIMES_DAYS] = {.keyword = "SILENCETIME2", .name = "quiet_times_days", .class = CLASS_SAFETY, .answers = {"SILENCETIME2"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = four_windows_days_fields, .fields_n = COUNT_OF(four_windows_days_fields),
		.meaning = "class mode windows with weekdays"},
	[COMMAND_WALK_TIMES] = {.keyword = "WALKTIME", .name = "walk_times", .class = CLASS_HARMLESS, .answers = {"WALKTIME", "ANY"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = three_windows_fields, .fields_n = COUNT_OF(three_windows_fields),
		.meaning = "windows in which steps are counted"},
	[COMMAND_STEP_COUNTER] = {.keyword = "PEDO", .name = "step_counter", .class = CLASS_HARMLESS, .answers = {"PEDO"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = on_fields, .fields_n = COUNT_OF(on_fields),
		.meaning = "step counter on or off"},
	[COMMAND_SLEEP_TIME] = {.keyword = "SLEEPTIME", .name = "sleep_time", .class = CLASS_SAFETY, .answers = {"SLEEPTIME", "WALKTIME", "ANY"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .vendors = VENDORS_NOT_YISAI,
		.fields = one_window_fields, .fields_n = COUNT_OF(one_window_fields),
		.meaning = "window in which rolls in sleep are counted"},
	[COMMAND_CENTER] = {.keyword = "CENTER", .name = "center", .class = CLASS_SAFETY, .answers = {"CENTER"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = number_fields, .fields_n = COUNT_OF(number_fields),
		.meaning = "centre number: gets alarm SMS, may configure by SMS"},
	[COMMAND_SLAVE] = {.keyword = "SLAVE", .name = "slave", .class = CLASS_SAFETY, .answers = {"SLAVE"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = number_fields, .fields_n = COUNT_OF(number_fields),
		.meaning = "second centre number (old)"},
	[COMMAND_BOOK_ENTRY_2] = {.keyword = "PHBX2", .name = "book_entry_2", .class = CLASS_SAFETY, .answers = {"PHBX2"},
		.timeout_s = 60, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .has_status = true,
		.fields = entry_2_fields, .fields_n = COUNT_OF(entry_2_fields),
		.meaning = "phone book entry of larger books"},
	[COMMAND_ALLOWED_1] = {.keyword = "WHITELIST1", .name = "allowed_1", .class = CLASS_SAFETY, .answers = {"WHITELIST1"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = five_numbers_fields, .fields_n = COUNT_OF(five_numbers_fields),
		.meaning = "numbers that may call, part 1"},
	[COMMAND_ALLOWED_2] = {.keyword = "WHITELIST2", .name = "allowed_2", .class = CLASS_SAFETY, .answers = {"WHITELIST2"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = five_numbers_fields, .fields_n = COUNT_OF(five_numbers_fields),
		.meaning = "numbers that may call, part 2"},
	[COMMAND_REMOVED_ALARM] = {.keyword = "REMOVE", .name = "removed_alarm", .class = CLASS_SAFETY, .answers = {"REMOVE"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = on_fields, .fields_n = COUNT_OF(on_fields),
		.meaning = "alarm when the watch is taken off"},
	[COMMAND_FALL_ALARM] = {.keyword = "FALLDOWN", .name = "fall_alarm", .class = CLASS_SAFETY, .answers = {"FALLDOWN"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = fall_alarm_fields, .fields_n = COUNT_OF(fall_alarm_fields),
		.meaning = "fall alarm, and whether to call the centre number"},
	[COMMAND_FALL_SWITCH] = {.keyword = "FON", .name = "fall_switch", .class = CLASS_SAFETY, .answers = {"FON"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = on_fields, .fields_n = COUNT_OF(on_fields),
		.meaning = "fall alarm of some models"},
	[COMMAND_FALL_SENSITIVITY] = {.keyword = "LSSET", .name = "fall_sensitivity", .class = CLASS_SAFETY, .answers = {"LSSET"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .needs = "LS",
		.fields = fall_sensitivity_fields, .fields_n = COUNT_OF(fall_sensitivity_fields),
		.meaning = "how easily a fall is seen: 1 is most sensitive"},
	[COMMAND_ALARM_DELIVERY] = {.keyword = "MOD", .name = "alarm_delivery", .class = CLASS_SAFETY, .answers = {"MOD"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = delivery_fields, .fields_n = COUNT_OF(delivery_fields),
		.meaning = "how the watch delivers alarms"},
	[COMMAND_PILL_REMINDER] = {.keyword = "TAKEPILLS", .name = "pill_reminder", .class = CLASS_SAFETY, .answers = {"TAKEPILLS"},
		.timeout_s = 60, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .has_status = true, .needs = "DD",
		.fields = pill_fields, .fields_n = COUNT_OF(pill_fields),
		.meaning = "pill reminder"},
	[COMMAND_MEASURE_HEART] = {.keyword = "hrtstart", .name = "measure_heart", .class = CLASS_PRIVATE, .answers = {"HRTSTART"},
		.timeout_s = 30, .life_s = 10 * MINUTE_S, .may_repeat = true, .is_sensitive = true, .later = "BPHRT",
		.fields = once_fields, .fields_n = COUNT_OF(once_fields),
		.meaning = "measure the pulse once"},
	[COMMAND_HEART_INTERVAL] = {.keyword = "hrtstart", .name = "heart_interval", .class = CLASS_PRIVATE, .answers = {"HRTSTART"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .later = "BPHRT",
		.fields = heart_interval_fields, .fields_n = COUNT_OF(heart_interval_fields),
		.meaning = "measure the pulse in intervals; 0 stops"},
	[COMMAND_HEALTH_INTERVAL] = {.keyword = "HEALTHAUTOSET", .name = "health_interval", .class = CLASS_PRIVATE, .answers = {"HEALTHAUTOSET"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .silence = SILENCE_ALL,
		.fields = health_interval_fields, .fields_n = COUNT_OF(health_interval_fields),
		.meaning = "automatic health measuring"},
	[COMMAND_MEASURE_TEMPERATURE] = {.keyword = "bodytemp2", .name = "measure_temperature", .class = CLASS_PRIVATE, .answers = {"BODYTEMP2"},
		.timeout_s = 30, .life_s = 10 * MINUTE_S, .may_repeat = true, .is_sensitive = true, .later = "BTEMP2",
		.meaning = "measure the body temperature once"},
	[COMMAND_TEMPERATURE_INTERVAL] = {.keyword = "bodytemp", .name = "temperature_interval", .class = CLASS_PRIVATE, .answers = {"BODYTEMP"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .later = "BTEMP2",
		.fields = temperature_interval_fields, .fields_n = COUNT_OF(temperature_interval_fields),
		.meaning = "measure the temperature in intervals, not in night mode"},
	[COMMAND_TEMPERATURE_TIMES] = {.keyword = "BTTIMESET", .name = "temperature_times", .class = CLASS_PRIVATE, .answers = {"BTTIMESET"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .needs = "TM:1", .later = "BTEMP2",
		.fields = temperature_times_fields, .fields_n = COUNT_OF(temperature_times_fields),
		.meaning = "measure the temperature at set times"},
	[COMMAND_TEMPERATURE_LIMITS] = {.keyword = "BTWARNSET", .name = "temperature_limits", .class = CLASS_SAFETY, .answers = {"BTWARNSET"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .needs = "BW:1",
		.fields = temperature_limits_fields, .fields_n = COUNT_OF(temperature_limits_fields),
		.meaning = "temperature warning by SMS or call from the watch"},
	[COMMAND_TEMPERATURE_PERIOD] = {.keyword = "WDSTART", .name = "temperature_period", .class = CLASS_PRIVATE, .answers = {"WDSTART"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true, .vendors = VENDORS_YISAI,
		.fields = temperature_period_fields, .fields_n = COUNT_OF(temperature_period_fields),
		.meaning = "measure the temperature in intervals (yisai)"},
	[COMMAND_ASK_PULSE] = {.keyword = "PULSE", .name = "ask_pulse", .class = CLASS_PRIVATE, .answers = {"PULSE"},
		.timeout_s = 30, .life_s = 10 * MINUTE_S, .may_repeat = true, .is_sensitive = true,
		.meaning = "ask for the pulse (old); the answer carries it"},
	[COMMAND_HOME_WIFI] = {.keyword = "WIFIFENCE", .name = "home_wifi", .class = CLASS_PRIVATE, .answers = {"WIFIFENCE"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = home_wifi_fields, .fields_n = COUNT_OF(home_wifi_fields),
		.meaning = "access points of the home"},
	[COMMAND_SOUND_PROFILE] = {.keyword = "profile", .name = "sound_profile", .class = CLASS_HARMLESS, .answers = {"PROFILE"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = profile_fields, .fields_n = COUNT_OF(profile_fields),
		.meaning = "how the watch sounds"},
	[COMMAND_TIMETABLE] = {.keyword = "SCHEDULE", .name = "timetable", .class = CLASS_HARMLESS, .answers = {"SCHEDULE"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = timetable_fields, .fields_n = COUNT_OF(timetable_fields),
		.meaning = "the whole timetable"},
	[COMMAND_STEP_GOAL] = {.keyword = "STEPS", .name = "step_goal", .class = CLASS_HARMLESS, .answers = {"STEPS"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = step_goal_fields, .fields_n = COUNT_OF(step_goal_fields),
		.meaning = "step goal"},
	[COMMAND_BODY] = {.keyword = "DEVICE_BODY", .name = "body", .class = CLASS_HARMLESS, .answers = {"DEVICE_BODY"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true,
		.fields = body_fields, .fields_n = COUNT_OF(body_fields),
		.meaning = "body data for calories"},
	[COMMAND_APPS] = {.keyword = "APP", .name = "apps", .class = CLASS_SAFETY, .answers = {"APP"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = apps_fields, .fields_n = COUNT_OF(apps_fields),
		.meaning = "hide or show menu entries"},
	[COMMAND_FAMILY_CALLS] = {.keyword = "FAMILY", .name = "family_calls", .class = CLASS_SAFETY, .answers = {"FAMILY"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = on_fields, .fields_n = COUNT_OF(on_fields),
		.meaning = "parents may be called in class mode"},
	[COMMAND_LONG_LIFE] = {.keyword = "LONG", .name = "long_life", .class = CLASS_SAFETY, .answers = {"LONG"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = on_fields, .fields_n = COUNT_OF(on_fields),
		.meaning = "long-life mode, functions off"},
	[COMMAND_POWER_TIMES] = {.keyword = "BOOTOFF", .name = "power_times", .class = CLASS_SAFETY, .answers = {"BOOTOFF"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = power_times_fields, .fields_n = COUNT_OF(power_times_fields),
		.meaning = "daily power on and off; no SOS while off"},
	[COMMAND_GPS_SWITCH] = {.keyword = "APPLOCK", .name = "gps_switch", .class = CLASS_SAFETY, .answers = {"APPLOCK"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = gps_fields, .fields_n = COUNT_OF(gps_fields),
		.meaning = "GPS on or off"},
	[COMMAND_NIGHT_SAVING] = {.keyword = "APPLOCK", .name = "night_saving", .class = CLASS_SAFETY, .answers = {"APPLOCK"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = night_fields, .fields_n = COUNT_OF(night_fields),
		.meaning = "night power saving"},
	[COMMAND_DIAL_PAD] = {.keyword = "APPLOCK", .name = "dial_pad", .class = CLASS_SAFETY, .answers = {"APPLOCK"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .is_sensitive = true,
		.fields = dial_fields, .fields_n = COUNT_OF(dial_fields),
		.meaning = "dial pad on the watch"},
	[COMMAND_OWNER] = {.keyword = "DEVOWNER", .name = "owner", .class = CLASS_HARMLESS, .answers = {"DEVOWNER"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .silence = SILENCE_ALL,
		.fields = owner_fields, .fields_n = COUNT_OF(owner_fields),
		.meaning = "name of the owner"},
	[COMMAND_APN] = {.keyword = "APN", .name = "apn", .class = CLASS_DESTRUCTIVE, .answers = {"APN"},
		.timeout_s = 30, .life_s = 10 * MINUTE_S, .is_sensitive = true,
		.fields = apn_fields, .fields_n = COUNT_OF(apn_fields),
		.meaning = "access point of the SIM; a wrong value cuts the watch off for good"},
	[COMMAND_UPDATE] = {.keyword = "UPGRADE", .name = "update", .class = CLASS_DESTRUCTIVE, .answers = {"UPGRADE"},
		.timeout_s = 30, .life_s = 10 * MINUTE_S, .is_sensitive = true,
		.meaning = "update the firmware"},
	[COMMAND_FACTORY] = {.keyword = "FACTORY", .name = "factory", .class = CLASS_DESTRUCTIVE, .answers = {"FACTORY"},
		.timeout_s = 30, .life_s = 2 * MINUTE_S, .is_sensitive = true,
		.meaning = "wipe the settings"},
	[COMMAND_UNFRIEND] = {.keyword = "PPR", .name = "unfriend", .class = CLASS_HARMLESS, .answers = {"PPR"},
		.timeout_s = 30, .life_s = 7 * DAY_S, .may_repeat = true, .silence = SILENCE_ALL,
		.fields = friend_fields, .fields_n = COUNT_OF(friend_fields),
		.meaning = "remove the friend"},
	[COMMAND_WIFI_SEARCH] = {.keyword = "WIFISEARCH", .name = "wifi_search", .class = CLASS_PRIVATE, .answers = {"WIFISEARCH"},
		.timeout_s = 60, .life_s = 5 * MINUTE_S, .may_repeat = true, .is_sensitive = true,
		.meaning = "look for Wi-Fi networks; the answer carries them"},
	[COMMAND_WIFI_CURRENT] = {.keyword = "WIFICUR", .name = "wifi_current", .class = CLASS_PRIVATE, .answers = {"WIFICUR"},
		.timeout_s = 30, .life_s = 5 * MINUTE_S, .may_repeat = true, .is_sensitive = true,
		.meaning = "ask for the Wi-Fi network in use; the answer carries it"},
	[COMMAND_WIFI_JOIN] = {.keyword = "WIFISET", .name = "wifi_join", .class = CLASS_PRIVATE, .answers = {"WIFISET"},
		.timeout_s = 60, .life_s = 10 * MINUTE_S, .may_repeat = true, .is_sensitive = true,
		.fields = wifi_join_fields, .fields_n = COUNT_OF(wifi_join_fields),
		.meaning = "join a Wi-Fi network"},
	[COMMAND_WIFI_FORGET] = {.keyword = "WIFIDEL", .name = "wifi_forget", .class = CLASS_PRIVATE, .answers = {"WIFIDEL"},
		.timeout_s = 30, .life_s = 10 * MINUTE_S, .may_repeat = true, .is_sensitive = true,
		.fields = wifi_forget_fields, .fields_n = COUNT_OF(wifi_forget_fields),
		.meaning = "forget a Wi-Fi network"},
};
/* clang-format on */

/* ---- what is never sent ---- */

static const struct command_never never[] = {
	{"MONITOR", "covert listening"},
	{"RECORD", "covert listening; parameters not published"},
	{"RE", "covert listening; parameters not published"},
	{"IP", "moves the watch to another server; a wrong value loses it for good"},
	{"SMS", "costs the wearer money and speaks in the name of the wearer"},
	{"FTPIP", "would send pictures to another server; parameters not published"},
	{"FTPPWD", "would send pictures to another server; parameters not published"},
	{"DOWNVCWW", "a video call runs over a third party's service"},
	{"DOWNAPPHANGUP", "a video call runs over a third party's service"},
	{"UPVCALLAPP", "a video call runs over a third party's service"},
	{"UPGVUL", "a video call runs over a third party's service"},
	{"OFFAL1", "its parameters are not published"},
	{"WORK", "its parameters are not published"},
	{"WORK2", "its parameters are not published"},
	{"WORKTIME", "its parameters are not published"},
	{"WORKMODE", "its parameters are not published"},
	{"ANY", "its parameters are not published"},
	{"BT", "its parameters are not published"},
	{"SHOOT", "its parameters are not published"},
	{"LOCATION", "its parameters are not published"},
	{"URL", "its parameters are not published"},
	{"SEDENTARY", "its parameters are not published"},
	{"SEDENTARYWORKTIME", "its parameters are not published"},
	{"HSW", "its parameters are not published"},
	{"SMSONOFF", "its parameters are not published"},
	{"SPOF", "its parameters are not published"},
	{"gprsgps", "its parameters are not published"},
	{"PIC", "its parameters are not published"},
	{"CTA", "its parameters are not published"},
	{"BAND", "its parameters are not published"},
	{"PPQ", "its parameters are not published"},
};

const struct command_never *command_never(size_t *ret_n)
{
	*ret_n = COUNT_OF(never);
	return never;
}

const struct command_definition *command_definition(enum command_kind kind)
{
	return kind < COMMAND_KIND_COUNT ? &definitions[kind] : NULL;
}

/* ---- names ---- */

const char *command_keyword(enum command_kind kind)
{
	return kind < COMMAND_KIND_COUNT ? definitions[kind].keyword : "";
}

const char *command_name(enum command_kind kind)
{
	return kind < COMMAND_KIND_COUNT ? definitions[kind].name : "";
}

bool command_from_name(struct view name, enum command_kind *ret)
{
	for (size_t i = 0; i < COMMAND_KIND_COUNT; i++) {
		if (view_is(name, view_of(definitions[i].name))) {
			*ret = (enum command_kind)i;
			return true;
		}
	}
	return false;
}

const char *command_class_name(enum command_class class)
{
	switch (class) {
	case CLASS_HARMLESS:
		return "harmless";
	case CLASS_PRIVATE:
		return "private";
	case CLASS_SAFETY:
		return "safety";
	case CLASS_DESTRUCTIVE:
		return "destructive";
	}
	return "";
}

static const char *const type_names[PARAM_TYPE_COUNT] = {
	[PARAM_FIXED] = "fixed",
	[PARAM_FLAG] = "flag",
	[PARAM_INT] = "int",
	[PARAM_ENUM] = "enum",
	[PARAM_DECIMAL] = "decimal",
	[PARAM_COUNT] = "count",
	[PARAM_LANGUAGE] = "language",
	[PARAM_ZONE] = "zone",
	[PARAM_PHONE] = "phone",
	[PARAM_NAME] = "name",
	[PARAM_ENTRY] = "number and name",
	[PARAM_TEXT] = "text",
	[PARAM_WORD] = "word",
	[PARAM_HOST] = "host",
	[PARAM_DIGITS] = "digits",
	[PARAM_MAC] = "mac",
	[PARAM_HHMM] = "hhmm",
	[PARAM_DAYS] = "days",
	[PARAM_WINDOW] = "window",
	[PARAM_WINDOW_DAYS] = "window with days",
	[PARAM_ALARM] = "alarm",
	[PARAM_POINT] = "time point",
	[PARAM_APP] = "app switch",
	[PARAM_PERIODS] = "periods",
	[PARAM_LESSONS] = "lessons",
	[PARAM_AUDIO] = "audio",
	[PARAM_PICTURE] = "picture",
};

const char *command_param_name(enum command_param type)
{
	return type < PARAM_TYPE_COUNT ? type_names[type] : "";
}
