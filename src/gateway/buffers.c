#include "gateway/buffers.h"

#include <stdlib.h>
#include <string.h>

/* Unused buffers that are kept, at most; more go back to the system. */
enum { KEPT_MAX = 1024 * 1024 };

static const uint32_t sizes[BUFFER_CLASSES] = {96, 480, 2016, 8160, 24576, BUFFER_SIZE_MAX};

void buffers_init(struct buffers *pool, size_t limit_bytes)
{
	*pool = (struct buffers){.limit = limit_bytes};
}

void buffers_done(struct buffers *pool)
{
	for (size_t i = 0; i < BUFFER_CLASSES; i++) {
		while (pool->free[i] != NULL) {
			struct buffer *b = pool->free[i];
			pool->free[i] = b->next;
			free(b);
		}
	}
	pool->kept = 0;
}

/* The class whose buffers hold `need` bytes, or BUFFER_CLASSES. */
static size_t class_of(size_t need)
{
	size_t i = 0;

	while (i < BUFFER_CLASSES && sizes[i] < need)
		i++;
	return i;
}

static size_t cost(const struct buffer *b)
{
	return sizeof *b + b->size;
}

struct buffer *buffers_take(struct buffers *pool, size_t need)
{
	size_t i = class_of(need);

	if (i == BUFFER_CLASSES || pool->used + sizeof(struct buffer) + sizes[i] > pool->limit)
		return NULL;
	struct buffer *b = pool->free[i];
	if (b != NULL) {
		pool->free[i] = b->next;
		pool->kept -= cost(b);
	} else {
		b = malloc(sizeof *b + sizes[i]);
		if (b == NULL)
			return NULL;
		b->size = sizes[i];
	}
	b->next = NULL;
	b->n = 0;
	b->since_ms = 0;
	b->searched = 0;
	pool->used += cost(b);
	return b;
}

void buffers_give(struct buffers *pool, struct buffer *take_buffer)
{
	struct buffer *b = take_buffer;

	if (b == NULL)
		return;
	pool->used -= cost(b);
	if (pool->kept + cost(b) > KEPT_MAX) {
		free(b);
		return;
	}
	size_t i = class_of(b->size);
	b->next = pool->free[i];
	pool->free[i] = b;
	pool->kept += cost(b);
}

enum rc buffers_grow(struct buffers *pool, struct buffer **b, size_t need, struct err *e)
{
	struct buffer *old = *b;
	struct buffer *larger = buffers_take(pool, need);

	if (larger == NULL)
		return fail(
			e, RC_LIMIT, "buffers: %zu of %zu bytes are out", pool->used, pool->limit);
	memcpy(larger->bytes, old->bytes, old->n);
	larger->n = old->n;
	larger->since_ms = old->since_ms;
	larger->searched = old->searched;
	buffers_give(pool, old);
	*b = larger;
	return RC_OK;
}
