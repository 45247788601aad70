#include "media/wav.h"

enum {
	TAG_BYTES = 4,
	SIZE_BYTES = 4,
	FORMAT_BYTES = 16,
	FORMAT_BYTES_LONG = 18, /* with the size of an extension that is not there */
	FORMAT_PCM = 1,
	SILENCE = 64, /* samples below it are noise of the microphone */
};

static unsigned word_at(struct view v, size_t i)
{
	return (unsigned)(uint8_t)v.p[i] | (unsigned)(uint8_t)v.p[i + 1] << 8;
}

static uint32_t long_at(struct view v, size_t i)
{
	return word_at(v, i) | (uint32_t)word_at(v, i + 2) << 16;
}

/* Tag and content of the next chunk; its padding byte is dropped. */
static enum rc cut_chunk(
	struct view *rest, struct view *ret_tag, struct view *ret_content, struct err *e)
{
	struct view size;
	struct view padding;

	if (!view_cut(rest, TAG_BYTES, ret_tag) || !view_cut(rest, SIZE_BYTES, &size))
		return fail(e, RC_SYNTAX, "wav: it ends in the head of a chunk");
	for (size_t i = 0; i < TAG_BYTES; i++) {
		if (ret_tag->p[i] < ' ' || ret_tag->p[i] > '~')
			return fail(e, RC_SYNTAX, "wav: a chunk without a name");
	}
	uint32_t n = long_at(size, 0);
	if (!view_cut(rest, n, ret_content) || (n % 2 != 0 && !view_cut(rest, 1, &padding)))
		return fail(e, RC_SYNTAX, "wav: a chunk of %u bytes, %zu are there", n, rest->n);
	return RC_OK;
}

static enum rc check_format(struct view f, struct err *e)
{
	if ((f.n != FORMAT_BYTES && f.n != FORMAT_BYTES_LONG) || word_at(f, 0) != FORMAT_PCM ||
		(f.n == FORMAT_BYTES_LONG && word_at(f, FORMAT_BYTES) != 0))
		return fail(e, RC_SYNTAX, "wav: PCM expected");
	if (word_at(f, 2) != 1 || long_at(f, 4) != WAV_RATE ||
		long_at(f, 8) != WAV_RATE * WAV_SAMPLE_BYTES ||
		word_at(f, 12) != WAV_SAMPLE_BYTES || word_at(f, 14) != 8 * WAV_SAMPLE_BYTES)
		return fail(e, RC_SYNTAX,
			"wav: one channel of 16 bits, 8000 samples a second expected");
	return RC_OK;
}

static enum rc check_samples(
	struct view pcm, uint32_t samples_min, uint32_t samples_max, struct err *e)
{
	if (pcm.n % WAV_SAMPLE_BYTES != 0)
		return fail(e, RC_SYNTAX, "wav: half a sample");
	size_t n = pcm.n / WAV_SAMPLE_BYTES;
	return n >= samples_min && n <= samples_max
		       ? RC_OK
		       : fail(e, RC_LIMIT, "wav: %zu samples, %u to %u are taken", n, samples_min,
				 samples_max);
}

/* RIFF, the size of all that follows, WAVE. */
static enum rc cut_head(struct view *rest, struct err *e)
{
	struct view head;

	if (!view_cut(rest, TAG_BYTES + SIZE_BYTES + TAG_BYTES, &head) ||
		memcmp(head.p, "RIFF", TAG_BYTES) != 0 ||
		memcmp(head.p + TAG_BYTES + SIZE_BYTES, "WAVE", TAG_BYTES) != 0)
		return fail(e, RC_SYNTAX, "wav: it does not begin as one");
	if (long_at(head, TAG_BYTES) != rest->n + TAG_BYTES)
		return fail(e, RC_SYNTAX, "wav: it says %u bytes, %zu are there",
			long_at(head, TAG_BYTES), rest->n + TAG_BYTES);
	return RC_OK;
}

enum rc wav_read(struct view in, uint32_t samples_min, uint32_t samples_max, struct view *ret_pcm,
	struct err *e)
{
	struct view rest = in;
	struct view tag = {0};
	struct view content = {0};
	bool has_format = false;
	enum rc rc = cut_head(&rest, e);

	for (unsigned i = 0; i < WAV_CHUNKS_MAX && rc == RC_OK; i++) {
		rc = cut_chunk(&rest, &tag, &content, e);
		if (rc != RC_OK)
			break;
		if (view_is(tag, VIEW("fmt "))) {
			rc = has_format ? fail(e, RC_SYNTAX, "wav: two formats")
					: check_format(content, e);
			has_format = true;
		} else if (view_is(tag, VIEW("data"))) {
			if (!has_format || rest.n != 0)
				return fail(e, RC_SYNTAX, "wav: samples last, behind their format");
			rc = check_samples(content, samples_min, samples_max, e);
			if (rc == RC_OK)
				*ret_pcm = content;
			return rc;
		}
	}
	return rc == RC_OK ? fail(e, RC_LIMIT, "wav: over %d chunks", WAV_CHUNKS_MAX) : rc;
}

static void put(uint8_t *at, uint32_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}

void wav_write_header(uint32_t samples, uint8_t ret[WAV_HEADER_BYTES])
{
	uint32_t bytes = samples * WAV_SAMPLE_BYTES;

	memcpy(ret, "RIFF", TAG_BYTES);
	put(ret + 4, WAV_HEADER_BYTES - TAG_BYTES - SIZE_BYTES + bytes, 4);
	memcpy(ret + 8, "WAVEfmt ", 2 * (size_t)TAG_BYTES);
	put(ret + 16, FORMAT_BYTES, 4);
	put(ret + 20, FORMAT_PCM, 2);
	put(ret + 22, 1, 2);
	put(ret + 24, WAV_RATE, 4);
	put(ret + 28, WAV_RATE * WAV_SAMPLE_BYTES, 4);
	put(ret + 32, WAV_SAMPLE_BYTES, 2);
	put(ret + 34, 8 * WAV_SAMPLE_BYTES, 2);
	memcpy(ret + 36, "data", TAG_BYTES);
	put(ret + 40, bytes, 4);
}

int16_t wav_sample(struct view pcm, size_t i)
{
	int32_t value = (int32_t)word_at(pcm, i * WAV_SAMPLE_BYTES);

	return (int16_t)(value < 0x8000 ? value : value - 0x10000);
}

static unsigned loudness(struct view pcm, size_t from, size_t to)
{
	unsigned loudest = 0;

	for (size_t i = from; i < to; i++) {
		int value = wav_sample(pcm, i);
		unsigned loud = (unsigned)(value < 0 ? -value : value);
		loudest = loud > loudest ? loud : loudest;
	}
	return loudest;
}

void wav_curve(struct view pcm, uint8_t ret[WAV_CURVE_VALUES])
{
	size_t n = pcm.n / WAV_SAMPLE_BYTES;
	unsigned peak = loudness(pcm, 0, n);

	for (size_t i = 0; i < WAV_CURVE_VALUES; i++) {
		unsigned loud =
			loudness(pcm, n * i / WAV_CURVE_VALUES, n * (i + 1) / WAV_CURVE_VALUES);
		unsigned share = peak < SILENCE ? 0 : (loud * 255 + peak / 2) / peak;
		ret[i] = (uint8_t)share;
	}
}
