#include "domain/member.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "domain/account.h"
#include "domain/audit.h"
#include "domain/bus.h"
#include "domain/web_session.h"
#include "store/query.h"

#define UNTIL_MAX_MS ((int64_t)10 * 366 * 24 * 3600 * 1000) /* from now */

/* Nobody is given these one by one, or can lose them: the role says so. */
#define BY_ROLE_ONLY (RIGHT_BIT(RIGHT_SEE_GROUP) | RIGHT_BIT(RIGHT_MEMBERS))

static void put_number(uint8_t *dst, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		dst[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

static uint64_t get_number(const uint8_t *src, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value = value << 8 | src[i];
	return value;
}

size_t member_terms_pack(const struct member_terms *t, uint8_t ret[MEMBER_TERMS_BYTES])
{
	ret[0] = (uint8_t)t->role;
	put_number(ret + 1, t->given, 4);
	put_number(ret + 5, t->taken, 4);
	put_number(ret + 9, (uint64_t)t->until_ms, 8);
	return 17 + windows_pack(t->windows, t->windows_n, ret + 17);
}

bool member_terms_unpack(struct view packed, struct member_terms *ret)
{
	const uint8_t *p = (const uint8_t *)packed.p;

	if (packed.n < 17 || p[0] >= ROLE_COUNT)
		return false;
	*ret = (struct member_terms){.role = (enum member_role)p[0],
		.given = (right_set)get_number(p + 1, 4),
		.taken = (right_set)get_number(p + 5, 4),
		.until_ms = (int64_t)get_number(p + 9, 8)};
	return windows_unpack((struct view){.p = packed.p + 17, .n = packed.n - 17}, ret->windows,
		&ret->windows_n);
}

#define MEMBER_COLUMNS                                                                             \
	"SELECT m.account, a.name, m.role, m.given, m.taken, m.windows, m.until_ms, m.created_ms," \
	" a.totp IS NOT NULL AND a.totp_confirmed_ms > 0"                                          \
	" OR EXISTS (SELECT 1 FROM passkey k WHERE k.account = a.id)"                              \
	" FROM member m JOIN account a ON a.id = m.account WHERE m.care_group = ?1"

static void read_row(struct stmt *s, struct member_info *ret)
{
	struct member_terms *t = &ret->terms;

	*ret = (struct member_info){.account = stmt_uid(s, 0),
		.since_ms = stmt_int(s, 7),
		.has_second_factor = stmt_int(s, 8) != 0};
	account_copy_name(s, 1, &ret->account, ret->name, sizeof ret->name);
	if (!role_from_name(stmt_text(s, 2), &t->role))
		t->role = ROLE_VIEWER;
	t->given = (right_set)stmt_int(s, 3);
	t->taken = (right_set)stmt_int(s, 4);
	t->until_ms = stmt_int(s, 6);
	if (!windows_unpack(stmt_blob(s, 5), t->windows, &t->windows_n))
		t->windows_n = 0; /* rights.c forbids all then */
	ret->rights = (role_rights(t->role) | t->given) & ~t->taken;
}

static int compare_names(const void *a, const void *b)
{
	const struct member_info *x = a;
	const struct member_info *y = b;
	int order = strcmp(x->name, y->name);

	return order != 0 ? order : memcmp(x->account.b, y->account.b, UID_BYTES);
}

enum rc member_list(struct db *reader, const struct uid *group, int64_t now_ms, member_fn *fn,
	void *ctx, struct err *e)
{
	struct member_info *all = calloc(MEMBERS_MAX, sizeof *all);
	size_t n = 0;
	struct stmt *s = NULL;
	bool has_row = false;

	if (all == NULL)
		return fail(e, RC_NOMEM, "members: out of memory");
	enum rc rc = query_prepare(reader,
		MEMBER_COLUMNS " AND (m.until_ms = 0 OR m.until_ms > ?2) LIMIT ?3", group, &s, e);
	if (rc == RC_OK) {
		stmt_bind_int(s, 2, now_ms);
		stmt_bind_int(s, 3, MEMBERS_MAX);
		while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row)
			read_row(s, &all[n++]);
	}
	qsort(all, n, sizeof *all, compare_names);
	for (size_t i = 0; i < n && rc == RC_OK; i++)
		fn(ctx, &all[i]);
	free(all);
	return rc;
}

enum rc member_get(struct db *reader, const struct uid *group, const struct uid *account,
	struct member_info *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(reader, MEMBER_COLUMNS " AND m.account = ?2", group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, account);
	rc = query_first(s, e);
	if (rc == RC_OK)
		read_row(s, ret);
	stmt_reset(s);
	return rc;
}

enum rc member_wearers(struct db *reader, const struct uid *group, const struct uid *account,
	member_wearer_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT wearer, given, taken, windows FROM member_wearer WHERE account = ?1"
		" AND care_group = ?2",
		account, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, group);
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct member_terms t = {
			.given = (right_set)stmt_int(s, 1), .taken = (right_set)stmt_int(s, 2)};
		struct uid wearer = stmt_uid(s, 0);
		if (!windows_unpack(stmt_blob(s, 3), t.windows, &t.windows_n))
			t.windows_n = 0;
		fn(ctx, &wearer, &t);
	}
	return rc;
}

enum rc member_windows(struct db *reader, const struct uid *group, const struct uid *account,
	bool *ret_any, bool *ret_own, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_prepare(reader,
		"SELECT COUNT(*), COALESCE(SUM(account = ?2), 0) FROM"
		" (SELECT account FROM member WHERE care_group = ?1 AND LENGTH(windows) > 0"
		" UNION ALL"
		" SELECT account FROM member_wearer WHERE care_group = ?1 AND LENGTH(windows) > 0)",
		group, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, account);
	rc = query_first(s, e);
	if (rc != RC_OK)
		return rc;
	*ret_any = stmt_int(s, 0) > 0;
	*ret_own = stmt_int(s, 1) > 0;
	stmt_reset(s);
	return RC_OK;
}

void members_changed(struct domain *d, const struct uid *group)
{
	atomic_fetch_add(&d->rights_generation, 1);
	web_session_touch(d);
	bus_publish(d->bus, EVENT_GROUP, group, group);
}

/* ---- who must agree ---- */

static bool has_windows_of(const struct member_terms *t, const struct member_terms *of)
{
	uint8_t a[WINDOWS_MAX * WINDOW_BYTES];
	uint8_t b[WINDOWS_MAX * WINDOW_BYTES];
	size_t n = windows_pack(t->windows, t->windows_n, a);

	return n == windows_pack(of->windows, of->windows_n, b) && memcmp(a, b, n) == 0;
}

/* Does the member gain nothing by the change? `base`: what he holds before these terms. */
static bool is_less(const struct member_terms *was, right_set base_was,
	const struct member_terms *is, right_set base_is)
{
	right_set before = (base_was | was->given) & ~was->taken;
	right_set after = (base_is | is->given) & ~is->taken;
	bool is_shorter =
		was->until_ms == 0 || (is->until_ms != 0 && is->until_ms <= was->until_ms);

	return (after & ~before) == 0 && is_shorter &&
	       (was->windows_n == 0 || has_windows_of(was, is));
}

/* An admin loses rights only with another admin's consent (his own, say) or after 7 days; everybody
 * else at once. What gives rights takes the way of class D. */
static void choose_way(const struct principal *who, const struct member_info *m, bool is_loss,
	struct verdict *v, struct approval_request *r)
{
	bool may = v->decision == DECIDE_SECOND_PERSON || v->decision == DECIDE_WAIT;

	if (uid_is(&who->account, &m->account)) {
		if (is_loss && may)
			v->decision = DECIDE_ALLOW;
	} else if (m->terms.role == ROLE_ADMIN) {
		r->wait_ms = MEMBER_ADMIN_WAIT_MS;
	} else if (is_loss && may) {
		v->decision = DECIDE_ALLOW;
	}
}

static enum rc check_terms(const struct member_terms *t, int64_t now_ms, struct problem *p)
{
	if (((t->given | t->taken) & BY_ROLE_ONLY) != 0 || (t->given & t->taken) != 0)
		return refuse(p, RC_SYNTAX, "rights_invalid", NULL,
			"see_group and members come with the role; nothing is given and taken");
	if (t->until_ms != 0 && (t->role == ROLE_ADMIN || t->until_ms <= now_ms ||
					t->until_ms > now_ms + UNTIL_MAX_MS))
		return refuse(p, RC_SYNTAX, "until_invalid", "until",
			"in the next ten years, and not for an admin");
	return RC_OK;
}

static struct approval_request request_of(const char *kind, const struct verdict *v,
	const struct uid *account, const struct uid *wearer, struct view payload)
{
	struct approval_request r = {
		.kind = kind, .group = v->group, .subject = *account, .payload = payload};

	if (wearer != NULL)
		r.wearer = *wearer;
	return r;
}

enum rc member_change(struct domain *d, struct db *reader, const struct principal *who,
	const struct verdict *verdict, const struct uid *account, const struct member_terms *t,
	struct approval_result *ret, struct problem *p, struct err *e)
{
	uint8_t payload[MEMBER_TERMS_BYTES];
	struct verdict v = *verdict;
	struct member_info m;
	enum rc rc = member_get(reader, &v.group, account, &m, e);

	if (rc == RC_OK)
		rc = check_terms(t, d->wall_ms(), p);
	if (rc != RC_OK)
		return rc;
	size_t n = member_terms_pack(t, payload);
	struct approval_request r = request_of(member_change_kind.name, &v, account, NULL,
		(struct view){.p = (const char *)payload, .n = n});
	choose_way(who, &m, is_less(&m.terms, role_rights(m.terms.role), t, role_rights(t->role)),
		&v, &r);
	act_detail(who, "%s -> %s", role_name(m.terms.role), role_name(t->role));
	return approval_act(d, who, &v, &r, ret, p, e);
}

struct wearer_before {
	const struct uid *wearer;
	struct member_terms terms;
};

static void note_before(void *ctx, const struct uid *wearer, const struct member_terms *t)
{
	struct wearer_before *b = ctx;

	if (!uid_is(b->wearer, wearer))
		return;
	enum member_role role = b->terms.role;
	b->terms = *t;
	b->terms.role = role;
}

static enum rc check_wearer(
	struct db *reader, const struct uid *group, const struct uid *wearer, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc =
		query_row(reader, "SELECT care_group FROM wearer WHERE id = ?1", wearer, &s, e);

	if (rc != RC_OK)
		return rc;
	struct uid owner = stmt_uid(s, 0);
	stmt_reset(s);
	return uid_is(&owner, group) ? RC_OK : fail(e, RC_NOT_FOUND, "no such wearer");
}

enum rc member_change_wearer(struct domain *d, struct db *reader, const struct principal *who,
	const struct verdict *verdict, const struct uid *account, const struct uid *wearer,
	const struct member_terms *t, struct approval_result *ret, struct problem *p, struct err *e)
{
	uint8_t payload[MEMBER_TERMS_BYTES];
	struct verdict v = *verdict;
	struct member_info m;
	enum rc rc = member_get(reader, &v.group, account, &m, e);

	if (rc == RC_OK)
		rc = check_wearer(reader, &v.group, wearer, e);
	if (rc == RC_OK)
		rc = check_terms(t, d->wall_ms(), p);
	struct wearer_before before = {.wearer = wearer, .terms = {.role = m.terms.role}};
	if (rc == RC_OK)
		rc = member_wearers(reader, &v.group, account, note_before, &before, e);
	if (rc != RC_OK)
		return rc;
	struct member_terms after = *t;
	after.role = m.terms.role;
	after.until_ms = 0;
	size_t n = member_terms_pack(&after, payload);
	struct approval_request r = request_of(member_wearer_kind.name, &v, account, wearer,
		(struct view){.p = (const char *)payload, .n = n});
	choose_way(who, &m, is_less(&before.terms, m.rights, &after, m.rights), &v, &r);
	return approval_act(d, who, &v, &r, ret, p, e);
}

enum rc member_remove(struct domain *d, struct db *reader, const struct principal *who,
	const struct verdict *verdict, const struct uid *account, struct approval_result *ret,
	struct problem *p, struct err *e)
{
	struct verdict v = *verdict;
	struct member_info m;
	enum rc rc = member_get(reader, &v.group, account, &m, e);

	if (rc != RC_OK)
		return rc;
	struct approval_request r =
		request_of(member_remove_kind.name, &v, account, NULL, VIEW(""));
	choose_way(who, &m, true, &v, &r);
	return approval_act(d, who, &v, &r, ret, p, e);
}
