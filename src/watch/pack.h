/* Bytes of packed values: variable-length numbers, least significant group first. Used by
 * report_pack.c, reply.c and command.c. A failure to write or read is sticky and looked at once, at
 * the end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/view.h"

struct pack_out {
	uint8_t *p;
	size_t n, size;
	bool is_full;
};

struct pack_in {
	const uint8_t *p;
	size_t n;
	bool is_bad;
};

static inline struct pack_in pack_in_of(struct view v)
{
	return (struct pack_in){.p = (const uint8_t *)v.p, .n = v.n};
}

static inline void pack_u8(struct pack_out *o, uint8_t v)
{
	if (o->n == o->size)
		o->is_full = true;
	else
		o->p[o->n++] = v;
}

static inline void pack_uint(struct pack_out *o, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		pack_u8(o, (uint8_t)(v | 0x80));
	pack_u8(o, (uint8_t)v);
}

/* Small for small magnitudes of either sign. */
static inline void pack_int(struct pack_out *o, int64_t v)
{
	pack_uint(o, (uint64_t)v << 1 ^ (uint64_t)(v >> 63));
}

static inline void pack_bytes(struct pack_out *o, const void *p, size_t n)
{
	if (n > o->size - o->n) {
		o->is_full = true;
		return;
	}
	if (n > 0)
		memcpy(o->p + o->n, p, n);
	o->n += n;
}

static inline void pack_i32(struct pack_out *o, int32_t v)
{
	uint32_t u = (uint32_t)v;
	const uint8_t b[4] = {
		(uint8_t)u, (uint8_t)(u >> 8), (uint8_t)(u >> 16), (uint8_t)(u >> 24)};

	pack_bytes(o, b, sizeof b);
}

static inline uint8_t unpack_u8(struct pack_in *in)
{
	if (in->n == 0) {
		in->is_bad = true;
		return 0;
	}
	in->n--;
	return *in->p++;
}

/* The general case of unpack_uint. */
uint64_t unpack_long_uint(struct pack_in *in, uint64_t max);

/* A number of at most max. Most are of one byte. */
static inline uint64_t unpack_uint(struct pack_in *in, uint64_t max)
{
	if (in->n == 0 || in->p[0] >= 0x80 || in->p[0] > max)
		return unpack_long_uint(in, max);
	in->n--;
	return *in->p++;
}

static inline int64_t unpack_int(struct pack_in *in, int64_t min, int64_t max)
{
	uint64_t u = unpack_uint(in, UINT64_MAX);
	int64_t value = (int64_t)(u >> 1 ^ (0 - (u & 1)));

	if (value >= min && value <= max)
		return value;
	in->is_bad = true;
	return 0;
}

static inline struct view unpack_bytes(struct pack_in *in, size_t n)
{
	struct view v = {.p = (const char *)in->p, .n = n};

	if (n > in->n) {
		in->is_bad = true;
		return (struct view){.p = NULL, .n = 0};
	}
	in->p += n;
	in->n -= n;
	return v;
}

static inline int32_t unpack_i32(struct pack_in *in, int32_t max)
{
	struct view v = unpack_bytes(in, 4);
	uint32_t u = 0;

	for (size_t i = 0; i < v.n; i++)
		u |= (uint32_t)(uint8_t)v.p[i] << (8 * i);
	int32_t value = (int32_t)u;
	if (value >= -max && value <= max)
		return value;
	in->is_bad = true;
	return 0;
}

/* True when everything was there and nothing is left over. */
static inline bool unpack_is_done(const struct pack_in *in)
{
	return !in->is_bad && in->n == 0;
}
