#include "domain/step_up.h"

#include "domain/known_network.h"
#include "domain/second_factor.h"
#include "domain/sign_in_limits.h"
#include "domain/web_session.h"

enum rc step_up_with_code(struct domain *d, struct db *reader, const struct principal *who,
	struct view code, const struct request_origin *from, struct problem *p, struct err *e)
{
	bool is_known = false;

	if (!who->has_second_factor)
		return refuse(p, RC_DENIED, "second_factor_missing", NULL,
			"set up a passkey or an authenticator app first");
	enum rc rc = known_network_is(
		reader, &who->account, sign_in_network(from->address), d->wall_ms(), &is_known, e);
	if (rc == RC_OK)
		rc = second_factor_check(d, &who->account, code, from, is_known, p, e);
	return rc == RC_OK ? web_session_step_up(d, who, e) : rc;
}

enum rc step_up_with_passkey(struct domain *d, struct db *reader, const struct principal *who,
	const struct passkey_proof *proof, struct problem *p, struct err *e)
{
	struct uid account;
	enum rc rc =
		passkey_prove(d, reader, CHALLENGE_STEP_UP, &who->session, proof, &account, p, e);

	if (rc == RC_OK && !uid_is(&account, &who->account))
		return refuse(p, RC_DENIED, "passkey_wrong", NULL, "the passkey of another person");
	return rc == RC_OK ? web_session_step_up(d, who, e) : rc;
}
