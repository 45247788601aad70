/* Commands given to a watch and their life: queued → sent → confirmed, refused, expired, cancelled
 * or unknown. Rows first, then the session (outbox.h, main loop). */
#pragma once

#include "domain/domain.h"
#include "watch/command.h"

enum command_state {
	COMMAND_QUEUED,
	COMMAND_SENT,
	COMMAND_CONFIRMED,
	COMMAND_REFUSED,
	COMMAND_EXPIRED,
	COMMAND_CANCELLED,
	COMMAND_UNKNOWN,
	COMMAND_STATE_COUNT,
};
const char *command_state_name(enum command_state s);

struct command_info {
	struct uid id, wearer;
	const char *type;                /* command_name */
	char text[COMMAND_TEXT_MAX * 3]; /* of a message, else "" */
	enum command_state state;
	const char *reason;                                   /* static stable word, or NULL */
	int64_t created_ms, expires_ms, sent_ms, finished_ms; /* 0: not yet */
	struct uid by;
	char by_name[NAME_TEXT]; /* "" when the server gave it */
};
typedef void command_fn(void *ctx, const struct command_info *c);

/* Newest first, at most 100; only what people gave (locate, find, message). */
MUST_CHECK enum rc commands_list(
	struct db *reader, const struct uid *wearer, command_fn *fn, void *ctx, struct err *e);
MUST_CHECK enum rc commands_get(
	struct db *reader, const struct uid *command, struct command_info *ret, struct err *e);

struct command_request {
	struct view type; /* "locate", "find", "message" */
	struct view text;
	struct view idempotency_key; /* empty: none; at most 64 characters */
};
/* Codes: type_unknown, text_missing, text_invalid, text_too_long, key_invalid (RC_SYNTAX),
 * no_device (RC_CONFLICT), too_many_commands (RC_LIMIT: over 20 waiting for one watch, or over 60
 * given in an hour). */
MUST_CHECK enum rc commands_create(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *wearer, const struct command_request *r, struct command_info *ret,
	struct problem *p, struct err *e);
/* Code: command_already_sent (RC_CONFLICT). */
MUST_CHECK enum rc commands_cancel(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *wearer, const struct uid *command, struct command_info *ret,
	struct problem *p, struct err *e);
