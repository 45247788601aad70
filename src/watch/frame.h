/* Framing of the watch protocol (protocol/watch.md sections 1, 1.3): finds one frame in a byte stream.
 * Pure: no I/O, no clock, no allocation; feed it the bytes you have, as often as you like. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

enum {
	FRAME_VENDOR_MAX = 6,
	FRAME_ID_MAX = 20,
	FRAME_HEADER_MAX = 90,
	FRAME_TEXT_MAX = 4096,    /* content of a text frame */
	FRAME_MEDIA_MAX = 67584,  /* 66 KB: content of a binary frame */
	FRAME_JUNK_MAX = 1024,    /* after this many bytes of junk the connection is closed */
	FRAME_KEYWORD_MAX = 24,
};

/* All views borrow from the input. */
struct frame {
	struct view whole;     /* '[' … ']' */
	struct view signature; /* 32 hex digits, or empty */
	struct view vendor;    /* as sent */
	struct view id;
	struct view index;     /* 4 hex digits, or empty */
	uint32_t declared;     /* the length field */
	bool is_length_ok;     /* declared = bytes of content */
	bool is_binary;        /* content is escaped payload */
	struct view content;
	struct view keyword;   /* content up to the first comma */
	struct view params;    /* after it; p == NULL when there is no comma */
};

/* What stands before a frame that is no frame of ours. */
enum foreign {
	FOREIGN_NONE,
	FOREIGN_AQSH, /* FF 41 51 53 48: encrypted envelope, section 6.6 */
	FOREIGN_HTTP,
	FOREIGN_TLS,
	FOREIGN_GT06,     /* 78 78 / 79 79 */
	FOREIGN_THINKRACE, /* IWAP…, TRV… */
	FOREIGN_COUNT,
};

struct frame_scan {
	size_t junk;       /* bytes dropped that were not CR, LF, NUL or blank */
	size_t bad_frames; /* headers dropped */
	enum foreign foreign;
};

/* Takes the next frame from the front of *in. `is_final` says that no more bytes will follow soon (end of
 * input, or silence of FRAME_SILENCE_MS): then the closing bracket needs nothing after it.
 * RC_OK: *ret is set and *in stands after the frame. RC_MORE: *in stands at the start of an unfinished
 * frame (keep those bytes) or is empty. RC_SYNTAX: foreign protocol, see scan->foreign; close.
 * RC_LIMIT: the frame is over its limit; *in stands after what was dropped; the connection goes on.
 * scan is added to, never reset. */
MUST_CHECK enum rc frame_read(
	struct view *in, bool is_final, struct frame *ret, struct frame_scan *scan, struct err *e);

/* "aqsh", "http" … ; and words for the operator: what it is and what to do. */
const char *foreign_name(enum foreign f);
const char *foreign_advice(enum foreign f);
