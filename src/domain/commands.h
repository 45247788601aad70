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

enum { COMMAND_ANSWER_TEXT = 4096 };

struct command_info {
	struct uid id, wearer;
	const char *type;                 /* as people call it */
	char text[COMMAND_TEXT_MAX * 3];  /* of a message, else "" */
	char detail[NAME_TEXT];           /* of other acts: a count, a network …; "" */
	char answer[COMMAND_ANSWER_TEXT]; /* JSON (answer_text.h), or "" */
	struct uid contact;               /* of a call: whom; else none */
	char contact_name[NAME_TEXT];     /* as it was then */
	enum command_state state;
	const char *reason;                                   /* static stable word, or NULL */
	int64_t created_ms, expires_ms, sent_ms, finished_ms; /* 0: not yet */
	struct uid by;
	char by_name[NAME_TEXT]; /* "" when the server gave it */
};
typedef void command_fn(void *ctx, const struct command_info *c);

/* Newest first, at most 100; only what people gave (command_acts.c). */
MUST_CHECK enum rc commands_list(
	struct db *reader, const struct uid *wearer, command_fn *fn, void *ctx, struct err *e);
MUST_CHECK enum rc commands_get(
	struct db *reader, const struct uid *command, struct command_info *ret, struct err *e);

struct command_request {
	struct view type;   /* "locate", "find", "message", "call" … */
	struct view text;   /* of a message */
	struct uid contact; /* of a call */
	bool has_count;
	int64_t count;                                             /* of a reward */
	struct view ssid, network, password;                       /* of a Wi-Fi network */
	struct view apn_name, apn_user, apn_password, apn_network; /* apn_network: MCC and MNC */
	struct view idempotency_key; /* empty: none; at most 64 characters */
};
/* The right for the type was decided before. Codes: type_unknown, text_missing, text_invalid,
 * text_too_long, contact_missing, contact_invalid, key_invalid (RC_SYNTAX), no_device,
 * watch_in_conflict, act_unavailable, those of command_act_prepare (RC_CONFLICT), too_many_commands
 * (RC_LIMIT: over 20 waiting for one watch, or over 60 given in an hour). */
/* The typed command that a request says, checked: for proposals, too. Codes as below. */
MUST_CHECK enum rc commands_read_request(
	const struct command_request *r, struct command *ret, struct problem *p);
MUST_CHECK enum rc commands_create(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *wearer, const struct command_request *r, struct command_info *ret,
	struct problem *p, struct err *e);
/* Code: command_already_sent (RC_CONFLICT). */
MUST_CHECK enum rc commands_cancel(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *wearer, const struct uid *command, struct command_info *ret,
	struct problem *p, struct err *e);
