/* The server's ends of the links: messages of the gateways to domain/ingest, and back. Main loop. A
 * gateway that sends malformed packets again and again is reported to the supervisor, which
 * restarts it. */
#pragma once

#include "app/role.h"
#include "domain/domain.h"

struct server_links;

enum { LINK_BAD_MAX = 3 /* malformed packets of one gateway before it is restarted */ };

MUST_CHECK enum rc server_links_new(
	const struct role *role, struct domain *d, struct server_links **ret_owned, struct err *e);
void server_links_free(struct server_links *ls);
struct domain_out server_links_out(struct server_links *ls);
/* Flushes, pauses or goes on, says farewell to gateways that left. */
void server_links_turn_end(struct server_links *ls);
void server_links_receive_all(struct server_links *ls);
void server_links_drain(struct server_links *ls, int timeout_ms);
