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
	COMMAND_FRAME_MAX = 1024,
	COMMAND_PACK_MAX = 640,
	COMMAND_INTERVAL_MIN_S = 60,
	COMMAND_INTERVAL_MAX_S = 3600,
	COMMAND_DIGITS_MIN = 4,
	COMMAND_DIGITS_MAX = 8,
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
	COMMAND_KIND_COUNT,
};

/* Plain value; unused members are zero. */
struct command {
	enum command_kind kind;
	uint8_t language;    /* number of the LZ table */
	int16_t zone_min;    /* offset from UTC in minutes, a multiple of 15, -720..+840 */
	uint32_t interval_s; /* 60..3600 */
	char digits[COMMAND_DIGITS_MAX + 1]; /* PASSWORD: 4..8 digits */
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

/* True when a report with this keyword (any case) acknowledges the kind (section 2.2). */
bool command_is_answered_by(enum command_kind kind, struct view keyword);

/* True when sending the command a second time does no more than sending it once (section 2.2: no
 * acknowledgement came): all but FIND and MESSAGE, which the wearer would hear and see twice. */
bool command_may_repeat(enum command_kind kind);
