/* Invitations into a group: a link (or its QR code) with a random token that works once, until its
 * end. Only the token's hash is stored. An invitation that others must agree to (approval.h) has
 * its token from the beginning; it works from their consent on. */
#pragma once

#include "crypto/token.h"
#include "domain/approval.h"
#include "domain/sign_in.h"

enum {
	INVITATION_HOURS_DEFAULT = 72,
	INVITATION_HOURS_MAX = 14 * 24,
	INVITATIONS_MAX = 20, /* open ones of a group */
};

struct invitation_info {
	struct uid id, group, by;
	enum member_role role;
	int64_t created_ms, expires_ms;
	char by_name[NAME_TEXT];
};
typedef void invitation_fn(void *ctx, const struct invitation_info *i);

struct invitation_created {
	struct approval_result result;
	struct uid id;
	int64_t expires_ms;          /* when it acted at once */
	char token[TOKEN_TEXT_SIZE]; /* for the link; nobody can read it again */
};
/* verdict: of RIGHT_MEMBERS. Codes: too_many_invitations (RC_LIMIT), those of approval_act. */
MUST_CHECK enum rc invitation_create(struct domain *d, const struct principal *who,
	const struct verdict *verdict, enum member_role role, uint32_t hours,
	struct invitation_created *ret, struct problem *p, struct err *e);
MUST_CHECK enum rc invitation_list(struct db *reader, const struct uid *group, int64_t now_ms,
	invitation_fn *fn, void *ctx, struct err *e);
MUST_CHECK enum rc invitation_delete(
	struct domain *d, const struct principal *who, const struct uid *invitation, struct err *e);

/* What the holder of the link sees. RC_NOT_FOUND invitation_invalid: wrong, used, ended, alike. */
MUST_CHECK enum rc invitation_look(struct db *reader, struct view token, int64_t now_ms,
	struct invitation_info *ret, char ret_group_name[NAME_TEXT], struct problem *p,
	struct err *e);

struct invitation_accept {
	struct view token, login, name, password, language;
};
/* A new account, signed in. Codes: invitation_invalid, login_taken (RC_CONFLICT), those of
 * account_set_up and member_insert. */
MUST_CHECK enum rc invitation_accept(struct domain *d, struct db *reader,
	const struct principal *who, const struct invitation_accept *r,
	const struct request_origin *from, struct sign_in_result *ret, struct problem *p,
	struct err *e);
/* The caller's account joins. Codes: invitation_invalid, already_member … */
MUST_CHECK enum rc invitation_join(struct domain *d, const struct principal *who, struct view token,
	struct uid *ret_group, struct problem *p, struct err *e);

extern const struct approval_kind invitation_create_kind;
