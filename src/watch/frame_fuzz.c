/* A stream of a watch: whatever comes, in whatever pieces, gives the same frames; each report is
 * bounded, survives packing, and is answered with one good frame or not at all. The first byte says
 * how the stream is cut. */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>

#include "watch/command.h"
#include "watch/report_pack.h"

enum { FRAMES_MAX = 4096 };

struct found {
	size_t n;
	uint32_t junk, bad_frames;
	uint64_t sum; /* of places and lengths, in order */
};

static void check_pack(const struct report *r)
{
	static struct report again;
	static uint8_t packed[REPORT_PACK_MAX];
	size_t n = 0;

	enum rc rc = report_pack(r, packed, sizeof packed, &n, NULL);
	assert(rc == RC_OK);
	rc = report_unpack((struct view){.p = (const char *)packed, .n = n}, &again, NULL);
	assert(rc == RC_OK && again.kind == r->kind && again.has == r->has);
	assert(again.alarms == r->alarms);
}

static void check_facts(const struct report *r)
{
	for (size_t i = 0; i < REPORT_FACT_COUNT; i++) {
		struct view fact = {.p = NULL, .n = 1};
		bool is_there = report_fact(r, (enum report_fact)i, &fact);
		assert(!is_there || fact.p != NULL); /* an empty value is told, too */
	}
}

static void check_reply(const struct frame *f, const struct report *r)
{
	struct addressee to = {.vendor = f->vendor, .id = f->id, .index = f->index};
	struct reply reply;
	char text[REPLY_FRAME_MAX];
	size_t n = 0;

	reply_for(f, r, &reply);
	assert(r->kind != REPORT_ALARM || reply.kind == REPLY_AL);
	reply.number = 1;
	enum rc rc = reply_write(&reply, &to, text, sizeof text, &n, NULL);
	assert((rc == RC_OK) == (reply.kind != REPLY_NONE));
}

static void check_report(const struct frame *f)
{
	static struct report r;
	struct command command;

	report_read(f, &r);
	check_pack(&r);
	check_facts(&r);
	check_reply(f, &r);
	bool is_command = command_read(f, &command, NULL) == RC_OK;
	assert(!is_command || command_check(&command, NULL) == RC_OK);
}

static size_t drain(struct view held, size_t at, bool is_final, struct frame_scan *scan,
	struct found *ret, bool *ret_is_closed)
{
	/* a copy of exactly what a connection would hold: a read past it is seen */
	char *copy = malloc(held.n == 0 ? 1 : held.n);
	assert(copy != NULL);
	memcpy(copy, held.p, held.n);
	struct view in = {.p = copy, .n = held.n};
	enum rc rc = RC_OK;
	struct frame f;

	while (rc == RC_OK || rc == RC_LIMIT) {
		rc = frame_read(&in, is_final, &f, scan, NULL);
		if (rc == RC_OK) {
			assert(f.whole.p >= copy && f.whole.p + f.whole.n == in.p);
			ret->sum = ret->sum * 31 + at + (size_t)(f.whole.p - copy);
			ret->sum = ret->sum * 31 + f.whole.n;
			check_report(&f);
		}
		ret->n++;
	}
	size_t used = (size_t)(in.p - copy);
	*ret_is_closed = rc == RC_SYNTAX;
	free(copy);
	return used;
}

static struct found feed(struct view stream, size_t step)
{
	struct frame_scan scan = {.junk = 0};
	struct found found = {.n = 0};
	size_t at = 0;
	bool is_closed = false;

	for (size_t end = step; !is_closed; end += step) {
		bool is_last = end >= stream.n;
		end = is_last ? stream.n : end;
		at += drain((struct view){.p = stream.p + at, .n = end - at}, at, false, &scan,
			&found, &is_closed);
		if (is_last)
			break;
	}
	if (!is_closed)
		(void)drain((struct view){.p = stream.p + at, .n = stream.n - at}, at, true, &scan,
			&found, &is_closed);
	found.junk = scan.junk;
	found.bad_frames = scan.bad_frames;
	return found;
}

/* A watch that pauses after every piece: other frames may be found then, but none that is unsound.
 */
static void check_silences(struct view stream, size_t step)
{
	struct frame_scan scan = {.junk = 0};
	struct found found = {.n = 0};
	bool is_closed = false;
	size_t at = 0;

	for (size_t end = step; !is_closed && at < stream.n; end += step) {
		end = end < stream.n ? end : stream.n;
		struct view held = {.p = stream.p + at, .n = end - at};
		at += drain(held, at, true, &scan, &found, &is_closed);
		if (end == stream.n)
			break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > FRAMES_MAX)
		return 0;
	struct view stream = {.p = (const char *)data + 1, .n = size - 1};
	struct found whole = feed(stream, size);
	struct found parts = feed(stream, (size_t)data[0] + 1);
	check_silences(stream, (size_t)data[0] + 1);
	assert(whole.sum == parts.sum && whole.junk == parts.junk &&
		whole.bad_frames == parts.bad_frames);
	return 0;
}
