/* Signed-in browsers. The token is random (256 bit) and stored as a hash; the table in memory
 * answers every request (about 1 µs, any thread). A session ends 30 days after its last use, or 90
 * days after it began. */
#pragma once

#include "domain/account.h"

struct web_sessions;

/* Loads all sessions. */
MUST_CHECK enum rc web_sessions_new(
	struct db *reader, int64_t now_ms, struct web_sessions **ret_owned, struct err *e);
void web_sessions_free(struct web_sessions *ws);

/* Who is behind this cookie value? False for anything that is not a living session. Marks the use
 * (kept in memory, written at most once in 10 min per session). */
bool web_session_check(struct domain *d, struct view token, struct principal *ret);

struct web_session_info {
	struct uid id;
	int64_t created_ms, last_used_ms;
	char user_agent[AGENT_TEXT];
	char address[ADDRESS_TEXT];
	bool is_current;
};
typedef void web_session_fn(void *ctx, const struct web_session_info *s);
MUST_CHECK enum rc web_session_list(struct domain *d, struct db *reader,
	const struct principal *who, web_session_fn *fn, void *ctx, struct err *e);

/* Ends one of the caller's own sessions; RC_NOT_FOUND for any other. */
MUST_CHECK enum rc web_session_end(
	struct domain *d, const struct principal *who, const struct uid *session, struct err *e);

/* Ends all of the caller's sessions but this one. */
MUST_CHECK enum rc web_session_end_others(
	struct domain *d, const struct principal *who, struct err *e);

/* The caller has just shown a passkey or a code: kept with the session for STEP_UP_LIFE_MS. */
MUST_CHECK enum rc web_session_step_up(
	struct domain *d, const struct principal *who, struct err *e);

/* After a commit that changed the account's memberships, second factors, standing as operator, or a
 * recovery: reads them anew for all of its sessions. Of a deleted account the sessions end. */
MUST_CHECK enum rc web_session_reload(
	struct domain *d, struct db *reader, const struct uid *account, struct err *e);

/* After any change of members: what was answered by the older generation is old. NULL sessions
 * (unit tests) are allowed. */
void web_session_touch(struct domain *d);

/* False as soon as the session was ended or its account changed: asked by open event streams. */
bool web_session_is_alive(struct domain *d, const struct uid *session);
/* Changes whenever any session ends or memberships change: streams check theirs only then. */
uint64_t web_session_generation(struct domain *d);
