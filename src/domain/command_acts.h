/* What a member may ask a watch to do, and what each act needs before it is a row: whom to call,
 * who wants to hear, whether a photo may be taken. In the writer's job. Inside of domain/ only. */
#pragma once

#include "domain/commands.h"
#include "domain/watch_target.h"

struct command_act {
	const char *name;
	enum command_kind kind;
	enum command_purpose purpose;
	bool is_sensitive; /* refused at once while the watch is in conflict */
	bool is_announced; /* a text on the watch says before what will happen, and by whom */
	bool is_optional;  /* refused when this watch cannot do it, as far as is known */
};
/* NULL when members have no such act. */
const struct command_act *command_act_find(struct view name);

struct act_request {
	const struct domain *domain;
	const struct command_act *act;
	struct uid account;
	struct uid contact; /* CALL */
	int64_t now_ms;
};

/* Fills what the command still needs: numbers, a fresh password. Codes: contact_unknown,
 * phone_missing, watch_shows_no_text, photos_off, photos_forbidden, photo_under_way (RC_CONFLICT),
 * photos_used_up (RC_LIMIT). */
MUST_CHECK enum rc command_act_prepare(struct db *db, const struct act_request *r,
	const struct watch_target *to, struct command_row *row, struct problem *p, struct err *e);

/* The text that announces row; row waits for it. */
MUST_CHECK enum rc command_act_announce(struct db *db, const struct act_request *r,
	const struct watch_target *to, struct command_row *row, struct command_row *ret,
	struct err *e);
