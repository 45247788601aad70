#include "domain/command_row.h"

#include <stdlib.h>

#include "crypto/token.h"
#include "domain/setting_store.h"
#include "store/sealed.h"

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
		[REASON_BAD_PICTURE] = "bad_picture",
		[REASON_WENT_DARK] = "went_dark",
		[REASON_OTHER_VALUE] = "other_value",
	};

	return r < REASON_COUNT ? names[r] : NULL;
}

/* Life of an act: of what is only right when it happens now. 0: it is none. */
static uint32_t act_life_s(const struct command_row *row)
{
	enum setting_id ids[SETTINGS_OF_KIND_MAX];
	enum command_kind kind = row->command.kind;

	if (row->purpose == PURPOSE_ANNOUNCEMENT)
		return LIFE_ANNOUNCEMENT_S;
	if (row->purpose == PURPOSE_CHECK_IN)
		return LIFE_CHECK_IN_S;
	if (row->purpose == PURPOSE_REFRESH)
		return LIFE_REFRESH_S;
	/* Those have settings of their own in kinward.conf. */
	if (kind == COMMAND_LOCATE || kind == COMMAND_FIND || kind == COMMAND_MESSAGE ||
		kind == COMMAND_STATUS || kind == COMMAND_VERSION || setting_ids_of(kind, ids) > 0)
		return 0;
	return command_definition(kind)->life_s;
}

static int64_t life_ms(const struct domain_settings *s, const struct command_row *row)
{
	enum command_kind kind = row->command.kind;
	uint32_t act_s = act_life_s(row);
	uint32_t life_s = act_s != 0                ? act_s
			  : kind == COMMAND_LOCATE  ? s->locate_life_s
			  : kind == COMMAND_FIND    ? s->find_life_s
			  : kind == COMMAND_MESSAGE ? s->message_life_s
						    : s->settings_life_s;

	return (int64_t)life_s * 1000;
}

int64_t command_row_unanswered_ms(const struct command_row *row, const struct domain *d)
{
	uint32_t act_s = act_life_s(row);
	uint32_t s = d->settings.command_unanswered_s;

	return (int64_t)(act_s != 0 && act_s < s ? act_s : s) * 1000;
}

void command_row_init_for(struct command_row *row, const struct domain *d, enum command_kind kind,
	enum command_purpose purpose)
{
	*row = (struct command_row){.id = uid_new(), .purpose = purpose, .command = {.kind = kind}};
	row->created_ms = d->wall_ms();
	row->expires_ms = row->created_ms + life_ms(&d->settings, row);
}

void command_row_init(struct command_row *row, const struct domain *d, enum command_kind kind)
{
	command_row_init_for(row, d, kind, PURPOSE_PLAIN);
}

static const char *const purpose_names[PURPOSE_COUNT] = {
	[PURPOSE_ANNOUNCEMENT] = "announcement",
	[PURPOSE_CHECK_IN] = "check_in_call",
	[PURPOSE_NEW_PASSWORD] = "new_password",
	[PURPOSE_REFRESH] = "refresh",
};

const char *command_row_type(const struct command_row *row)
{
	const char *name = purpose_names[row->purpose];

	return name != NULL ? name : command_name(row->command.kind);
}

static enum command_purpose purpose_of(struct view type)
{
	for (enum command_purpose p = PURPOSE_ANNOUNCEMENT; p < PURPOSE_COUNT; p++) {
		if (view_is(type, view_of(purpose_names[p])))
			return p;
	}
	return PURPOSE_PLAIN;
}

bool command_row_is_sensitive(const struct command_row *row)
{
	return row->purpose == PURPOSE_ANNOUNCEMENT || command_is_sensitive(row->command.kind);
}

/* What is shown of it in the list. */
static struct view message_of(const struct command_row *row)
{
	if (row->label[0] != '\0')
		return view_of(row->label);
	return (struct view){.p = row->command.text, .n = row->command.text_n};
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
			" expires_ms, sent_ms, finished_ms, by_account, idempotency_key, contact,"
			" after_command)"
			" VALUES (?1, ?2, ?3, ?4, ?5, 0, 0, ?6, ?7, 0, 0, ?8, ?9, ?10, ?11)",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &row->wearer);
	stmt_bind_uid(s, 2, &row->id);
	stmt_bind_text(s, 3, view_of(command_row_type(row)));
	stmt_bind_sealed(s, 4, &row->wearer, "command.body",
		(struct view){.p = (const char *)packed, .n = packed_n});
	stmt_bind_sealed(s, 5, &row->wearer, "command.message", message_of(row));
	stmt_bind_int(s, 6, row->created_ms);
	stmt_bind_int(s, 7, row->expires_ms);
	stmt_bind_uid(s, 8, &row->by);
	stmt_bind_text(s, 9, view_of(row->idempotency_key));
	stmt_bind_uid(s, 10, &row->contact);
	stmt_bind_uid(s, 11, &row->after);
	rc = stmt_run(s, NULL, e);
	if (rc == RC_OK)
		rc = setting_part_want(db, &row->wearer, &row->command, e);
	return rc;
}

static enum rc read_body(struct stmt *s, struct command_row *row, struct err *e)
{
	uint8_t *packed = NULL;
	size_t n = 0;
	enum rc rc = stmt_take_sealed(s, 8, &row->wearer, "command.body", &packed, &n, e);

	if (rc != RC_OK)
		return rc;
	rc = command_unpack((struct view){.p = (const char *)packed, .n = n}, &row->command, e);
	if (packed != NULL)
		secret_forget(packed, n); /* it may be a password */
	free(packed);
	return rc;
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
		.purpose = purpose_of(stmt_text(s, 9)),
		.after = stmt_uid(s, 10),
	};
	return read_body(s, ret, e);
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
	rc = stmt_run(s, ret_n, e);
	return rc == RC_OK ? settings_end_restored(db, e) : rc;
}
