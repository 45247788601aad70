/* The audit log as members see it: the entries of their group, and the notices: those entries of
 * which the members are told. Any thread with its reader. */
#pragma once

#include "domain/audit.h"

enum {
	AUDIT_WORD_TEXT = 48,
	AUDIT_PAGE = 100,
	AUDIT_EXPORT_MAX = 20000, /* entries of one export: the newest; older ones by `before` */
	NOTICES_UNREAD_MAX = 100, /* more are not counted */
};

struct audit_info {
	int64_t seq, time_ms;
	char action[AUDIT_WORD_TEXT], right[AUDIT_WORD_TEXT], outcome[AUDIT_WORD_TEXT];
	enum actor_kind actor_kind;
	struct uid actor, group, wearer, subject;
	char actor_name[NAME_TEXT];    /* "" when there is no such account any more */
	char address[ADDRESS_TEXT];    /* "" unless the caller acted */
	char detail[AUDIT_DETAIL_MAX]; /* "" when erased */
	bool is_erased;                /* the key that sealed address and detail is gone */
	bool is_told;
	int64_t times;
};
typedef void audit_fn(void *ctx, const struct audit_info *a);

/* Newest first, entries with seq < before (0: from the newest), at most `max`. The addresses of
 * other people are left out: who lives apart for a reason must not be found by this. */
MUST_CHECK enum rc audit_list(struct db *reader, const struct principal *who,
	const struct uid *group, int64_t before, unsigned max, audit_fn *fn, void *ctx,
	struct err *e);

/* All entries, oldest first, for the operator: without names, and with the details and addresses
 * only of those that belong to no group; what a family does is not the operator's to read. */
MUST_CHECK enum rc audit_each(struct db *reader, audit_fn *fn, void *ctx, struct err *e);

/* The told entries of all groups of the caller, newest first, at most AUDIT_PAGE. */
MUST_CHECK enum rc notices_list(struct db *reader, const struct principal *who, int64_t before,
	audit_fn *fn, void *ctx, struct err *e);
/* How many of them are newer than the caller's mark and not by himself; *ret_mark: that mark. */
MUST_CHECK enum rc notices_unread(struct db *reader, const struct principal *who,
	unsigned *ret_unread, int64_t *ret_mark, struct err *e);
/* Moves the mark forward, never back. */
MUST_CHECK enum rc notices_mark_read(
	struct domain *d, const struct principal *who, int64_t seq, struct err *e);
