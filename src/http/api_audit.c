/* The audit log of a group, its exports, and the notices. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/time_text.h"
#include "domain/audit_csv.h"
#include "domain/audit_read.h"
#include "http/api.h"
#include "http/inside.h"

static void write_entry(void *ctx, const struct audit_info *a)
{
	struct json_out *j = ctx;

	json_object(j, NULL);
	json_int(j, "seq", a->seq);
	json_time(j, "time", a->time_ms);
	json_text(j, "action", view_of(a->action));
	json_object(j, "actor");
	json_text(j, "kind", view_of(actor_kind_name(a->actor_kind)));
	if (!uid_is_none(&a->actor))
		json_uid(j, "id", &a->actor);
	json_text(j, "name", view_of(a->actor_name));
	json_end(j);
	if (!uid_is_none(&a->group))
		json_uid(j, "group", &a->group);
	if (!uid_is_none(&a->wearer))
		json_uid(j, "wearer", &a->wearer);
	if (!uid_is_none(&a->subject))
		json_uid(j, "subject", &a->subject);
	if (a->right[0] != '\0')
		json_text(j, "right", view_of(a->right));
	json_text(j, "outcome", view_of(a->outcome));
	json_int(j, "times", a->times);
	if (a->address[0] != '\0')
		json_text(j, "address", view_of(a->address));
	json_text(j, "detail", view_of(a->detail));
	json_bool(j, "erased", a->is_erased);
	json_bool(j, "told", a->is_told);
	json_end(j);
}

/* The body's table has checked that it is digits. */
static int64_t number_of(struct view digits, int64_t otherwise)
{
	uint64_t n = 0;

	return digits.p != NULL && num_u64(digits, INT64_MAX, &n, NULL) == RC_OK ? (int64_t)n
										 : otherwise;
}

static enum rc write_entries(struct exchange *x, struct db *reader, unsigned max)
{
	struct json_out *j = &x->out;

	json_object(j, NULL);
	json_array(j, "entries");
	enum rc rc = audit_list(reader, &x->who, &x->ids[0], number_of(x->query.page.before, 0),
		max, write_entry, j, &x->err);
	json_end(j);
	json_end(j);
	return rc;
}

enum rc api_audit(struct exchange *x, struct db *reader)
{
	int64_t limit = number_of(x->query.page.limit, AUDIT_PAGE);

	return write_entries(
		x, reader, limit < 1 || limit > AUDIT_PAGE ? AUDIT_PAGE : (unsigned)limit);
}

enum rc api_audit_json(struct exchange *x, struct db *reader)
{
	x->act.is_told = true;
	return write_entries(x, reader, AUDIT_EXPORT_MAX);
}

static void csv_uid(FILE *out, const struct uid *id)
{
	char text[UID_TEXT] = "";

	if (!uid_is_none(id))
		uid_to_text(id, text);
	audit_csv_text(out, view_of(text), ',');
}

static void csv_entry(void *ctx, const struct audit_info *a)
{
	FILE *out = ctx;
	char time[TIME_TEXT];

	time_to_text(a->time_ms, time);
	(void)fprintf(out, "%" PRId64 ",%s,", a->seq, time); /* fclose tells of failures */
	audit_csv_text(out, view_of(a->action), ',');
	audit_csv_text(out, view_of(actor_kind_name(a->actor_kind)), ',');
	audit_csv_text(out, view_of(a->actor_name), ',');
	csv_uid(out, &a->actor);
	csv_uid(out, &a->wearer);
	csv_uid(out, &a->subject);
	audit_csv_text(out, view_of(a->right), ',');
	audit_csv_text(out, view_of(a->outcome), ',');
	(void)fprintf(out, "%" PRId64 ",", a->times);
	audit_csv_text(out, view_of(a->address), ',');
	audit_csv_text(out, view_of(a->detail), '\n');
}

enum rc api_audit_csv(struct exchange *x, struct db *reader)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	x->act.is_told = true;
	if (out == NULL)
		return fail(&x->err, RC_NOMEM, "audit: out of memory");
	(void)fputs("seq,time,action,actor_kind,actor_name,actor,wearer,subject,right,outcome,"
		    "times,address,detail\n",
		out);
	enum rc rc = audit_list(reader, &x->who, &x->ids[0], number_of(x->query.page.before, 0),
		AUDIT_EXPORT_MAX, csv_entry, out, &x->err);
	if (fclose(out) != 0 && rc == RC_OK)
		rc = fail(&x->err, RC_NOMEM, "audit: out of memory");
	if (rc != RC_OK) {
		free(text);
		return rc;
	}
	x->blob = (uint8_t *)text;
	x->blob_n = n;
	x->content_type = "text/csv; charset=utf-8";
	return RC_OK;
}

enum rc api_notices(struct exchange *x, struct db *reader)
{
	struct json_out *j = &x->out;
	unsigned unread = 0;
	int64_t mark = 0;

	json_object(j, NULL);
	json_array(j, "notices");
	enum rc rc = notices_list(
		reader, &x->who, number_of(x->query.page.before, 0), write_entry, j, &x->err);
	json_end(j);
	if (rc == RC_OK)
		rc = notices_unread(reader, &x->who, &unread, &mark, &x->err);
	json_int(j, "unread", unread);
	json_int(j, "read_up_to", mark);
	json_end(j);
	return rc;
}

enum rc api_notices_read(struct exchange *x, struct db *reader)
{
	(void)reader;
	return notices_mark_read(x->domain, &x->who, x->body.notices_read.seq.value, &x->err);
}
