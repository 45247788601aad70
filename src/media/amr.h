/* AMR narrow-band files as watches record them (RFC 4867 section 5, one channel): a strict reader
 * of the frames. Nothing is decoded here. Used by the media role before the decoder sees a byte,
 * and by the server on what comes in and on what the role gives back. Pure; hostile input is
 * normal. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

enum {
	AMR_MAGIC_BYTES = 6, /* "#!AMR\n" */
	AMR_FRAME_MS = 20,
	AMR_FRAME_SAMPLES = 160,
	AMR_FRAME_BYTES_MAX = 32, /* 12.2 kbit/s, with its first byte */
	AMR_TYPES_SPEECH = 8,     /* frame types 0..7 are speech … */
	AMR_TYPE_NONE = 15,       /* … and 15 is a pause of one frame; no other is taken */
	AMR_FRAMES_MAX = 800,     /* 16 s: watches stop at 15 s, some a little late */
	AMR_BYTES_MAX = AMR_MAGIC_BYTES + AMR_FRAMES_MAX * AMR_FRAME_BYTES_MAX,
};

struct amr_frame {
	uint8_t type; /* 0..7 or AMR_TYPE_NONE */
	bool is_good; /* the quality bit */
	struct view bits;
};

struct amr_reader {
	struct view rest;
	bool is_short; /* see amr_open */
	unsigned frames;
};

struct amr_info {
	uint16_t frames;
	uint16_t speech;  /* of them */
	uint16_t damaged; /* frames without the quality bit */
	uint32_t duration_ms;
	/* Some watches write 4.75 kbit/s (13 bytes a frame) and call it 5.15 (first byte 0C). */
	bool is_misnamed;
};

/* Checks the magic, and finds out whether the frames are 13 bytes each whatever they say (their
 * first bytes are all 0C or 04, as the watches of one maker do); such frames are given as type 0.
 */
MUST_CHECK enum rc amr_open(struct view in, struct amr_reader *ret, struct err *e);
/* The next frame. RC_NOT_FOUND behind the last; RC_SYNTAX for a frame that is cut, of another type,
 * or with bits set that must be 0; RC_LIMIT behind AMR_FRAMES_MAX. */
MUST_CHECK enum rc amr_next(struct amr_reader *r, struct amr_frame *ret, struct err *e);

/* The whole file: at least one frame of speech, at most AMR_FRAMES_MAX, and nothing else. */
MUST_CHECK enum rc amr_check(struct view in, struct amr_info *ret, struct err *e);
/* The same, and a copy in which every frame has its right first byte. ret_clean has room for in.n
 * bytes. */
MUST_CHECK enum rc amr_clean(
	struct view in, uint8_t *ret_clean, size_t *ret_n, struct amr_info *ret, struct err *e);
