/* Who calls the partner API: a bearer token, perhaps bound to the client certificate of the
 * connection; and how much it may call. Every request goes through here before any handler. */
#pragma once

#include "http/inside.h"

/* The SHA-256 of the client's certificate: of the connection, or of the header that a trusted proxy
 * sets. *ret_has is false when there is none; RC_SYNTAX when it cannot be read. */
MUST_CHECK enum rc partner_certificate(
	struct exchange *x, uint8_t ret[SHA256_BYTES], bool *ret_has);

/* From the head: sets x->who.partner and x->caller. */
MUST_CHECK enum rc partner_access_check(struct exchange *x);
/* The right was found: the limits of this wearer and right. */
MUST_CHECK enum rc partner_access_object(struct exchange *x);
/* After the handler: counts what was used, and what does not exist. */
void partner_access_end(struct exchange *x, struct db *reader, enum rc rc);
/* What families read in the list of uses: the route's audit word without "partner.". */
const char *partner_action(const struct route *r);
