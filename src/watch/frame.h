/* Framing of the watch protocol (protocol sections 1, 1.3): finds one frame in a byte stream.
 * Pure: no I/O, no clock, no allocation; feed it the bytes you have, as often as you like. The
 * frames found do not depend on how the bytes were split, only on where `is_final` was said. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

enum {
	FRAME_VENDOR_MAX = 6,
	FRAME_ID_MIN = 5,
	FRAME_ID_MAX = 20,
	FRAME_HEADER_MAX = 90,
	FRAME_TEXT_MAX = 4000,   /* content of a text frame */
	FRAME_MEDIA_MAX = 67584, /* 66 KiB: content of a binary frame */
	FRAME_JUNK_MAX = 1024,   /* after more bytes of junk than this between two frames: close */
	FRAME_KEYWORD_MAX = 24,
	FRAME_SILENCE_MS = 1500, /* no byte for so long: call frame_read with is_final */
	FRAME_IDLE_MS = 10000,   /* still unfinished after so long: frame_skip */
};

/* All views borrow from the input. */
struct frame {
	struct view whole;     /* '[' … ']' */
	struct view signature; /* 32 hex digits, or empty */
	struct view vendor;    /* as sent, 2..6 letters and digits */
	struct view id;        /* 5..20 letters and digits */
	struct view index;     /* 4 hex digits, or empty */
	uint32_t declared;     /* the length field */
	bool is_length_ok;     /* declared = bytes of content */
	bool is_binary;        /* content is escaped payload */
	struct view content;   /* may be empty */
	struct view keyword;   /* content up to the first comma; not checked, may be empty */
	struct view params;    /* after it; p == NULL when there is no comma */
};

/* First bytes of a connection that are no frame of ours. */
enum foreign {
	FOREIGN_NONE,
	FOREIGN_AQSH, /* FF 41 51 53 48: encrypted envelope, section 6.6 */
	FOREIGN_HTTP,
	FOREIGN_TLS,
	FOREIGN_GT06,      /* 78 78 / 79 79 */
	FOREIGN_THINKRACE, /* IWAP…, TRV… */
	FOREIGN_COUNT,
};

/* State of one stream between calls; starts as zeros. Counters are added to, never reset by
 * frame_read, except junk_run. */
struct frame_scan {
	uint32_t junk;       /* bytes dropped that were not CR, LF, NUL or blank */
	uint32_t junk_run;   /* the same, since the last good frame */
	uint32_t bad_frames; /* headers and cut frames dropped */
	uint32_t searched; /* how far the unfinished frame at the front was searched; kept with its
			    * bytes, and set to 0 when other than "the same and more" come next */
	uint32_t spare; /* bytes that may still belong to a frame dropped over its limit: no junk */
	uint32_t text_max; /* limits of this stream; 0 = the constants above, and never over them */
	uint32_t media_max;
	enum foreign foreign;
	bool is_started; /* something was read; foreign protocols are looked for only before that */
};

/* Takes the next frame from the front of *in. `is_final` says that no more bytes will follow soon
 * (end of input, or silence of FRAME_SILENCE_MS): only then frames with a wrong length and nothing
 * behind them are ended. A frame of right length needs neither.
 * - RC_OK: *ret is set and *in stands after the frame.
 * - RC_MORE: *in stands at the start of an unfinished frame (keep those bytes) or is empty.
 * - RC_LIMIT: a frame over its limit was dropped, *in stands after what was dropped; go on.
 * - RC_SYNTAX: close the connection: a foreign protocol (scan->foreign), or more than
 *   FRAME_JUNK_MAX bytes of junk in a row. *in stands after the junk, at the foreign bytes. */
MUST_CHECK enum rc frame_read(
	struct view *in, bool is_final, struct frame *ret, struct frame_scan *scan, struct err *e);

/* Gives up the unfinished frame at the front of *in (FRAME_IDLE_MS, or end of input): drops its
 * first byte and all up to the next '['. */
void frame_skip(struct view *in, struct frame_scan *scan);

/* "aqsh", "http" … ; and words for the operator: what it is and what to do. Never NULL. */
const char *foreign_name(enum foreign f);
const char *foreign_advice(enum foreign f);
