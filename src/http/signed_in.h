/* What the handlers of sign-ins share (api_account.c, api_security.c): the answer Session and where
 * a request comes from. */
#pragma once

#include "http/inside.h"

/* The shape Session of x->who. */
MUST_CHECK enum rc signed_in_write(struct exchange *x, struct db *reader,
	const struct account_info *account, const struct uid *session);

/* After a sign-in: x->who becomes that of the new session; the cookie, and the answer 201. */
MUST_CHECK enum rc signed_in_answer(
	struct exchange *x, struct db *reader, const struct sign_in_result *result);

/* `address` holds the text that the result borrows. */
struct request_origin signed_in_origin(const struct exchange *x, char address[ADDRESS_CHARS]);
