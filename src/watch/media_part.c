#include "watch/media_part.h"

#include "watch/fields.h"

enum { PICTURE_TIME = 12 /* digits */, NUMBER_MAX = 3 /* characters before a voice */ };

static bool are_digits(struct view v, size_t n)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_digit(v.p[i]))
			return false;
	}
	return v.n == n;
}

static bool read_picture(struct view params, struct media_part *ret)
{
	struct view origin;
	struct view when;

	if (!field_cut(&params, &origin) || !are_digits(origin, 1) || !field_cut(&params, &when) ||
		!are_digits(when, PICTURE_TIME))
		return false;
	ret->kind = MEDIA_PART_PICTURE;
	ret->origin = (uint8_t)(origin.p[0] - '0');
	ret->payload = params;
	return true;
}

/* Some watches put a number of one to three characters before the sound; a comma of the sound
 * itself would be escaped. */
static bool read_voice(struct view params, struct media_part *ret)
{
	struct view rest = params;
	struct view number;

	ret->kind = MEDIA_PART_VOICE;
	ret->payload = params;
	if (field_cut(&rest, &number) && rest.p != NULL && number.n >= 1 && number.n <= NUMBER_MAX)
		ret->payload = rest;
	return true;
}

static bool read_group_voice(struct view params, struct media_part *ret)
{
	struct view group;

	return field_cut(&params, &group) && params.p != NULL && read_voice(params, ret);
}

static bool read_chunk(struct view params, struct media_part *ret)
{
	struct view kind;
	struct view chunk;
	struct view chunks;
	uint32_t at = 0;
	uint32_t n = 0;

	if (!field_cut(&params, &kind) || !view_is(kind, VIEW("0")) ||
		!field_cut(&params, &ret->name) || !field_cut(&params, &chunk) ||
		!field_cut(&params, &chunks) || ret->name.n == 0 || ret->name.n > CHUNK_NAME_MAX ||
		num_u32(chunks, CHUNKS_MAX, &n, NULL) != RC_OK ||
		num_u32(chunk, CHUNKS_MAX, &at, NULL) != RC_OK || at < 1 || at > n)
		return false;
	ret->kind = MEDIA_PART_CHUNK;
	ret->chunk = (uint8_t)at;
	ret->chunks = (uint8_t)n;
	ret->payload = params;
	return true;
}

bool media_part_read(const struct frame *f, struct media_part *ret)
{
	static const struct {
		struct view keyword;
		bool (*read)(struct view params, struct media_part *ret);
	} readers[] = {
		{VIEW("IMG"), read_picture},
		{VIEW("TK"), read_voice},
		{VIEW("TK2"), read_group_voice},
		{VIEW("STK"), read_voice},
		{VIEW("JXTK"), read_chunk},
	};
	struct media_part part = {.kind = MEDIA_PART_PICTURE};

	for (size_t i = 0; i < COUNT_OF(readers) && f->params.p != NULL; i++) {
		if (!view_is_nocase(f->keyword, readers[i].keyword))
			continue;
		if (!readers[i].read(f->params, &part) || part.payload.n == 0)
			return false;
		*ret = part;
		return true;
	}
	return false;
}
