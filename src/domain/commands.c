#include "domain/commands.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/log.h"
#include "crypto/token.h"
#include "domain/account.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/command_acts.h"
#include "domain/live.h"
#include "domain/outbox.h"
#include "domain/thread_store.h"
#include "store/query.h"
#include "store/sealed.h"

#define HOUR_MS ((int64_t)3600 * 1000)
#define KEY_LIFE_MS (24 * HOUR_MS) /* an idempotency key is remembered so long */

enum { LIST_MAX = 100 };

/* The kinds that people give themselves, as in struct command_request. */
#define PEOPLES_KINDS                                                                              \
	"('locate', 'find', 'message', 'call', 'check_in_call', 'photo', 'power_off', 'reset',"    \
	" 'new_password', 'reward', 'measure_heart', 'measure_temperature', 'ask_pulse',"          \
	" 'wifi_search', 'wifi_current', 'wifi_join', 'wifi_forget', 'unfriend', 'refresh',"       \
	" 'factory', 'update', 'apn')"

/* What read_row reads, in this order. */
#define COMMAND_COLUMNS                                                                            \
	"SELECT c.id, c.wearer, c.kind, c.message, c.state, c.reason, c.created_ms, c.expires_ms," \
	" c.sent_ms, c.finished_ms, c.by_account, a.name, c.contact, p.name, c.answer"             \
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

/* What cannot be opened any more is left out. */
static void read_message(struct stmt *s, const struct command_act *act, struct command_info *ret)
{
	bool is_call = !uid_is_none(&ret->contact);
	bool is_text = act == NULL || act->kind == COMMAND_MESSAGE;
	char *dst = is_call ? ret->contact_name : is_text ? ret->text : ret->detail;
	size_t size = is_call   ? sizeof ret->contact_name
		      : is_text ? sizeof ret->text
				: sizeof ret->detail;

	if (stmt_copy_sealed(s, 3, &ret->wearer, "command.message", dst, size, NULL) != RC_OK)
		dst[0] = '\0';
	if (stmt_copy_sealed(s, 14, &ret->wearer, "command.answer", ret->answer, sizeof ret->answer,
		    NULL) != RC_OK)
		ret->answer[0] = '\0';
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
	read_message(s, act, ret);
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
	const struct principal *who;
	const struct uid *wearer;
	struct uid by;
	struct act_request request;
	struct command command;
	char label[NAME_TEXT]; /* what was asked, of acts that are no message and no call */
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
	struct view wanted =
		job->label[0] != '\0'
			? view_of(job->label)
			: (struct view){.p = job->command.text,
				  .n = job->command.kind == COMMAND_MESSAGE ? job->command.text_n
									    : 0};
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
	memcpy(job->row.label, job->label, sizeof job->label);
	job->announced = (struct command_row){.number = 0};
}

/* What people say to the watch stands in its thread, whoever says it. */
static enum rc put_into_thread(struct db *db, const struct create_job *job, struct err *e)
{
	const struct command *c = &job->row.command;
	enum rc rc = thread_insert_text(db, job->wearer, &job->row.id, job->who,
		(struct view){.p = c->text, .n = c->text_n}, job->row.created_ms,
		job->domain->settings.thread_max_bytes, e);

	if (rc == RC_LIMIT)
		rc = refuse(job->problem, RC_CONFLICT, "quota_full", NULL,
			"the group's room is used up by messages that nobody has heard yet");
	return rc;
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
	if (rc == RC_OK)
		rc = command_row_insert(db, &job->row, e);
	return rc == RC_OK && job->request.act->kind == COMMAND_MESSAGE
		       ? put_into_thread(db, job, e)
		       : rc;
}

/* As a watch counts: characters outside the first plane count twice. Of well-formed UTF-8. */
static size_t utf16_units(struct view text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = (uint8_t)text.p[i];
		n += (size_t)((c & 0xc0) != 0x80) + (c >= 0xf0);
	}
	return n;
}

static enum rc check_text(struct view text, struct command *c, struct problem *p)
{
	size_t units = utf16_units(text);
	char detail[80];

	if (text.n == 0)
		return refuse(p, RC_SYNTAX, "text_missing", "text", "a message needs a text");
	(void)snprintf(detail, sizeof detail, "%zu characters; a watch shows at most %d", units,
		COMMAND_TEXT_MAX);
	if (units > COMMAND_TEXT_MAX || text.n > sizeof c->text)
		return refuse(p, RC_LIMIT, "text_too_long", "text", detail);
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

/* Which members a type has; no other may be there. */
struct members {
	enum command_kind kind;
	bool has_count, has_ssid, has_network, has_apn;
};
static const struct members members_of[] = {
	{COMMAND_REWARD, true, false, false, false},
	{COMMAND_WIFI_JOIN, false, true, true, false},
	{COMMAND_WIFI_FORGET, false, false, true, false},
	{COMMAND_APN, false, false, false, true},
};

static const struct members *members_find(enum command_kind kind)
{
	static const struct members none = {.has_count = false};

	for (size_t i = 0; i < COUNT_OF(members_of); i++) {
		if (members_of[i].kind == kind)
			return &members_of[i];
	}
	return &none;
}

/* The name of a given member that the type does not have, or NULL. */
static const char *find_wrong(const struct command_request *r, const struct members *m)
{
	return r->has_count && !m->has_count         ? "count"
	       : r->ssid.n > 0 && !m->has_ssid       ? "ssid"
	       : r->password.n > 0 && !m->has_ssid   ? "password"
	       : r->network.n > 0 && !m->has_network ? "network"
	       : r->apn_name.n > 0 && !m->has_apn    ? "apn"
						     : NULL;
}

/* The name of a member that the type has and that was not given, or NULL. */
static const char *find_missing(const struct command_request *r, const struct members *m)
{
	return m->has_count && !r->has_count                         ? "count"
	       : m->has_ssid && r->ssid.n == 0                       ? "ssid"
	       : m->has_network && !m->has_ssid && r->network.n == 0 ? "network"
	       : m->has_apn && r->apn_name.n == 0                    ? "apn"
								     : NULL;
}

static enum rc check_more_fields(
	const struct command_request *r, const struct command_act *act, struct problem *p)
{
	const struct members *m = members_find(act->kind);
	const char *wrong = find_wrong(r, m);
	const char *missing = find_missing(r, m);

	if (wrong != NULL)
		return refuse(p, RC_SYNTAX, "field_unknown", wrong, "not with this type");
	return missing == NULL ? RC_OK : refuse(p, RC_SYNTAX, "field_missing", missing, NULL);
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
	return check_more_fields(r, act, p);
}

static bool set_word(struct command *c, unsigned i, struct view word)
{
	return view_to_text(word, c->words[i], sizeof c->words[i]);
}

/* Members besides text and contact into the command. */
static enum rc take_members(const struct command_request *r, struct command *c, struct problem *p)
{
	struct err e = {.rc = RC_OK};
	bool fits = true;

	switch ((int)c->kind) {
	case COMMAND_REWARD:
		c->values[0] = r->count < 1 || r->count > INT32_MAX ? -1 : (int32_t)r->count;
		break;
	case COMMAND_WIFI_JOIN: /* the first place, when nobody says which */
		fits = set_word(c, 0, r->network.n > 0 ? r->network : VIEW("1")) &&
		       set_word(c, 1, r->password) && set_word(c, 2, r->ssid);
		break;
	case COMMAND_WIFI_FORGET:
		fits = set_word(c, 0, r->network);
		break;
	case COMMAND_APN:
		fits = set_word(c, 0, r->apn_name) && set_word(c, 1, r->apn_user) &&
		       set_word(c, 2, r->apn_password) &&
		       view_to_text(r->apn_network, c->digits, sizeof c->digits);
		break;
	default:
		break;
	}
	if (!fits)
		return refuse(p, RC_SYNTAX, "command_invalid", NULL, "too long for a watch");
	return command_check(c, &e) == RC_OK ? RC_OK
					     : refuse(p, RC_SYNTAX, "command_invalid", NULL, e.msg);
}

static enum rc take_text(const struct command_request *r, struct command *ret, struct problem *p)
{
	struct err e = {.rc = RC_OK};
	enum rc rc = check_text(r->text, ret, p);

	if (rc == RC_OK && command_check(ret, &e) != RC_OK)
		rc = e.rc == RC_LIMIT ? refuse(p, RC_SYNTAX, "text_too_long", "text",
						"at most 200 characters")
				      : refuse(p, RC_SYNTAX, "text_invalid", "text", e.msg);
	return rc == RC_LIMIT ? RC_SYNTAX : rc;
}

/* The typed command of a request. Only what people may give themselves: the rest the server gives.
 */
enum rc commands_read_request(
	const struct command_request *r, struct command *ret, struct problem *p)
{
	const struct command_act *act = command_act_find(r->type);

	if (act == NULL)
		return refuse(p, RC_SYNTAX, "type_unknown", "type", "locate, find, message …");
	*ret = (struct command){.kind = act->kind};
	enum rc rc = check_key(r->idempotency_key, p);
	if (rc == RC_OK)
		rc = check_fields(r, act, p);
	if (rc != RC_OK || act->kind == COMMAND_CALL || act->kind == COMMAND_PASSWORD)
		return rc; /* their members are filled later */
	return act->kind == COMMAND_MESSAGE ? take_text(r, ret, p) : take_members(r, ret, p);
}

/* What the list shows of it: never a secret. */
static enum rc make_label(const struct command_request *r, struct create_job *job, struct err *e)
{
	struct view shown = r->ssid.n > 0 ? r->ssid : r->network.n > 0 ? r->network : r->apn_name;
	char count[24];

	(void)snprintf(count, sizeof count, "%" PRId64, r->count);
	if (r->has_count)
		shown = view_of(count);
	return view_to_text(shown, job->label, sizeof job->label)
		       ? RC_OK
		       : fail(e, RC_BUG, "command: a label that is too long");
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
		.who = who,
		.wearer = wearer,
		.by = giver_of(who),
		.key = r->idempotency_key,
		.problem = p};
	enum rc rc = commands_read_request(r, &job.command, p);

	job.request.act = command_act_find(r->type);
	assert(rc != RC_OK || job.request.act != NULL);
	if (rc == RC_OK)
		rc = make_label(r, &job, e);
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
	secret_forget(&job.row.command, sizeof job.row.command); /* passwords of all kinds */
	secret_forget(&job.command, sizeof job.command);
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
	return rc == RC_OK ? thread_follow_command(db, job->wearer, job->command, COMMAND_CANCELLED,
				     REASON_CANCELLED, job->now_ms, e)
			   : rc;
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
