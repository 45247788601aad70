/* Which processes of the service run, as the supervisor tells the server role; for the operator's
 * health page. Any thread. */
#pragma once

#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

struct roles;

enum { ROLES_MAX = 80, ROLE_NAME_TEXT = 24 };

struct role_state {
	char name[ROLE_NAME_TEXT]; /* "gateway-0" */
	bool is_up;
	uint32_t starts; /* since the service was started */
};

MUST_CHECK enum rc roles_new(struct roles **ret_owned, struct err *e);
void roles_free(struct roles *r);
/* "gateway-0 up 3" or "courier down 1"; anything else is not taken (false). */
MUST_CHECK bool roles_note(struct roles *r, struct view text);

typedef void role_state_fn(void *ctx, const struct role_state *s);
/* In the order in which they were heard of first. Holds a lock while fn runs. */
void roles_each(struct roles *r, role_state_fn *fn, void *ctx);
