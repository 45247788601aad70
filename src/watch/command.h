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
	COMMAND_TEXT_MAX = 200, /* UTF-16 units of a message */
	COMMAND_FRAME_MAX = 2560,
	COMMAND_PACK_MAX = 1792,
	COMMAND_INTERVAL_MIN_S = 60,
	COMMAND_INTERVAL_MAX_S = 3600,
	COMMAND_DIGITS_MIN = 4,
	COMMAND_DIGITS_MAX = 8,
	COMMAND_NUMBER_MIN = 3,  /* digits of a phone number */
	COMMAND_NUMBER_MAX = 20, /* … and all its characters */
	COMMAND_NAME_UNITS = 10, /* UTF-16 units of a name in the phone book */
	COMMAND_BOOK_MAX = 30,   /* entries of the longest phone book that we send */
	COMMAND_BOOK_PAGE = 5,   /* entries of one PHB frame */
	COMMAND_SOS_MAX = 3,
};

enum command_kind {
	COMMAND_LOCATE,          /* CR */
	COMMAND_FIND,            /* FIND */
	COMMAND_MESSAGE,         /* MESSAGE,<utf-16be hex> */
	COMMAND_LANGUAGE_ZONE,   /* LZ,lang,zone */
	COMMAND_LANGUAGE,        /* LANG,lang (fallback of LZ) */
	COMMAND_ZONE,            /* ZONE,hours (fallback of LZ) */
	COMMAND_UPLOAD_INTERVAL, /* UPLOAD,s */
	COMMAND_VERSION,         /* VERNO */
	COMMAND_STATUS,          /* TS */
	COMMAND_PASSWORD,        /* PW,digits: set by the server only */
	COMMAND_AUTO_ANSWER_OFF, /* ACALL,0 */
	COMMAND_AUTO_PICKUP_OFF, /* AUTO,0 */
	COMMAND_SMS_FORWARD_OFF, /* CPSMS,0 */
	COMMAND_CENTER_CLEAR,    /* CENTER, (empty number) */
	COMMAND_SLAVE_CLEAR,     /* SLAVE, (empty number) */
	COMMAND_BOOK_1,          /* PHB, 5 pairs: entries 1 to 5 */
	COMMAND_BOOK_2,          /* PHB2: 6 to 10 */
	COMMAND_BOOK_3,          /* PHB3: 11 to 15 */
	COMMAND_BOOK_WHOLE,      /* PHL, 1 to 30 pairs: replaces the whole book (yisai) */
	COMMAND_BOOK_ENTRY,      /* PHBX,slot,name,number, (no picture) */
	COMMAND_BOOK_REMOVE,     /* DPHBX,slot: answered as PHBX */
	COMMAND_SOS_1,           /* SOS1,number; an empty one clears */
	COMMAND_SOS_2,
	COMMAND_SOS_3,
	COMMAND_SOS_ALL,            /* SOS,a,b,c; empty ones are cleared */
	COMMAND_CALL,               /* CALL,number: the watch dials, and shows it */
	COMMAND_PHOTO,              /* rcapture; the picture comes as img */
	COMMAND_SOS_SMS,            /* SOSSMS,0/1 */
	COMMAND_BATTERY_SMS,        /* LOWBAT,0/1 */
	COMMAND_REMOVED_SMS,        /* REMOVESMS,0/1 */
	COMMAND_POWER_OFF,          /* POWEROFF; yisai answers CR */
	COMMAND_RESET,              /* RESET: restart; yisai does not answer */
	COMMAND_REFUSE_STRANGERS,   /* DEVREFUSEPHONESWITCH,0/1 */
	COMMAND_REFUSE_STRANGERS_2, /* REJECT,0/1 (yisai; no answer) */
	COMMAND_KIND_COUNT,
};

/* A line of a phone book, or a number alone (name empty). Both empty: an unused place. */
struct command_entry {
	char number[COMMAND_NUMBER_MAX + 1];
	char name[COMMAND_NAME_UNITS * 3 + 1]; /* UTF-8 */
};

/* Plain value; unused members are zero. */
struct command {
	enum command_kind kind;
	uint8_t language;    /* number of the LZ table */
	int16_t zone_min;    /* offset from UTC in minutes, a multiple of 15, -720..+840 */
	uint32_t interval_s; /* 60..3600 */
	char digits[COMMAND_DIGITS_MAX + 1]; /* PASSWORD: 4..8 digits */
	bool is_on;                          /* switches */
	uint8_t slot;                        /* BOOK_ENTRY, BOOK_REMOVE: 1..30 */
	uint8_t entries_n; /* CALL, SOS_n, BOOK_ENTRY: 1; SOS_ALL: 3; a page: 5; WHOLE: 1..30 */
	struct command_entry entries[COMMAND_BOOK_MAX];
	uint16_t text_n;
	char text[COMMAND_TEXT_MAX * 3]; /* MESSAGE: UTF-8, checked by command_check */
};

/* RC_SYNTAX / RC_LIMIT with a message for people when a field is not allowed. */
MUST_CHECK enum rc command_check(const struct command *c, struct err *e);

/* Writes exactly one frame to buf; *ret_n is its length. RC_SYNTAX when the command does not check,
 * RC_LIMIT when buf is too small. */
MUST_CHECK enum rc command_write(const struct command *c, const struct addressee *to, char *buf,
	size_t buf_size, size_t *ret_n, struct err *e);

/* The typed command that a frame for a watch holds: for tests and simulated watches. RC_NOT_FOUND
 * when it is none of ours (a reply, or a keyword that we never send). */
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
 * that kind (section 2.2). PHOTO: RECEIVED by its keyword, its picture is the answer. */
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
 * acknowledgement came): all but what the wearer would hear or see twice (FIND, MESSAGE, CALL,
 * PHOTO), and what ends the connection (POWER_OFF, RESET). */
bool command_may_repeat(enum command_kind kind);
