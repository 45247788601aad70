/* Rows of the table `command`: made in the writer's transaction by whoever gives a command, kept up
 * to date by the outbox. Inside of domain/ only. */
#pragma once

#include "domain/commands.h"

enum { IDEMPOTENCY_KEY_MAX = 64, COMMANDS_WAITING_MAX = 20, COMMANDS_PER_HOUR_MAX = 60 };

enum command_reason {
	REASON_NONE,
	REASON_NO_ANSWER,     /* no_answer: sent, and the watch never acknowledged it */
	REASON_NOT_CONNECTED, /* not_connected: its life ended before the watch could take it */
	REASON_CANCELLED,     /* by_member */
	REASON_REPLACED,      /* replaced: a newer setting took its place */
	REASON_OTHER_FORM,    /* other_form: the watch wants the same in other words */
	REASON_RESTORED, /* restored: it was open in a backup; nobody knows what became of it */
	REASON_DAMAGED,  /* damaged: its row cannot be read */
	REASON_BY_WATCH, /* by_watch: the watch said no */
	REASON_NOT_ANNOUNCED,  /* not_announced: the watch never said that it showed the text before
				*/
	REASON_NEVER_ANSWERED, /* never_answered: watches of this kind do not answer it */
	REASON_BAD_PICTURE,    /* bad_picture: what came is no picture */
	REASON_WENT_DARK,      /* went_dark: the connection ended, which is all that is to be seen
				*/
	REASON_OTHER_VALUE,    /* other_value: the watch said that it is set otherwise */
	REASON_COUNT,
};
const char *command_reason_name(enum command_reason r); /* NULL for none */

/* Why a command is given when its kind alone does not say it. */
enum command_purpose {
	PURPOSE_PLAIN,
	PURPOSE_ANNOUNCEMENT, /* a text that must be on the watch before what it announces */
	PURPOSE_CHECK_IN,     /* a call to the person who asked for it */
	PURPOSE_NEW_PASSWORD, /* a member wanted it, not the server */
	PURPOSE_REFRESH,      /* a member asks for the status */
	PURPOSE_COUNT,
};

/* How long an act waits for the watch, and then for its answer, stands in its definition
 * (watch/command.h); these are the exceptions, in seconds. Not settings: a member who looks at the
 * app must know what to expect. */
enum {
	LIFE_ANNOUNCEMENT_S = 60,
	LIFE_CHECK_IN_S = 120, /* the text before it included */
	LIFE_REFRESH_S = 600,
};

struct command_row {
	struct uid id, wearer, group;
	struct uid by;      /* account or partner; none: the server */
	struct uid contact; /* CALL: whom; else none */
	struct uid after;   /* goes out when that command is confirmed; none: at once */
	enum command_purpose purpose;
	char label[NAME_TEXT]; /* CALL: the contact's name; of other acts what was asked; "" else */
	uint32_t number;       /* of the wearer */
	enum command_state state;
	int64_t created_ms, expires_ms, sent_ms;
	struct command command;
	char idempotency_key[IDEMPOTENCY_KEY_MAX + 1];
};

/* Fresh id and times; life from the settings. */
void command_row_init(struct command_row *row, const struct domain *d, enum command_kind kind);
/* The same, with a purpose. */
void command_row_init_for(struct command_row *row, const struct domain *d, enum command_kind kind,
	enum command_purpose purpose);
/* What people call it: "locate", "check_in_call" … */
const char *command_row_type(const struct command_row *row);
/* True when only a session that is not in doubt may get it. */
bool command_row_is_sensitive(const struct command_row *row);
/* How long after sending without an answer it ends as unknown. */
int64_t command_row_unanswered_ms(const struct command_row *row, const struct domain *d);
MUST_CHECK enum rc command_row_insert(struct db *db, const struct command_row *row, struct err *e);
/* One row of SELECT id, wearer, care_group, number, state, created_ms, expires_ms, sent_ms, body,
 * kind, after_command. */
MUST_CHECK enum rc command_row_read(struct stmt *s, struct command_row *ret, struct err *e);

/* After a restore, on the writing connection: what was open in the backup may have happened since,
 * so it ends as unknown and is not done again. *ret_n: how many. */
MUST_CHECK enum rc command_rows_end_restored(
	struct db *db, int64_t now_ms, int64_t *ret_n, struct err *e);
