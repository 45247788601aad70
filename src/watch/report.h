/* What a watch said, as plain values: the only thing that comes in from the protocol
 * (protocol sections 3, 4). Made by report_read from one frame; pure, no I/O, no clock. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "watch/frame.h"

enum {
	REPORT_CELLS_MAX = 7,
	REPORT_WIFI_MAX = 8,
	REPORT_SSID_MAX = 32,
	REPORT_KEYWORD_MAX = 24,
	REPORT_TEXT_MAX = 1024, /* parameters of an answer or other text kept, cut when longer */
};

enum report_kind {
	REPORT_POSITION,
	REPORT_ALARM, /* AL*: also carries a position when readable */
	REPORT_HEARTBEAT,
	REPORT_HEALTH,
	REPORT_MEDIA,
	REPORT_ANSWER, /* acknowledgement of, or data for, one of our commands */
	REPORT_OTHER,  /* known or unknown keyword without values that we read */
	REPORT_ERROR,  /* a frame whose content cannot be used */
	REPORT_KIND_COUNT,
};

/* Bits of report.alarms, most severe first. */
enum report_alarm {
	REPORT_ALARM_SOS = 1u << 0,
	REPORT_ALARM_FALL = 1u << 1,
	REPORT_ALARM_HEART_RATE = 1u
				  << 2, /* bit 22: "fall or heart rate" until the model is known */
	REPORT_ALARM_REMOVED = 1u << 3,
	REPORT_ALARM_LEFT_PLACE = 1u << 4,
	REPORT_ALARM_ENTERED_PLACE = 1u << 5,
	REPORT_ALARM_LOW_BATTERY = 1u << 6,
	REPORT_ALARM_POWER_CUT = 1u << 7,
	REPORT_ALARM_UNKNOWN = 1u << 8, /* AL without a readable alarm bit */
};

/* Bits of report.flags: state, not alarm. */
enum report_flag {
	REPORT_FLAG_LOW_BATTERY = 1u << 0,
	REPORT_FLAG_OUTSIDE_FENCE = 1u << 1,
	REPORT_FLAG_INSIDE_FENCE = 1u << 2,
	REPORT_FLAG_OFF_WRIST = 1u << 3,
	REPORT_FLAG_STILL = 1u << 4,
};

/* Which values are there (report.has). */
enum report_has {
	REPORT_HAS_TIME = 1u << 0, /* device time was readable and plausible in form */
	REPORT_HAS_POINT =
		1u << 1, /* lat_e7, lon_e7 in range and not 0,0; a fix only when is_valid */
	REPORT_HAS_SPEED = 1u << 2,
	REPORT_HAS_COURSE = 1u << 3,
	REPORT_HAS_ALTITUDE = 1u << 4,
	REPORT_HAS_SATELLITES = 1u << 5,
	REPORT_HAS_SIGNAL = 1u << 6,
	REPORT_HAS_BATTERY = 1u << 7,
	REPORT_HAS_STEPS = 1u << 8,
	REPORT_HAS_ROLLS = 1u << 9,
	REPORT_HAS_STATUS = 1u << 10,
	REPORT_HAS_ACCURACY = 1u << 11,
	REPORT_HAS_CDMA = 1u << 12,
	REPORT_HAS_HEART = 1u << 13,
	REPORT_HAS_BLOOD_PRESSURE = 1u << 14,
	REPORT_HAS_SPO2 = 1u << 15,
	REPORT_HAS_TEMPERATURE = 1u << 16,
	REPORT_HAS_VALIDITY = 1u << 17,   /* is_valid was said (A or V) */
	REPORT_HAS_ZERO_POINT = 1u << 18, /* the coordinates were 0,0: no place */
	REPORT_HAS_TA = 1u << 19,         /* timing advance of the serving cell, not 255 */
	REPORT_HAS_MEASURE = 1u << 20,    /* measure_type, or some bit of failures */
	REPORT_HAS_BODY = 1u << 21,       /* bphrt: what the watch reckons with */
	REPORT_HAS_ODOMETER = 1u << 22,   /* LK of one platform: distance, calories */
	REPORT_HAS_ALL = (1u << 23) - 1,
};

/* Bits of report.failures: the watch tried to measure, and could not. */
enum report_failure {
	REPORT_FAILED_HEART = 1u << 0,
	REPORT_FAILED_BLOOD_PRESSURE = 1u << 1,
	REPORT_FAILED_SPO2 = 1u << 2,
	REPORT_FAILED_TEMPERATURE = 1u << 3,
	REPORT_FAILED_TOO_LOW = 1u << 4,  /* with TEMPERATURE: under what it can measure */
	REPORT_FAILED_TOO_HIGH = 1u << 5, /* … over it */
	REPORT_FAILED_ALL = (1u << 6) - 1,
};

/* oxygen: the type (0: started on the watch); btemp2: the mode. */
enum { MEASURE_ON_WATCH = 0, MEASURE_FOREHEAD = 0, MEASURE_WRIST = 1, MEASURE_UNKNOWN = 255 };

enum report_sex { SEX_UNKNOWN, SEX_MALE, SEX_FEMALE };

/* Why a report is REPORT_ERROR, or what is missing when is_partial. */
enum report_error {
	REPORT_FINE,
	REPORT_BAD_KEYWORD,
	REPORT_BAD_TEXT,
	REPORT_BAD_FIELDS,
	REPORT_BAD_DATE,
	REPORT_BAD_TIME,
	REPORT_BAD_VALIDITY,
	REPORT_BAD_POINT,
	REPORT_BAD_HEMISPHERE,
	REPORT_BAD_STATUS,
	REPORT_BAD_VALUE,
	REPORT_BAD_CELLS,
	REPORT_BAD_WIFI,
	REPORT_BAD_MEDIA,
	REPORT_ERROR_COUNT,
};

/* How the point came about. Watches only say GPS; the others are set by the server. */
enum report_source {
	REPORT_SOURCE_GPS,   /* as said by the watch: a fix only when is_valid */
	REPORT_SOURCE_WIFI,  /* solved from access points */
	REPORT_SOURCE_CELL,  /* solved from cells */
	REPORT_SOURCE_PHONE, /* a phone that knows its place */
	REPORT_SOURCE_COUNT,
};

/* Bits of cdma.has. */
enum cdma_has {
	CDMA_HAS_SID = 1u << 0,
	CDMA_HAS_NID = 1u << 1,
	CDMA_HAS_BID = 1u << 2,
	CDMA_HAS_SIGNAL = 1u << 3,
	CDMA_HAS_NETWORK = 1u << 4, /* mcc, mnc */
	CDMA_HAS_ALL = (1u << 5) - 1,
};

struct cell {
	uint16_t mcc;
	char mnc[4]; /* digits as sent, leading zeros significant; NUL-terminated */
	uint32_t lac;
	uint32_t cid;
	int16_t rssi; /* as sent: 0..200 without unit, or negative dBm */
	bool has_rssi;
};

struct wifi {
	uint8_t mac[6];
	int8_t rssi_dbm; /* negative */
	bool has_rssi;
	uint8_t ssid_n;
	char ssid[REPORT_SSID_MAX]; /* any bytes */
};

struct cdma {
	uint8_t has; /* enum cdma_has */
	uint16_t mcc;
	char mnc[4];
	uint32_t sid, nid, bid;
	int16_t signal;
};

/* As it was set up on the watch; 0: not said. */
struct report_body {
	uint8_t height_cm, age_years, sex; /* enum report_sex */
	uint16_t weight_kg;
};

/* Members that `has` does not name, and array members behind the counts, hold nothing to rely on.
 */
struct report {
	enum report_kind kind;
	enum report_error error; /* REPORT_FINE unless kind is REPORT_ERROR or is_partial */
	enum report_source source;
	uint32_t has;    /* enum report_has */
	uint16_t alarms; /* enum report_alarm */
	uint16_t flags;  /* enum report_flag */
	bool is_valid;   /* A = GPS fix; V is never shown as a fix */
	bool is_stored;  /* UD2: sent late, history only */
	bool is_hemisphere_unknown;
	bool is_time_alternative; /* time_alt_ms holds the other reading of the date, section 3.4 */
	bool is_time_local;       /* the device's local time, not UTC (yisai) */
	bool is_partial; /* some field was unreadable and is left out; error names the first */
	bool is_battery_unsure; /* LK of SG trackers: the field's place was guessed; check it
				   against a UD */
	uint32_t status;        /* raw status word */
	int64_t time_ms;        /* device time as UTC ms, by the vendor's date order */
	int64_t time_alt_ms;    /* date read in the other order */
	int32_t lat_e7, lon_e7;
	uint16_t speed_ckmh;  /* 0.01 km/h */
	uint16_t course_cdeg; /* 0.01 degree, 0..36000 */
	int32_t altitude_dm;  /* 0.1 m */
	uint32_t accuracy_dm; /* 0.1 m; says nothing when !is_valid */
	uint8_t satellites, signal_percent, battery_percent;
	uint8_t ta;
	uint32_t steps, rolls;
	uint8_t heart_bpm;
	uint16_t systolic_mmhg, diastolic_mmhg;
	uint16_t spo2_permille;      /* 975 = 97.5 % */
	int16_t temperature_cdeg;    /* 0.01 degree Celsius */
	uint8_t failures;            /* enum report_failure; with HAS_MEASURE */
	uint8_t measure_type;        /* with HAS_MEASURE; MEASURE_UNKNOWN when it was not said */
	struct report_body body;     /* with HAS_BODY */
	uint32_t distance, calories; /* with HAS_ODOMETER; their units are not published */
	uint8_t cells_n, wifi_n;
	char keyword[REPORT_KEYWORD_MAX + 1]; /* upper case; "" when it is not readable */
	struct view text; /* parameters after the keyword, borrowed; at most REPORT_TEXT_MAX bytes;
			   * the language of WAD, the date of KA; empty for other positions, media
			   * and what holds other people's messages or secrets (SMS, apps and
			   * contacts of the watch, Wi-Fi passwords). Typed by report_detail.h */
	struct cdma cdma;
	struct cell cells[REPORT_CELLS_MAX];
	struct wifi wifi[REPORT_WIFI_MAX];
};

/* Facts about the device that some reports carry in their text. */
enum report_fact {
	REPORT_FACT_IMEI,      /* 15 digits: RYIMEI, ICCID, CONFIG, TS */
	REPORT_FACT_ICCID,     /* ICCID, CCID */
	REPORT_FACT_IMSI,      /* ICCID: the third field when it is 14 or 15 digits */
	REPORT_FACT_OPERATOR,  /* … else */
	REPORT_FACT_EID,       /* ICCID */
	REPORT_FACT_PROTOCOL,  /* ICCID: mqtt or lwm2m */
	REPORT_FACT_VERSION,   /* VERNO, TS, CONFIG */
	REPORT_FACT_MODEL,     /* CONFIG TY */
	REPORT_FACT_BOOK_SIZE, /* CONFIG TB, one digit */
	REPORT_FACT_CENTER,    /* TS center, slave, pw: also an empty value is told (p is set) */
	REPORT_FACT_SLAVE,
	REPORT_FACT_PASSWORD,
	REPORT_FACT_COUNT,
};

/* Reads the content of one frame. Always fills *ret: what cannot be read is left out, and an AL
 * frame is REPORT_ALARM whatever its fields hold (an SOS is never lost because a later field is
 * unreadable). `vendor` rules (date order, local time) come from frame->vendor. *ret borrows from
 * the frame's bytes. */
void report_read(const struct frame *frame, struct report *ret);

/* The time to file a report under: of two possible readings of the date the one nearer to the
 * receipt; the receipt time itself when there is none, or when the clock is unset (more than 24 h
 * ahead, or before 2015), which *ret_is_clock_unset tells. Both readings are kept in *r. */
int64_t report_time_ms(const struct report *r, int64_t received_ms, bool *ret_is_clock_unset);

/* The fact as a view into r->text. False when this report does not carry it in a valid form. */
MUST_CHECK bool report_fact(const struct report *r, enum report_fact fact, struct view *ret);

/* "sos", "fall" … of one alarm bit; NULL when no such bit. */
const char *report_alarm_name(enum report_alarm bit);
const char *report_flag_name(enum report_flag bit);
const char *report_kind_name(enum report_kind kind);
/* Words for people; "" for REPORT_FINE. */
const char *report_error_text(enum report_error error);
