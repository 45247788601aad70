#include "domain/commands.h"

#include <assert.h>

#include "base/log.h"
#include "crypto/token.h"
#include "domain/account.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/command_acts.h"
#include "domain/live.h"
#include "domain/outbox.h"
#include "store/query.h"
#include "store/sealed.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define KEY_LIFE_MS (24 * HOUR_MS) /* an idempotency key is remembered so long */

enum { LIST_MAX = 100 };

/* The kinds that people give themselves, as in struct command_request. */
#define PEOPLES_KINDS                                                                              \
	"('locate', 'find', 'message', 'call', 'check_in_call', 'photo', 'power_off', 'reset',"    \
	" 'new_password')"

/* What read_row reads, in this order. */
#define COMMAND_COLUMNS                                                                            \
	"SELECT c.id, c.wearer, c.kind, c.message, c.state, c.reason, c.created_ms, c.expires_ms," \
	" c.sent_ms, c.finished_ms, c.by_account, a.name, c.contact, p.name"                       \
	" FROM command c LEFT JOIN account a ON a.id = c.by_account"                               \
	" LEFT JOIN partner p ON p.id = c.by_account "

const char *command_state_name(enum command_state s)
{
	static const char *const names[COMMAND_STATE_COUNT] = {
		[COMMAND_QUEUED] = "queued",
		[COMMAND_SENT] = "sent",
		[COMMAND_CONFIRMED] = "confirmed",
		[COMMAND_REFUSED] = "refused",
		[COMMAND_EXPIRED] = "expired",
		[COMMAND_CANCELLED] = "cancelled",
		[COMMAND_UNKNOWN] = "unknown",
	};

	return s < COMMAND_STATE_COUNT ? names[s] : "unknown";
}

static void read_row(struct stmt *s, struct command_info *ret)
{
	const struct command_act *act = command_act_find(stmt_text(s, 2));
	enum command_kind kind = COMMAND_LOCATE;
	int64_t reason = stmt_int(s, 5);

	*ret = (struct command_info){.id = stmt_uid(s, 0),
		.wearer = stmt_uid(s, 1),
		.type = "announcement",
		.state = (enum command_state)stmt_int(s, 4),
		.created_ms = stmt_int(s, 6),
		.expires_ms = stmt_int(s, 7),
		.sent_ms = stmt_int(s, 8),
		.finished_ms = stmt_int(s, 9),
		.by = stmt_uid(s, 10)};
	if (act != NULL)
		ret->type = act->name;
	else if (command_from_name(stmt_text(s, 2), &kind))
		ret->type = command_name(kind); /* of the server itself */
	if (reason > REASON_NONE && reason < REASON_COUNT)
		ret->reason = command_reason_name((enum command_reason)reason);
	ret->contact = stmt_uid(s, 12);
	bool is_call = !uid_is_none(&ret->contact);
	/* What cannot be opened any more is left out. */
	if (stmt_copy_sealed(s, 3, &ret->wearer, "command.message",
		    is_call ? ret->contact_name : ret->text,
		    is_call ? sizeof ret->contact_name : sizeof ret->text, NULL) != RC_OK)
		ret->text[0] = ret->contact_name[0] = '\0';
	if (stmt_is_null(s, 13))
		account_copy_name(s, 11, &ret->by, ret->by_name, sizeof ret->by_name);
	else
		stmt_copy_text(s, 13, ret->by_name, sizeof ret->by_name);
}

enum rc commands_list(
	struct db *reader, const struct uid *wearer, command_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		COMMAND_COLUMNS "WHERE c.wearer = ?1 AND c.kind IN " PEOPLES_KINDS
				" ORDER BY c.created_ms DESC, c.id LIMIT ?2",
		wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, LIST_MAX);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct command_info c;
		read_row(s, &c);
		fn(ctx, &c);
	}
	return rc;
}

enum rc commands_get(
	struct db *reader, const struct uid *command, struct command_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(reader, COMMAND_COLUMNS "WHERE c.id = ?1", command, &s, e);

	if (rc != RC_OK)
		return rc;
	read_row(s, ret);
	stmt_reset(s);
	return RC_OK;
}

struct create_job {
	const struct domain *domain;
	const struct uid *wearer;
	struct uid by;
	struct act_request request;
	struct command command;
	struct view key;
	struct problem *problem;
	struct command_row row;       /* out */
	struct command_row announced; /* out; goes before it */
	struct uid earlier;           /* out: the key was used already for this very command */
};

/* The same key again: the same command again, not a second one. */
static enum rc find_earlier(struct db *db, struct create_job *job, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;

	job->earlier = (struct uid){{0}};
	if (job->key.n == 0)
		return RC_OK;
	enum rc rc = query_prepare(db,
		"SELECT id, kind, message, contact FROM command WHERE wearer = ?1"
		" AND created_ms > ?2 AND by_account = ?3 AND idempotency_key = ?4",
		job->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->row.created_ms - KEY_LIFE_MS);
	stmt_bind_uid(s, 3, &job->by);
	stmt_bind_text(s, 4, job->key);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK || !has_row)
		return rc;
	char text[COMMAND_TEXT_MAX * 3 + 1];
	struct uid contact = stmt_uid(s, 3);
	rc = stmt_copy_sealed(s, 2, job->wearer, "command.message", text, sizeof text, e);
	struct view wanted = {.p = job->command.text, .n = job->command.text_n};
	bool is_same = view_is(stmt_text(s, 1), view_of(job->request.act->name)) &&
		       uid_is(&contact, &job->request.contact) &&
		       (!uid_is_none(&contact) || view_is(view_of(text), wanted));
	job->earlier = stmt_uid(s, 0);
	stmt_reset(s);
	if (rc != RC_OK)
		return rc;
	if (!is_same)
		return refuse(job->problem, RC_CONFLICT, "conflict", NULL,
			"this Idempotency-Key was used for another command");
	return RC_OK;
}

static enum rc count_rows(struct db *db, const char *sql, const struct uid *wearer,
	int64_t since_ms, int64_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db, sql, wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, since_ms);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = has_row ? stmt_int(s, 0) : 0;
	stmt_reset(s);
	return RC_OK;
}

static enum rc check_limits(struct db *db, const struct create_job *job, struct err *e)
{
	int64_t waiting = 0;
	int64_t in_hour = 0;
	enum rc rc = count_rows(db,
		"SELECT COUNT(*) FROM command WHERE wearer = ?1 AND created_ms > ?2 AND "
		"finished_ms = 0"
		" AND kind IN " PEOPLES_KINDS,
		job->wearer, 0, &waiting, e);

	if (rc == RC_OK)
		rc = count_rows(db,
			"SELECT COUNT(*) FROM command WHERE wearer = ?1 AND created_ms > ?2"
			" AND kind IN " PEOPLES_KINDS,
			job->wearer, job->row.created_ms - HOUR_MS, &in_hour, e);
	if (rc != RC_OK)
		return rc;
	if (waiting < COMMANDS_WAITING_MAX && in_hour < COMMANDS_PER_HOUR_MAX)
		return RC_OK;
	rc = refuse(job->problem, RC_LIMIT, "too_many_commands", NULL,
		waiting >= COMMANDS_WAITING_MAX ? "20 commands wait for this watch already"
						: "60 commands were given in the last hour");
	if (job->problem != NULL)
		job->problem->retry_after_s = 60;
	return rc;
}

static void begin_row(struct create_job *job, const struct watch_target *to)
{
	const struct command_act *act = job->request.act;

	command_row_init_for(&job->row, job->domain, act->kind, act->purpose);
	job->row.wearer = *job->wearer;
	job->row.by = job->by;
	job->row.group = to->group;
	job->row.number = to->number;
	job->row.command = job->command;
	job->announced = (struct command_row){.number = 0};
}

static enum rc create_job(struct db *db, void *arg, struct err *e)
{
	struct create_job *job = arg;
	struct watch_target to;
	enum rc rc = watch_target_read(db, job->wearer, &to, job->problem, e);

	if (rc != RC_OK)
		return rc;
	begin_row(job, &to);
	if (!view_to_text(job->key, job->row.idempotency_key, sizeof job->row.idempotency_key))
		return fail(e, RC_BUG, "command: the key was not checked");
	rc = find_earlier(db, job, e);
	if (rc != RC_OK || !uid_is_none(&job->earlier))
		return rc;
	rc = check_limits(db, job, e);
	if (rc == RC_OK)
		rc = command_act_prepare(db, &job->request, &to, &job->row, job->problem, e);
	if (rc == RC_OK && job->request.act->is_announced) {
		rc = command_act_announce(db, &job->request, &to, &job->row, &job->announced, e);
		if (rc == RC_OK)
			rc = command_row_insert(db, &job->announced, e);
	}
	return rc == RC_OK ? command_row_insert(db, &job->row, e) : rc;
}

static enum rc check_text(struct view text, struct command *c, struct problem *p)
{
	if (text.n == 0)
		return refuse(p, RC_SYNTAX, "text_missing", "text", "a message needs a text");
	if (text.n > sizeof c->text)
		return refuse(p, RC_LIMIT, "text_too_long", "text", "at most 200 characters");
	memcpy(c->text, text.p, text.n);
	c->text_n = (uint16_t)text.n;
	return RC_OK;
}

static enum rc check_key(struct view key, struct problem *p)
{
	if (key.n > IDEMPOTENCY_KEY_MAX)
		return refuse(
			p, RC_SYNTAX, "key_invalid", "Idempotency-Key", "at most 64 characters");
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] <= ' ' || key.p[i] > '~')
			return refuse(p, RC_SYNTAX, "key_invalid", "Idempotency-Key",
				"printable ASCII without blanks");
	}
	return RC_OK;
}

/* Fields that this type has, and no others. */
static enum rc check_fields(
	const struct command_request *r, const struct command_act *act, struct problem *p)
{
	bool is_call = act->kind == COMMAND_CALL && act->purpose == PURPOSE_PLAIN;

	if (act->kind != COMMAND_MESSAGE && r->text.n != 0)
		return refuse(p, RC_SYNTAX, "text_invalid", "text", "only a message has a text");
	if (is_call && uid_is_none(&r->contact))
		return refuse(p, RC_SYNTAX, "contact_missing", "contact", "whom to call");
	if (!is_call && !uid_is_none(&r->contact))
		return refuse(
			p, RC_SYNTAX, "contact_invalid", "contact", "only a call has a contact");
	return RC_OK;
}

/* The typed command of a request. Only what people may give themselves: the rest the server gives.
 */
static enum rc read_request(const struct command_request *r, struct command *ret,
	const struct command_act **ret_act, struct problem *p)
{
	struct err e = {.rc = RC_OK};
	const struct command_act *act = command_act_find(r->type);

	if (act == NULL)
		return refuse(p, RC_SYNTAX, "type_unknown", "type", "locate, find, message …");
	*ret_act = act;
	*ret = (struct command){.kind = act->kind};
	enum rc rc = check_key(r->idempotency_key, p);
	if (rc == RC_OK)
		rc = check_fields(r, act, p);
	if (rc != RC_OK || act->kind != COMMAND_MESSAGE)
		return rc;
	rc = check_text(r->text, ret, p);
	if (rc == RC_OK && command_check(ret, &e) != RC_OK)
		rc = e.rc == RC_LIMIT ? refuse(p, RC_SYNTAX, "text_too_long", "text",
						"at most 200 characters")
				      : refuse(p, RC_SYNTAX, "text_invalid", "text", e.msg);
	return rc == RC_LIMIT ? RC_SYNTAX : rc;
}

/* While two connections say that they are this watch, neither gets such a command. */
static enum rc check_watch(struct domain *d, const struct uid *wearer,
	const struct command_act *act, struct problem *p)
{
	struct live_view live;

	if (act->is_sensitive && live_read(d->live, wearer, &live) && live.is_conflict)
		return refuse(p, RC_CONFLICT, "watch_in_conflict", NULL,
			"two connections say that they are this watch");
	return RC_OK;
}

static void post_row(struct domain *d, const struct command_row *row)
{
	struct err e;

	if (uid_is_none(&row->id))
		return;
	bus_publish(d->bus, EVENT_COMMAND, &row->group, &row->id);
	if (outbox_post(d, row, &e) != RC_OK)
		log_event(LOG_ERROR, "command.not_queued",
			"why=\"%s\" it goes out after the next start", e.msg);
}

static struct uid giver_of(const struct principal *who)
{
	return uid_is_none(&who->account) ? who->partner : who->account;
}

enum rc commands_create(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *wearer, const struct command_request *r, struct command_info *ret,
	struct problem *p, struct err *e)
{
	struct create_job job = {.domain = d,
		.wearer = wearer,
		.by = giver_of(who),
		.key = r->idempotency_key,
		.problem = p};
	enum rc rc = read_request(r, &job.command, &job.request.act, p);

	assert(rc != RC_OK || job.request.act != NULL);
	if (rc == RC_OK)
		rc = check_watch(d, wearer, job.request.act, p);
	if (rc != RC_OK)
		return rc;
	job.request.domain = d;
	job.request.account = who->account;
	job.request.contact = r->contact;
	job.request.now_ms = d->wall_ms();
	if (job.request.act->is_sensitive)
		act_told(who);
	act_detail(who, "%.*s", (int)r->type.n, r->type.p); /* what, never the words */
	rc = act_run(d, who, create_job, &job, e);
	if (rc == RC_OK && uid_is_none(&job.earlier)) {
		post_row(d, &job.announced);
		post_row(d, &job.row);
	}
	secret_forget(job.row.command.digits, sizeof job.row.command.digits);
	if (rc != RC_OK)
		return rc;
	return commands_get(reader, uid_is_none(&job.earlier) ? &job.row.id : &job.earlier, ret, e);
}

struct cancel_job {
	const struct uid *wearer, *command;
	int64_t now_ms;
	struct problem *problem;
	struct uid group; /* out */
	uint32_t number;  /* out */
};

static enum rc find_command(struct db *db, struct cancel_job *job, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(db,
		"SELECT w.care_group, w.number FROM command c JOIN wearer w ON w.id = c.wearer"
		" WHERE c.wearer = ?1 AND c.id = ?2 AND c.kind IN " PEOPLES_KINDS,
		job->wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, job->command);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return fail(e, RC_NOT_FOUND, "no such command");
	job->group = stmt_uid(s, 0);
	job->number = (uint32_t)stmt_int(s, 1);
	stmt_reset(s);
	return RC_OK;
}

static enum rc cancel_job(struct db *db, void *arg, struct err *e)
{
	struct cancel_job *job = arg;
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = find_command(db, job, e);

	if (rc == RC_OK)
		rc = db_prepare(db,
			"UPDATE command SET state = ?3, reason = ?4, finished_ms = ?5"
			" WHERE wearer = ?1 AND id = ?2 AND state = ?6",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, job->wearer);
	stmt_bind_uid(s, 2, job->command);
	stmt_bind_int(s, 3, COMMAND_CANCELLED);
	stmt_bind_int(s, 4, REASON_CANCELLED);
	stmt_bind_int(s, 5, job->now_ms);
	stmt_bind_int(s, 6, COMMAND_QUEUED);
	rc = stmt_run(s, &changed, e);
	if (rc == RC_OK && changed == 0)
		return refuse(job->problem, RC_CONFLICT, "command_already_sent", NULL,
			"it went to the watch already, or has ended");
	return rc;
}

enum rc commands_cancel(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *wearer, const struct uid *command, struct command_info *ret,
	struct problem *p, struct err *e)
{
	struct cancel_job job = {
		.wearer = wearer, .command = command, .now_ms = d->wall_ms(), .problem = p};
	enum rc rc = act_run(d, who, cancel_job, &job, e);

	if (rc != RC_OK)
		return rc;
	outbox_post_cancelled(d, job.number, command);
	bus_publish(d->bus, EVENT_COMMAND, &job.group, command);
	return commands_get(reader, command, ret, e);
}
