/* Binding a watch to a new wearer, for claims and the demo: rows in one transaction, then the live
 * table and the session. Inside of domain/ only. */
#pragma once

#include "domain/setting_build.h"

enum { BIND_INTERVAL_S = INTERVAL_DEFAULT_S };

struct bind_work {
	/* given */
	struct uid group;
	struct uid claim; /* none: no claim to close */
	char wire_id[WIRE_ID_TEXT];
	char vendor[8];
	char name[NAME_TEXT];
	char language[LANGUAGE_TEXT];
	char zone[ZONE_TEXT];
	char phone[SIM_NUMBER_TEXT];
	bool is_demo;
	uint64_t session; /* open now; 0: none */
	/* made */
	struct domain *domain;
	struct uid wearer, device;
	uint32_t number;
	int64_t now_ms;
	struct command_rows *rows; /* owned; the first commands */
};

/* Ids, password, commands; call before the job. */
MUST_CHECK enum rc bind_prepare(struct domain *d, struct bind_work *w, struct err *e);
/* In the writer's transaction. RC_CONFLICT when the watch belongs to somebody already. */
enum rc bind_job(struct db *db, void *work, struct err *e);
/* After the commit, any thread: into the live table. */
MUST_CHECK enum rc bind_finish(struct domain *d, const struct bind_work *w, struct err *e);
/* Main loop, after bind_finish: the session and the first commands. */
void bind_take_session(const struct bind_work *w);
/* The same from any other thread. */
MUST_CHECK enum rc bind_post_session(struct bind_work *take_w, struct err *e);
/* Forgets the password. NULL is allowed. */
void bind_free(struct bind_work *w);
