/* What a partner proposes as a medication plan. A proposal is only words: nothing rings by it.
 * Members look at it and accept or reject it; what a plan is comes with medication. The words are
 * sealed with the wearer's key. */
#pragma once

#include "domain/approval.h"

enum {
	PROPOSAL_BODY_MAX = 4096,
	PROPOSALS_WAITING_MAX = 20, /* for one wearer */
	PROPOSALS_SHOWN_MAX = 100,
};

enum proposal_state {
	PROPOSAL_WAITING,
	PROPOSAL_ACCEPTED,
	PROPOSAL_REJECTED,
	PROPOSAL_STATE_COUNT,
};
const char *proposal_state_name(enum proposal_state s);

struct proposal_info {
	struct uid id, wearer, group, partner;
	char partner_name[NAME_TEXT];
	enum proposal_state state;
	int64_t created_ms, decided_ms; /* 0: not yet */
	struct uid decided_by;
	size_t body_n;
	char body[PROPOSAL_BODY_MAX]; /* JSON, as it was proposed */
};
typedef void proposal_fn(void *ctx, const struct proposal_info *p);

/* body: JSON of the checked fields, the same text for the same plan. What waits already is not
 * proposed twice: *ret is that one. Code: too_many_proposals (RC_LIMIT). */
MUST_CHECK enum rc proposal_create(struct domain *d, const struct principal *who,
	const struct uid *wearer, struct view body, struct uid *ret, struct problem *p,
	struct err *e);
/* Newest first. */
MUST_CHECK enum rc proposal_list(
	struct db *reader, const struct uid *group, proposal_fn *fn, void *ctx, struct err *e);
MUST_CHECK enum rc proposal_get(
	struct db *reader, const struct uid *proposal, struct proposal_info *ret, struct err *e);
/* Anybody who looks after consents may say no. Code: already_decided (RC_CONFLICT). */
MUST_CHECK enum rc proposal_reject(struct domain *d, const struct principal *who,
	const struct uid *proposal, struct problem *p, struct err *e);
/* Saying yes is class D: with a second admin or time to object. Subject: the proposal. */
extern const struct approval_kind proposal_accept_kind;
