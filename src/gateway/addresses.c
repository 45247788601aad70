#include "gateway/addresses.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Open addressing with linear probing; a dropped entry is closed up, so there are no tombstones. */
struct entry {
	uint64_t key;
	uint32_t count; /* 0: free */
};

struct addresses {
	uint64_t hash_key;
	size_t mask;
	struct entry *entries;
};

static void addresses_freep(struct addresses **a)
{
	addresses_free(*a);
}

enum rc addresses_new(
	size_t connections_max, uint64_t key, struct addresses **ret_owned, struct err *e)
{
	CLEANUP(addresses_freep) struct addresses *a = calloc(1, sizeof *a);
	size_t size = 16;

	while (size < connections_max * 2)
		size *= 2;
	if (a == NULL || (a->entries = calloc(size, sizeof *a->entries)) == NULL)
		return fail(e, RC_NOMEM, "addresses: out of memory");
	a->mask = size - 1;
	a->hash_key = key;
	*ret_owned = STEAL(a);
	return RC_OK;
}

void addresses_free(struct addresses *a)
{
	if (a == NULL)
		return;
	free(a->entries);
	free(a);
}

/* IPv4: the four bytes under a mark that no routed /64 has; IPv6: the first eight bytes. */
static uint64_t key_of(const struct peer *peer)
{
	static const uint8_t v4[12] = {[10] = 0xFF, [11] = 0xFF};
	uint64_t key = 0;
	bool is_v4 = memcmp(peer->address, v4, sizeof v4) == 0;
	const uint8_t *from = is_v4 ? peer->address + 8 : peer->address;

	for (size_t i = 0; i < 8; i++)
		key = key << 8 | from[i];
	return key;
}

static size_t home_of(const struct addresses *a, uint64_t key)
{
	uint64_t z = key ^ a->hash_key;

	z = (z ^ (z >> 32)) * UINT64_C(0xD6E8FEB86659FD93);
	z = (z ^ (z >> 32)) * (a->hash_key | 1);
	z ^= z >> 32;
	return (size_t)z & a->mask;
}

/* The entry of the key, or the free one where it belongs. */
static size_t find(const struct addresses *a, uint64_t key)
{
	size_t i = home_of(a, key);

	while (a->entries[i].count != 0 && a->entries[i].key != key)
		i = (i + 1) & a->mask;
	return i;
}

enum rc addresses_add(
	struct addresses *a, const struct peer *peer, uint32_t per_address_max, struct err *e)
{
	uint64_t key = key_of(peer);
	struct entry *entry = &a->entries[find(a, key)];

	if (entry->count >= per_address_max)
		return fail(e, RC_LIMIT, "addresses: %u connections from one", entry->count);
	entry->key = key;
	entry->count++;
	return RC_OK;
}

/* Moves later entries of the run back over the free place i. */
static void close_up(struct addresses *a, size_t i)
{
	for (size_t j = (i + 1) & a->mask; a->entries[j].count != 0; j = (j + 1) & a->mask) {
		size_t home = home_of(a, a->entries[j].key);
		if (((j - home) & a->mask) < ((j - i) & a->mask))
			continue; /* it stands between its home and here without passing i */
		a->entries[i] = a->entries[j];
		a->entries[j].count = 0;
		i = j;
	}
}

void addresses_drop(struct addresses *a, const struct peer *peer)
{
	size_t i = find(a, key_of(peer));

	assert(a->entries[i].count > 0);
	if (--a->entries[i].count == 0)
		close_up(a, i);
}

uint32_t addresses_count(const struct addresses *a, const struct peer *peer)
{
	return a->entries[find(a, key_of(peer))].count;
}
