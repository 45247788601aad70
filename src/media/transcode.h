/* The decoders and encoders, behind our own strict readers: the only file of the program that calls
 * libopencore-amrnb and libturbojpeg. Runs in a worker of the media role (and in tests), never in a
 * process that holds anything. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/view.h"
#include "link/message.h"

enum {
	TRANSCODE_POINTS_MAX = 8000000, /* of a picture that comes in: 48 MB of coefficients */
};

struct transcoded {
	enum media_outcome outcome;
	uint32_t n; /* bytes */
	uint8_t bytes[MEDIA_OUTPUT_MAX];
};

/* Fills *ret, also when it fails: then with the outcome alone. */
void transcode(enum media_job job, struct view in, struct transcoded *ret);

/* A sound there and back, and a picture: lets the libraries do what they do at their first use,
 * while files may still be opened. False: they do not work. */
MUST_CHECK bool transcode_warm_up(void);
