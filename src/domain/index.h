/* A hash index of numbered items that live elsewhere: slots of 4 bytes, at most three quarters
 * full. The owner says how an item hashes. Used by one thread, or under its owner's lock. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/uid.h"
#include "base/view.h"

enum { INDEX_NONE = -1 };

typedef uint64_t index_hash_fn(const void *owner, uint32_t item);

struct index {
	const void *owner;
	index_hash_fn *hash_of;
	uint32_t *slots; /* item + 1, or 0 */
	uint32_t capacity, n;
};

void index_init(struct index *ix, index_hash_fn *hash_of, const void *owner);
void index_done(struct index *ix);
/* Room for so many items without growing: exactly, where index_add grows by halves. */
MUST_CHECK enum rc index_reserve(struct index *ix, uint32_t items, struct err *e);
MUST_CHECK enum rc index_add(struct index *ix, uint32_t item, struct err *e);
/* The item must hash as when it was added. */
void index_remove(struct index *ix, uint32_t item);

/* Candidates of a hash: for (c = index_first(ix, h, &at); c != INDEX_NONE; c = index_next(ix, &at))
 * compare. */
int64_t index_first(const struct index *ix, uint64_t hash, uint32_t *ret_at);
int64_t index_next(const struct index *ix, uint32_t *at);

/* Seeded once per process, so that nobody outside can choose keys that collide. */
uint64_t index_hash(struct view key);
uint64_t index_hash_u64(uint64_t key);
