/* The open commands of all watches and their life, in the main loop: waiting for the watch, handed
 * to its session, waiting for its acknowledgement. A command is marked as sent on disk before its
 * bytes leave, so a crash never sends one twice; each change is an event. Only what waits is held
 * here, and nothing walks over all of it. */
#pragma once

#include "domain/command_row.h"

struct outbox;

/* After this long without acknowledgement a command that may be repeated goes out once more. */
enum { OUTBOX_REPEAT_MS = 30 * 1000, OUTBOX_RETRY_MS = 5 * 1000, OUTBOX_TRIES_MAX = 2 };

MUST_CHECK enum rc outbox_new(struct domain *d, struct outbox **ret_owned, struct err *e);
void outbox_free(struct outbox *o);
/* Takes in what is open in the database. */
MUST_CHECK enum rc outbox_load(struct domain *d, struct db *db, struct err *e);

/* Any thread: a row that is durable now. */
MUST_CHECK enum rc outbox_post(struct domain *d, const struct command_row *row, struct err *e);
/* Any thread: the row was cancelled on disk. */
void outbox_post_cancelled(struct domain *d, uint32_t number, const struct uid *id);

/* Main loop. */
void outbox_add(struct domain *d, const struct command_row *row);
/* The watch's current session can take commands (connected, or said something). */
void outbox_on_ready(struct domain *d, uint32_t number, uint64_t session);
void outbox_on_heartbeat(struct domain *d, uint32_t number, uint64_t session);
/* True when the report (its keyword, with what stands behind it) answered a command. */
bool outbox_on_answer(struct domain *d, uint32_t number, const struct report *r);
/* The request for a photo that this session may be answering; false: none. */
bool outbox_find_photo(
	struct domain *d, uint32_t number, uint64_t session, struct uid *ret_command);
/* Its picture came and is stored, or is no picture. */
void outbox_on_photo(struct domain *d, uint32_t number, const struct uid *command, bool is_stored);
void outbox_on_sent(struct domain *d, uint64_t session, const struct uid *id);
void outbox_on_unsent(struct domain *d, uint64_t session, const struct uid *id);
void outbox_on_closed(struct domain *d, uint32_t number, uint64_t session);
/* As closed, but what the gateway wrote last is not known: its process ended, or it was not asked
 * yet. What must not ring twice is not given to another session. */
void outbox_on_lost(struct domain *d, uint32_t number, uint64_t session);
/* The wearer was erased. */
void outbox_forget(struct domain *d, uint32_t number);

struct outbox_stats {
	uint64_t waiting, finished[COMMAND_STATE_COUNT];
};
/* Any thread. */
void outbox_read_stats(struct outbox *o, struct outbox_stats *ret);
