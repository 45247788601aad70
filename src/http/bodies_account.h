/* The bodies about the own account: signing in, second factors, recovery. Part of bodies.h. */
#pragma once

#include "http/fields.h"

struct sign_in_values {
	struct view login, password, code;
};
struct account_values {
	struct view name, language, phone;
};
struct passkey_proof_values {
	struct view challenge_id, credential_id, client_data, authenticator_data, signature,
		user_handle;
};
struct step_up_values {
	struct view code;
	struct passkey_proof_values proof;
};
struct passkey_values {
	struct view challenge_id, name, client_data, attestation_object;
};
/* What a change of one's own protection wants without a second factor. */
struct proof_values {
	struct view password;
};
struct code_values {
	struct view code;
};
struct email_values {
	struct view email, password;
};
struct token_values {
	struct view token;
};
struct login_values {
	struct view login;
};
struct recovery_finish_values {
	struct view token, password;
};

extern const struct field_table empty_table, sign_in_table, account_table, passkey_proof_table,
	step_up_table, passkey_table, proof_table, code_table, email_table, token_table,
	login_table, recovery_finish_table;
