/* The server's end of the link to the media role: the jobs of domain/media go out, what was made of
 * them comes back. Main loop. A role that sends malformed packets again and again, gives back what
 * it should not, or says nothing, is reported to the supervisor, which restarts it. */
#pragma once

#include "app/role.h"
#include "domain/domain.h"

struct server_media;

/* Makes domain->media as well. */
MUST_CHECK enum rc server_media_new(
	const struct role *role, struct domain *d, struct server_media **ret_owned, struct err *e);
void server_media_free(struct server_media *sm);
void server_media_turn_end(struct server_media *sm);
