#include "domain/audit_read.h"

#include <sodium.h>
#include <stdlib.h>

#include "domain/account.h"
#include "domain/audit_inside.h"
#include "domain/partner.h"
#include "store/query.h"
#include "store/sealed.h"

static enum actor_kind kind_of(int64_t n)
{
	return n >= ACTOR_SERVER && n <= ACTOR_WATCH ? (enum actor_kind)n : ACTOR_SERVER;
}

/* Cut at whole characters; what does not fit was not written by us. */
static void copy_piece(struct view v, char *dst, size_t dst_size)
{
	if (!view_to_text(v, dst, dst_size))
		dst[0] = '\0';
}

static enum rc read_detail(
	struct stmt *s, const struct uid *owner, struct audit_info *ret, struct err *e)
{
	uint8_t *plain = NULL;
	size_t n = 0;
	enum rc rc = stmt_take_sealed(s, 13, owner, AUDIT_LABEL, &plain, &n, e);

	ret->is_erased = rc == RC_NOT_FOUND;
	if (rc == RC_NOT_FOUND || rc == RC_SYNTAX) /* erased, or changed: verify finds that */
		return RC_OK;
	if (rc != RC_OK)
		return rc;
	struct view rest = {.p = (const char *)plain, .n = n};
	struct view head;
	struct view address;
	if (view_cut(&rest, AUDIT_SALT_BYTES, &head) && view_cut(&rest, 1, &head) &&
		view_cut(&rest, (uint8_t)head.p[0], &address)) {
		copy_piece(address, ret->address, sizeof ret->address);
		copy_piece(rest, ret->detail, sizeof ret->detail);
	}
	sodium_memzero(plain, n);
	free(plain);
	return RC_OK;
}

static enum rc read_name(struct db *reader, struct audit_info *a, struct err *e)
{
	if (uid_is_none(&a->actor))
		return RC_OK;
	if (a->actor_kind == ACTOR_PARTNER)
		return partner_name(reader, &a->actor, a->actor_name, sizeof a->actor_name, e);
	if (a->actor_kind != ACTOR_ACCOUNT)
		return RC_OK;
	return account_name(reader, &a->actor, a->actor_name, sizeof a->actor_name, e);
}

/* All but what is sealed. Returns whose key sealed that. */
static struct uid read_plain(struct stmt *s, struct audit_info *ret)
{
	struct audit_row row;

	audit_row_read(s, &row);
	*ret = (struct audit_info){
		.seq = row.seq,
		.time_ms = row.time_ms,
		.actor_kind = kind_of(row.actor_kind),
		.actor = row.actor,
		.group = row.group,
		.wearer = row.wearer,
		.subject = row.subject,
		.is_told = row.is_told,
		.times = row.times,
	};
	copy_piece(row.action, ret->action, sizeof ret->action);
	copy_piece(row.right, ret->right, sizeof ret->right);
	copy_piece(row.outcome, ret->outcome, sizeof ret->outcome);
	return row.owner;
}

static enum rc read_info(struct db *reader, struct stmt *s, const struct principal *who,
	struct audit_info *ret, struct err *e)
{
	struct uid owner = read_plain(s, ret);
	enum rc rc = read_detail(s, &owner, ret, e);

	if (!uid_is(&ret->actor, &who->account) && ret->actor_kind == ACTOR_ACCOUNT)
		ret->address[0] = '\0';
	return rc == RC_OK ? read_name(reader, ret, e) : rc;
}

static enum rc each(struct db *reader, struct stmt *s, const struct principal *who, audit_fn *fn,
	void *ctx, struct err *e)
{
	bool has_row = false;
	enum rc rc = RC_OK;

	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct audit_info a;
		rc = read_info(reader, s, who, &a, e);
		if (rc != RC_OK) {
			stmt_reset(s);
			return rc;
		}
		fn(ctx, &a);
	}
	return rc;
}

static enum rc list_group(struct db *reader, const char *sql, const struct uid *group,
	int64_t before, unsigned max, struct stmt **ret, struct err *e)
{
	enum rc rc = query_prepare(reader, sql, group, ret, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(*ret, 2, before <= 0 ? INT64_MAX : before);
	stmt_bind_int(*ret, 3, max);
	return RC_OK;
}

enum rc audit_list(struct db *reader, const struct principal *who, const struct uid *group,
	int64_t before, unsigned max, audit_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = list_group(reader,
		"SELECT " AUDIT_COLUMNS " FROM audit WHERE care_group = ?1 AND seq < ?2"
		" ORDER BY seq DESC LIMIT ?3",
		group, before, max, &s, e);

	return rc == RC_OK ? each(reader, s, who, fn, ctx, e) : rc;
}

enum rc audit_each(struct db *reader, audit_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY seq", &s, e);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct audit_info a;
		struct uid owner = read_plain(s, &a);
		if (uid_is_none(&a.group) && uid_is_none(&a.wearer) && db_keyring(reader) != NULL)
			rc = read_detail(s, &owner, &a, e);
		if (rc != RC_OK) {
			stmt_reset(s);
			return rc;
		}
		fn(ctx, &a);
	}
	return rc;
}

/* ---- notices ---- */

struct page {
	unsigned n;
	struct audit_info items[2 * AUDIT_PAGE];
};

static void keep(void *ctx, const struct audit_info *a)
{
	struct page *page = ctx;

	if (page->n < COUNT_OF(page->items))
		page->items[page->n++] = *a;
}

static int by_seq(const void *a, const void *b)
{
	int64_t left = ((const struct audit_info *)a)->seq;
	int64_t right = ((const struct audit_info *)b)->seq;

	return left < right ? 1 : left > right ? -1 : 0;
}

static enum rc read_page(struct db *reader, const struct principal *who, int64_t before,
	struct page *page, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = RC_OK;

	for (uint8_t i = 0; i < who->groups_n && rc == RC_OK; i++) {
		rc = list_group(reader,
			"SELECT " AUDIT_COLUMNS " FROM audit"
			" WHERE care_group = ?1 AND seq < ?2 AND is_told = 1"
			" ORDER BY seq DESC LIMIT ?3",
			&who->groups[i], before, AUDIT_PAGE, &s, e);
		if (rc == RC_OK)
			rc = each(reader, s, who, keep, page, e);
		qsort(page->items, page->n, sizeof page->items[0], by_seq);
		page->n = page->n > AUDIT_PAGE ? AUDIT_PAGE : page->n;
	}
	return rc;
}

enum rc notices_list(struct db *reader, const struct principal *who, int64_t before, audit_fn *fn,
	void *ctx, struct err *e)
{
	struct page *page = calloc(1, sizeof *page);

	if (page == NULL)
		return fail(e, RC_NOMEM, "notices: out of memory");
	enum rc rc = read_page(reader, who, before, page, e);
	for (unsigned i = 0; i < page->n && rc == RC_OK; i++)
		fn(ctx, &page->items[i]);
	sodium_memzero(page, sizeof *page);
	free(page);
	return rc;
}

static enum rc read_mark(struct db *reader, const struct uid *account, int64_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(
		reader, "SELECT seq FROM audit_mark WHERE account = ?1", account, &s, e);

	if (rc == RC_OK)
		rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = has_row ? stmt_int(s, 0) : 0;
	stmt_reset(s);
	return RC_OK;
}

static enum rc count_unread(struct db *reader, const struct uid *group, const struct uid *account,
	int64_t mark, unsigned *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(reader,
		"SELECT COUNT(*) FROM (SELECT 1 FROM audit WHERE care_group = ?1 AND seq > ?2"
		" AND is_told = 1 AND (actor IS NULL OR actor <> ?3) LIMIT ?4) AS unread",
		group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, mark);
	stmt_bind_uid(s, 3, account);
	stmt_bind_int(s, 4, NOTICES_UNREAD_MAX);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	*ret += (unsigned)stmt_int(s, 0);
	stmt_reset(s);
	return RC_OK;
}

enum rc notices_unread(struct db *reader, const struct principal *who, unsigned *ret_unread,
	int64_t *ret_mark, struct err *e)
{
	int64_t mark = 0;
	unsigned unread = 0;
	enum rc rc = read_mark(reader, &who->account, &mark, e);

	for (uint8_t i = 0; i < who->groups_n && rc == RC_OK; i++)
		rc = count_unread(reader, &who->groups[i], &who->account, mark, &unread, e);
	if (rc != RC_OK)
		return rc;
	*ret_unread = unread > NOTICES_UNREAD_MAX ? NOTICES_UNREAD_MAX : unread;
	*ret_mark = mark;
	return RC_OK;
}

struct mark_job {
	const struct uid *account;
	int64_t seq;
};

static enum rc mark_job(struct db *db, void *arg, struct err *e)
{
	const struct mark_job *job = arg;
	struct stmt *s = NULL;
	enum rc rc = query_prepare(db,
		"INSERT INTO audit_mark (account, seq) VALUES (?1, ?2)"
		" ON CONFLICT (account) DO UPDATE SET seq = excluded.seq"
		" WHERE excluded.seq > audit_mark.seq",
		job->account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->seq);
	return stmt_run(s, NULL, e);
}

enum rc notices_mark_read(struct domain *d, const struct principal *who, int64_t seq, struct err *e)
{
	struct mark_job job = {.account = &who->account, .seq = seq};

	/* Of no interest to anybody else: no entry. */
	return writer_run(d->writer, mark_job, &job, e);
}
