/* The server's end of the link to the courier: what is due goes out, how it went comes back to
 * domain/courier_dispatch. Main loop. A courier that sends malformed packets again and again is
 * reported to the supervisor, which restarts it. */
#pragma once

#include "app/role.h"
#include "crypto/sign.h"
#include "domain/domain.h"

struct server_courier;

/* Makes domain->courier as well. `key` is kept until server_courier_free. */
MUST_CHECK enum rc server_courier_new(const struct role *role, struct domain *d, struct db *reader,
	const struct sign_key *key, struct server_courier **ret_owned, struct err *e);
void server_courier_free(struct server_courier *sc);
void server_courier_turn_end(struct server_courier *sc);
/* Before the writer stops: takes what the courier has told, and sends nothing more. */
void server_courier_stop(struct server_courier *sc);
