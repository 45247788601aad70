#include "domain/approval_row.h"

#include <stdlib.h>

#include "crypto/token.h"
#include "domain/bus.h"
#include "store/query.h"
#include "store/sealed.h"

const char *approval_state_name(enum approval_state s)
{
	static const char *const names[APPROVAL_STATE_COUNT] = {
		"pending", "done", "objected", "withdrawn", "expired", "failed"};

	return names[s];
}

enum rc approval_row_read(struct stmt *s, struct approval_row *ret, struct err *e)
{
	int64_t state = stmt_int(s, 7);

	*ret = (struct approval_row){
		.a = {.id = stmt_uid(s, 0),
			.group = stmt_uid(s, 1),
			.wearer = stmt_uid(s, 2),
			.subject = stmt_uid(s, 3),
			.by = stmt_uid(s, 4),
			.kind = approval_kind_find(stmt_text(s, 5)),
			.needs = stmt_int(s, 6) == APPROVAL_TIME ? APPROVAL_TIME
								 : APPROVAL_SECOND_PERSON,
			.state = state >= 0 && state < APPROVAL_STATE_COUNT
					 ? (enum approval_state)state
					 : APPROVAL_FAILED,
			.created_ms = stmt_int(s, 8),
			.due_ms = stmt_int(s, 9)}};
	if (ret->a.kind == NULL)
		return fail(e, RC_NOT_FOUND, "approval: a kind of another program");
	enum rc rc = stmt_take_sealed(
		s, 10, &ret->a.group, "approval.payload", &ret->payload, &ret->payload_n, e);
	if (rc == RC_OK)
		ret->a.payload =
			(struct view){.p = (const char *)ret->payload, .n = ret->payload_n};
	return rc;
}

void approval_row_done(struct approval_row *r)
{
	if (r->payload != NULL)
		secret_forget(r->payload, r->payload_n);
	free(r->payload);
	*r = (struct approval_row){0};
}

enum rc approval_row_find(
	struct db *db, const struct uid *id, struct approval_row *ret, struct err *e)
{
	struct stmt *s = NULL;
	enum rc rc = query_row(db, APPROVAL_COLUMNS " WHERE id = ?1", id, &s, e);

	*ret = (struct approval_row){0};
	if (rc != RC_OK)
		return rc;
	rc = approval_row_read(s, ret, e);
	stmt_reset(s);
	return rc;
}

enum rc approval_row_end(struct db *db, const struct uid *id, enum approval_state next,
	const struct uid *by, int64_t now_ms, struct err *e)
{
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(db,
		"UPDATE approval SET state = ?2, ended_by = ?3, ended_ms = ?4"
		" WHERE id = ?1 AND state = 0",
		id, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, next);
	stmt_bind_uid(s, 3, by);
	stmt_bind_int(s, 4, now_ms);
	rc = stmt_run(s, &changed, e);
	return rc == RC_OK && changed == 0 ? fail(e, RC_CONFLICT, "approval: it has ended") : rc;
}

enum rc approval_holds_right(struct db *db, const struct approval *a, const struct uid *account,
	int64_t now_ms, bool *ret, struct err *e)
{
	struct holding held;
	enum rc rc = rights_held(db, account, &a->group, &a->wearer, now_ms, &held, e);

	*ret = rc == RC_OK && (held.ever & RIGHT_BIT(a->kind->right)) != 0;
	return rc == RC_NOT_FOUND ? RC_OK : rc;
}

void approval_acted(struct domain *d, const struct approval *a)
{
	if (a->kind->after != NULL)
		a->kind->after(d, a);
	bus_publish(d->bus, EVENT_GROUP, &a->group, &a->group);
}
