/* The finished answer of GET /api/v1/session per session, because the app asks for it most. An
 * entry holds until any session ends, a membership changes, or sessions_json_forget. Any thread. */
#pragma once

#include <microhttpd.h>
#include <stdatomic.h>

#include "base/err.h"
#include "base/uid.h"

/* A response that several requests may answer with at once. */
struct shared_answer {
	_Atomic(unsigned) refs;
	struct MHD_Response *response;
};

/* Takes the response (NULL allowed: returns NULL), which is destroyed with the last reference. */
struct shared_answer *shared_answer_new(struct MHD_Response *take_response);
struct shared_answer *shared_answer_ref(struct shared_answer *a);
void shared_answer_unref(struct shared_answer *a);

struct sessions_json;

MUST_CHECK enum rc sessions_json_new(struct sessions_json **ret_owned, struct err *e);
void sessions_json_free(struct sessions_json *c);

/* A reference of the caller's, or NULL. */
struct shared_answer *sessions_json_get(
	struct sessions_json *c, const struct uid *session, uint64_t generation);
/* Keeps a reference of its own. stamp is of before the values were read: when something was
 * forgotten since, they may be old and are not kept. */
void sessions_json_put(struct sessions_json *c, const struct uid *session, uint64_t generation,
	uint64_t stamp, struct shared_answer *a);
uint64_t sessions_json_stamp(struct sessions_json *c);
/* A name changed somewhere: forgets all. */
void sessions_json_forget(struct sessions_json *c);
