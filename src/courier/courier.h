/* The courier: takes mails and webhooks from the server over a link, tries each once and tells how
 * it went. The loop's thread has the link and a bounded queue; COURIER_WORKERS threads do the
 * talking, because the system's resolver and libcurl block. It keeps nothing: what it forgets when
 * it ends, the server sends again. Made by app/role_courier.c. */
#pragma once

#include "base/loop.h"
#include "courier/deliver.h"

struct courier;

enum {
	COURIER_WORKERS = 8,
	COURIER_QUEUE_MAX = 64, /* tries that wait; more are answered COURIER_BUSY */
	COURIER_MAIL_PER_HOUR_MAX = 100000,
	COURIER_BAD_MAX = 3, /* malformed packets before it lets itself be started anew */
};

struct courier_config {
	struct loop *loop;
	int link_fd; /* kept open by its owner */
	uint64_t epoch;
	uint32_t mail_per_hour;
	struct deliver_config deliver; /* is_stopping is set by courier_new */
	int64_t (*wall_ms)(void);
	void (*on_stopped)(void *owner); /* after courier_stop, or when the link is of no use */
	void *owner;
};

/* Starts the threads: enter the sandbox before. */
MUST_CHECK enum rc courier_new(
	const struct courier_config *config, struct courier **ret_owned, struct err *e);
/* After on_stopped. NULL is allowed. */
void courier_free(struct courier *c);
/* What is under way is given up within a second or two; on_stopped follows. */
void courier_stop(struct courier *c);
