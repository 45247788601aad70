#include "crypto/cbor.h"

enum { MAJOR_SIMPLE = 7, SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22 };

/* The argument of a head, RFC 8949 §3: in the head itself, or in the 1, 2, 4, 8 bytes behind it. */
static bool cut_argument(struct view *in, unsigned info, uint64_t *ret)
{
	struct view bytes;
	uint64_t n = 0;

	if (info < 24) {
		*ret = info;
		return true;
	}
	if (info > 27 || !view_cut(in, (size_t)1 << (info - 24), &bytes))
		return false;
	for (size_t i = 0; i < bytes.n; i++)
		n = n << 8 | (unsigned char)bytes.p[i];
	*ret = n;
	return true;
}

static bool set_simple(unsigned info, struct cbor *ret)
{
	ret->kind = info == SIMPLE_NULL ? CBOR_NULL : CBOR_BOOL;
	ret->number = info == SIMPLE_TRUE;
	return info == SIMPLE_FALSE || info == SIMPLE_TRUE || info == SIMPLE_NULL;
}

bool cbor_cut(struct view *in, struct cbor *ret)
{
	static const enum cbor_kind kinds[] = {
		CBOR_UINT, CBOR_NEG, CBOR_BYTES, CBOR_TEXT, CBOR_ARRAY, CBOR_MAP};
	struct view rest = *in;
	struct view head;
	struct cbor c = {.kind = CBOR_NULL};

	if (!view_cut(&rest, 1, &head))
		return false;
	unsigned major = (unsigned char)head.p[0] >> 5;
	unsigned info = (unsigned char)head.p[0] & 0x1F;
	if (major == MAJOR_SIMPLE) {
		if (!set_simple(info, &c))
			return false;
	} else {
		if (major >= COUNT_OF(kinds) || !cut_argument(&rest, info, &c.number))
			return false;
		c.kind = kinds[major];
		bool is_string = c.kind == CBOR_BYTES || c.kind == CBOR_TEXT;
		if (is_string &&
			(c.number > rest.n || !view_cut(&rest, (size_t)c.number, &c.bytes)))
			return false;
	}
	*ret = c;
	*in = rest;
	return true;
}

bool cbor_cut_whole(struct view *in, struct view *ret)
{
	uint64_t left[CBOR_DEPTH_MAX + 1]; /* items still to come at each depth */
	size_t depth = 0;
	struct view rest = *in;

	left[0] = 1;
	for (;;) {
		struct cbor c;
		while (left[depth] == 0 && depth > 0)
			depth--;
		if (left[depth] == 0)
			break;
		if (!cbor_cut(&rest, &c))
			return false;
		left[depth]--;
		if (c.kind != CBOR_ARRAY && c.kind != CBOR_MAP)
			continue;
		/* Each item is at least a byte: what cannot be there is not walked. */
		if (depth == CBOR_DEPTH_MAX || c.number > rest.n)
			return false;
		left[++depth] = c.kind == CBOR_MAP ? c.number * 2 : c.number;
	}
	*ret = (struct view){.p = in->p, .n = in->n - rest.n};
	*in = rest;
	return true;
}

bool cbor_int(const struct cbor *c, int64_t *ret)
{
	if ((c->kind != CBOR_UINT && c->kind != CBOR_NEG) || c->number > INT64_MAX)
		return false;
	*ret = c->kind == CBOR_UINT ? (int64_t)c->number : -1 - (int64_t)c->number;
	return true;
}
