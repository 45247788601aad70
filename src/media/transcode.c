#include "media/transcode.h"

#include <assert.h>
#include <opencore-amrnb/interf_dec.h>
#include <opencore-amrnb/interf_enc.h>
#include <stdlib.h>
#include <turbojpeg.h>

#include "media/amr.h"
#include "media/wav.h"
#include "watch/jpeg.h"

static_assert(WAV_HEADER_BYTES + AMR_FRAMES_MAX * AMR_FRAME_SAMPLES * WAV_SAMPLE_BYTES <=
		      (int)MEDIA_OUTPUT_MAX,
	"the longest sound fits");
static_assert(AMR_FRAMES_MAX * AMR_FRAME_MS == (int)MEDIA_DURATION_MAX_MS, "one longest sound");

static enum media_outcome outcome_of(enum rc rc)
{
	return rc == RC_LIMIT ? MEDIA_LIMIT : MEDIA_UNREADABLE;
}

static void free_bytes(uint8_t **bytes)
{
	free(*bytes);
}

/* ---- sound ---- */

static void close_decoder(void **decoder)
{
	if (*decoder != NULL)
		Decoder_Interface_exit(*decoder);
}

static void close_encoder(void **encoder)
{
	if (*encoder != NULL)
		Encoder_Interface_exit(*encoder);
}

static void put_samples(uint8_t *at, const short samples[AMR_FRAME_SAMPLES])
{
	for (size_t i = 0; i < AMR_FRAME_SAMPLES; i++) {
		at[2 * i] = (uint8_t)((unsigned)samples[i] & 0xff);
		at[2 * i + 1] = (uint8_t)((unsigned)samples[i] >> 8 & 0xff);
	}
}

/* Frames that are marked as damaged are decoded as well: some watches never set the mark. */
static enum media_outcome amr_to_wav(struct view in, struct transcoded *ret)
{
	struct amr_info info;
	struct amr_reader r;
	struct amr_frame f;
	enum rc rc = amr_check(in, &info, NULL);

	if (rc == RC_OK)
		rc = amr_open(in, &r, NULL);
	if (rc != RC_OK)
		return outcome_of(rc);
	CLEANUP(close_decoder) void *decoder = Decoder_Interface_init();
	if (decoder == NULL)
		return MEDIA_NO_MEMORY;
	size_t n = WAV_HEADER_BYTES;
	while (amr_next(&r, &f, NULL) == RC_OK) {
		uint8_t frame[AMR_FRAME_BYTES_MAX] = {(uint8_t)(f.type << 3 | 4)};
		short samples[AMR_FRAME_SAMPLES] = {0};
		if (f.bits.n > 0)
			memcpy(frame + 1, f.bits.p, f.bits.n);
		Decoder_Interface_Decode(decoder, frame, samples, 0);
		put_samples(ret->bytes + n, samples);
		n += sizeof samples;
	}
	struct view pcm = {
		.p = (const char *)ret->bytes + WAV_HEADER_BYTES, .n = n - WAV_HEADER_BYTES};
	wav_write_header((uint32_t)(pcm.n / WAV_SAMPLE_BYTES), ret->bytes);
	ret->n = (uint32_t)n;
	return MEDIA_DONE;
}

static enum media_outcome wav_to_amr(struct view in, struct transcoded *ret)
{
	struct view pcm = {0};
	enum rc rc = wav_read(in, WAV_SAMPLES_MIN, WAV_SAMPLES_MAX, &pcm, NULL);

	if (rc != RC_OK)
		return outcome_of(rc);
	CLEANUP(close_encoder) void *encoder = Encoder_Interface_init(0);
	if (encoder == NULL)
		return MEDIA_NO_MEMORY;
	size_t samples_n = pcm.n / WAV_SAMPLE_BYTES;
	size_t n = AMR_MAGIC_BYTES;
	memcpy(ret->bytes, "#!AMR\n", AMR_MAGIC_BYTES);
	for (size_t at = 0; at < samples_n; at += AMR_FRAME_SAMPLES) {
		short samples[AMR_FRAME_SAMPLES] = {0}; /* the last frame ends in silence */
		uint8_t frame[AMR_FRAME_BYTES_MAX + 1] = {0};
		for (size_t i = 0; i < AMR_FRAME_SAMPLES && at + i < samples_n; i++)
			samples[i] = wav_sample(pcm, at + i);
		int frame_n = Encoder_Interface_Encode(encoder, MR475, samples, frame, 0);
		if (frame_n <= 0 || frame_n > AMR_FRAME_BYTES_MAX)
			return MEDIA_UNREADABLE;
		memcpy(ret->bytes + n, frame, (size_t)frame_n);
		n += (size_t)frame_n;
	}
	ret->n = (uint32_t)n;
	return MEDIA_DONE;
}

/* ---- pictures ---- */

static void close_tj(tjhandle *tj)
{
	if (*tj != NULL)
		(void)tjDestroy(*tj); /* fails for NULL alone */
}

/* A picture without its notes, and what it is decoded to. */
struct picture {
	const uint8_t *jpeg;
	size_t jpeg_n;
	struct jpeg_size size;
	int format;        /* TJPF_GRAY or TJPF_RGB */
	int subsampling;   /* of what is made */
	int width, height; /* scaled */
	uint8_t *points;
	uint8_t *made; /* room for one encoded picture */
	size_t made_max;
};

static void picture_done(struct picture *p)
{
	free(p->points);
	free(p->made);
}

static enum media_outcome decode(struct picture *p, tjscalingfactor scale)
{
	CLEANUP(close_tj) tjhandle tj = tjInitDecompress();
	size_t point_bytes = p->format == TJPF_GRAY ? 1 : 3;

	p->width = TJSCALED(p->size.width, scale);
	p->height = TJSCALED(p->size.height, scale);
	free(p->points);
	p->points = malloc((size_t)p->width * (size_t)p->height * point_bytes);
	if (tj == NULL || p->points == NULL)
		return MEDIA_NO_MEMORY;
	/* A warning means that points were made up: then it is no picture that we keep. */
	return tjDecompress2(tj, p->jpeg, p->jpeg_n, p->points, p->width, 0, p->height, p->format,
		       TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) == 0
		       ? MEDIA_DONE
		       : MEDIA_UNREADABLE;
}

/* False: more than MEDIA_JPEG_MAX bytes, or no picture at all. */
static bool encode(struct picture *p, int quality, struct transcoded *ret)
{
	CLEANUP(close_tj) tjhandle tj = tjInitCompress();
	unsigned char *made = p->made;
	unsigned long made_n = p->made_max;
	struct jpeg_size size;
	size_t n = 0;

	if (tj == NULL ||
		tjCompress2(tj, p->points, p->width, 0, p->height, p->format, &made, &made_n,
			p->subsampling, quality, TJFLAG_NOREALLOC) != 0 ||
		made_n > sizeof ret->bytes)
		return false;
	/* Also what our own encoder writes beside the picture is left out. */
	if (jpeg_clean((struct view){.p = (const char *)made, .n = made_n}, ret->bytes, &n, &size,
		    NULL) != RC_OK ||
		n > MEDIA_JPEG_MAX)
		return false;
	ret->n = (uint32_t)n;
	return true;
}

/* Tried one after the other, until it is small enough. */
static enum media_outcome encode_small(struct picture *p, struct transcoded *ret)
{
	static const int qualities[] = {85, 75, 60, 45, 30};

	free(p->made);
	p->made_max = tjBufSize(p->width, p->height, p->subsampling);
	p->made = p->made_max == (unsigned long)-1 ? NULL : malloc(p->made_max);
	if (p->made == NULL)
		return MEDIA_NO_MEMORY;
	for (size_t i = 0; i < COUNT_OF(qualities); i++) {
		if (encode(p, qualities[i], ret))
			return MEDIA_DONE;
	}
	return MEDIA_LIMIT;
}

static enum media_outcome make(struct picture *p, struct transcoded *ret)
{
	static const tjscalingfactor scales[] = {{1, 1}, {1, 2}, {1, 4}, {1, 8}};
	enum media_outcome outcome = MEDIA_LIMIT;

	for (size_t i = 0; i < COUNT_OF(scales) && outcome == MEDIA_LIMIT; i++) {
		if (TJSCALED(p->size.width, scales[i]) > MEDIA_SIDE_MAX ||
			TJSCALED(p->size.height, scales[i]) > MEDIA_SIDE_MAX)
			continue;
		outcome = decode(p, scales[i]);
		if (outcome == MEDIA_DONE)
			outcome = encode_small(p, ret);
	}
	return outcome;
}

static enum media_outcome remake_jpeg(struct view in, struct transcoded *ret)
{
	CLEANUP(free_bytes) uint8_t *clean = malloc(in.n + 1);
	CLEANUP(picture_done) struct picture p = {.jpeg = clean};
	CLEANUP(close_tj) tjhandle tj = tjInitDecompress();
	int width = 0;
	int height = 0;
	int subsampling = 0;
	int colours = 0;

	if (clean == NULL || tj == NULL)
		return MEDIA_NO_MEMORY;
	enum rc rc = jpeg_clean(in, clean, &p.jpeg_n, &p.size, NULL);
	if (rc != RC_OK)
		return outcome_of(rc);
	if ((uint32_t)p.size.width * p.size.height > TRANSCODE_POINTS_MAX)
		return MEDIA_LIMIT;
	if (tjDecompressHeader3(tj, clean, p.jpeg_n, &width, &height, &subsampling, &colours) !=
			0 ||
		width != p.size.width || height != p.size.height || colours == TJCS_CMYK ||
		colours == TJCS_YCCK)
		return MEDIA_UNREADABLE;
	p.format = colours == TJCS_GRAY ? TJPF_GRAY : TJPF_RGB;
	p.subsampling = colours == TJCS_GRAY ? TJSAMP_GRAY : TJSAMP_420;
	return make(&p, ret);
}

void transcode(enum media_job job, struct view in, struct transcoded *ret)
{
	enum media_outcome outcome = MEDIA_BROKEN;

	ret->n = 0;
	switch (job) {
	case MEDIA_AMR_TO_WAV:
		outcome = amr_to_wav(in, ret);
		break;
	case MEDIA_WAV_TO_AMR:
		outcome = wav_to_amr(in, ret);
		break;
	case MEDIA_JPEG:
		outcome = remake_jpeg(in, ret);
		break;
	case MEDIA_JOB_COUNT:
		break;
	}
	if (outcome != MEDIA_DONE)
		ret->n = 0;
	ret->outcome = outcome;
}

static bool try_sound(struct transcoded *t)
{
	static uint8_t sound[WAV_HEADER_BYTES + WAV_SAMPLES_MIN * WAV_SAMPLE_BYTES];
	static uint8_t voice[AMR_BYTES_MAX];

	wav_write_header(WAV_SAMPLES_MIN, sound);
	transcode(MEDIA_WAV_TO_AMR, (struct view){.p = (const char *)sound, .n = sizeof sound}, t);
	if (t->outcome != MEDIA_DONE || t->n > sizeof voice)
		return false;
	memcpy(voice, t->bytes, t->n);
	transcode(MEDIA_AMR_TO_WAV, (struct view){.p = (const char *)voice, .n = t->n}, t);
	return t->outcome == MEDIA_DONE;
}

static bool try_picture(struct transcoded *t)
{
	static const uint8_t grey[JPEG_SIDE_MIN * JPEG_SIDE_MIN];
	CLEANUP(close_tj) tjhandle tj = tjInitCompress();
	unsigned char *made = NULL;
	unsigned long n = 0;

	if (tj == NULL || tjCompress2(tj, grey, JPEG_SIDE_MIN, 0, JPEG_SIDE_MIN, TJPF_GRAY, &made,
				  &n, TJSAMP_GRAY, 75, 0) != 0)
		return false;
	transcode(MEDIA_JPEG, (struct view){.p = (const char *)made, .n = n}, t);
	tjFree(made);
	return t->outcome == MEDIA_DONE;
}

bool transcode_warm_up(void)
{
	struct transcoded *t = calloc(1, sizeof *t);
	bool does_work = t != NULL && try_sound(t) && try_picture(t);

	free(t);
	return does_work;
}
