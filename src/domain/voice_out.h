/* Voices on their way to the watches. The queue of each watch stands in thread_item, here is only
 * one small line for each watch that has one, with the voice that its connection holds. One voice
 * at a time, in order; the next one goes out when the watch says that it has this one (TK,1), asks
 * (TKQ), or shows a sign of life. A voice is marked as sent on disk before its bytes leave. It is
 * given up after VOICE_TRIES_MAX refusals (TK,0) and at the end of its life; a watch that says
 * nothing (it is silent in class mode, and when it is full) is offered it again later and later. */
#pragma once

#include "domain/thread.h"

struct voices_out;

enum {
	VOICE_ASKED_AGAIN_MS = 30 * 1000, /* TKQ so soon after a voice is not a wish for it again */
	VOICE_REFUSED_MS = 5 * 60 * 1000, /* after TK,0 */
	VOICE_SILENT_MS = 10 * 60 * 1000, /* without an answer; doubled each time … */
	VOICE_SILENT_MAX_MS = 4 * 3600 * 1000, /* … up to this */
	VOICE_CLOSED_MS = 20 * 1000,           /* the connection ended before the answer */
};

MUST_CHECK enum rc voices_out_new(struct domain *d, struct voices_out **ret_owned, struct err *e);
void voices_out_free(struct voices_out *v);
/* Takes in what waits in the database. */
MUST_CHECK enum rc voices_out_load(struct domain *d, struct db *db, struct err *e);

/* Any thread: a voice for this watch is durable now. */
void voice_out_post(
	struct domain *d, uint32_t number, const struct uid *wearer, const struct uid *group);

/* Main loop; each does nothing for a watch without voices. */
void voice_out_on_ready(struct domain *d, uint32_t number, uint64_t session);
void voice_out_on_asked(struct domain *d, uint32_t number, uint64_t session); /* TKQ */
/* TK,1 and TK,0. */
void voice_out_on_answer(struct domain *d, uint32_t number, bool is_taken);
void voice_out_on_sent(struct domain *d, uint64_t session, const struct uid *item);
void voice_out_on_unsent(struct domain *d, uint64_t session, const struct uid *item);
void voice_out_on_closed(struct domain *d, uint32_t number, uint64_t session);
void voice_out_forget(struct domain *d, uint32_t number);

struct voices_out_stats {
	uint64_t lines, sent, delivered, refused, silent, expired;
};
/* Any thread. */
void voices_out_read_stats(struct voices_out *v, struct voices_out_stats *ret);
