/* One open command in memory, and the writer jobs that write down its changes. Inside of the outbox
 * only. */
#pragma once

#include "base/list.h"
#include "domain/outbox.h"

enum { ITEM_EXTRA_ROWS = 2 };

enum item_state {
	ITEM_QUEUED,
	ITEM_MARKING,   /* "sent" is on its way to the disk */
	ITEM_SENT,      /* given to the session */
	ITEM_UNMARKING, /* back to "queued" on its way to the disk */
	ITEM_FINISHING, /* its end is on its way to the disk */
};

struct item {
	struct list node; /* of its queue, in order of giving; alone while FINISHING */
	struct timer timer;
	struct domain *domain;
	struct uid id, wearer, group;
	uint32_t number;
	enum command_kind kind;
	enum item_state state;
	enum command_state final; /* FINISHING */
	enum command_reason reason;
	bool is_written;      /* the gateway gave the bytes to the kernel */
	bool is_newest;       /* FINISHING: no later one of its kind was waiting */
	bool is_forgotten;    /* free it when its job ends */
	bool is_sensitive;    /* only for a session that is not in doubt */
	struct uid waits_for; /* goes out when that one is confirmed; none: at once */
	int64_t unanswered_ms;
	uint8_t tries, heartbeats;
	int64_t expires_ms, sent_ms, finished_ms;
	uint64_t session;
	struct command_row *extra; /* LZ refused: the two commands that take its place */
	char *answer;              /* owned; what the watch said, for people; NULL: nothing */
	struct command command;
};

/* Each takes the item as its argument. RC_CONFLICT: the row is not in the state that the change
 * begins with. */
writer_job_fn outbox_mark_job;   /* queued → sent */
writer_job_fn outbox_unmark_job; /* sent → queued */
writer_job_fn outbox_finish_job; /* its end, and what that changes about the device */
