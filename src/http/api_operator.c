/* The operator's side: accounts, bans, the health of the service. No right on content. */
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/clock.h"
#include "crypto/certificate.h"
#include "domain/ban.h"
#include "domain/courier_outbox.h"
#include "domain/operator_accounts.h"
#include "domain/roles.h"
#include "http/api.h"
#include "http/inside.h"
#include "store/query.h"

enum { PATH_SIZE = 4096 };

/* What an operator can do to others needs a fresh proof of who it is. */
static enum rc check_step_up(struct exchange *x)
{
	int64_t since_ms = x->domain->wall_ms() - x->who.stepped_up_ms;

	if (!x->who.has_second_factor)
		return refuse(&x->problem, RC_DENIED, "second_factor_missing", NULL, NULL);
	if (x->who.stepped_up_ms == 0 || since_ms < 0 || since_ms > STEP_UP_LIFE_MS)
		return refuse(&x->problem, RC_DENIED, "step_up_needed", NULL, NULL);
	return RC_OK;
}

/* ---- accounts ---- */

static void write_account(void *ctx, const struct operator_account *a)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_uid(j, "id", &a->id);
	json_text(j, "login", view_of(a->login));
	json_time(j, "created", a->created_ms);
	if (a->last_used_ms != 0)
		json_time(j, "last_used", a->last_used_ms);
	json_int(j, "passkeys", a->passkeys);
	json_bool(j, "has_totp", a->has_totp);
	json_bool(j, "is_operator", a->is_operator);
	json_bool(j, "is_banned", a->is_banned);
	json_end(j);
}

enum rc api_operator_accounts(struct exchange *x, struct db *reader)
{
	const struct operator_accounts_values *in = &x->query.operator_accounts;
	struct json_out *j = &x->out;
	struct uid next = {{0}};

	json_object(j, NULL);
	json_array(j, "accounts");
	enum rc rc = operator_account_list(
		reader, &in->after, in->q, x->domain->wall_ms(), write_account, j, &next, &x->err);
	json_end(j);
	if (!uid_is_none(&next))
		json_uid(j, "next", &next);
	json_end(j);
	return rc;
}

enum rc api_operator_ban(struct exchange *x, struct db *reader)
{
	const struct ban_values *in = &x->body.ban;
	enum rc rc = check_step_up(x);

	(void)reader;
	return rc != RC_OK
		       ? rc
		       : operator_account_ban(x->domain, &x->who, &x->ids[0], in->reason,
				 in->until.is_there ? in->until.value : 0, &x->problem, &x->err);
}

enum rc api_operator_unban(struct exchange *x, struct db *reader)
{
	enum rc rc = check_step_up(x);

	(void)reader;
	return rc != RC_OK ? rc
			   : operator_account_unban(
				     x->domain, &x->who, &x->ids[0], &x->problem, &x->err);
}

enum rc api_operator_flag(struct exchange *x, struct db *reader)
{
	enum rc rc = check_step_up(x);

	(void)reader;
	return rc != RC_OK ? rc
			   : operator_account_set_operator(x->domain, &x->who, &x->ids[0],
				     x->body.operator_flag.is_operator.value, &x->problem, &x->err);
}

/* ---- networks ---- */

static void write_ban(void *ctx, const struct network_ban *b)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_uid(j, "id", &b->id);
	json_text(j, "network", view_of(b->network));
	json_text(j, "reason", view_of(b->reason));
	json_time(j, "created", b->created_ms);
	json_time(j, "until", b->until_ms);
	json_end(j);
}

enum rc api_operator_bans(struct exchange *x, struct db *reader)
{
	json_object(&x->out, NULL);
	json_array(&x->out, "bans");
	enum rc rc = ban_networks_list(reader, x->domain->wall_ms(), write_ban, &x->out, &x->err);
	json_end(&x->out);
	json_end(&x->out);
	return rc;
}

enum rc api_operator_ban_network(struct exchange *x, struct db *reader)
{
	const struct network_ban_values *in = &x->body.network_ban;
	struct network_ban ban;
	enum rc rc = check_step_up(x);

	(void)reader;
	if (rc == RC_OK)
		rc = ban_network_add(x->domain, &x->who, in->network, in->hours.value, in->reason,
			&ban, &x->problem, &x->err);
	if (rc != RC_OK)
		return rc;
	x->status = MHD_HTTP_CREATED;
	write_ban(&x->out, &ban);
	return RC_OK;
}

enum rc api_operator_unban_network(struct exchange *x, struct db *reader)
{
	enum rc rc = check_step_up(x);

	(void)reader;
	return rc != RC_OK ? rc : ban_network_remove(x->domain, &x->who, &x->ids[0], &x->err);
}

/* ---- health ---- */

static void write_disk(struct exchange *x)
{
	const char *folder = x->domain->settings.data_dir;
	struct json_out *j = &x->out;
	struct statvfs disk;
	struct stat file;
	char path[PATH_SIZE];
	int n = snprintf(path, sizeof path, "%s/kinward.db", folder);

	json_object(j, "disk");
	if (statvfs(folder, &disk) == 0) {
		json_int(j, "free_bytes", (int64_t)(disk.f_bavail * disk.f_frsize));
		json_int(j, "total_bytes", (int64_t)(disk.f_blocks * disk.f_frsize));
	}
	if (n > 0 && n < PATH_SIZE && stat(path, &file) == 0)
		json_int(j, "database_bytes", file.st_size);
	json_end(j);
}

static void write_writer(struct exchange *x)
{
	struct json_out *j = &x->out;
	struct writer_stats s;

	writer_read_stats(x->domain->writer, &s);
	json_object(j, "writer");
	json_int(j, "waiting", (int64_t)s.queued);
	json_int(j, "commits", (int64_t)s.commits);
	json_int(j, "failed", (int64_t)s.failed);
	json_int(j, "queue_full", (int64_t)s.queue_full);
	json_int(j, "commit_max_ms", (int64_t)(s.commit_us_max / 1000));
	json_end(j);
}

static void write_role(void *ctx, const struct role_state *s)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_text(j, "name", view_of(s->name));
	json_bool(j, "is_up", s->is_up);
	json_int(j, "starts", s->starts);
	json_end(j);
}

static enum rc write_audit(struct exchange *x, struct db *reader)
{
	struct json_out *j = &x->out;
	struct audit_stats s;
	struct stmt *row = NULL;
	enum rc rc = db_prepare(reader,
		"SELECT COALESCE(MAX(seq), 0), COALESCE(MAX(time_ms), 0) FROM audit_checkpoint",
		&row, &x->err);

	if (rc == RC_OK)
		rc = query_first(row, &x->err);
	if (rc != RC_OK)
		return rc;
	audit_read_stats(x->domain->audit, &s);
	json_object(j, "audit");
	json_int(j, "signed_up_to", stmt_int(row, 0));
	if (stmt_int(row, 1) != 0)
		json_time(j, "last_checkpoint", stmt_int(row, 1));
	json_int(j, "folded", (int64_t)s.folded);
	json_int(j, "lost", (int64_t)s.lost);
	json_end(j);
	stmt_reset(row);
	return RC_OK;
}

static void write_certificate(struct exchange *x)
{
	struct json_out *j = &x->out;
	int64_t end_ms = 0;

	json_object(j, "certificate");
	json_bool(j, "is_own", x->server->is_tls);
	json_bool(j, "is_https", x->server->is_https);
	if (x->server->certificate != NULL &&
		certificate_expiry(view_of(x->server->certificate), &end_ms, NULL) == RC_OK)
		json_time(j, "expires", end_ms);
	json_end(j);
}

static void write_backups(struct exchange *x)
{
	const struct backup_state *b = &x->domain->backups;
	int64_t good_ms = atomic_load(&b->last_good_ms);
	int64_t bad_ms = atomic_load(&b->last_bad_ms);

	json_object(&x->out, "backups");
	json_bool(&x->out, "is_set_up", atomic_load(&b->is_on));
	if (good_ms > 0)
		json_time(&x->out, "last_good", good_ms);
	if (bad_ms > good_ms)
		json_time(&x->out, "failed", bad_ms);
	json_end(&x->out);
}

enum rc api_operator_health(struct exchange *x, struct db *reader)
{
	struct json_out *j = &x->out;

	json_object(j, NULL);
	json_text(j, "version", VIEW(KINWARD_VERSION));
	json_int(j, "up_s", (clock_mono_ms() - x->server->started_ms) / 1000);
	json_array(j, "roles");
	roles_each(x->domain->roles, write_role, j);
	json_end(j);
	write_disk(x);
	write_writer(x);
	enum rc rc = write_audit(x, reader);
	write_certificate(x);
	write_backups(x);
	json_object(j, "mail");
	json_bool(j, "is_set_up", courier_has_mail(x->domain));
	json_end(j);
	json_end(j);
	return rc;
}
