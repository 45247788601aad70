/* Partners: other companies' servers that the operator has registered. Registering gives no right
 * on anybody; families do that (domain/consent.h). We hold public keys only. Contact, purpose and
 * webhook address are sealed with the partner's own key; erasing the partner destroys it. */
#pragma once

#include "base/https_url.h"
#include "crypto/jws.h"
#include "domain/domain.h"

enum {
	PARTNERS_MAX = 500,
	PARTNER_NAME_CHARS = 40, /* stands before each of its messages on a watch */
	PARTNER_NAME_TEXT = 161,
	PARTNER_TEXT = 2001, /* contact, purpose: 500 characters */
	PARTNER_TEXT_CHARS = 500,
	PARTNER_REASON_TEXT = 33,
	PARTNER_REQUESTS_PER_MIN = 120, /* defaults of the two limits that the operator sets */
	PARTNER_WEARERS_PER_HOUR = 100,
	PARTNER_REQUESTS_PER_MIN_MAX = 60000,
	PARTNER_WEARERS_PER_HOUR_MAX = 10000,
};

enum partner_state {
	PARTNER_ACTIVE,
	PARTNER_STOPPED,           /* by an operator */
	PARTNER_STOPPED_BY_SERVER, /* unusual use, or its keys must be registered anew */
	PARTNER_STATE_COUNT,
};
const char *partner_state_name(enum partner_state s);

struct partner_info {
	struct uid id;
	char name[PARTNER_NAME_TEXT];
	char contact[PARTNER_TEXT], purpose[PARTNER_TEXT];
	char webhook_url[HTTPS_URL_MAX + 1]; /* "" when there is none */
	enum jws_alg algorithm;
	enum partner_state state;
	char reason[PARTNER_REASON_TEXT]; /* why it was stopped: a stable word, or "" */
	int64_t state_ms, created_ms;
	bool is_bound; /* its tokens need its certificate */
	uint32_t requests_per_min, wearers_per_hour;
	uint8_t keys_n;
	char kids[JWS_KEYS_MAX][JWS_KID_TEXT];
};
typedef void partner_fn(void *ctx, const struct partner_info *p);

struct partner_request {
	struct view name, contact, purpose;
	struct view webhook_url; /* empty: none */
	enum jws_alg algorithm;
	const struct jws_key *keys;
	size_t keys_n;
	const uint8_t *certificate_sha256;           /* NULL when registered by a key set */
	bool is_bound;                               /* only with a certificate */
	uint32_t requests_per_min, wearers_per_hour; /* 0: the default */
};

/* Codes: partner_name_invalid, partner_name_taken (RC_CONFLICT), webhook_url_invalid,
 * certificate_missing, too_many_partners (RC_LIMIT). */
MUST_CHECK enum rc partner_add(struct domain *d, const struct principal *who,
	const struct partner_request *r, struct uid *ret, struct problem *p, struct err *e);
/* By name. */
MUST_CHECK enum rc partner_list(struct db *reader, partner_fn *fn, void *ctx, struct err *e);
MUST_CHECK enum rc partner_get(
	struct db *reader, const struct uid *partner, struct partner_info *ret, struct err *e);
/* "" when it was deleted. */
MUST_CHECK enum rc partner_name(
	struct db *reader, const struct uid *partner, char *dst, size_t dst_size, struct err *e);
/* A stopped partner has no token from when this returns. */
MUST_CHECK enum rc partner_stop(
	struct domain *d, const struct principal *who, const struct uid *partner, struct err *e);
/* Code: partner_keys_missing (RC_CONFLICT): `kinward rotate partners` took them. */
MUST_CHECK enum rc partner_start(struct domain *d, const struct principal *who,
	const struct uid *partner, struct problem *p, struct err *e);
/* New keys take the place of all old ones, also of another algorithm; its tokens end. The
 * certificate goes as well unless a new one comes. */
MUST_CHECK enum rc partner_set_keys(struct domain *d, const struct principal *who,
	const struct uid *partner, const struct partner_request *r, struct problem *p,
	struct err *e);
/* With its consents, uses, events; destroys its key. */
MUST_CHECK enum rc partner_delete(
	struct domain *d, const struct principal *who, const struct uid *partner, struct err *e);

/* The server itself stops a partner (unusual use). Any thread; not waited for. */
void partner_stop_by_server(struct domain *d, const struct uid *partner, const char *static_reason);

/* After an incident, in a writer job or on the writing connection: all tokens and registered keys
 * go, all partners are stopped with the reason "rotated". *ret_n: how many partners. */
MUST_CHECK enum rc partner_rotate(struct db *db, int64_t now_ms, int64_t *ret_n, struct err *e);

/* Where its webhooks go now. RC_NOT_FOUND: stopped, deleted, or none. */
MUST_CHECK enum rc partner_webhook_url(
	struct db *reader, const struct uid *partner, char *dst, size_t dst_size, struct err *e);
