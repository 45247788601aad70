/* Event streams of partners: few, each bound to one token. They live in the thread of the loop of
 * http; twice a second each that is open reads its partner's events behind the last one that it
 * sent (domain/partner_event.h), so nothing is kept here and a partner goes on where it was. A
 * stream ends with its token, when the partner is stopped, when anything about its consents
 * changes, and when its socket takes no more: the partner comes again. */
#pragma once

#include "base/loop.h"
#include "domain/domain.h"
#include "domain/partner_token.h"

struct partner_streams;

enum { PARTNER_STREAMS_MAX = 200, PARTNER_STREAMS_EACH_MAX = 3 };

/* Reads through an own connection to db_path. */
MUST_CHECK enum rc partner_streams_new(struct domain *d, struct loop *loop, const char *db_path,
	struct partner_streams **ret_owned, struct err *e);
/* In the loop's thread, before it runs. */
void partner_streams_start(struct partner_streams *s);
/* In the loop's thread: closes all. */
void partner_streams_close_all(struct partner_streams *s);
/* After the loop has ended and partner_streams_close_all. */
void partner_streams_free(struct partner_streams *s);

/* Any thread. Takes fd over, also when it fails. With has_head the status line and header fields go
 * first. last_id is what the client has, or empty. RC_LIMIT with p->code too_many_streams. */
MUST_CHECK enum rc partner_streams_open(struct partner_streams *s, int take_fd, bool has_head,
	const struct partner_caller *who, struct view last_id, struct problem *p);
