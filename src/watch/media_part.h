/* What a frame with a picture or a voice carries besides its bytes (protocol sections 6.1 to 6.3).
 * Used by the gateway for frames that report_read called REPORT_MEDIA. Pure. */
#pragma once

#include <stdint.h>

#include "base/view.h"
#include "watch/frame.h"

enum { PICTURE_ASKED = 5, PICTURE_OWN = 6 };
enum { CHUNKS_MAX = 128, CHUNK_NAME_MAX = 48 };

enum media_part_kind {
	MEDIA_PART_PICTURE, /* img */
	MEDIA_PART_VOICE,   /* TK, TK2, STK */
	MEDIA_PART_CHUNK,   /* JXTK: one piece of a voice */
	MEDIA_PART_COUNT,
};

struct media_part {
	enum media_part_kind kind;
	uint8_t origin;        /* PICTURE: a digit, PICTURE_ASKED … */
	uint8_t chunk, chunks; /* CHUNK: 1..chunks <= CHUNKS_MAX */
	struct view name;      /* CHUNK: 1..CHUNK_NAME_MAX bytes, which message it belongs to */
	struct view payload;   /* escaped (watch/escape.h), not empty */
};

/* False for frames of other keywords, for JXTK of other kinds than voice, and when something is
 * missing. *ret borrows from the frame. */
MUST_CHECK bool media_part_read(const struct frame *frame, struct media_part *ret);
