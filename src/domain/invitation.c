#include "domain/invitation.h"

#include "base/json_out.h"
#include "crypto/password.h"
#include "domain/account_store.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/group.h"
#include "domain/member.h"
#include "domain/text.h"
#include "domain/wearer_notice.h"
#include "store/query.h"

#define HOUR_MS ((int64_t)3600 * 1000)

/* Payload of a proposal: role, hours, hash of the token. The id is the subject. */
enum { PAYLOAD_BYTES = 3 + TOKEN_HASH_BYTES };

static struct view hash_view(const struct token_hash *h)
{
	return (struct view){.p = (const char *)h->b, .n = sizeof h->b};
}

/* One that still works: who made it may still let people in, which comes with the role alone. */
#define IS_OPEN                                                                                    \
	" AND i.expires_ms > ?2 AND EXISTS (SELECT 1 FROM member m WHERE m.account = i.by_account" \
	" AND m.care_group = i.care_group AND m.role = 'admin')"

static enum rc check_room(
	struct db *db, const struct uid *group, int64_t now_ms, struct problem *p, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"SELECT COUNT(*) FROM invitation WHERE care_group = ?1 AND expires_ms > ?2", group,
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	int64_t n = stmt_int(s, 0);
	stmt_reset(s);
	return n < INVITATIONS_MAX ? RC_OK
				   : refuse(p, RC_LIMIT, "too_many_invitations", NULL, NULL);
}

static enum rc execute_create(struct domain *d, struct db *db, struct approval *a, int64_t now_ms,
	struct problem *p, struct err *e)
{
	const uint8_t *payload = (const uint8_t *)a->payload.p;
	struct stmt *s = NULL;

	(void)d;
	if (a->payload.n != PAYLOAD_BYTES || payload[0] >= ROLE_COUNT)
		return fail(e, RC_SYNTAX, "approval: damaged invitation");
	int64_t hours = payload[1] << 8 | payload[2];
	enum rc rc = check_room(db, &a->group, now_ms, p, e);
	if (rc == RC_OK)
		rc = query_prepare(db,
			"INSERT INTO invitation (id, care_group, token_hash, role, by_account,"
			" created_ms, expires_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
			&a->subject, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, &a->group);
	stmt_bind_blob(s, 3, (struct view){.p = a->payload.p + 3, .n = a->payload.n - 3});
	stmt_bind_text(s, 4, view_of(role_name((enum member_role)payload[0])));
	stmt_bind_uid(s, 5, &a->by);
	stmt_bind_int(s, 6, now_ms);
	stmt_bind_int(s, 7, now_ms + hours * HOUR_MS);
	return stmt_run(s, NULL, e);
}

static void summarize_create(struct json_out *j, struct db *reader, const struct approval *a)
{
	const uint8_t *payload = (const uint8_t *)a->payload.p;

	(void)reader;
	if (a->payload.n != PAYLOAD_BYTES || payload[0] >= ROLE_COUNT)
		return;
	json_text(j, "role", view_of(role_name((enum member_role)payload[0])));
	json_int(j, "hours", payload[1] << 8 | payload[2]);
}

const struct approval_kind invitation_create_kind = {
	"invitation.create", RIGHT_MEMBERS, execute_create, NULL, summarize_create};

enum rc invitation_create(struct domain *d, const struct principal *who,
	const struct verdict *verdict, enum member_role role, uint32_t hours,
	struct invitation_created *ret, struct problem *p, struct err *e)
{
	uint8_t payload[PAYLOAD_BYTES] = {(uint8_t)role, (uint8_t)(hours >> 8), (uint8_t)hours};
	struct token_hash hash;
	struct invitation_created made = {.id = uid_new()};

	token_new(made.token, &hash);
	memcpy(payload + 3, hash.b, sizeof hash.b);
	const struct approval_request r = {.kind = invitation_create_kind.name,
		.group = verdict->group,
		.subject = made.id,
		.payload = {.p = (const char *)payload, .n = sizeof payload}};
	act_detail(who, "%s", role_name(role));
	enum rc rc = approval_act(d, who, verdict, &r, &made.result, p, e);
	made.expires_ms = d->wall_ms() + hours * HOUR_MS;
	if (rc == RC_OK)
		*ret = made;
	secret_forget(made.token, sizeof made.token);
	return rc;
}

#define INVITATION_COLUMNS                                                                         \
	"SELECT i.id, i.care_group, i.by_account, i.role, i.created_ms, i.expires_ms, a.name"      \
	" FROM invitation i LEFT JOIN account a ON a.id = i.by_account"

static void read_row(struct stmt *s, struct invitation_info *ret)
{
	*ret = (struct invitation_info){.id = stmt_uid(s, 0),
		.group = stmt_uid(s, 1),
		.by = stmt_uid(s, 2),
		.created_ms = stmt_int(s, 4),
		.expires_ms = stmt_int(s, 5)};
	if (!role_from_name(stmt_text(s, 3), &ret->role))
		ret->role = ROLE_VIEWER;
	account_copy_name(s, 6, &ret->by, ret->by_name, sizeof ret->by_name);
}

enum rc invitation_list(struct db *reader, const struct uid *group, int64_t now_ms,
	invitation_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		INVITATION_COLUMNS " WHERE i.care_group = ?1" IS_OPEN " ORDER BY i.created_ms DESC",
		group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, now_ms);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct invitation_info i;
		read_row(s, &i);
		fn(ctx, &i);
	}
	return rc;
}

static enum rc delete_job(struct db *db, void *arg, struct err *e)
{
	struct stmt *s = NULL;
	int64_t rows = 0;
	enum rc rc = query_prepare(db, "DELETE FROM invitation WHERE id = ?1", arg, &s, e);

	if (rc == RC_OK)
		rc = stmt_run(s, &rows, e);
	return rc == RC_OK && rows == 0 ? fail(e, RC_NOT_FOUND, "no such invitation") : rc;
}

enum rc invitation_delete(
	struct domain *d, const struct principal *who, const struct uid *invitation, struct err *e)
{
	struct uid id = *invitation;

	act_told(who);
	enum rc rc = act_run(d, who, delete_job, &id, e);
	if (rc == RC_OK && who->act != NULL)
		bus_publish(d->bus, EVENT_GROUP, &who->act->group, &who->act->group);
	return rc;
}

/* An invitation that still works. */
static enum rc find_open(struct db *db, struct view token, int64_t now_ms,
	struct invitation_info *ret, struct problem *p, struct err *e)
{
	struct token_hash hash;
	struct stmt *s = NULL;
	bool has_row = false;

	if (!token_hash_of(token, &hash))
		return refuse(p, RC_NOT_FOUND, "invitation_invalid", NULL, NULL);
	enum rc rc = db_prepare(db, INVITATION_COLUMNS " WHERE i.token_hash = ?1" IS_OPEN, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(s, 1, hash_view(&hash));
	stmt_bind_int(s, 2, now_ms);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return refuse(p, RC_NOT_FOUND, "invitation_invalid", NULL, NULL);
	read_row(s, ret);
	stmt_reset(s);
	return RC_OK;
}

enum rc invitation_look(struct db *reader, struct view token, int64_t now_ms,
	struct invitation_info *ret, char ret_group_name[NAME_TEXT], struct problem *p,
	struct err *e)
{
	enum rc rc = find_open(reader, token, now_ms, ret, p, e);

	return rc == RC_OK ? group_name(reader, &ret->group, ret_group_name, e) : rc;
}

/* One use of an invitation on its way through the writer. */
struct use_job {
	struct view token;
	const struct uid *account;
	const struct account_row *fresh; /* NULL: the account is there */
	struct act *act;                 /* NULL in tests */
	int64_t now_ms;
	struct problem *problem;
	struct uid group; /* out */
};

static enum rc use_job(struct db *db, void *arg, struct err *e)
{
	struct use_job *job = arg;
	struct invitation_info i = {.id = {{0}}};
	enum rc rc = find_open(db, job->token, job->now_ms, &i, job->problem, e);

	if (rc == RC_OK)
		rc = delete_job(db, &i.id, e);
	if (rc == RC_OK && job->fresh != NULL) {
		rc = account_insert(db, job->fresh, e);
		if (rc == RC_CONFLICT)
			return refuse(job->problem, rc, "login_taken", "login", NULL);
	}
	if (rc == RC_OK)
		rc = member_insert(
			db, &i.group, job->account, i.role, job->now_ms, job->problem, e);
	if (rc == RC_OK)
		rc = wearer_notice_soon(db, &i.group, job->now_ms, e);
	if (rc != RC_OK)
		return rc;
	job->group = i.group;
	if (job->act != NULL) { /* the entry is written behind this, in the same commit */
		job->act->group = i.group;
		job->act->actor = *job->account;
		job->act->actor_kind = ACTOR_ACCOUNT;
	}
	return RC_OK;
}

static enum rc use(
	struct domain *d, const struct principal *who, struct use_job *job, struct err *e)
{
	job->act = who->act;
	job->now_ms = d->wall_ms();
	act_told(who);
	enum rc rc = act_run(d, who, use_job, job, e);
	if (rc != RC_OK)
		return rc;
	members_changed(d, &job->group);
	wearer_notices_wake(d);
	return RC_OK;
}

static enum rc check_accept(const struct invitation_accept *r, struct problem *p)
{
	if (!text_is_login(r->login))
		return refuse(p, RC_SYNTAX, "login_invalid", "login",
			"3 to 64 letters, digits or . _ - @ +");
	if (!text_is_name(r->name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", "1 to 80 characters");
	if (!text_is_language(r->language))
		return refuse(p, RC_SYNTAX, "language_invalid", "language", "such as en, de or es");
	return account_check_password(r->password, r->login, r->name, p);
}

enum rc invitation_accept(struct domain *d, struct db *reader, const struct principal *who,
	const struct invitation_accept *r, const struct request_origin *from,
	struct sign_in_result *ret, struct problem *p, struct err *e)
{
	char password_hash_text[PASSWORD_HASH_TEXT];
	struct invitation_info i;
	struct uid account = uid_new();
	enum rc rc = sign_in_begin(d, VIEW("\n invitation"), from, false, p);

	if (rc == RC_OK)
		rc = find_open(reader, r->token, d->wall_ms(), &i, p, e); /* before it costs */
	if (rc == RC_OK)
		rc = check_accept(r, p);
	if (rc == RC_OK)
		rc = password_hash(r->password, password_hash_text, e);
	if (rc != RC_OK)
		return rc;
	const struct account_row row = {.id = account,
		.login = r->login,
		.name = r->name,
		.language = r->language,
		.password_hash = password_hash_text,
		.created_ms = d->wall_ms()};
	struct use_job job = {.token = r->token, .account = &account, .fresh = &row, .problem = p};
	rc = use(d, who, &job, e);
	secret_forget(password_hash_text, sizeof password_hash_text);
	struct request_origin unnoted = *from; /* joining has its entry already */
	unnoted.who = NULL;
	return rc == RC_OK ? session_start(d, reader, &account, &unnoted, false, ret, p, e) : rc;
}

enum rc invitation_join(struct domain *d, const struct principal *who, struct view token,
	struct uid *ret_group, struct problem *p, struct err *e)
{
	struct use_job job = {.token = token, .account = &who->account, .problem = p};
	enum rc rc = use(d, who, &job, e);

	if (rc == RC_OK)
		*ret_group = job.group;
	return rc;
}
