/* Getting back into an account. */
#include "domain/recovery.h"
#include "http/api.h"
#include "http/inside.h"
#include "http/session_json.h"

enum rc api_recovery(struct exchange *x, struct db *reader)
{
	(void)reader;
	x->status = MHD_HTTP_ACCEPTED; /* whoever it is */
	return recovery_request(x->domain, x->body.login.login, &x->err);
}

enum rc api_recovery_confirm(struct exchange *x, struct db *reader)
{
	int64_t until_ms = 0;
	enum rc rc = recovery_confirm(
		x->domain, reader, &x->who, x->body.token.token, &until_ms, &x->problem, &x->err);

	sessions_json_forget(x->server->sessions_json);
	if (rc != RC_OK)
		return rc;
	json_object(&x->out, NULL);
	json_time(&x->out, "waits_until", until_ms);
	json_end(&x->out);
	return RC_OK;
}

enum rc api_recovery_finish(struct exchange *x, struct db *reader)
{
	const struct recovery_finish_values *in = &x->body.recovery_finish;

	return recovery_finish(
		x->domain, reader, &x->who, in->token, in->password, &x->problem, &x->err);
}

enum rc api_recovery_stop(struct exchange *x, struct db *reader)
{
	enum rc rc = recovery_stop(x->domain, reader, &x->who, &x->err);

	sessions_json_forget(x->server->sessions_json);
	return rc;
}
