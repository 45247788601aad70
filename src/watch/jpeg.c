#include "watch/jpeg.h"

enum marker {
	MARK = 0xff,
	SOF0 = 0xc0, /* baseline */
	SOF1 = 0xc1, /* extended, 8 bits */
	SOF2 = 0xc2, /* progressive */
	DHT = 0xc4,
	RST0 = 0xd0,
	RST7 = 0xd7,
	SOI = 0xd8,
	EOI = 0xd9,
	SOS = 0xda,
	DQT = 0xdb,
	DRI = 0xdd,
	APP0 = 0xe0,
	APP15 = 0xef,
	COM = 0xfe,
};

enum {
	LENGTH_BYTES = 2,
	SOF_MIN = 9, /* one component */
	COMPONENTS_MAX = 3,
	COMPONENT_BYTES = 3,
	TABLES_MAX = 4,
	DQT_BYTES = 65,
	DQT_WIDE_BYTES = 129,
	DHT_HEAD = 17,
	DHT_SYMBOLS_MAX = 256,
	SCAN_HEAD = 4, /* Ns, Ss, Se, AhAl */
	DRI_BYTES = 2,
};

/* One look through the picture. */
struct look {
	struct view rest;
	uint8_t *out;
	size_t out_n;
	struct jpeg_size size;
	uint8_t components;
	unsigned segments;
	bool has_frame, has_scan, has_quantisation, has_huffman;
};

static uint8_t byte_at(struct view v, size_t i)
{
	return (uint8_t)v.p[i];
}

static unsigned word_at(struct view v, size_t i)
{
	return (unsigned)byte_at(v, i) << 8 | byte_at(v, i + 1);
}

/* Never more than was read: the caller's room is as large as the input. */
static void copy(struct look *l, struct view bytes)
{
	if (bytes.n > 0)
		memcpy(l->out + l->out_n, bytes.p, bytes.n);
	l->out_n += bytes.n;
}

/* FF and a marker; fill bytes (more FF) are left out. */
static enum rc cut_marker(struct look *l, uint8_t *ret, struct err *e)
{
	struct view b;

	if (!view_cut(&l->rest, 1, &b) || byte_at(b, 0) != MARK)
		return fail(e, RC_SYNTAX, "jpeg: a marker expected");
	do {
		if (!view_cut(&l->rest, 1, &b))
			return fail(e, RC_SYNTAX, "jpeg: it ends in a marker");
	} while (byte_at(b, 0) == MARK);
	*ret = byte_at(b, 0);
	return RC_OK;
}

static enum rc cut_segment(struct look *l, struct view *ret_whole, struct view *ret, struct err *e)
{
	struct view whole = l->rest;

	if (whole.n < LENGTH_BYTES || word_at(whole, 0) < LENGTH_BYTES ||
		!view_cut(&l->rest, word_at(whole, 0), ret_whole))
		return fail(e, RC_SYNTAX, "jpeg: a segment is longer than the picture");
	*ret = (struct view){.p = ret_whole->p + LENGTH_BYTES, .n = ret_whole->n - LENGTH_BYTES};
	return RC_OK;
}

/* The names of the components; with two alike a scan would mean either. */
static bool has_doubles(struct view s, unsigned components)
{
	for (unsigned i = 1; i < components; i++) {
		for (unsigned j = 0; j < i; j++) {
			if (byte_at(s, 6 + COMPONENT_BYTES * i) ==
				byte_at(s, 6 + COMPONENT_BYTES * j))
				return true;
		}
	}
	return false;
}

static enum rc check_frame(struct look *l, struct view s, struct err *e)
{
	if (l->has_frame || s.n < SOF_MIN || byte_at(s, 0) != 8)
		return fail(e, RC_SYNTAX, "jpeg: one frame of 8 bits expected");
	l->size = (struct jpeg_size){
		.height = (uint16_t)word_at(s, 1), .width = (uint16_t)word_at(s, 3)};
	l->components = byte_at(s, 5);
	if ((l->components != 1 && l->components != COMPONENTS_MAX) ||
		s.n != 6 + (size_t)COMPONENT_BYTES * l->components || has_doubles(s, l->components))
		return fail(e, RC_SYNTAX, "jpeg: one or three different components expected");
	for (unsigned i = 0; i < l->components; i++) {
		uint8_t sampling = byte_at(s, 6 + COMPONENT_BYTES * i + 1);
		unsigned across = sampling >> 4;
		unsigned down = sampling & 15;
		if (across < 1 || across > 4 || down < 1 || down > 4 ||
			byte_at(s, 6 + COMPONENT_BYTES * i + 2) >= TABLES_MAX)
			return fail(e, RC_SYNTAX, "jpeg: a component that cannot be");
	}
	l->has_frame = true;
	if (l->size.width < JPEG_SIDE_MIN || l->size.width > JPEG_SIDE_MAX ||
		l->size.height < JPEG_SIDE_MIN || l->size.height > JPEG_SIDE_MAX)
		return fail(e, RC_LIMIT, "jpeg: %u × %u points", l->size.width, l->size.height);
	return RC_OK;
}

static enum rc check_quantisation(struct look *l, struct view s, struct err *e)
{
	while (s.n > 0) {
		struct view table;
		unsigned kind = byte_at(s, 0) >> 4;
		if (kind > 1 || (byte_at(s, 0) & 15) >= TABLES_MAX ||
			!view_cut(&s, kind == 0 ? DQT_BYTES : DQT_WIDE_BYTES, &table))
			return fail(e, RC_SYNTAX, "jpeg: a quantisation table that cannot be");
		l->has_quantisation = true;
	}
	return RC_OK;
}

static enum rc check_huffman(struct look *l, struct view s, struct err *e)
{
	while (s.n > 0) {
		struct view head;
		struct view symbols;
		size_t n = 0;
		if (!view_cut(&s, DHT_HEAD, &head) || byte_at(head, 0) >> 4 > 1 ||
			(byte_at(head, 0) & 15) >= TABLES_MAX)
			return fail(e, RC_SYNTAX, "jpeg: a Huffman table that cannot be");
		for (size_t i = 1; i < DHT_HEAD; i++)
			n += byte_at(head, i);
		if (n > DHT_SYMBOLS_MAX || !view_cut(&s, n, &symbols))
			return fail(e, RC_SYNTAX, "jpeg: a Huffman table that cannot be");
		l->has_huffman = true;
	}
	return RC_OK;
}

static enum rc check_scan(const struct look *l, struct view s, struct err *e)
{
	unsigned n = s.n == 0 ? 0 : byte_at(s, 0);

	if (!l->has_frame || !l->has_quantisation || !l->has_huffman || n < 1 ||
		n > l->components || s.n != SCAN_HEAD + (size_t)2 * n)
		return fail(e, RC_SYNTAX, "jpeg: a scan without what it needs");
	return RC_OK;
}

/* What stands behind a scan's head: any bytes, FF only as FF00 or as a restart. */
static enum rc copy_scan(struct look *l, struct err *e)
{
	size_t n = 0;

	while (n < l->rest.n) {
		if (byte_at(l->rest, n) != MARK) {
			n++;
			continue;
		}
		if (n + 1 == l->rest.n)
			break;
		uint8_t next = byte_at(l->rest, n + 1);
		if (next != 0 && (next < RST0 || next > RST7)) {
			struct view scan;
			if (!view_cut(&l->rest, n, &scan))
				return fail(e, RC_BUG, "jpeg: scan");
			copy(l, scan);
			l->has_scan = l->has_scan || n > 0;
			return RC_OK;
		}
		n += 2;
	}
	return fail(e, RC_SYNTAX, "jpeg: it ends within a scan");
}

static enum rc check_segment(struct look *l, uint8_t marker, struct view s, struct err *e)
{
	switch (marker) {
	case SOF0:
	case SOF1:
	case SOF2:
		return check_frame(l, s, e);
	case DQT:
		return check_quantisation(l, s, e);
	case DHT:
		return check_huffman(l, s, e);
	case DRI:
		return s.n == DRI_BYTES ? RC_OK
					: fail(e, RC_SYNTAX, "jpeg: a restart interval expected");
	case SOS:
		return check_scan(l, s, e);
	default:
		return fail(e, RC_SYNTAX, "jpeg: marker %02X is not expected", marker);
	}
}

/* One segment, copied unless it is a note. */
static enum rc take_segment(struct look *l, uint8_t marker, struct err *e)
{
	const char head[2] = {(char)MARK, (char)marker};
	struct view whole = {0};
	struct view s = {0};
	enum rc rc = cut_segment(l, &whole, &s, e);

	if (rc == RC_OK && ++l->segments > JPEG_SEGMENTS_MAX)
		return fail(e, RC_LIMIT, "jpeg: over %d segments", JPEG_SEGMENTS_MAX);
	if (rc != RC_OK || (marker >= APP0 && marker <= APP15) || marker == COM)
		return rc;
	rc = check_segment(l, marker, s, e);
	if (rc != RC_OK)
		return rc;
	copy(l, (struct view){.p = head, .n = sizeof head});
	copy(l, whole);
	return marker == SOS ? copy_scan(l, e) : RC_OK;
}

enum rc jpeg_clean(struct view in, uint8_t *ret_clean, size_t *ret_n, struct jpeg_size *ret_size,
	struct err *e)
{
	static const char begin[2] = {(char)MARK, (char)SOI};
	static const char end[2] = {(char)MARK, (char)EOI};
	struct look l = {.rest = in, .out = ret_clean};
	struct view head;
	uint8_t marker = 0;

	if (!view_cut(&l.rest, sizeof begin, &head) || memcmp(head.p, begin, sizeof begin) != 0)
		return fail(e, RC_SYNTAX, "jpeg: it does not begin as one");
	copy(&l, head);
	for (;;) {
		enum rc rc = cut_marker(&l, &marker, e);
		if (rc == RC_OK && marker == EOI)
			break;
		if (rc == RC_OK)
			rc = take_segment(&l, marker, e);
		if (rc != RC_OK)
			return rc;
	}
	if (!l.has_scan)
		return fail(e, RC_SYNTAX, "jpeg: no picture in it");
	copy(&l, (struct view){.p = end, .n = sizeof end});
	*ret_n = l.out_n;
	*ret_size = l.size;
	return RC_OK;
}
