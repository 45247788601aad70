#include "history/entry.h"

enum { IS_PLACE = 0x80 };

static void put(char *dst, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		dst[i] = (char)(value >> (8 * i) & 0xff);
}

static uint64_t get(const char *src, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)(uint8_t)src[i] << (8 * i);
	return value;
}

void entry_write(const struct history_entry *entry, char *dst)
{
	put(dst, entry->wearer, 4);
	put(dst + 4, entry->packed.n, 2);
	dst[6] = (char)(entry->marks | (entry->is_place ? IS_PLACE : 0));
	put(dst + 7, (uint64_t)entry->time_ms, 8);
	put(dst + 15, (uint64_t)entry->received_ms, 8);
	if (entry->packed.n > 0)
		memcpy(dst + ENTRY_HEAD, entry->packed.p, entry->packed.n);
}

enum rc entry_read(struct view *in, struct history_entry *ret, struct err *e)
{
	struct view rest = *in;
	struct view head;
	struct view packed;

	if (!view_cut(&rest, ENTRY_HEAD, &head) || !view_cut(&rest, get(head.p + 4, 2), &packed))
		return fail(e, RC_SYNTAX, "history: an entry is cut after %zu bytes", in->n);
	uint8_t marks = (uint8_t)head.p[6];
	*ret = (struct history_entry){
		.wearer = (uint32_t)get(head.p, 4),
		.time_ms = (int64_t)get(head.p + 7, 8),
		.received_ms = (int64_t)get(head.p + 15, 8),
		.marks = (uint8_t)(marks & ~IS_PLACE),
		.is_place = (marks & IS_PLACE) != 0,
		.packed = packed,
	};
	*in = rest;
	return RC_OK;
}
