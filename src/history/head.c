#include "history/head.h"

#include <assert.h>
#include <stdlib.h>

enum { HEAD_FIRST_BYTES = 480, WEARERS_FIRST = 1024, ROWS_FIRST = 256 };

void heads_init(struct heads *hs)
{
	*hs = (struct heads){.size = 0};
	list_init(&hs->by_age);
}

static void head_free(struct heads *hs, struct head *head)
{
	hs->by_wearer[head->wearer] = NULL;
	hs->entries -= head->count;
	hs->bytes -= head->capacity;
	list_remove(&head->node);
	free(head->bytes);
	free(head);
}

void heads_done(struct heads *hs)
{
	while (!list_is_empty(&hs->by_age))
		head_free(hs, CONTAINER_OF(hs->by_age.next, struct head, node));
	free(hs->by_wearer);
	free(hs->rows);
}

struct head *heads_find(const struct heads *hs, uint32_t wearer)
{
	return wearer < hs->size ? hs->by_wearer[wearer] : NULL;
}

static enum rc make_room_for_wearer(struct heads *hs, uint32_t wearer, struct err *e)
{
	if (wearer < hs->size)
		return RC_OK;
	if (wearer >= HISTORY_WEARERS_MAX)
		return fail(e, RC_LIMIT, "history: wearer number %u is over the limit", wearer);
	uint32_t size = hs->size == 0 ? WEARERS_FIRST : hs->size;
	while (size <= wearer)
		size *= 2;
	struct head **grown = reallocarray(hs->by_wearer, size, sizeof(struct head *));
	if (grown == NULL)
		return fail(e, RC_NOMEM, "history: out of memory");
	for (uint32_t i = hs->size; i < size; i++)
		grown[i] = NULL;
	hs->by_wearer = grown;
	hs->size = size;
	return RC_OK;
}

static enum rc head_new(
	struct heads *hs, const struct history_entry *entry, struct head **ret, struct err *e)
{
	enum rc rc = make_room_for_wearer(hs, entry->wearer, e);
	if (rc != RC_OK)
		return rc;
	struct head *head = calloc(1, sizeof *head);
	if (head == NULL)
		return fail(e, RC_NOMEM, "history: out of memory");
	head->wearer = entry->wearer;
	head->oldest_ms = entry->received_ms;
	list_init(&head->node);
	list_append(&hs->by_age, &head->node);
	hs->by_wearer[entry->wearer] = head;
	*ret = head;
	return RC_OK;
}

static enum rc make_room_for_bytes(struct heads *hs, struct head *head, size_t more, struct err *e)
{
	size_t needed = head->n + more;
	if (head->bytes != NULL && needed <= head->capacity)
		return RC_OK;
	size_t capacity = head->capacity == 0 ? HEAD_FIRST_BYTES : head->capacity;
	while (capacity < needed)
		capacity *= 2; /* few moves: each is of memory that is cold */
	if (capacity > UINT32_MAX / 2)
		return fail(e, RC_LIMIT, "history: the head of a wearer is too large");
	char *grown = realloc(head->bytes, capacity);
	if (grown == NULL)
		return fail(e, RC_NOMEM, "history: out of memory");
	hs->bytes += capacity - head->capacity;
	head->bytes = grown;
	head->capacity = (uint32_t)capacity;
	return RC_OK;
}

void heads_fetch(const struct heads *hs, uint32_t wearer)
{
	const struct head *head = heads_find(hs, wearer);

	if (head != NULL)
		__builtin_prefetch(head, 1);
}

void heads_fetch_end(const struct heads *hs, uint32_t wearer)
{
	const struct head *head = heads_find(hs, wearer);

	if (head != NULL)
		__builtin_prefetch(head->bytes + head->n, 1);
}

enum rc heads_add(struct heads *hs, const struct history_entry *entry, uint64_t seq, struct err *e)
{
	struct head *head = heads_find(hs, entry->wearer);
	size_t size = HEAD_SEQ + ENTRY_HEAD + entry->packed.n;
	enum rc rc = head == NULL ? head_new(hs, entry, &head, e) : RC_OK;

	if (rc == RC_OK)
		rc = make_room_for_bytes(hs, head, size, e);
	if (rc != RC_OK) {
		if (head != NULL && head->count == 0)
			head_free(hs, head);
		return rc;
	}
	memcpy(head->bytes + head->n, &seq, sizeof seq);
	entry_write(entry, head->bytes + head->n + HEAD_SEQ);
	head->n += (uint32_t)size;
	head->count++;
	head->last_seq = seq;
	hs->entries++;
	return RC_OK;
}

bool head_next(struct view *in, uint64_t *ret_seq, struct history_entry *ret)
{
	struct view seq;

	if (!view_cut(in, HEAD_SEQ, &seq))
		return false;
	memcpy(ret_seq, seq.p, sizeof *ret_seq);
	enum rc rc = entry_read(in, ret, NULL);
	assert(rc == RC_OK); /* written by heads_add */
	return true;
}

enum rc heads_add_row(struct heads *hs, const struct journal_row *row, struct err *e)
{
	if (hs->rows_first + hs->rows_n == hs->rows_capacity) {
		if (hs->rows_first >= hs->rows_n && hs->rows_first > 0) {
			memcpy(hs->rows, hs->rows + hs->rows_first, hs->rows_n * sizeof *hs->rows);
			hs->rows_first = 0;
		} else {
			size_t capacity =
				hs->rows_capacity == 0 ? ROWS_FIRST : hs->rows_capacity * 2;
			struct journal_row *grown = reallocarray(hs->rows, capacity, sizeof *grown);
			if (grown == NULL)
				return fail(e, RC_NOMEM, "history: out of memory");
			hs->rows = grown;
			hs->rows_capacity = capacity;
		}
	}
	hs->rows[hs->rows_first + hs->rows_n++] = *row;
	return RC_OK;
}

void heads_release(struct heads *hs, uint64_t seq)
{
	struct journal_row *rows = hs->rows + hs->rows_first;
	size_t low = 0;
	size_t high = hs->rows_n;

	while (low < high) { /* first row that begins after seq */
		size_t middle = low + (high - low) / 2;
		if (rows[middle].first_seq <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || seq - rows[low - 1].first_seq >= rows[low - 1].count)
		return; /* its row was not taken in for want of memory */
	assert(rows[low - 1].left > 0);
	rows[low - 1].left--;
}

void heads_drop(struct heads *hs, struct head *head, uint64_t last_seq)
{
	struct view rest = {.p = head->bytes, .n = head->n};
	struct history_entry entry;
	uint32_t dropped = 0;
	size_t kept_n = rest.n;

	head->oldest_ms = 0;
	for (struct view at = rest; at.n > 0;) {
		uint64_t seq = 0;
		(void)head_next(&at, &seq, &entry); /* at.n > 0 */
		if (seq > last_seq) {
			head->oldest_ms = entry.received_ms;
			break;
		}
		heads_release(hs, seq);
		kept_n = at.n;
		dropped++;
	}
	hs->entries -= dropped;
	head->count -= dropped;
	if (head->count == 0) {
		head_free(hs, head);
		return;
	}
	memmove(head->bytes, head->bytes + (head->n - kept_n), kept_n);
	head->n = (uint32_t)kept_n;
	list_remove(&head->node);
	list_append(&hs->by_age, &head->node);
}

uint64_t heads_journal_floor(struct heads *hs)
{
	uint64_t floor = 0;

	while (hs->rows_n > 0 && hs->rows[hs->rows_first].left == 0) {
		floor = hs->rows[hs->rows_first].first_seq + hs->rows[hs->rows_first].count;
		hs->rows_first++;
		hs->rows_n--;
	}
	return floor;
}
