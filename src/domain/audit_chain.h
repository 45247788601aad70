/* How entries of the audit log are chained: the bytes that are hashed, and those that a checkpoint
 * signs. Used by the server that appends and by `kinward audit verify`; pure but for row_read. */
#pragma once

#include "store/db.h"

enum { AUDIT_HASH_BYTES = 32, AUDIT_SALT_BYTES = 16 };

enum audit_checkpoint_kind {
	AUDIT_CHECKPOINT, /* everything up to here is as it was */
	AUDIT_BASE,       /* … and what is older was dropped by us: retention */
};

#define AUDIT_LABEL "audit.detail" /* of the seal */

/* The columns that audit_row_read wants, in this order. */
#define AUDIT_COLUMNS                                                                              \
	"seq, time_ms, action, actor_kind, actor, care_group, wearer, subject, right_name, "       \
	"outcome, times, is_told, owner, detail, detail_hash, hash"

/* One row; the views die with the statement's row. */
struct audit_row {
	int64_t seq, time_ms, actor_kind, times;
	struct view action, right, outcome;
	struct uid actor, group, wearer, subject, owner; /* owner: whose key seals the detail */
	bool is_told;
	struct view detail;      /* sealed: a salt, then the text; sealed anew when keys change */
	struct view detail_hash; /* of salt and text: what the entry's hash covers */
	struct view hash;        /* as stored */
};
void audit_row_read(struct stmt *s, struct audit_row *ret);
/* Of the plain detail with its salt. Without the salt nobody can guess an erased one by it. */
void audit_detail_hash(struct view plain, uint8_t ret[AUDIT_HASH_BYTES]);

/* The hash of the entry after one whose hash is `previous` (all zero for the first). */
void audit_row_hash(const uint8_t previous[AUDIT_HASH_BYTES], const struct audit_row *row,
	uint8_t ret[AUDIT_HASH_BYTES]);

struct audit_checkpoint {
	enum audit_checkpoint_kind kind;
	int64_t seq, previous_seq, time_ms; /* previous_seq: of the checkpoint before, 0: none */
	uint8_t hash[AUDIT_HASH_BYTES];     /* of the entry with that seq */
};
enum { AUDIT_CHECKPOINT_TEXT = 24 + 4 * 8 + AUDIT_HASH_BYTES };
/* What is signed. */
struct view audit_checkpoint_text(
	const struct audit_checkpoint *c, uint8_t ret[AUDIT_CHECKPOINT_TEXT]);
