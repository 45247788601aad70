#include "domain/command_row.h"

const char *command_reason_name(enum command_reason r)
{
	static const char *const names[REASON_COUNT] = {
		[REASON_NO_ANSWER] = "no_answer",
		[REASON_NOT_CONNECTED] = "not_connected",
		[REASON_CANCELLED] = "by_member",
		[REASON_REPLACED] = "replaced",
		[REASON_OTHER_FORM] = "other_form",
		[REASON_RESTORED] = "restored",
		[REASON_DAMAGED] = "damaged",
		[REASON_BY_WATCH] = "by_watch",
		[REASON_NOT_ANNOUNCED] = "not_announced",
		[REASON_NEVER_ANSWERED] = "never_answered",
		[REASON_WENT_DARK] = "went_dark",
	};

	return r < REASON_COUNT ? names[r] : NULL;
}

static int64_t life_ms(const struct domain_settings *s, enum command_kind kind)
{
	uint32_t life_s = kind == COMMAND_LOCATE    ? s->locate_life_s
			  : kind == COMMAND_FIND    ? s->find_life_s
			  : kind == COMMAND_MESSAGE ? s->message_life_s
						    : s->settings_life_s;

	return (int64_t)life_s * 1000;
}

void command_row_init(struct command_row *row, const struct domain *d, enum command_kind kind)
{
	*row = (struct command_row){.id = uid_new(), .command = {.kind = kind}};
	row->created_ms = d->wall_ms();
	row->expires_ms = row->created_ms + life_ms(&d->settings, kind);
}

enum rc command_row_insert(struct db *db, const struct command_row *row, struct err *e)
{
	uint8_t packed[COMMAND_PACK_MAX];
	size_t packed_n = 0;
	struct stmt *s = NULL;
	enum rc rc = command_pack(&row->command, packed, sizeof packed, &packed_n, e);

	if (rc == RC_OK)
		rc = db_prepare(db,
			"INSERT INTO command (wearer, id, kind, body, message, state, reason, "
			"created_ms,"
			" expires_ms, sent_ms, finished_ms, by_account, idempotency_key)"
			" VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?6, ?7, 0, 0, ?8, ?9)",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &row->wearer);
	stmt_bind_uid(s, 2, &row->id);
	stmt_bind_text(s, 3, view_of(command_name(row->command.kind)));
	stmt_bind_blob(s, 4, (struct view){.p = (const char *)packed, .n = packed_n});
	stmt_bind_text(s, 5, (struct view){.p = row->command.text, .n = row->command.text_n});
	stmt_bind_int(s, 6, row->created_ms);
	stmt_bind_int(s, 7, row->expires_ms);
	stmt_bind_uid(s, 8, &row->by);
	stmt_bind_text(s, 9, view_of(row->idempotency_key));
	return stmt_run(s, NULL, e);
}

enum rc command_row_read(struct stmt *s, struct command_row *ret, struct err *e)
{
	*ret = (struct command_row){
		.id = stmt_uid(s, 0),
		.wearer = stmt_uid(s, 1),
		.group = stmt_uid(s, 2),
		.number = (uint32_t)stmt_int(s, 3),
		.state = (enum command_state)stmt_int(s, 4),
		.created_ms = stmt_int(s, 5),
		.expires_ms = stmt_int(s, 6),
		.sent_ms = stmt_int(s, 7),
	};
	return command_unpack(stmt_blob(s, 8), &ret->command, e);
}

enum rc command_rows_end_restored(struct db *db, int64_t now_ms, int64_t *ret_n, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		"UPDATE command SET state = ?1, reason = ?2, finished_ms = ?3 WHERE finished_ms = "
		"0",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 1, COMMAND_UNKNOWN);
	stmt_bind_int(s, 2, REASON_RESTORED);
	stmt_bind_int(s, 3, now_ms);
	return stmt_run(s, ret_n, e);
}
