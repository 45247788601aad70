/* Passkeys of accounts (crypto/webauthn.h checks them). Each belongs to this server's site: the
 * host of public_url, or localhost. One that was copied betrays itself when its counter goes back:
 * then it is refused, marked, and the owner is told. Called from pool threads. */
#pragma once

#include "crypto/base64url.h"
#include "domain/account.h"
#include "domain/challenge.h"

enum {
	PASSKEYS_PER_ACCOUNT_MAX = 20,
	SITE_TEXT = 300,
};

/* Where the passkeys belong, and the challenges. */
struct passkeys;

/* public_url: "" when not set. */
MUST_CHECK enum rc passkeys_new(const char *public_url, struct passkeys **ret_owned, struct err *e);
void passkeys_free(struct passkeys *k);

struct passkey_challenge {
	char id[CHALLENGE_ID_TEXT];
	char challenge[BASE64URL_TEXT(WEBAUTHN_CHALLENGE_BYTES)];
	const char *rp_id; /* lives as long as the domain */
};
/* `session` is none for a sign-in. */
void passkey_challenge(struct domain *d, enum challenge_purpose purpose, const struct uid *session,
	struct passkey_challenge *ret);

/* What a browser sent, in base64url. */
struct passkey_proof {
	struct view challenge_id, credential_id, client_data, authenticator_data, signature,
		user_handle; /* empty when the authenticator gave none */
};
/* Checks the proof, uses the challenge up and keeps the counter. `session` as given to
 * passkey_challenge. *ret_account is whose passkey it is. Code: passkey_wrong (RC_DENIED), alike
 * whatever is not right; busy. */
MUST_CHECK enum rc passkey_prove(struct domain *d, struct db *reader,
	enum challenge_purpose purpose, const struct uid *session,
	const struct passkey_proof *proof, struct uid *ret_account, struct problem *p,
	struct err *e);

struct passkey_info {
	struct uid id;
	char name[NAME_TEXT];
	int64_t created_ms, used_ms; /* used_ms 0: not yet */
	bool is_suspect;
};
typedef void passkey_fn(void *ctx, const struct passkey_info *k);
/* Oldest first. */
MUST_CHECK enum rc passkey_list(
	struct db *reader, const struct uid *account, passkey_fn *fn, void *ctx, struct err *e);
typedef void credential_fn(void *ctx, struct view base64url);
MUST_CHECK enum rc passkey_each_credential(
	struct db *reader, const struct uid *account, credential_fn *fn, void *ctx, struct err *e);

struct passkey_request {
	struct view challenge_id, name, client_data, attestation_object;
};
/* Codes: passkey_wrong, passkey_exists, too_many_passkeys, name_invalid. The session counts as
 * stepped up afterwards. */
MUST_CHECK enum rc passkey_add(struct domain *d, struct db *reader, const struct principal *who,
	const struct passkey_request *r, struct passkey_info *ret, struct problem *p,
	struct err *e);
/* RC_NOT_FOUND for one that is not the caller's. */
MUST_CHECK enum rc passkey_remove(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *passkey, struct err *e);
