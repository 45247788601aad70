/* Claiming a watch: enter its number, point it here by SMS, type the code that it shows (or press
 * its SOS key), bound. States and rules: see claim_flow.c. */
#pragma once

#include "domain/domain.h"

enum claim_state {
	CLAIM_WAITING,
	CLAIM_SEEN_WRONG,
	CLAIM_CONNECTED,
	CLAIM_CODE_SENT,
	CLAIM_PROOF_WANTED,
	CLAIM_BOUND,
	CLAIM_EXPIRED,
	CLAIM_LOCKED,
	CLAIM_STATE_COUNT,
};
const char *claim_state_name(enum claim_state s);

enum claim_hint {
	CLAIM_HINT_NONE,
	CLAIM_HINT_NOT_SEEN,
	CLAIM_HINT_ID_CLOSE,
	CLAIM_HINT_LOCKED_PROTOCOL,
	CLAIM_HINT_SEEN_GONE,
	CLAIM_HINT_CODE_UNANSWERED,
	CLAIM_HINT_COUNT,
};
const char *claim_hint_name(enum claim_hint h); /* NULL for none */

enum {
	CLAIM_TRIES_MAX = 5,
	CLAIM_CODE_LIFE_MS = 5 * 60 * 1000,
	CLAIM_SENDS_MAX = 5,
	CLAIM_SEND_GAP_MS = 30 * 1000,
	CLAIM_LIFE_MS = 24 * 3600 * 1000,
	CLAIMS_PER_GROUP_MAX = 5, /* open at once */
	CLAIMS_PER_ACCOUNT_DAY = 20,
	CLAIMS_OPEN_MAX = 1000,
	CLAIM_SMS_MAX = 4,
	CLAIM_SMS_TEXT = 161,
};

struct claim_info {
	struct uid id, group;
	char name[NAME_TEXT];
	char watch_masked[WIRE_ID_TEXT];
	enum claim_state state;
	enum claim_hint hint;
	int64_t hint_ms;
	uint8_t sms_n;
	struct {
		char text[CLAIM_SMS_TEXT];
		const char *purpose; /* "server", "server_old", "query" */
	} sms[CLAIM_SMS_MAX];
	char sim_number[SIM_NUMBER_TEXT]; /* where the SMS go, "" when not given */
	int64_t code_expires_ms;          /* 0: no code out */
	uint8_t tries_left;
	struct uid wearer; /* none until bound */
	int64_t expires_ms;
};
typedef void claim_fn(void *ctx, const struct claim_info *c);

struct claim_request {
	struct uid group;
	struct view watch, name, sim_number, language, zone, proof;
};

/* Codes: watch_invalid, imei_check_digit, name_invalid, sim_number_invalid, language_unsupported,
 * zone_unknown, proof_invalid (RC_SYNTAX), already_yours (RC_CONFLICT), too_many_claims (RC_LIMIT).
 * The caller asked rights_decide for the group. */
MUST_CHECK enum rc claim_create(struct domain *d, struct db *reader, const struct principal *who,
	const struct claim_request *r, struct claim_info *ret, struct problem *p, struct err *e);
/* Open ones of the caller's groups, newest first. */
MUST_CHECK enum rc claim_list(struct domain *d, struct db *reader, const struct principal *who,
	claim_fn *fn, void *ctx, struct err *e);
MUST_CHECK enum rc claim_get(struct domain *d, struct db *reader, const struct uid *claim,
	struct claim_info *ret, struct err *e);
/* Codes: claim_code_wrong (RC_CONFLICT, tries_left), claim_expired, claim_locked, claim_not_ready
 * (RC_CONFLICT), code_invalid (RC_SYNTAX). */
MUST_CHECK enum rc claim_code(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *claim, struct view code, struct claim_info *ret, struct problem *p,
	struct err *e);
/* Codes: too_soon (RC_LIMIT, retry_after_s), too_many_codes (RC_LIMIT), claim_not_ready. */
MUST_CHECK enum rc claim_send(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *claim, struct claim_info *ret, struct problem *p, struct err *e);
MUST_CHECK enum rc claim_cancel(
	struct domain *d, const struct principal *who, const struct uid *claim, struct err *e);
