/* Reads CBOR (RFC 8949) as authenticators write it: definite lengths, integers, byte and text
 * strings, arrays, maps. Everything else (tags, floats, indefinite lengths) is refused, and nothing
 * is ever allocated, so a length that is a lie costs nothing. Pure; any thread. */
#pragma once

#include <stdint.h>

#include "base/view.h"

enum { CBOR_DEPTH_MAX = 6 };

enum cbor_kind {
	CBOR_UINT,  /* number */
	CBOR_NEG,   /* -1 - number */
	CBOR_BYTES, /* bytes */
	CBOR_TEXT,  /* bytes */
	CBOR_ARRAY, /* number of items follow */
	CBOR_MAP,   /* number of pairs follow */
	CBOR_BOOL,  /* number: 0 or 1 */
	CBOR_NULL,
};

struct cbor {
	enum cbor_kind kind;
	uint64_t number;
	struct view bytes;
};

/* Moves the next item from the front of *in; of an array or map only its head. False, and nothing
 * moved, for what is cut or not of these kinds. */
MUST_CHECK bool cbor_cut(struct view *in, struct cbor *ret);

/* Moves the next item with all that is inside of it; *ret are its bytes. False when it is deeper
 * than CBOR_DEPTH_MAX or not well-formed. */
MUST_CHECK bool cbor_cut_whole(struct view *in, struct view *ret);

/* The value of an integer item that fits. */
MUST_CHECK bool cbor_int(const struct cbor *c, int64_t *ret);
