/* Acts of class D that others must agree to, or may object to (design.md section 7). A proposal is
 * a row: what shall be done, for which group, by whom; its payload is sealed with the group's key.
 * It ends in exactly one way, by a conditional update: done (another admin agreed, or its time
 * came), objected, withdrawn or expired. What it does is a row of the table in approval_kinds.c.
 * Changes: pool threads; what comes due is run by a timer of the main loop. */
#pragma once

#include "domain/domain.h"

enum {
	APPROVAL_PAYLOAD_MAX = 4096,
	APPROVALS_PENDING_MAX = 50,
	APPROVALS_LIST_MAX = 100, /* of one group */
	APPROVAL_LIFE_H = 7 * 24, /* for a second person to agree; time to object against the loss
				     of a co-admin's rights */
};

enum approval_needs { APPROVAL_SECOND_PERSON, APPROVAL_TIME };
enum approval_state {
	APPROVAL_PENDING,
	APPROVAL_DONE,
	APPROVAL_OBJECTED,
	APPROVAL_WITHDRAWN,
	APPROVAL_EXPIRED,
	APPROVAL_FAILED, /* its time came, but it is no longer possible */
	APPROVAL_STATE_COUNT,
};

struct json_out;
struct approval_kind;

/* A proposal as its kind sees it. */
struct approval {
	struct uid id, group, wearer, subject, by; /* wearer, subject: none when it has none */
	const struct approval_kind *kind;
	enum approval_needs needs;
	enum approval_state state;
	int64_t created_ms;
	int64_t due_ms;      /* acts (TIME) or expires (SECOND_PERSON) */
	struct view payload; /* as the proposer gave it; the kind's own form */
	uint32_t out_number; /* what execute tells `after` */
};

struct approval_kind {
	const char *name; /* "wearer.reset": also the audit action */
	enum right right; /* proposer and who agrees must hold it when it acts */
	/* In the writer's job (may run twice): does it. A refusal fills *p (NULL allowed). */
	enum rc (*execute)(struct domain *d, struct db *db, struct approval *a, int64_t now_ms,
		struct problem *p, struct err *e);
	/* After the commit, in a pool thread or the main loop; must not wait. NULL: nothing. */
	void (*after)(struct domain *d, const struct approval *a);
	/* Writes what people must know to agree, as members of an open object: short texts,
	 * numbers. NULL: nothing. */
	void (*summarize)(struct json_out *j, struct db *reader, const struct approval *a);
};

/* approval_kinds.c. NULL: no such kind. */
const struct approval_kind *approval_kind_find(struct view name);

struct approval_request {
	const char *kind; /* of the table */
	struct uid group, wearer, subject;
	struct view payload; /* at most APPROVAL_PAYLOAD_MAX */
	int64_t wait_ms; /* 0: as the verdict says; else time to object in any case, which another
			    admin's consent ends */
};

struct approval_result {
	bool is_done;
	struct uid pending; /* else: the proposal */
};

/* verdict: of rights_decide. ALLOW acts at once; SECOND_PERSON and WAIT propose and tell the
 * members; the rest is RC_DENIED. Codes: approval_exists (RC_CONFLICT: the same is pending),
 * too_many_approvals (RC_LIMIT), and what execute refuses. */
MUST_CHECK enum rc approval_act(struct domain *d, const struct principal *who,
	const struct verdict *verdict, const struct approval_request *r,
	struct approval_result *ret, struct problem *p, struct err *e);

/* The caller's right to agree with class D was checked. Codes: approval_ended (RC_CONFLICT),
 * approval_own (RC_DENIED: the proposer), approval_stale (RC_CONFLICT: the proposer may not do it
 * himself any more), right_missing (RC_DENIED), and what execute refuses. */
MUST_CHECK enum rc approval_agree(struct domain *d, const struct principal *who,
	const struct uid *approval, struct problem *p, struct err *e);
/* Any member but the proposer. Codes: approval_ended, approval_own. */
MUST_CHECK enum rc approval_object(struct domain *d, const struct principal *who,
	const struct uid *approval, struct problem *p, struct err *e);
/* The proposer. Codes: approval_ended, right_missing. */
MUST_CHECK enum rc approval_withdraw(struct domain *d, const struct principal *who,
	const struct uid *approval, struct problem *p, struct err *e);

typedef void approval_fn(void *ctx, const struct approval *a);
/* Newest first: the pending ones, and what ended in the last 30 days; at most APPROVALS_LIST_MAX.
 */
MUST_CHECK enum rc approval_list(struct db *reader, const struct uid *group, int64_t now_ms,
	approval_fn *fn, void *ctx, struct err *e);
MUST_CHECK enum rc approval_get(
	struct db *reader, const struct uid *approval, approval_fn *fn, void *ctx, struct err *e);
const char *approval_state_name(enum approval_state s);

/* ---- what comes due: main loop ---- */

struct approvals;
MUST_CHECK enum rc approvals_new(struct domain *d, struct approvals **ret_owned, struct err *e);
void approvals_free(struct approvals *as);
/* Looks soon, and from then on whenever one is due. Any thread: after a new one. */
void approvals_wake(struct domain *d);
