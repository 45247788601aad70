/* What the text of a report says, as typed values: requests, calls, Wi-Fi networks, capabilities,
 * settings. Each reads from a report that report_read or report_unpack gave, allocates nothing, and
 * treats every field as hostile. Pure. */
#pragma once

#include "watch/report.h"

enum {
	REPORT_NUMBER_MAX = 24,   /* characters of a phone number in a call log */
	REPORT_NAME_MAX = 90,     /* bytes of a name in it */
	REPORT_NETWORKS_MAX = 24, /* Wi-Fi networks of one answer that are read */
	REPORT_NETWORK_ID_MAX = 32,
	REPORT_LANGUAGES_MAX = 40, /* of CONFIG LG */
};

/* What the watch asks for, by its keyword alone; the answer is data or nothing (section 2.1). */
enum report_request {
	REQUEST_NONE,
	REQUEST_WEATHER,       /* WT, WT_LTE, WT2: with a position */
	REQUEST_FORECAST,      /* WT_FUTR: with a position */
	REQUEST_ADDRESS,       /* WAD: with a position, and its language (CH, EN) as text */
	REQUEST_PLACE,         /* WG: with cells */
	REQUEST_FRIEND_ADD,    /* PP: with a position */
	REQUEST_FRIEND_LIST,   /* PPQ */
	REQUEST_FRIEND_REMOVE, /* PPR: the friend's id as text, if any */
	REQUEST_BOOK_WHOLE,    /* PHLQ: COMMAND_BOOK_WHOLE */
	REQUEST_BOOK,          /* PHBQ: COMMAND_BOOK_1 … 3 */
	REQUEST_SOS,           /* SOSQ: COMMAND_SOS_ALL */
	REQUEST_ALARM_CLOCKS,  /* REMINDQ */
	REQUEST_TIMETABLE,     /* SCHEDULEQ */
	REQUEST_VOICE,         /* TKQ: echoed, then one COMMAND_VOICE if one waits */
	REQUEST_VOICE_FRIEND,  /* TKQ2 */
	REQUEST_PICTURES,      /* wdimgq: answer unknown */
	REQUEST_TIME,
	REQUEST_ZONE,       /* LGZONE */
	REQUEST_BOUND,      /* DEVPWDCHECKBIND */
	REQUEST_UNBIND,     /* DLT: the wearer unbinds, the watch wipes itself */
	REQUEST_VIDEO_CALL, /* UPVCALLAPP, UPGVUL, UPGCUL: not built */
	REQUEST_COUNT,
};
enum report_request report_request(const struct report *r);
/* "weather", "friend_add" …; NULL for none. */
const char *report_request_name(enum report_request request);

struct report_call {
	char number[REPORT_NUMBER_MAX + 1]; /* digits, + * #; "" when it is withheld */
	char name[REPORT_NAME_MAX + 1];     /* UTF-8; "" when absent or not fit to be shown */
	bool is_outgoing;
	bool is_connected;
	int64_t started_ms;
	uint32_t duration_s;
};
/* calllog. False for other reports and when type, status or start cannot be read. */
MUST_CHECK bool report_call(const struct report *r, struct report_call *ret);

struct report_network {
	char id[REPORT_NETWORK_ID_MAX + 1]; /* printable ASCII; "" when none was said */
	uint8_t ssid_n;
	char ssid[REPORT_SSID_MAX]; /* any bytes */
	bool has_mac;
	uint8_t mac[6];
};
/* WIFISEARCH, WIFICUR, WIFISET, WIFIDEL, WIFIINFOUP: fills at most max and returns how many there
 * are, 0 for other reports. Passwords are never read. */
size_t report_networks(const struct report *r, struct report_network *ret, size_t max);

/* The value of a key of CONFIG (KEY:value, …) or TS (key:value; …), in any case. False for other
 * reports and when it does not stand there; an empty value is told. */
MUST_CHECK bool report_pair(const struct report *r, const char *key, struct view *ret);
/* Each pair in turn: starts with *at = 0. */
MUST_CHECK bool report_next_pair(
	const struct report *r, size_t *at, struct view *ret_key, struct view *ret_value);

/* The published keys of CONFIG (section 4). A member without its bit in `has` was not said. */
enum config_has {
	CONFIG_HAS_UPLOAD = 1u << 0,
	CONFIG_HAS_CAMERA = 1u << 1,
	CONFIG_HAS_PILLS = 1u << 2,
	CONFIG_HAS_FALL_LEVELS = 1u << 3,
	CONFIG_HAS_BOOK = 1u << 4,
	CONFIG_HAS_THERMOMETER = 1u << 5,
	CONFIG_HAS_TEMPERATURE_TIMES = 1u << 6,
	CONFIG_HAS_TEMPERATURE_LIMITS = 1u << 7,
	CONFIG_HAS_LANGUAGES = 1u << 8,
	CONFIG_HAS_HEART = 1u << 9,
	CONFIG_HAS_OXYGEN = 1u << 10,
	CONFIG_HAS_ANSWER_MODE = 1u << 11,
	CONFIG_HAS_VIDEO = 1u << 12,
	CONFIG_HAS_EDUCATION = 1u << 13,
};

struct report_config {
	uint32_t has;       /* enum config_has */
	bool is_positional; /* the form without keys: nothing of it is published but the IMEI */
	uint32_t upload_s;  /* UL; what can only be milliseconds is made seconds */
	bool has_camera;    /* CM: remote camera */
	uint8_t pills;      /* DD: 0 none, 1 reminder, 2 with voice */
	uint8_t fall_level, fall_levels; /* LS level+levels; 0+0: no such function */
	uint8_t book_entries;            /* TB: 0, 10, 15, 30, 100; an unknown size is 10 */
	bool is_book_unknown;
	uint8_t thermometer;                                /* BT: 2 measures in intervals */
	bool has_temperature_times, has_temperature_limits; /* TM, BW */
	uint64_t languages;                   /* LG: bit n is language n of section 5.2 */
	bool has_heart, has_oxygen;           /* HR, BO */
	uint8_t answer_mode;                  /* JT */
	bool has_video;                       /* VC */
	bool has_education;                   /* SY */
	struct view model, os, chip, version; /* TY, OS, CHIP, VR or RV; empty when absent */
};
/* False for other reports. */
MUST_CHECK bool report_config(const struct report *r, struct report_config *ret);
