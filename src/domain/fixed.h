/* Numbers of a fixed width, little endian: how rows of this room keep several values in one sealed
 * column. Writing past the end is our own bug; reading past it is told at the end. */
#pragma once

#include <assert.h>

#include "base/uid.h"
#include "base/view.h"

struct fixed_out {
	uint8_t *p;
	size_t n, size;
};

struct fixed_in {
	struct view rest;
	bool is_bad;
};

static inline void fixed_put(struct fixed_out *o, uint64_t value, unsigned bytes)
{
	assert(bytes <= o->size - o->n);
	for (unsigned i = 0; i < bytes; i++)
		o->p[o->n++] = (uint8_t)(value >> (8 * i));
}

static inline void fixed_put_bytes(struct fixed_out *o, const void *from, size_t n)
{
	assert(n <= o->size - o->n);
	if (n > 0)
		memcpy(o->p + o->n, from, n);
	o->n += n;
}

static inline uint64_t fixed_get(struct fixed_in *in, unsigned bytes)
{
	struct view v;
	uint64_t value = 0;

	if (!view_cut(&in->rest, bytes, &v)) {
		in->is_bad = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)(uint8_t)v.p[i] << (8 * i);
	return value;
}

static inline void fixed_get_bytes(struct fixed_in *in, void *to, size_t n)
{
	struct view v;

	if (!view_cut(&in->rest, n, &v))
		in->is_bad = true;
	else if (n > 0)
		memcpy(to, v.p, n);
}

/* Everything was there and nothing is left over. */
static inline bool fixed_is_done(const struct fixed_in *in)
{
	return !in->is_bad && in->rest.n == 0;
}
