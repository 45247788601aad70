/* Sounds and pictures for everybody in the server: a queue of jobs for the media role
 * (src/media/), which alone decodes. What comes back has been decoded, made anew, and checked once
 * more by our own strict readers; nothing else may be stored as a sound or a picture. The queue is
 * bounded; a job whose worker crashed, or took too long, fails and is never tried again, those that
 * wait stay. Made by app/server_media.c. */
#pragma once

#include "domain/domain.h"

enum { MEDIA_LANE_MAX = 32 /* jobs that wait: of watches, and as many of people */ };

struct media_info {
	uint32_t duration_ms;              /* of a sound */
	uint8_t curve[MEDIA_CURVE_VALUES]; /* of a sound: loudness, 0..255 */
	uint16_t width, height;            /* of a picture */
};

/* In the main loop, later. RC_OK: `out` and `info`, borrowed for the call. RC_SYNTAX: it cannot be
 * decoded (or its worker died of it), and never will be. RC_LIMIT: the same, because it is too long
 * or too large. RC_IO: the role was not there, or ended with it; the same bytes may be given
 * again by whoever has them. */
typedef void media_done_fn(
	void *ctx, enum rc rc, struct view out, const struct media_info *info, const struct err *e);

/* Main loop. Copies `in`. fn is called exactly once when this returned RC_OK, never before it
 * returns; not at all else. RC_LIMIT: too many jobs wait, or `in` is larger than any job may be. */
MUST_CHECK enum rc media_convert(struct domain *d, enum media_job job, struct view in,
	media_done_fn *fn, void *ctx, struct err *e);

/* Any thread but the main loop; waits for the end of the job. `in` is borrowed until it returns.
 * Codes: media_unreadable (RC_SYNTAX), media_limit (RC_LIMIT; of the file), media_busy (RC_LIMIT
 * with retry_after_s; too many jobs wait, or the role is away). *ret_owned is malloc'ed. */
MUST_CHECK enum rc media_convert_wait(struct domain *d, enum media_job job, struct view in,
	uint8_t **ret_owned, size_t *ret_n, struct media_info *ret, struct problem *p,
	struct err *e);
