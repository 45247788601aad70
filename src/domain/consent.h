/* What a family lets a partner do: named rights on named wearers until a date. A consent is asked
 * anew at each call of the partner, so that withdrawing it works at once. Each use is counted and
 * shown to the family: reads by the hour, each change by itself. Ids and times only; who the
 * partner is stands in domain/partner.h. */
#pragma once

#include "domain/domain.h"

enum {
	CONSENT_WEARERS_MAX = 32,     /* of one consent */
	CONSENTS_PER_GROUP_MAX = 100, /* living ones */
	CONSENT_DAYS_MAX = 366,
	CONSENT_PAGE = 50,      /* wearers that a partner is told of at once */
	CONSENT_USES = 200,     /* that a family is shown at once */
	PARTNER_USE_DAYS = 400, /* then they are in the audit log alone */
	PARTNER_ACTION_TEXT = 33,
};

/* The rights that a partner can have: none of class C or D. */
#define CONSENT_RIGHTS                                                                             \
	(RIGHT_BIT(RIGHT_VIEW_POSITION) | RIGHT_BIT(RIGHT_VIEW_HISTORY) |                          \
		RIGHT_BIT(RIGHT_VIEW_HEALTH) | RIGHT_BIT(RIGHT_ALARMS) | RIGHT_BIT(RIGHT_LOCATE) | \
		RIGHT_BIT(RIGHT_MESSAGE) | RIGHT_BIT(RIGHT_PROPOSE))

struct consent_hit {
	struct uid consent, group;
};

/* May the partner do this to the wearer now? RC_NOT_FOUND for everything else: unknown, foreign,
 * withdrawn, ended, the partner stopped, a right that no consent can name. */
MUST_CHECK enum rc consent_decide(struct db *reader, const struct uid *partner,
	const struct uid *wearer, enum right right, int64_t now_ms, struct consent_hit *ret,
	struct err *e);

/* Did the partner ever have a consent for the wearer? Asking for what was withdrawn is usual,
 * asking for strangers is not. */
MUST_CHECK enum rc consent_was_there(struct db *reader, const struct uid *partner,
	const struct uid *wearer, bool *ret, struct err *e);

/* ---- what partners are told ---- */

typedef void consent_wearer_fn(
	void *ctx, const struct uid *wearer, right_set rights, int64_t until_ms);
/* The wearers behind `after` (none: from the first) by id, at most CONSENT_PAGE, with all rights
 * that living consents give; *ret_more: there are more. */
MUST_CHECK enum rc consent_wearers(struct db *reader, const struct uid *partner,
	const struct uid *after, int64_t now_ms, consent_wearer_fn *fn, void *ctx, bool *ret_more,
	struct err *e);

/* A number that changes when what the partner may hear of changes: open streams compare it. */
MUST_CHECK enum rc consent_mark(struct db *reader, const struct uid *partner, enum right right,
	int64_t now_ms, uint64_t *ret, struct err *e);

/* ---- what families are told ---- */

enum consent_state { CONSENT_ACTIVE, CONSENT_WITHDRAWN, CONSENT_ENDED, CONSENT_STATE_COUNT };
const char *consent_state_name(enum consent_state s);

struct consent_info {
	struct uid id, group, partner;
	char partner_name[NAME_TEXT];
	char partner_purpose[2001];
	bool is_partner_active;
	right_set rights;
	uint8_t wearers_n;
	struct uid wearers[CONSENT_WEARERS_MAX];
	struct uid by;
	int64_t granted_ms, until_ms, withdrawn_ms, last_used_ms; /* 0: not */
	enum consent_state state;
};
typedef void consent_fn(void *ctx, const struct consent_info *c);
/* Newest first, at most 200. */
MUST_CHECK enum rc consent_list(struct db *reader, const struct uid *group, int64_t now_ms,
	consent_fn *fn, void *ctx, struct err *e);
MUST_CHECK enum rc consent_get(struct db *reader, const struct uid *consent, int64_t now_ms,
	struct consent_info *ret, struct err *e);

typedef void consent_watcher_fn(
	void *ctx, const struct uid *partner, const char *name, right_set rights, int64_t until_ms);
/* The partners that can see something of the wearer now. */
MUST_CHECK enum rc consent_each_of_wearer(struct db *reader, const struct uid *wearer,
	int64_t now_ms, consent_watcher_fn *fn, void *ctx, struct err *e);

struct consent_use {
	int64_t time_ms; /* of the last one */
	int64_t n;
	struct uid wearer;
	char action[PARTNER_ACTION_TEXT];
};
typedef void consent_use_fn(void *ctx, const struct consent_use *u);
/* Newest first, at most CONSENT_USES. */
MUST_CHECK enum rc consent_uses(
	struct db *reader, const struct uid *consent, consent_use_fn *fn, void *ctx, struct err *e);

/* ---- changes ---- */

struct consent_request {
	struct uid partner;
	right_set rights;
	int64_t until_ms;
	uint8_t wearers_n;
	struct uid wearers[CONSENT_WEARERS_MAX];
};
/* Codes: consent_rights_invalid, consent_until_invalid, consent_partner_unknown,
 * consent_wearer_unknown, too_many_consents (RC_LIMIT). */
MUST_CHECK enum rc consent_grant(struct domain *d, const struct principal *who,
	const struct uid *group, const struct consent_request *r, struct uid *ret,
	struct problem *p, struct err *e);
/* Again: nothing happens. */
MUST_CHECK enum rc consent_withdraw(
	struct domain *d, const struct principal *who, const struct uid *consent, struct err *e);

/* ---- counting ---- */

struct consent_count {
	struct uid partner, wearer;
	enum right right;
	const char *action; /* static */
	bool is_change;     /* a row of its own */
	int64_t now_ms;
};
/* In a writer job. RC_NOT_FOUND when there is no consent any more. */
MUST_CHECK enum rc consent_count(struct db *db, const struct consent_count *c, struct err *e);
/* Not waited for. */
void consent_count_later(struct domain *d, const struct consent_count *c);
/* In a writer job: how often anybody's partner did this to the wearer since then. */
MUST_CHECK enum rc consent_done_since(struct db *db, const struct uid *wearer, const char *action,
	int64_t since_ms, int64_t *ret, struct err *e);
