/* The messages between server and media. */
#include "link/message_bytes.h"

void write_media_hello(struct out *o, const struct message *m)
{
	put_u64(o, m->media_hello.epoch);
}

bool read_media_hello(struct view *in, struct message *ret)
{
	return get_u64(in, &ret->media_hello.epoch) && ret->media_hello.epoch != 0;
}

static bool is_part(const struct message_media_part *p, uint32_t total_max)
{
	return p->bytes.n >= 1 && p->bytes.n <= MESSAGE_PART_MAX && p->total <= total_max &&
	       p->offset <= p->total && p->bytes.n <= p->total - p->offset;
}

static void put_part(struct out *o, const struct message_media_part *p, uint32_t total_max)
{
	if (!is_part(p, total_max) && o->rc == RC_OK)
		o->rc = RC_BUG;
	put_u64(o, p->job);
	put_number(o, p->offset, 4);
	put_number(o, p->total, 4);
	put_payload(o, p->bytes);
}

static bool get_part(struct view *in, uint32_t total_max, struct message_media_part *p)
{
	uint64_t offset = 0;
	uint64_t total = 0;

	if (!get_u64(in, &p->job) || !get_number(in, 4, &offset) || !get_number(in, 4, &total) ||
		!get_payload(in, &p->bytes))
		return false;
	p->offset = (uint32_t)offset;
	p->total = (uint32_t)total;
	return is_part(p, total_max);
}

void write_media_input(struct out *o, const struct message *m)
{
	put_u8(o, m->media_part.kind);
	put_part(o, &m->media_part, MEDIA_INPUT_MAX);
}

bool read_media_input(struct view *in, struct message *ret)
{
	unsigned kind = 0;

	if (!get_choice(in, MEDIA_JOB_COUNT, &kind))
		return false;
	ret->media_part.kind = (enum media_job)kind;
	return get_part(in, MEDIA_INPUT_MAX, &ret->media_part);
}

void write_media_output(struct out *o, const struct message *m)
{
	put_part(o, &m->media_part, MEDIA_OUTPUT_MAX);
}

bool read_media_output(struct view *in, struct message *ret)
{
	return get_part(in, MEDIA_OUTPUT_MAX, &ret->media_part);
}

void write_media_done(struct out *o, const struct message *m)
{
	put_u64(o, m->media_done.job);
	put_u8(o, m->media_done.outcome);
}

bool read_media_done(struct view *in, struct message *ret)
{
	unsigned outcome = 0;

	if (!get_u64(in, &ret->media_done.job) || !get_choice(in, MEDIA_OUTCOME_COUNT, &outcome))
		return false;
	ret->media_done.outcome = (enum media_outcome)outcome;
	return true;
}

const char *media_outcome_name(enum media_outcome o)
{
	static const char *const names[MEDIA_OUTCOME_COUNT] = {
		[MEDIA_DONE] = "done",
		[MEDIA_UNREADABLE] = "unreadable",
		[MEDIA_LIMIT] = "limit",
		[MEDIA_CRASHED] = "crashed",
		[MEDIA_TOO_SLOW] = "too_slow",
		[MEDIA_NO_MEMORY] = "no_memory",
		[MEDIA_BROKEN] = "broken",
	};

	return o < MEDIA_OUTCOME_COUNT ? names[o] : "unknown";
}

const char *media_job_name(enum media_job job)
{
	static const char *const names[MEDIA_JOB_COUNT] = {
		[MEDIA_AMR_TO_WAV] = "amr_to_wav",
		[MEDIA_WAV_TO_AMR] = "wav_to_amr",
		[MEDIA_JPEG] = "jpeg",
	};

	return job < MEDIA_JOB_COUNT ? names[job] : "unknown";
}
