#include "domain/sign_in.h"

#include "crypto/token.h"
#include "domain/account_store.h"
#include "domain/audit.h"
#include "domain/ban.h"
#include "domain/known_network.h"
#include "domain/second_factor.h"
#include "domain/sign_in_limits.h"
#include "domain/web_session_store.h"

/* What the session rests on. */
struct proof {
	bool is_stepped_up;
	const struct account_secrets *secrets; /* with the password's hash as it was; NULL: none */
};

struct start_job {
	const struct web_session_row *session;
	const struct account_secrets *secrets;
	struct view network;
	struct problem *problem;
};

static enum rc refuse_sign_in(struct problem *p)
{
	return refuse(p, RC_DENIED, "sign_in_failed", NULL, "login or password is wrong");
}

/* The password may have been changed while it was hashed: then it is the old one. */
static enum rc check_unchanged(struct db *db, const struct start_job *job, struct err *e)
{
	struct account_secrets now;

	if (job->secrets == NULL)
		return RC_OK;
	enum rc rc = account_read_secrets(db, &job->session->account, &now, e);
	if (rc == RC_NOT_FOUND)
		return refuse_sign_in(job->problem);
	if (rc != RC_OK)
		return rc;
	bool is_same = secret_is(view_of(now.password_hash), view_of(job->secrets->password_hash));
	secret_forget(&now, sizeof now);
	return is_same ? RC_OK : refuse_sign_in(job->problem);
}

static enum rc start_job(struct db *db, void *arg, struct err *e)
{
	const struct start_job *job = arg;
	const struct web_session_row *row = job->session;
	enum rc rc = check_unchanged(db, job, e);

	if (rc == RC_OK)
		rc = ban_check_account(db, &row->account, row->created_ms, job->problem, e);
	if (rc == RC_OK)
		rc = web_session_insert(db, row, e);
	return rc == RC_OK ? known_network_note(db, &row->account, job->network, row->created_ms, e)
			   : rc;
}

/* The entry in the audit log is of the account that signs in. A session behind something else (an
 * invitation that was accepted) has an entry of its own, which is nobody's news. */
static void name_act(const struct request_origin *from, const struct uid *account, struct act *ret)
{
	if (from->who == NULL || from->who->act == NULL)
		return;
	struct act *act = from->who->act;
	act->actor_kind = ACTOR_ACCOUNT;
	act->actor = *account;
	*ret = *act;
	if (!act->is_written)
		return;
	ret->action = "session.start";
	ret->group = ret->wearer = ret->subject = (struct uid){{0}};
	ret->right = NULL;
	ret->outcome = NULL;
	ret->detail[0] = '\0';
	ret->is_told = false;
}

static enum rc start(struct domain *d, struct db *reader, const struct uid *account,
	const struct request_origin *from, const struct proof *proof, struct sign_in_result *ret,
	struct problem *p, struct err *e)
{
	struct web_session_row session;
	struct start_job job = {.session = &session,
		.secrets = proof->secrets,
		.network = sign_in_network(from->address),
		.problem = p};
	struct act act = {.action = NULL};
	struct principal who = {.act = &act};

	name_act(from, account, &act);
	web_session_make(account, from, d->wall_ms(), &session, ret->token);
	session.stepped_up_ms = proof->is_stepped_up ? session.created_ms : 0;
	enum rc rc = act_run(d, &who, start_job, &job, e);
	if (act.is_written && from->who != NULL && from->who->act != NULL)
		from->who->act->is_written = true;
	if (rc == RC_OK)
		rc = web_session_admit(d, reader, &session, e);
	if (rc == RC_OK)
		rc = account_get(reader, account, &ret->account, e);
	ret->session = session.id;
	return rc;
}

enum rc session_start(struct domain *d, struct db *reader, const struct uid *account,
	const struct request_origin *from, bool is_stepped_up, struct sign_in_result *ret,
	struct problem *p, struct err *e)
{
	const struct proof proof = {.is_stepped_up = is_stepped_up};

	return start(d, reader, account, from, &proof, ret, p, e);
}

enum rc sign_in_begin(struct domain *d, struct view login, const struct request_origin *from,
	bool is_known, struct problem *p)
{
	uint32_t retry_after_s = 0;

	if (sign_in_limits_begin(d->sign_in_limits, login, sign_in_network(from->address), is_known,
		    d->wall_ms(), &retry_after_s))
		return RC_OK;
	enum rc rc = refuse(p, RC_LIMIT, "too_many_attempts", NULL, "wait, then try again");
	if (p != NULL)
		p->retry_after_s = retry_after_s;
	return rc;
}

void sign_in_was_right(struct domain *d, struct view login, const struct request_origin *from)
{
	sign_in_limits_succeeded(
		d->sign_in_limits, login, sign_in_network(from->address), d->wall_ms());
}

/* The password of the login; one hash is computed whoever it is. */
static bool is_password_right(struct domain *d, const struct uid *account,
	const struct account_secrets *secrets, struct view password)
{
	sign_in_limits_count_hash(d->sign_in_limits);
	if (!uid_is_none(account) && password.n <= PASSWORD_BYTES_MAX)
		return password_verify(secrets->password_hash, password);
	password_verify_nobody(password);
	return false;
}

/* Whose login it is, and the password hash; nobody when the key is gone with the account. */
static enum rc read_person(struct db *reader, struct view login, struct uid *ret_account,
	struct account_secrets *ret, struct err *e)
{
	enum rc rc = account_find(reader, login, ret_account, e);

	if (rc != RC_OK || uid_is_none(ret_account))
		return rc;
	rc = account_read_secrets(reader, ret_account, ret, e);
	if (rc != RC_NOT_FOUND)
		return rc;
	*ret_account = (struct uid){{0}};
	return RC_OK;
}

/* Who signs in with a password. */
struct person {
	struct uid account; /* none: nobody has this login */
	bool is_known;      /* comes from a network of the account */
	struct account_secrets secrets;
};

/* Behind the right password. */
static enum rc finish_sign_in(struct domain *d, struct db *reader, const struct sign_in_request *r,
	const struct request_origin *from, const struct person *person, struct sign_in_result *ret,
	struct problem *p, struct err *e)
{
	char text[LOGIN_TEXT];
	struct view login = account_fold_login(r->login, text);
	const struct account_secrets *secrets = &person->secrets;
	bool has_factor = secrets->has_totp || secrets->has_passkey;
	const struct proof proof = {.is_stepped_up = has_factor, .secrets = secrets};
	enum rc rc = RC_OK;

	if (has_factor && r->code.p == NULL) {
		sign_in_was_right(d, login, from); /* as far as it goes */
		return secrets->has_totp
			       ? refuse(p, RC_DENIED, "code_needed", "code",
					 "a code of the authenticator app is wanted")
			       : refuse(p, RC_DENIED, "passkey_needed", NULL,
					 "sign in with the passkey, or add a recovery code");
	}
	if (has_factor)
		rc = second_factor_check(
			d, &person->account, r->code, from, person->is_known, p, e);
	if (rc != RC_OK)
		return rc;
	sign_in_was_right(d, login, from);
	return start(d, reader, &person->account, from, &proof, ret, p, e);
}

enum rc account_sign_in(struct domain *d, struct db *reader, const struct sign_in_request *r,
	const struct request_origin *from, struct sign_in_result *ret, struct problem *p,
	struct err *e)
{
	char text[LOGIN_TEXT];
	struct view login = account_fold_login(r->login, text);
	struct person person = {.is_known = false};
	enum rc rc = read_person(reader, login, &person.account, &person.secrets, e);

	if (rc == RC_OK)
		rc = known_network_is(reader, &person.account, sign_in_network(from->address),
			d->wall_ms(), &person.is_known, e);
	if (rc == RC_OK)
		rc = sign_in_begin(d, login, from, person.is_known, p);
	if (rc == RC_OK && !is_password_right(d, &person.account, &person.secrets, r->password))
		rc = refuse_sign_in(p);
	if (rc == RC_OK)
		rc = finish_sign_in(d, reader, r, from, &person, ret, p, e);
	secret_forget(&person.secrets, sizeof person.secrets);
	return rc;
}

enum rc passkey_sign_in(struct domain *d, struct db *reader, const struct passkey_proof *proof,
	const struct request_origin *from, struct sign_in_result *ret, struct problem *p,
	struct err *e)
{
	static const struct uid none = {{0}};
	struct uid account;
	enum rc rc = passkey_prove(d, reader, CHALLENGE_SIGN_IN, &none, proof, &account, p, e);

	if (rc == RC_DENIED)
		return refuse(p, RC_DENIED, "sign_in_failed", NULL, "the passkey was not accepted");
	return rc == RC_OK ? session_start(d, reader, &account, from, true, ret, p, e) : rc;
}
