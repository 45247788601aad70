#include "media/amr.h"

enum {
	BIT_FOLLOWS = 0x80, /* never in a file */
	BIT_QUALITY = 0x04,
	BITS_PADDING = 0x03,
	SHORT_BYTES = 13,      /* 4.75 kbit/s */
	SHORT_RIGHT = 0x04,    /* its first byte as it should be */
	SHORT_MISNAMED = 0x0c, /* … and as one maker writes it */
};

static const char magic[AMR_MAGIC_BYTES] = {'#', '!', 'A', 'M', 'R', '\n'};

/* Bytes behind the first one, by frame type; -1: not taken (silence descriptions and reserved
 * types: no watch sends them). */
static const int8_t bits_bytes[16] = {
	12, 13, 15, 17, 19, 20, 26, 31, -1, -1, -1, -1, -1, -1, -1, 0};

static uint8_t byte_at(struct view v, size_t i)
{
	return (uint8_t)v.p[i];
}

/* Frames of 13 bytes of which at least one carries the wrong name. */
static bool has_short_frames(struct view frames)
{
	bool has_misnamed = false;

	if (frames.n % SHORT_BYTES != 0)
		return false;
	for (size_t i = 0; i < frames.n; i += SHORT_BYTES) {
		uint8_t first = byte_at(frames, i);
		if (first != SHORT_RIGHT && first != SHORT_MISNAMED)
			return false;
		has_misnamed = has_misnamed || first == SHORT_MISNAMED;
	}
	return has_misnamed;
}

enum rc amr_open(struct view in, struct amr_reader *ret, struct err *e)
{
	struct view head;

	if (!view_cut(&in, sizeof magic, &head) || memcmp(head.p, magic, sizeof magic) != 0)
		return fail(e, RC_SYNTAX, "amr: it does not begin as one");
	*ret = (struct amr_reader){.rest = in};
	ret->is_short = has_short_frames(in);
	return RC_OK;
}

enum rc amr_next(struct amr_reader *r, struct amr_frame *ret, struct err *e)
{
	struct view rest = r->rest;
	struct view first;
	struct view bits;

	if (!view_cut(&rest, 1, &first))
		return RC_NOT_FOUND;
	if (r->frames >= AMR_FRAMES_MAX)
		return fail(e, RC_LIMIT, "amr: over %d frames", AMR_FRAMES_MAX);
	uint8_t head = byte_at(first, 0);
	uint8_t type = r->is_short ? 0 : head >> 3 & 15;
	if ((head & (BIT_FOLLOWS | BITS_PADDING)) != 0 || bits_bytes[type] < 0)
		return fail(e, RC_SYNTAX, "amr: frame %u begins with %02X", r->frames, head);
	if (!view_cut(&rest, (size_t)bits_bytes[type], &bits))
		return fail(e, RC_SYNTAX, "amr: frame %u is cut", r->frames);
	*ret = (struct amr_frame){.type = type, .is_good = (head & BIT_QUALITY) != 0, .bits = bits};
	r->rest = rest;
	r->frames++;
	return RC_OK;
}

/* One look through the frames; each is copied to `out` when that is not NULL. */
static enum rc look(
	struct view in, uint8_t *out, size_t *ret_n, struct amr_info *ret, struct err *e)
{
	struct amr_reader r;
	struct amr_frame f = {.is_good = false};
	struct amr_info info = {0};
	size_t n = sizeof magic;
	enum rc rc = amr_open(in, &r, e);

	if (rc != RC_OK)
		return rc;
	info.is_misnamed = r.is_short;
	if (out != NULL)
		memcpy(out, magic, sizeof magic);
	while ((rc = amr_next(&r, &f, e)) == RC_OK) {
		info.frames++;
		if (f.type < AMR_TYPES_SPEECH)
			info.speech++;
		if (!f.is_good)
			info.damaged++;
		if (out != NULL) {
			out[n] = (uint8_t)(f.type << 3 | (f.is_good ? BIT_QUALITY : 0));
			if (f.bits.n > 0)
				memcpy(out + n + 1, f.bits.p, f.bits.n);
		}
		n += 1 + f.bits.n;
	}
	if (rc != RC_NOT_FOUND)
		return rc;
	if (info.speech == 0)
		return fail(e, RC_SYNTAX, "amr: no sound in it");
	info.duration_ms = (uint32_t)info.frames * AMR_FRAME_MS;
	*ret_n = n;
	*ret = info;
	return RC_OK;
}

enum rc amr_check(struct view in, struct amr_info *ret, struct err *e)
{
	size_t n = 0;

	return look(in, NULL, &n, ret, e);
}

enum rc amr_clean(
	struct view in, uint8_t *ret_clean, size_t *ret_n, struct amr_info *ret, struct err *e)
{
	return look(in, ret_clean, ret_n, ret, e);
}
