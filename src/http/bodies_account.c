#include "http/bodies_account.h"

#include <stddef.h>

#include "crypto/webauthn.h"
#include "domain/challenge.h"

enum {
	CREDENTIAL_CHARS = (WEBAUTHN_CREDENTIAL_MAX * 4 + 2) / 3,
	CLIENT_DATA_CHARS = (WEBAUTHN_CLIENT_DATA_MAX * 4 + 2) / 3,
	AUTHENTICATOR_DATA_CHARS = (WEBAUTHN_AUTHENTICATOR_DATA_MAX * 4 + 2) / 3,
	SIGNATURE_CHARS = (WEBAUTHN_SIGNATURE_MAX * 4 + 2) / 3,
	ATTESTATION_CHARS = (WEBAUTHN_ATTESTATION_MAX * 4 + 2) / 3,
	USER_HANDLE_CHARS = 22,
	CHALLENGE_CHARS = CHALLENGE_ID_TEXT - 1,
};

static bool is_base64url(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (!ascii_is_alnum(v.p[i]) && v.p[i] != '-' && v.p[i] != '_')
			return false;
	}
	return true;
}

static bool is_language(struct view v)
{
	size_t dash = view_find(v, '-');

	if (dash < 2 || dash > 3 || (dash < v.n && (v.n - dash < 3 || v.n - dash > 9)))
		return false;
	for (size_t i = 0; i < v.n; i++) {
		bool is_lower = v.p[i] >= 'a' && v.p[i] <= 'z';
		if (i < dash ? !is_lower : i > dash && !ascii_is_alnum(v.p[i]))
			return false;
	}
	return true;
}

#define AT(type, member) ((uint16_t)offsetof(struct type, member))

/* A field of base64url. */
#define B64(name, is_required, at, min, max)                                                       \
	{                                                                                          \
		name, FIELD_TEXT, is_required, at, min, max, NULL, is_base64url                    \
	}

static const struct field sign_in_fields[] = {
	{"login", FIELD_TEXT, true, AT(sign_in_values, login), 1, 64, NULL, NULL},
	{"password", FIELD_SECRET, true, AT(sign_in_values, password), 1, 256, NULL, NULL},
	{"code", FIELD_SECRET, false, AT(sign_in_values, code), 6, 20, NULL, NULL},
};
static const struct field account_fields[] = {
	{"name", FIELD_TEXT, false, AT(account_values, name), 1, 80, NULL, NULL},
	{"language", FIELD_TEXT, false, AT(account_values, language), 2, 12, NULL, is_language},
	{"phone", FIELD_TEXT, false, AT(account_values, phone), 0, 20, NULL, NULL},
};
static const struct field passkey_proof_fields[] = {
	B64("challenge_id", true, AT(passkey_proof_values, challenge_id), CHALLENGE_CHARS,
		CHALLENGE_CHARS),
	B64("credential_id", true, AT(passkey_proof_values, credential_id), 2, CREDENTIAL_CHARS),
	B64("client_data", true, AT(passkey_proof_values, client_data), 2, CLIENT_DATA_CHARS),
	B64("authenticator_data", true, AT(passkey_proof_values, authenticator_data), 2,
		AUTHENTICATOR_DATA_CHARS),
	B64("signature", true, AT(passkey_proof_values, signature), 2, SIGNATURE_CHARS),
	B64("user_handle", false, AT(passkey_proof_values, user_handle), 0, USER_HANDLE_CHARS),
};
static const struct field step_up_fields[] = {
	{"code", FIELD_SECRET, false, AT(step_up_values, code), 6, 20, NULL, NULL},
	B64("challenge_id", false, AT(step_up_values, proof.challenge_id), CHALLENGE_CHARS,
		CHALLENGE_CHARS),
	B64("credential_id", false, AT(step_up_values, proof.credential_id), 2, CREDENTIAL_CHARS),
	B64("client_data", false, AT(step_up_values, proof.client_data), 2, CLIENT_DATA_CHARS),
	B64("authenticator_data", false, AT(step_up_values, proof.authenticator_data), 2,
		AUTHENTICATOR_DATA_CHARS),
	B64("signature", false, AT(step_up_values, proof.signature), 2, SIGNATURE_CHARS),
	B64("user_handle", false, AT(step_up_values, proof.user_handle), 0, USER_HANDLE_CHARS),
};
static const struct field passkey_fields[] = {
	B64("challenge_id", true, AT(passkey_values, challenge_id), CHALLENGE_CHARS,
		CHALLENGE_CHARS),
	{"name", FIELD_TEXT, true, AT(passkey_values, name), 1, 80, NULL, NULL},
	B64("client_data", true, AT(passkey_values, client_data), 2, CLIENT_DATA_CHARS),
	B64("attestation_object", true, AT(passkey_values, attestation_object), 2,
		ATTESTATION_CHARS),
};
static const struct field proof_fields[] = {
	{"password", FIELD_SECRET, false, AT(proof_values, password), 1, 256, NULL, NULL},
};
static const struct field code_fields[] = {
	{"code", FIELD_SECRET, true, AT(code_values, code), 6, 6, NULL, NULL},
};
static const struct field email_fields[] = {
	{"email", FIELD_TEXT, true, AT(email_values, email), 3, 254, NULL, NULL},
	{"password", FIELD_SECRET, false, AT(email_values, password), 1, 256, NULL, NULL},
};
static const struct field token_fields[] = {
	{"token", FIELD_SECRET, true, AT(token_values, token), 16, 128, NULL, NULL},
};
static const struct field login_fields[] = {
	{"login", FIELD_TEXT, true, AT(login_values, login), 1, 64, NULL, NULL},
};
static const struct field recovery_finish_fields[] = {
	{"token", FIELD_SECRET, true, AT(recovery_finish_values, token), 16, 128, NULL, NULL},
	{"password", FIELD_SECRET, true, AT(recovery_finish_values, password), 1, 256, NULL, NULL},
};

#define TABLE(name, fields, needs_one)                                                             \
	{                                                                                          \
		name, fields, COUNT_OF(fields), needs_one                                          \
	}

const struct field_table empty_table = {"EmptyBody", NULL, 0, false};
const struct field_table sign_in_table = TABLE("SignInBody", sign_in_fields, false);
const struct field_table account_table = TABLE("AccountBody", account_fields, true);
const struct field_table passkey_proof_table =
	TABLE("PasskeyProofBody", passkey_proof_fields, false);
const struct field_table step_up_table = TABLE("StepUpBody", step_up_fields, true);
const struct field_table passkey_table = TABLE("PasskeyBody", passkey_fields, false);
const struct field_table proof_table = TABLE("ProofBody", proof_fields, false);
const struct field_table code_table = TABLE("CodeBody", code_fields, false);
const struct field_table email_table = TABLE("EmailBody", email_fields, false);
const struct field_table token_table = TABLE("TokenBody", token_fields, false);
const struct field_table login_table = TABLE("LoginBody", login_fields, false);
const struct field_table recovery_finish_table =
	TABLE("RecoveryFinishBody", recovery_finish_fields, false);
