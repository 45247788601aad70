/* A pool of byte buffers of a few sizes, with a limit on the bytes that are out. A connection takes
 * one only while it holds an unfinished frame, or bytes that its watch does not read. One thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { BUFFER_CLASSES = 6, BUFFER_SIZE_MAX = 73728 };

struct buffer {
	struct buffer *next; /* in the pool */
	uint32_t size;
	uint32_t n;        /* bytes in use */
	uint32_t since_ms; /* low bits of the monotonic time: when the frame began */
	uint32_t searched; /* frame_scan.searched */
	char bytes[];
};

struct buffers {
	size_t limit;
	size_t used; /* bytes that are out, with their headers */
	size_t kept; /* bytes that wait to be used again */
	struct buffer *free[BUFFER_CLASSES];
};

void buffers_init(struct buffers *pool, size_t limit_bytes);
void buffers_done(struct buffers *pool);

/* An empty buffer of the smallest size that holds `need` bytes. NULL when the limit is reached,
 * when there is no memory, or when need > BUFFER_SIZE_MAX. */
struct buffer *buffers_take(struct buffers *pool, size_t need);
/* NULL does nothing. */
void buffers_give(struct buffers *pool, struct buffer *take_buffer);
/* Moves the content into a larger one; *b is replaced. RC_LIMIT: not possible, *b is unchanged. */
MUST_CHECK enum rc buffers_grow(
	struct buffers *pool, struct buffer **b, size_t need, struct err *e);
