#include "media/result.h"

#include <stdlib.h>

#include "media/amr.h"
#include "watch/jpeg.h"

enum { SAMPLES_MAX = AMR_FRAMES_MAX * AMR_FRAME_SAMPLES };

static enum rc check_wav(struct view out, struct media_info *ret, struct err *e)
{
	struct view pcm = {0};
	enum rc rc = wav_read(out, 1, SAMPLES_MAX, &pcm, e);

	if (rc != RC_OK)
		return rc;
	if (out.n != pcm.n + WAV_HEADER_BYTES)
		return fail(e, RC_SYNTAX, "result: sound with something beside it");
	wav_curve(pcm, ret->curve);
	ret->duration_ms = (uint32_t)(pcm.n / WAV_SAMPLE_BYTES * 1000 / WAV_RATE);
	return RC_OK;
}

/* The duration is that of the sound which was given; the frames end up to 20 ms later. */
static enum rc check_amr(struct view in, struct view out, struct media_info *ret, struct err *e)
{
	struct view pcm = {0};
	struct amr_info info;
	enum rc rc = wav_read(in, 1, SAMPLES_MAX, &pcm, e);

	if (rc == RC_OK)
		rc = amr_check(out, &info, e);
	if (rc != RC_OK)
		return rc;
	wav_curve(pcm, ret->curve);
	ret->duration_ms = (uint32_t)(pcm.n / WAV_SAMPLE_BYTES * 1000 / WAV_RATE);
	return info.duration_ms >= ret->duration_ms &&
			       info.duration_ms < ret->duration_ms + AMR_FRAME_MS + 1
		       ? RC_OK
		       : fail(e, RC_SYNTAX, "result: %u ms of sound became %u", ret->duration_ms,
				 info.duration_ms);
}

static enum rc check_jpeg(struct view out, struct media_info *ret, struct err *e)
{
	uint8_t *clean = malloc(out.n + 1);
	struct jpeg_size size = {0};
	size_t n = 0;

	if (clean == NULL)
		return fail(e, RC_NOMEM, "result: out of memory");
	enum rc rc = out.n <= MEDIA_JPEG_MAX
			     ? jpeg_clean(out, clean, &n, &size, e)
			     : fail(e, RC_SYNTAX, "result: a picture of %zu bytes", out.n);
	if (rc == RC_OK && (n != out.n || memcmp(clean, out.p, n) != 0))
		rc = fail(e, RC_SYNTAX, "result: a picture with notes");
	if (rc == RC_OK && (size.width > MEDIA_SIDE_MAX || size.height > MEDIA_SIDE_MAX))
		rc = fail(e, RC_SYNTAX, "result: %u × %u points", size.width, size.height);
	free(clean);
	ret->width = size.width;
	ret->height = size.height;
	return rc;
}

enum rc result_check(
	enum media_job job, struct view in, struct view out, struct media_info *ret, struct err *e)
{
	struct media_info info = {0};
	enum rc rc = RC_BUG;

	switch (job) {
	case MEDIA_AMR_TO_WAV:
		rc = check_wav(out, &info, e);
		break;
	case MEDIA_WAV_TO_AMR:
		rc = check_amr(in, out, &info, e);
		break;
	case MEDIA_JPEG:
		rc = check_jpeg(out, &info, e);
		break;
	case MEDIA_JOB_COUNT:
		break;
	}
	if (rc == RC_OK)
		*ret = info;
	return rc == RC_LIMIT ? fail(e, RC_SYNTAX, "result: out of bounds") : rc;
}
