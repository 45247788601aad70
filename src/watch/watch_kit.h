/* Helpers of this room's tests: feeding a stream in pieces, and one frame from text. */
#pragma once

#include "watch/frame.h"
#include "watch/report.h"

enum { KIT_EVENTS_MAX = 512 };

/* What frame_read did at which place of the stream. */
struct kit_event {
	enum rc rc; /* RC_OK: a frame; RC_LIMIT; RC_SYNTAX: closed; RC_MORE: unfinished at the end
		     */
	size_t at, n;
};

struct kit_events {
	struct kit_event e[KIT_EVENTS_MAX];
	size_t n;
	uint32_t junk, bad_frames;
	enum foreign foreign;
};

/* Feeds the stream up to each of the cuts in turn, then says that nothing more comes. Each call
 * sees a copy of exactly the bytes that a connection would hold, so that a sanitizer notices a read
 * past them. */
void kit_feed(struct view stream, const size_t *cuts, size_t cuts_n, struct kit_events *ret);
/* In one piece, and byte by byte. */
void kit_feed_whole(struct view stream, struct kit_events *ret);
void kit_feed_bytes(struct view stream, struct kit_events *ret);
/* Fails the test when they differ. */
void kit_assert_same(const struct kit_events *a, const struct kit_events *b, struct view stream);

/* The one frame in text, which must outlive it; fails the test when there is not exactly one. */
struct frame kit_frame(struct view text);
/* The same for what goes to a watch, read as firmware does: the exact length, the bracket in that
 * place, nothing behind it; sounds and pictures in any command. */
struct frame kit_strict_frame(struct view text);
/* "[3G*8800000015*LLLL*content]" in a buffer of the kit that lives until the next call. */
struct view kit_wrap(const char *vendor, struct view content);
/* Wraps and reads. The report borrows from the kit's buffer. */
void kit_report(const char *vendor, const char *content, struct report *ret);

/* Fails the test when two reports differ in anything that they say. */
void kit_assert_same_report(const struct report *a, const struct report *b);
