#include "domain/audit_chain.h"

#include <sodium.h>

static void add(crypto_generichash_state *state, const void *p, size_t n)
{
	(void)crypto_generichash_update(state, p, n); /* cannot fail */
}

static void write_number(uint8_t ret[8], int64_t value)
{
	for (unsigned i = 0; i < 8; i++)
		ret[i] = (uint8_t)((uint64_t)value >> (8 * i));
}

static void add_number(crypto_generichash_state *state, int64_t value)
{
	uint8_t bytes[8];

	write_number(bytes, value);
	add(state, bytes, sizeof bytes);
}

/* With its length, so that no byte can move from one field to the next. */
static void add_bytes(crypto_generichash_state *state, struct view v)
{
	add_number(state, (int64_t)v.n);
	if (v.n > 0)
		add(state, v.p, v.n);
}

static void add_uid(crypto_generichash_state *state, const struct uid *id)
{
	add(state, id->b, UID_BYTES);
}

void audit_row_read(struct stmt *s, struct audit_row *ret)
{
	*ret = (struct audit_row){
		.seq = stmt_int(s, 0),
		.time_ms = stmt_int(s, 1),
		.action = stmt_text(s, 2),
		.actor_kind = stmt_int(s, 3),
		.actor = stmt_uid(s, 4),
		.group = stmt_uid(s, 5),
		.wearer = stmt_uid(s, 6),
		.subject = stmt_uid(s, 7),
		.right = stmt_text(s, 8),
		.outcome = stmt_text(s, 9),
		.times = stmt_int(s, 10),
		.is_told = stmt_int(s, 11) != 0,
		.owner = stmt_uid(s, 12),
		.detail = stmt_blob(s, 13),
		.detail_hash = stmt_blob(s, 14),
		.hash = stmt_blob(s, 15),
	};
}

void audit_detail_hash(struct view plain, uint8_t ret[AUDIT_HASH_BYTES])
{
	/* cannot fail with these sizes */
	(void)crypto_generichash(
		ret, AUDIT_HASH_BYTES, (const unsigned char *)plain.p, plain.n, NULL, 0);
}

void audit_row_hash(const uint8_t previous[AUDIT_HASH_BYTES], const struct audit_row *row,
	uint8_t ret[AUDIT_HASH_BYTES])
{
	static const char head[] = "kinward audit entry 1";
	crypto_generichash_state state;

	(void)crypto_generichash_init(&state, NULL, 0, AUDIT_HASH_BYTES); /* cannot fail */
	add(&state, head, sizeof head);
	add(&state, previous, AUDIT_HASH_BYTES);
	add_number(&state, row->seq);
	add_number(&state, row->time_ms);
	add_bytes(&state, row->action);
	add_number(&state, row->actor_kind);
	add_uid(&state, &row->actor);
	add_uid(&state, &row->group);
	add_uid(&state, &row->wearer);
	add_uid(&state, &row->subject);
	add_bytes(&state, row->right);
	add_bytes(&state, row->outcome);
	add_number(&state, row->times);
	add_number(&state, row->is_told);
	add_uid(&state, &row->owner);
	add_bytes(&state, row->detail_hash);
	(void)crypto_generichash_final(&state, ret, AUDIT_HASH_BYTES);
}

struct view audit_checkpoint_text(
	const struct audit_checkpoint *c, uint8_t ret[AUDIT_CHECKPOINT_TEXT])
{
	static const char head[] = "kinward checkpoint v1 \n";

	_Static_assert(sizeof head == 24, "the head's size is part of the format");
	memcpy(ret, head, sizeof head);
	write_number(ret + 24, (int64_t)c->kind);
	write_number(ret + 32, c->seq);
	write_number(ret + 40, c->previous_seq);
	write_number(ret + 48, c->time_ms);
	memcpy(ret + 56, c->hash, AUDIT_HASH_BYTES);
	return (struct view){.p = (const char *)ret, .n = AUDIT_CHECKPOINT_TEXT};
}
