/* What `kinward user` and `kinward device` can do, one row each. */
#include "app/admin.h"
#include "app/admin_partner.h"

#include "base/time_text.h"
#include "crypto/token.h"
#include "domain/operator_accounts.h"
#include "domain/operator_view.h"
#include "domain/recovery.h"

static void print_account(void *ctx, const struct operator_account *a)
{
	FILE *out = ctx;
	char created[TIME_TEXT];
	char used[TIME_TEXT] = "-";

	time_to_text(a->created_ms, created);
	if (a->last_used_ms != 0)
		time_to_text(a->last_used_ms, used);
	(void)fprintf(out, "%s\tcreated %s\tused %s\t%u passkeys%s%s%s\n", a->login, created, used,
		a->passkeys, a->has_totp ? "\ttotp" : "", a->is_operator ? "\toperator" : "",
		a->is_banned ? "\tbanned" : "");
}

static enum rc user_list(struct admin_call *c)
{
	struct uid after = {{0}};
	struct uid next = {{0}};
	enum rc rc = RC_OK;

	do {
		rc = operator_account_list(c->reader, &after,
			c->words_n > 0 ? view_of(c->words[0]) : VIEW(""), c->domain->wall_ms(),
			print_account, c->out, &next, &c->err);
		after = next;
	} while (rc == RC_OK && !uid_is_none(&next));
	return rc;
}

static enum rc find_user(struct admin_call *c, struct uid *ret)
{
	return operator_account_find(c->reader, view_of(c->words[0]), ret, &c->err);
}

static enum rc say_done(struct admin_call *c, enum rc rc, const char *what)
{
	if (rc == RC_OK)
		(void)fprintf(c->out, "%s: %s\n", c->words[0], what);
	return rc;
}

static enum rc user_ban(struct admin_call *c)
{
	struct uid account;
	struct view reason = c->words_n > 1 ? view_of(c->words[1]) : VIEW("command line");
	enum rc rc = find_user(c, &account);

	if (rc == RC_OK)
		rc = operator_account_ban(
			c->domain, c->who, &account, reason, 0, &c->problem, &c->err);
	return say_done(c, rc, "banned, all sessions ended");
}

static enum rc user_unban(struct admin_call *c)
{
	struct uid account;
	enum rc rc = find_user(c, &account);

	if (rc == RC_OK)
		rc = operator_account_unban(c->domain, c->who, &account, &c->problem, &c->err);
	return say_done(c, rc, "may sign in again");
}

static enum rc user_operator(struct admin_call *c)
{
	struct uid account;
	bool is_yes = strcmp(c->words[1], "yes") == 0;
	enum rc rc = is_yes || strcmp(c->words[1], "no") == 0
			     ? find_user(c, &account)
			     : fail(&c->err, RC_SYNTAX, "yes or no is wanted");

	if (rc == RC_OK)
		rc = operator_account_set_operator(
			c->domain, c->who, &account, is_yes, &c->problem, &c->err);
	return say_done(c, rc, is_yes ? "runs the server now" : "no longer runs the server");
}

static enum rc user_end_sessions(struct admin_call *c)
{
	struct uid account;
	enum rc rc = find_user(c, &account);

	if (rc == RC_OK)
		rc = operator_account_end_sessions(
			c->domain, c->who, &account, &c->problem, &c->err);
	return say_done(c, rc, "all sessions ended");
}

/* For somebody who cannot get a mail. It opens nothing by itself: the waiting time of
 * recovery_wait_h begins when it is opened, and the groups are told. */
static enum rc user_recovery_link(struct admin_call *c)
{
	char token[TOKEN_TEXT];
	enum rc rc = recovery_new_link(c->domain, c->who, view_of(c->words[0]), token, &c->err);

	if (rc == RC_OK)
		(void)fprintf(c->out, "recovery link: %s/#/recovery?token=%s\n",
			c->domain->settings.app_url, token);
	secret_forget(token, sizeof token);
	return rc;
}

static void print_unknown(void *ctx, const struct unknown_device *u)
{
	char seen[TIME_TEXT];

	time_to_text(u->last_seen_ms, seen);
	(void)fprintf(ctx, "%s\t%s\tlast seen %s\t%llu frames\n", u->id_masked, u->vendor, seen,
		(unsigned long long)u->frames);
}

static void print_foreign(void *ctx, const struct foreign_protocol *f)
{
	(void)fprintf(ctx, "%s\t%llu connections\t%s\n", f->protocol, (unsigned long long)f->count,
		f->advice);
}

static enum rc device_list(struct admin_call *c)
{
	(void)fputs("watches without an owner:\n", c->out); /* memory: fclose tells of failures */
	operator_unknown_devices(c->domain, print_unknown, c->out);
	(void)fputs("other protocols:\n", c->out);
	operator_foreign_protocols(c->domain, print_foreign, c->out);
	return RC_OK;
}

/* clang-format off */
const struct admin_command admin_commands[] = {
	{"user", "list", 0, 1, "[PART-OF-LOGIN]", "", user_list},
	{"user", "ban", 1, 2, "LOGIN [REASON]", "operator.ban", user_ban},
	{"user", "unban", 1, 1, "LOGIN", "operator.unban", user_unban},
	{"user", "operator", 2, 2, "LOGIN yes|no", "operator.flag", user_operator},
	{"user", "end-sessions", 1, 1, "LOGIN", "operator.end_sessions", user_end_sessions},
	{"user", "recovery-link", 1, 1, "LOGIN", "operator.recovery_link", user_recovery_link},
	{"device", "list", 0, 0, "", "", device_list},
	{"partner", "list", 0, 0, "", "", admin_partner_list},
	{"partner", "stop", 1, 1, "ID", "partner.stop", admin_partner_stop},
	{"partner", "start", 1, 1, "ID", "partner.start", admin_partner_start},
	{"partner", "delete", 1, 1, "ID", "partner.delete", admin_partner_delete},
};
/* clang-format on */
const size_t admin_commands_n = COUNT_OF(admin_commands);
