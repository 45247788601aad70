/* Pictures of watches: a strict look at the markers of a JPEG (ITU T.81 Annex B), which writes a
 * clean one: only what the picture itself needs, no notes (EXIF, comments), nothing behind its end.
 * The picture is not decoded here. Pure; hostile input is normal. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

enum {
	JPEG_SIDE_MIN = 8,
	JPEG_SIDE_MAX = 4096,
	JPEG_SEGMENTS_MAX = 256, /* of one picture */
};

struct jpeg_size {
	uint16_t width, height;
};

/* Copies the picture in `in` to ret_clean, which has room for in.n bytes. RC_SYNTAX when it is not
 * exactly one baseline or progressive JPEG of 8 bits that begins with `in`; RC_LIMIT when its sides
 * or its segments are out of bounds. What stands behind its end is left out. */
MUST_CHECK enum rc jpeg_clean(struct view in, uint8_t *ret_clean, size_t *ret_n,
	struct jpeg_size *ret_size, struct err *e);
