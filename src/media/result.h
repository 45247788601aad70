/* What came back from the media role, looked at once more by our own strict readers: a role that
 * was taken over can give nothing that is not a plain sound or a plain picture. What is known of it
 * is measured here, not believed. Used by the server. Pure. */
#pragma once

#include "link/message.h"
#include "media/wav.h"

struct media_info {
	uint32_t duration_ms;            /* of a sound */
	uint8_t curve[WAV_CURVE_VALUES]; /* of a sound: media/wav.h */
	uint16_t width, height;          /* of a picture */
};

/* `in` is what the job was given. RC_SYNTAX: `out` is not what this job makes. */
MUST_CHECK enum rc result_check(
	enum media_job job, struct view in, struct view out, struct media_info *ret, struct err *e);
