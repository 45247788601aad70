#include "watch/frame.h"

#include "watch/foreign.h"
#include "watch/header.h"

/* A frame whose header is read and whose end is sought. */
struct body {
	struct header header;
	struct view content; /* what is there of it, and maybe of later frames */
	bool is_final;
	size_t max;        /* limit of the content */
	uint32_t searched; /* struct frame_scan: where to go on */
};

enum {
	/* Bytes that must stand behind content byte L before the wrong lengths are tried: L+3 and
	 * its follower. */
	LENGTHS_REACH = 5,
	/* So many whole frames in a row are no accident: more are not looked at. */
	CHAIN_MAX = 8,
	/* frame_scan.searched: bytes decided, and above them the open brackets among these. */
	SEARCHED_BITS = 17,
	SEARCHED_MASK = (1 << SEARCHED_BITS) - 1,
};
_Static_assert((int)FRAME_MEDIA_MAX < (int)SEARCHED_MASK, "searched holds every place");
_Static_assert(FRAME_TEXT_MAX < 1 << (32 - SEARCHED_BITS), "searched holds every depth");

static const char frame_ends[] = {'[', '\r', '\n', '\0'};

/* ---- what may be ended where ---- */

/* Steps 3 and 4 of section 1.3: a ']' followed by '[', CR, LF, NUL or the end of data. */
static bool is_end(const struct body *b, size_t at)
{
	if (at >= b->content.n || b->content.p[at] != ']')
		return false;
	if (at + 1 == b->content.n)
		return b->is_final;
	return memchr(frame_ends, b->content.p[at + 1], sizeof frame_ends) != NULL;
}

/* RC_OK when a whole frame of right length starts at `at`, whose ']' stands at *ret_end. */
static enum rc whole_frame_at(const struct body *b, size_t at, size_t *ret_end)
{
	struct view rest = {.p = b->content.p + at, .n = b->content.n - at};
	struct header h;
	enum rc rc = header_read(rest, b->is_final, &h);

	if (rc != RC_OK)
		return rc;
	if (h.declared >= rest.n - h.n)
		return RC_MORE;
	*ret_end = at + h.n + h.declared;
	return b->content.p[*ret_end] == ']' ? RC_OK : RC_SYNTAX;
}

static bool is_blank(char c)
{
	return c == '\r' || c == '\n' || c == '\0' || c == ' ';
}

/* True when frames of right length stand one behind the other from `at` to exactly `end`. */
static bool chain_reaches(const struct body *b, size_t at, size_t end)
{
	size_t last = 0;

	for (unsigned n = 0; at < end && whole_frame_at(b, at, &last) == RC_OK; n++) {
		if (last == end || n == CHAIN_MAX)
			return true;
		at = last + 1;
		while (at < end && is_blank(b->content.p[at]))
			at++;
	}
	return false;
}

/* A wrong length may by chance point at the ']' of a later frame. It does when what stands between
 * is nothing but whole frames; an SSID that only looks like the start of a frame leaves a rest
 * behind it. */
static bool swallows_frames(const struct body *b, size_t end)
{
	struct header ignored;

	for (size_t i = 0; i < end; i++) {
		const char *hit = memchr(b->content.p + i, '[', end - i);
		if (hit == NULL)
			return false;
		i = (size_t)(hit - b->content.p);
		size_t before = i;
		while (before > 0 && is_blank(b->content.p[before - 1]))
			before--;
		if (before == 0 || b->content.p[before - 1] != ']')
			continue;
		struct view rest = {.p = hit, .n = b->content.n - i};
		if (header_read(rest, b->is_final, &ignored) == RC_OK)
			return chain_reaches(b, i, end);
	}
	return false;
}

/* ---- text frames ---- */

/* Four decimal digits as such: SG trackers write the length in decimal. */
static size_t decimal_of(uint32_t declared)
{
	size_t value = 0;

	for (int shift = 12; shift >= 0; shift -= 4) {
		uint32_t digit = declared >> shift & 15;
		if (digit > 9)
			return SIZE_MAX;
		value = value * 10 + digit;
	}
	return value;
}

/* Steps 3 and 4: the declared length, then the known wrong ones in their order. RC_NOT_FOUND: none
 * fits. */
static enum rc end_by_length(const struct body *b, size_t *ret_end)
{
	size_t l = b->header.declared;
	const size_t wrong[] = {l + 3, decimal_of(b->header.declared), l - 1, l + 1, l + 2};

	if (l > b->max)
		return RC_NOT_FOUND;
	if (l < b->content.n && b->content.p[l] == ']') {
		if (swallows_frames(b, l))
			return RC_NOT_FOUND;
		*ret_end = l;
		return RC_OK;
	}
	if (b->content.n < l + LENGTHS_REACH && !b->is_final)
		return RC_MORE;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		if (wrong[i] <= b->max && is_end(b, wrong[i]) && !swallows_frames(b, wrong[i])) {
			*ret_end = wrong[i];
			return RC_OK;
		}
	}
	return RC_NOT_FOUND;
}

/* Step 6 at one ']': RC_OK when it ends the frame, RC_SYNTAX when not. */
static enum rc closes_at(const struct body *b, size_t at, size_t depth)
{
	struct view rest = {.p = b->content.p + at + 1, .n = b->content.n - at - 1};
	struct header ignored;

	if (rest.n == 0)
		return !b->is_final ? RC_MORE : depth == 0 ? RC_OK : RC_SYNTAX;
	if (rest.p[0] == '\r' || rest.p[0] == '\n')
		return depth == 0 ? RC_OK : RC_SYNTAX;
	if (rest.p[0] != '[')
		return RC_SYNTAX;
	if (depth > 0) /* a name with one '[' has been before: only a whole header convinces */
		return header_read(rest, b->is_final, &ignored);
	return header_starts((struct view){.p = rest.p + 1, .n = rest.n - 1});
}

/* Without any fitting ']' at the end of data: the last byte, when it is one. */
static enum rc end_at_last(const struct body *b, size_t *ret_end)
{
	size_t n = b->content.n;

	while (n > 0 && is_blank(b->content.p[n - 1]))
		n--;
	if (n == 0 || n > b->max + 1 || b->content.p[n - 1] != ']')
		return RC_MORE;
	*ret_end = n - 1;
	return RC_OK;
}

static size_t depth_after(size_t depth, char bracket)
{
	if (bracket == '[')
		return depth + 1;
	return depth > 0 ? depth - 1 : 0;
}

/* One bracket: RC_OK ends the frame there; RC_SYNTAX: the frame was cut, and another, whole one
 * starts there; RC_NOT_FOUND: it is part of a name. */
static enum rc judge_bracket(const struct body *b, size_t at, size_t depth)
{
	size_t ignored = 0;

	if (b->content.p[at] == '[') {
		enum rc rc = whole_frame_at(b, at, &ignored);
		if (rc == RC_OK)
			return RC_SYNTAX;
		return rc == RC_MORE && !b->is_final ? RC_MORE : RC_NOT_FOUND;
	}
	enum rc rc = closes_at(b, at, depth);
	if (rc == RC_MORE && b->is_final)
		return RC_OK; /* the data ends inside the next header */
	return rc == RC_SYNTAX ? RC_NOT_FOUND : rc;
}

/* Step 6: by brackets, each of which is judged once. RC_SYNTAX: another frame starts at *ret_end.
 */
static enum rc end_by_brackets(struct body *b, size_t *ret_end)
{
	size_t reach = b->content.n <= b->max ? b->content.n : b->max + 1;
	size_t depth = b->searched >> SEARCHED_BITS;
	size_t i = b->searched & SEARCHED_MASK;
	enum rc rc = RC_NOT_FOUND;

	for (; i < reach; i++) {
		char c = b->content.p[i];
		if (c != '[' && c != ']')
			continue;
		rc = judge_bracket(b, i, depth);
		if (rc != RC_NOT_FOUND)
			break;
		depth = depth_after(depth, c);
	}
	*ret_end = i;
	b->searched = (uint32_t)(i | depth << SEARCHED_BITS);
	if (rc != RC_NOT_FOUND)
		return rc;
	if (b->content.n > b->max)
		return RC_LIMIT;
	return b->is_final ? end_at_last(b, ret_end) : RC_MORE;
}

static enum rc text_end(struct body *b, size_t *ret_end)
{
	enum rc rc = end_by_length(b, ret_end);

	return rc == RC_NOT_FOUND ? end_by_brackets(b, ret_end) : rc;
}

/* ---- binary frames ---- */

/* RC_MORE while that cannot be told. */
static enum rc is_binary(const struct body *b, bool *ret)
{
	static const struct view keywords[] = {
		VIEW("TK,"), VIEW("TK2,"), VIEW("STK,"), VIEW("IMG,"), VIEW("JXTK,")};
	enum { REACH = 5 };
	size_t reach = b->content.n < REACH ? b->content.n : REACH;

	*ret = false;
	for (size_t i = 0; i < reach; i++) {
		char c = b->content.p[i];
		if (c == ']')
			return RC_OK;
		if (c != ',')
			continue;
		for (size_t k = 0; k < COUNT_OF(keywords); k++)
			*ret = *ret || view_is_nocase((struct view){.p = b->content.p, .n = i + 1},
					       keywords[k]);
		return RC_OK;
	}
	return reach == REACH || b->is_final ? RC_OK : RC_MORE;
}

/* Step 5: the first ']', for the payload is escaped. A raw '[' with a whole header behind it starts
 * the next frame: this one was cut (RC_SYNTAX, *ret_end). Looks at no byte twice. */
static enum rc binary_end(struct body *b, size_t *ret_end)
{
	size_t n = b->content.n <= b->max ? b->content.n : b->max + 1;
	size_t from = b->searched < n ? b->searched : n;
	const char *stop = memchr(b->content.p + from, ']', n - from);
	size_t end = stop == NULL ? n : (size_t)(stop - b->content.p);
	struct header ignored;

	for (; from < end; from++) {
		const char *hit = memchr(b->content.p + from, '[', end - from);
		if (hit == NULL)
			break;
		from = (size_t)(hit - b->content.p);
		struct view rest = {.p = hit, .n = b->content.n - from};
		enum rc rc = header_read(rest, b->is_final, &ignored);
		*ret_end = from;
		if (rc == RC_OK)
			return RC_SYNTAX;
		if (rc == RC_MORE && !b->is_final) {
			b->searched = (uint32_t)from;
			return RC_MORE;
		}
	}
	if (stop != NULL) {
		*ret_end = end;
		return RC_OK;
	}
	b->searched = (uint32_t)end;
	return b->content.n > b->max ? RC_LIMIT : RC_MORE;
}

/* ---- the stream ---- */

static size_t limit_of(uint32_t wanted, size_t highest)
{
	return wanted == 0 || wanted > highest ? highest : wanted;
}

static void drop(struct view *in, size_t n, struct frame_scan *scan)
{
	in->p += n;
	in->n -= n;
	scan->searched = 0;
	scan->is_started = true;
}

static void fill(
	const struct body *b, const char *start, size_t end, bool binary, struct frame *ret)
{
	struct view content = {.p = b->content.p, .n = end};
	size_t comma = view_find(content, ',');

	*ret = (struct frame){
		.whole = {.p = start, .n = b->header.n + end + 1},
		.signature = b->header.signature,
		.vendor = b->header.vendor,
		.id = b->header.id,
		.index = b->header.index,
		.declared = b->header.declared,
		.is_length_ok = b->header.declared == end,
		.is_binary = binary,
		.content = content,
		.keyword = {.p = content.p, .n = comma},
	};
	if (comma < content.n)
		ret->params = (struct view){.p = content.p + comma + 1, .n = content.n - comma - 1};
}

/* One frame at the front of *in, which starts with '['. RC_NOT_FOUND: what stood there was no frame
 * and is dropped. */
static enum rc read_one(
	struct view *in, bool is_final, struct frame *ret, struct frame_scan *scan, struct err *e)
{
	struct body b = {.is_final = is_final, .searched = scan->searched};
	bool binary = false;
	size_t end = 0;
	enum rc rc = header_read(*in, is_final, &b.header);

	if (rc == RC_SYNTAX) {
		scan->bad_frames++;
		scan->junk++;
		scan->junk_run++;
		drop(in, 1, scan);
		return RC_NOT_FOUND;
	}
	if (rc != RC_OK)
		return rc;
	scan->spare = 0;
	b.content = (struct view){.p = in->p + b.header.n, .n = in->n - b.header.n};
	rc = is_binary(&b, &binary);
	if (rc != RC_OK)
		return rc;
	b.max = binary ? limit_of(scan->media_max, FRAME_MEDIA_MAX)
		       : limit_of(scan->text_max, FRAME_TEXT_MAX);
	rc = binary ? binary_end(&b, &end) : text_end(&b, &end);
	/* what was decided because nothing seemed to follow is open again when something does */
	scan->searched = is_final ? 0 : b.searched;
	if (rc == RC_OK) {
		fill(&b, in->p, end, binary, ret);
		drop(in, ret->whole.n, scan);
		scan->junk_run = 0;
	} else if (rc == RC_SYNTAX) {
		scan->bad_frames++;
		drop(in, b.header.n + end, scan);
		return RC_NOT_FOUND;
	} else if (rc == RC_LIMIT) {
		scan->bad_frames++;
		scan->spare = (uint32_t)b.max;
		drop(in, b.header.n + b.max + 1, scan);
		return fail(e, RC_LIMIT, "frame: content is over %zu bytes", b.max);
	}
	return rc;
}

/* Drops bytes up to '['. False when there were too many in a row. */
static bool drop_junk(struct view *in, struct frame_scan *scan)
{
	size_t i = 0;

	for (; i < in->n && in->p[i] != '[' && scan->junk_run <= FRAME_JUNK_MAX; i++) {
		if (is_blank(in->p[i]))
			continue;
		if (scan->spare > 0) {
			scan->spare--;
			continue;
		}
		scan->junk++;
		scan->junk_run++;
	}
	if (i > 0)
		drop(in, i, scan);
	return scan->junk_run <= FRAME_JUNK_MAX;
}

enum rc frame_read(
	struct view *in, bool is_final, struct frame *ret, struct frame_scan *scan, struct err *e)
{
	if (!scan->is_started && in->n > 0) {
		bool may_come = false;
		scan->foreign = foreign_find(*in, &may_come);
		if (scan->foreign != FOREIGN_NONE)
			return fail(e, RC_SYNTAX, "frame: this is %s, not the watch protocol",
				foreign_name(scan->foreign));
		if (may_come && !is_final)
			return RC_MORE;
	}
	for (;;) {
		if (!drop_junk(in, scan))
			return fail(e, RC_SYNTAX, "frame: over %d bytes of junk in a row",
				FRAME_JUNK_MAX);
		if (in->n == 0)
			return RC_MORE;
		enum rc rc = read_one(in, is_final, ret, scan, e);
		if (rc != RC_NOT_FOUND)
			return rc;
	}
}

void frame_skip(struct view *in, struct frame_scan *scan)
{
	if (in->n == 0)
		return;
	const char *next = memchr(in->p + 1, '[', in->n - 1);
	scan->bad_frames += in->p[0] == '[' ? 1 : 0;
	drop(in, next == NULL ? in->n : (size_t)(next - in->p), scan);
}
