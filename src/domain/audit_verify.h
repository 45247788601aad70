/* Reads the whole audit log and tells what does not fit and where: entries that were changed,
 * removed, reordered, put in, or cut off at either end, and checkpoints that are not ours. For
 * `kinward audit verify`; reads only. */
#pragma once

#include "domain/audit_mark.h"
#include "store/db.h"

enum { AUDIT_FINDINGS_MAX = 100 /* that are told; more are only counted */ };

enum audit_finding_kind {
	AUDIT_CHANGED,
	AUDIT_DETAIL_CHANGED, /* the sealed detail alone */
	AUDIT_REMOVED,
	AUDIT_REORDERED,
	AUDIT_CUT_START,
	AUDIT_CUT_END,
	AUDIT_REWRITTEN,       /* the chain fits, but not what was signed */
	AUDIT_CHECKPOINT_BAD,  /* not signed by us, or changed */
	AUDIT_CHECKPOINT_GONE, /* one is missing */
};

struct audit_finding {
	enum audit_finding_kind kind;
	int64_t first, last; /* entries that are concerned */
	int64_t place;       /* REORDERED: where the entry stands now */
	int64_t time_ms;     /* of the last good entry before; 0: none */
};
typedef void audit_finding_fn(void *ctx, const struct audit_finding *f);

struct audit_summary {
	int64_t entries, first_seq, last_seq, first_ms, last_ms;
	int64_t checkpoints, signatures_good, details_good;
	int64_t signed_seq; /* everything up to here is covered by a good signature */
	int64_t findings;
};

/* The details are checked when the reader has a keyring and their key is not destroyed.
 * key NULL: signatures are not checked. newest NULL: the key folder has none (or there is none). */
MUST_CHECK enum rc audit_verify(struct db *reader, const struct sign_key *key,
	const struct audit_mark *newest, audit_finding_fn *fn, void *ctx, struct audit_summary *ret,
	struct err *e);
/* A sentence for people. */
void audit_finding_text(const struct audit_finding *f, char *ret_text, size_t size);
