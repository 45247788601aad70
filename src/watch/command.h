/* Typed commands and replies, and the one encoder: no other code makes bytes for a watch
 * (protocol/watch.md sections 2.1, 5). There is no value here for listening, recording,
 * auto-answer, moving a watch to another server, SMS relay or raw text, so these bytes cannot be
 * made; only the values that switch such functions off exist. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "watch/frame.h"
#include "watch/reply.h"

enum {
	COMMAND_TEXT_MAX = 200,      /* UTF-16 units of a message */
	COMMAND_WIRE_MAX = 10240,    /* bytes of a frame that a watch takes (section 1) */
	COMMAND_FRAME_MAX = 10240,   /* … and so the buffer that is always enough */
	COMMAND_PAYLOAD_MAX = 10000, /* bytes of a sound or picture before escaping; 15 s of AMR at
					4.75 kbit/s are 9756 */
	COMMAND_ESCAPED_MAX = 10144, /* … and escaped, so that the whole fits COMMAND_WIRE_MAX */
	COMMAND_VOICE_MIN = 19,      /* firmware refuses less */
	COMMAND_PACK_MAX = 12288,
	COMMAND_INTERVAL_MIN_S = 60,
	COMMAND_INTERVAL_MAX_S = 65535, /* over 3600 hides the wearer: who sets it confirms */
	COMMAND_DIGITS_MIN = 4,
	COMMAND_DIGITS_MAX = 8,
	COMMAND_NUMBER_MIN = 3,  /* digits of a phone number */
	COMMAND_NUMBER_MAX = 20, /* … and all its characters */
	COMMAND_NAME_UNITS = 10, /* UTF-16 units of a name in the phone book */
	COMMAND_NAME_BYTES = COMMAND_NAME_UNITS * 3,
	COMMAND_BOOK_MAX = 30,  /* entries of the longest phone book that we send in one frame */
	COMMAND_SLOT_MAX = 100, /* places of PHBX; how many a watch has says its CONFIG TB */
	COMMAND_BOOK_PAGE = 5,  /* entries of one PHB frame */
	COMMAND_SOS_MAX = 3,
	COMMAND_VALUES_MAX = 4,
	COMMAND_WINDOWS_MAX = 8,
	COMMAND_ALARMS_MAX = 3,
	COMMAND_POINTS_MAX = 9,
	COMMAND_MACS_MAX = 3,
	COMMAND_APPS_MAX = 20,
	COMMAND_LESSONS_MAX = 56, /* 7 days of 8 periods */
	COMMAND_PERIODS = 8,
	COMMAND_WORDS_MAX = 3,
	COMMAND_WORD_MAX = 64, /* bytes of a text that is sent as it is */
	COMMAND_DAY_MIN = 1440,
	COMMAND_DAYS_ALL = 127, /* a mask of weekdays: bit 0 is Monday */
};

/* What a watch can be told. The table of their definitions is command_definition.c; which members
 * of struct command a kind uses stands beside its fields there. */
enum command_kind {
	COMMAND_LOCATE,
	COMMAND_FIND,
	COMMAND_MESSAGE,
	COMMAND_LANGUAGE_ZONE,
	COMMAND_LANGUAGE, /* with ZONE: where LZ is not answered */
	COMMAND_ZONE,
	COMMAND_UPLOAD_INTERVAL,
	COMMAND_VERSION,
	COMMAND_STATUS,
	COMMAND_PASSWORD, /* set by the server only */
	COMMAND_AUTO_ANSWER_OFF,
	COMMAND_AUTO_PICKUP_OFF,
	COMMAND_SMS_FORWARD_OFF,
	COMMAND_CENTER_CLEAR,
	COMMAND_SLAVE_CLEAR,
	COMMAND_BOOK_1, /* entries 1 to 5 */
	COMMAND_BOOK_2,
	COMMAND_BOOK_3,
	COMMAND_BOOK_WHOLE, /* replaces the whole book (yisai) */
	COMMAND_BOOK_ENTRY,
	COMMAND_BOOK_REMOVE,
	COMMAND_SOS_1,
	COMMAND_SOS_2,
	COMMAND_SOS_3,
	COMMAND_SOS_ALL,
	COMMAND_CALL,
	COMMAND_PHOTO,
	COMMAND_SOS_SMS,
	COMMAND_BATTERY_SMS,
	COMMAND_REMOVED_SMS,
	COMMAND_POWER_OFF,
	COMMAND_RESET,
	COMMAND_REFUSE_STRANGERS,
	COMMAND_REFUSE_STRANGERS_2, /* the same for yisai */
	COMMAND_REWARD,
	COMMAND_VOICE,
	COMMAND_VOICE_GROUP,
	COMMAND_ALARM_CLOCKS,
	COMMAND_QUIET_TIMES,      /* every day */
	COMMAND_QUIET_TIMES_DAYS, /* with weekdays */
	COMMAND_WALK_TIMES,
	COMMAND_STEP_COUNTER,
	COMMAND_SLEEP_TIME,
	COMMAND_CENTER,
	COMMAND_SLAVE,
	COMMAND_BOOK_ENTRY_2, /* larger books */
	COMMAND_ALLOWED_1,
	COMMAND_ALLOWED_2,
	COMMAND_REMOVED_ALARM,
	COMMAND_FALL_ALARM,
	COMMAND_FALL_SWITCH, /* the same for ReachFar V46 and V52 */
	COMMAND_FALL_SENSITIVITY,
	COMMAND_ALARM_DELIVERY,
	COMMAND_PILL_REMINDER,
	COMMAND_MEASURE_HEART,
	COMMAND_HEART_INTERVAL,
	COMMAND_HEALTH_INTERVAL,
	COMMAND_MEASURE_TEMPERATURE,
	COMMAND_TEMPERATURE_INTERVAL,
	COMMAND_TEMPERATURE_TIMES,
	COMMAND_TEMPERATURE_LIMITS,
	COMMAND_TEMPERATURE_PERIOD, /* yisai */
	COMMAND_ASK_PULSE,
	COMMAND_HOME_WIFI,
	COMMAND_SOUND_PROFILE,
	COMMAND_TIMETABLE,
	COMMAND_STEP_GOAL,
	COMMAND_BODY,
	COMMAND_APPS,
	COMMAND_FAMILY_CALLS,
	COMMAND_LONG_LIFE,
	COMMAND_POWER_TIMES,
	COMMAND_GPS_SWITCH,
	COMMAND_NIGHT_SAVING,
	COMMAND_DIAL_PAD,
	COMMAND_OWNER,
	COMMAND_APN,
	COMMAND_UPDATE,
	COMMAND_FACTORY,
	COMMAND_UNFRIEND,
	COMMAND_WIFI_SEARCH,
	COMMAND_WIFI_CURRENT,
	COMMAND_WIFI_JOIN,
	COMMAND_WIFI_FORGET,
	COMMAND_KIND_COUNT,
};

/* A line of a phone book, or a number alone (name empty). Both empty: an unused place. */
struct command_entry {
	char number[COMMAND_NUMBER_MAX + 1];
	char name[COMMAND_NAME_BYTES + 1]; /* UTF-8 */
};

/* Minutes of the day, 0..1439; from may be behind to (over midnight). In a timetable both 0: an
 * unused period. */
struct command_window {
	uint16_t from_min, to_min;
	uint8_t days; /* bit 0 is Monday */
};

enum command_repeat { REPEAT_ONCE = 1, REPEAT_DAILY = 2, REPEAT_DAYS = 3 };

struct command_alarm {
	uint16_t time_min;
	bool is_on;
	uint8_t repeat; /* enum command_repeat */
	uint8_t days;   /* REPEAT_DAYS; else 0 */
};

struct command_point {
	uint16_t time_min;
	bool is_once;
};

struct command_app {
	uint8_t app; /* 0..99 */
	bool is_on;
};

struct command_lesson {
	uint8_t day;                       /* 1..7, Monday first */
	uint8_t period;                    /* 1..8 */
	char name[COMMAND_NAME_BYTES + 1]; /* UTF-8, without - and _ */
};

/* Which of two forms the watch reads (section 5.2). */
enum command_dialect {
	DIALECT_BY_VENDOR, /* yisai forms for YS, XT, TL, BK, RL; else those of V32 */
	DIALECT_V32,
	DIALECT_YISAI,
	DIALECT_COUNT,
};

/* Plain value; unused members are zero. Long lists share their room: a kind uses one of them.
 * payload is borrowed and lives as long as its owner; in a command that was read from a frame it is
 * still escaped, and points into the frame; in one that was unpacked it points into the pack. */
struct command {
	enum command_kind kind;
	uint8_t dialect;  /* enum command_dialect */
	uint8_t language; /* number of the LZ table */
	int16_t zone_min; /* offset from UTC in minutes, a multiple of 15, -720..+840 */
	uint32_t interval_s;
	char digits[COMMAND_DIGITS_MAX + 1]; /* PASSWORD: 4..8; APN: MCC and MNC, 5..6 */
	bool is_on;                          /* switches */
	bool is_payload_escaped;
	bool is_payload_apart; /* the payload is kept elsewhere: it checks and packs, but cannot be
				  written */
	uint8_t slot;          /* place in a book; number of a pill reminder */
	uint8_t entries_n;     /* CALL, SOS_n, BOOK_ENTRY: 1; SOS_ALL: 3; a page: 5; WHOLE: 1..30 */
	uint8_t list_n;        /* windows, alarms, points, macs or apps */
	uint8_t lessons_n;
	int32_t values[COMMAND_VALUES_MAX]; /* in the order that the definition says */
	struct view payload;                /* AMR or JPEG */
	uint16_t text_n;
	union {
		struct command_window windows[COMMAND_WINDOWS_MAX];
		struct command_alarm alarms[COMMAND_ALARMS_MAX];
		struct command_point points[COMMAND_POINTS_MAX];
		struct command_app apps[COMMAND_APPS_MAX];
		uint8_t macs[COMMAND_MACS_MAX][6];
	};
	union {
		struct command_entry entries[COMMAND_BOOK_MAX];
		char text[COMMAND_TEXT_MAX * 3]; /* UTF-8, checked by command_check */
		char words[COMMAND_WORDS_MAX][COMMAND_WORD_MAX + 1];
		struct command_lesson lessons[COMMAND_LESSONS_MAX];
	};
};

/* ---- definitions ---- */

enum command_class { CLASS_HARMLESS, CLASS_PRIVATE, CLASS_SAFETY, CLASS_DESTRUCTIVE };

enum command_param {
	PARAM_FIXED,       /* always these characters: no value */
	PARAM_FLAG,        /* 0 or 1 */
	PARAM_INT,         /* min..max, unit */
	PARAM_ENUM,        /* one of values */
	PARAM_DECIMAL,     /* one decimal; min, max and the member are tenths */
	PARAM_COUNT,       /* how many are in the list that follows */
	PARAM_LANGUAGE,    /* section 5.2 */
	PARAM_ZONE,        /* hours and quarters; whole hours for yisai */
	PARAM_PHONE,       /* entries[].number */
	PARAM_NAME,        /* entries[0].name: UTF-16 in hex */
	PARAM_ENTRY,       /* entries[]: pairs of number and name */
	PARAM_TEXT,        /* text: UTF-16 in hex, at most max units */
	PARAM_WORD,        /* words[]: printable ASCII that needs no escaping */
	PARAM_HOST,        /* words[]: letters, digits, dots and hyphens */
	PARAM_DIGITS,      /* digits */
	PARAM_MAC,         /* macs[], each with its number before it */
	PARAM_HHMM,        /* windows[0].from_min or .to_min */
	PARAM_DAYS,        /* windows[0].days, Sunday first on the wire */
	PARAM_WINDOW,      /* windows[]: HH:MM-HH:MM */
	PARAM_WINDOW_DAYS, /* … -SMTWTFS; yisai: … -1-SMTWTFS */
	PARAM_ALARM,       /* alarms[]: HH:MM-on-repeat[-SMTWTFS] */
	PARAM_POINT,       /* points[]: HH:MM-0 daily, -1 once */
	PARAM_APP,         /* apps[]: number-on */
	PARAM_PERIODS,     /* windows[0..7]: HHMMHHMM joined with - */
	PARAM_LESSONS,     /* lessons[]: UTF-16 of day_period_name joined with - */
	PARAM_AUDIO,       /* payload: an AMR-NB file, escaped */
	PARAM_PICTURE,     /* payload: a JPEG, escaped */
	PARAM_TYPE_COUNT,
};

/* Where the value of a field is kept; the type says it for all others. */
enum field_member {
	MEMBER_BY_TYPE,
	MEMBER_IS_ON,
	MEMBER_INTERVAL_S,
	MEMBER_SLOT,
	MEMBER_VALUE_0, /* values[0] … */
	MEMBER_VALUE_1,
	MEMBER_VALUE_2,
	MEMBER_VALUE_3,
	MEMBER_WORD_0, /* words[0] … */
	MEMBER_WORD_1,
	MEMBER_WORD_2,
	MEMBER_FROM, /* windows[0].from_min */
	MEMBER_TO,
};

struct command_value {
	int32_t number;
	const char *name;
};

struct command_field {
	const char *name;
	enum command_param type;
	enum field_member member;
	int32_t min, max; /* numbers: the value; texts: UTF-16 units or characters */
	const char *unit; /* "s", "cm" …; NULL */
	const struct command_value *values; /* PARAM_ENUM: ended by a NULL name */
	uint8_t repeat_min, repeat_max;     /* lists; 0: a single value */
	bool has_zero;                      /* 0 is allowed besides min..max */
	bool is_optional;                   /* may be empty; its comma stays */
	bool is_last;   /* … and when empty its comma goes, too: the last field only */
	bool is_secret; /* not shown, not logged */
	char joint;     /* what stands before it: 0 is a comma, '~' nothing */
	const char *fixed;
};

enum command_vendors { VENDORS_ALL, VENDORS_YISAI, VENDORS_NOT_YISAI };

/* Who answers nothing at all, so that "sent" is all that will be known. */
enum command_silence { SILENCE_NONE, SILENCE_YISAI, SILENCE_ALL };

enum { COMMAND_ANSWERS_MAX = 4 };

struct command_definition {
	const char *keyword;       /* as it is sent */
	const char *keyword_yisai; /* NULL: the same */
	const char *name;          /* the API's name of the kind */
	const char *meaning;       /* a line for people */
	const struct command_field *fields;
	size_t fields_n;
	enum command_class class;
	const char *answers[COMMAND_ANSWERS_MAX]; /* keywords that acknowledge, the usual one first;
						     all are taken in any case */
	bool has_status;                          /* the answer's 1 is yes and its 0 is no */
	bool may_repeat;    /* sending it twice does no more than sending it once */
	bool is_sensitive;  /* only for a session that is not in doubt */
	uint16_t timeout_s; /* for the answer, once it is sent */
	uint32_t life_s;    /* it is not sent later than this */
	enum command_vendors vendors;
	enum command_silence silence;
	const char *needs; /* key:value of CONFIG ("TM:1"), key alone (any but 0); NULL */
	const char *later; /* keyword of the report that follows; NULL */
};

/* The definition of a kind; NULL when kind is out of range. */
const struct command_definition *command_definition(enum command_kind kind);

/* Keywords of the protocol that are built in no form, each with the reason. */
struct command_never {
	const char *keyword, *reason;
};
const struct command_never *command_never(size_t *ret_n);

/* True when a watch of this vendor code reads the kind at all. A command for another one may still
 * be written (a setting of the operator is stronger), but SLEEPTIME never goes to yisai, whose
 * firmware breaks on it. */
bool command_suits(enum command_kind kind, struct view vendor);
/* True when that watch never answers this kind: it is done when it is sent. */
bool command_is_silent(enum command_kind kind, struct view vendor);

const char *command_class_name(enum command_class class);
const char *command_param_name(enum command_param type);

/* RC_SYNTAX / RC_LIMIT with a message for people when a field is not allowed. */
MUST_CHECK enum rc command_check(const struct command *c, struct err *e);

/* Writes exactly one frame to buf; *ret_n is its length. RC_SYNTAX or RC_LIMIT when the command
 * does not check, RC_SYNTAX when its payload is apart, RC_DENIED for what breaks this vendor's
 * firmware, RC_LIMIT when buf is too small (COMMAND_FRAME_MAX is always enough). */
MUST_CHECK enum rc command_write(const struct command *c, const struct addressee *to, char *buf,
	size_t buf_size, size_t *ret_n, struct err *e);

/* The typed command that a frame for a watch holds: for tests and simulated watches, which pass
 * their own vendor code in the frame. RC_NOT_FOUND when it is none of ours (a reply, a keyword that
 * we never send, or a form of it). */
MUST_CHECK enum rc command_read(const struct frame *frame, struct command *ret, struct err *e);

/* For links between roles and for the store: bounded, versioned; unpack treats its input as
 * hostile, rejects left-over bytes and gives only commands that check. */
MUST_CHECK enum rc command_pack(
	const struct command *c, uint8_t *buf, size_t buf_size, size_t *ret_n, struct err *e);
MUST_CHECK enum rc command_unpack(struct view in, struct command *ret, struct err *e);

/* The keyword that is sent ("CR"), and the API's name of the kind ("locate"). Never NULL for a
 * kind. */
const char *command_keyword(enum command_kind kind);
const char *command_name(enum command_kind kind);
MUST_CHECK bool command_from_name(struct view name, enum command_kind *ret);

/* What a report with this keyword (any case) and these parameters says about an open command of
 * that kind (section 2.2): a bare keyword, a full echo, the wrong one of some firmwares, 1 or 0, or
 * data. PHOTO: RECEIVED by its keyword, its picture is the answer. A voice message that the watch
 * sends (TK with a payload) is no answer. */
enum command_answer { ANSWER_TO_OTHER, ANSWER_RECEIVED, ANSWER_CONFIRMED, ANSWER_REFUSED };
enum command_answer command_answer_of(
	enum command_kind kind, struct view keyword, struct view params);

/* True while an open `other` could not be told from an open `kind` by the answers: the second one
 * waits. */
bool command_waits_for(enum command_kind kind, enum command_kind other);

/* True for what only a session may get that is not in doubt (design.md section 6): classes C and D,
 * and what sets the watch up. */
bool command_is_sensitive(enum command_kind kind);

/* A phone number as watches take it: +?[0-9], 3 digits and more, at most 20 characters. */
bool command_is_number(struct view number);
/* 1 to 10 UTF-16 units of allowed characters. */
MUST_CHECK enum rc command_check_name(struct view name, struct err *e);

/* True for the yisai family (YS, XT, TL, BK, RL), which has forms of its own (section 5.2). */
bool command_is_yisai(struct view vendor);

/* True when sending the command a second time does no more than sending it once (section 2.2: no
 * acknowledgement came). */
bool command_may_repeat(enum command_kind kind);
