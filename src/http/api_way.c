/* Phones and other ways in: their list, their secrets, and what phones tell. */
#include "http/api.h"

#include <sodium.h>
#include <stdio.h>

#include "domain/way.h"
#include "http/inside.h"
#include "http/phone_report.h"

enum { URL_TEXT = 320, BASIC_MAX = 256, QUERY_BYTES_MAX = 2048 };

/* ---- for the people around a wearer ---- */

static void write_as(struct json_out *j, const char *key, const struct way_info *way)
{
	json_object(j, key);
	json_uid(j, "id", &way->id);
	json_text(j, "kind", view_of(way_kind_name(way->kind)));
	json_text(j, "name", view_of(way->name));
	json_time(j, "created", way->created_ms);
	if (way->last_ms != 0)
		json_time(j, "last_seen", way->last_ms);
	json_end(j);
}

static void write_way(void *ctx, const struct way_info *way)
{
	write_as(ctx, NULL, way);
}

enum rc api_ways(struct exchange *x, struct db *reader)
{
	const struct domain_settings *s = &x->domain->settings;

	json_object(&x->out, NULL);
	json_array(&x->out, "ways");
	enum rc rc = way_list(reader, &x->ids[0], write_way, &x->out, &x->err);
	json_end(&x->out);
	json_text(&x->out, "public_url", view_of(s->app_url));
	if (s->watch_tls_port != 0)
		json_int(&x->out, "tls_port", s->watch_tls_port);
	json_end(&x->out);
	return rc;
}

static void write_if(struct json_out *j, const char *name, const char *value)
{
	if (value[0] != '\0')
		json_text(j, name, view_of(value));
}

static void write_made(struct exchange *x, const struct way_made *made)
{
	const struct domain_settings *s = &x->domain->settings;
	struct json_out *j = &x->out;
	char url[URL_TEXT];

	json_object(j, NULL);
	write_as(j, "way", &made->way);
	json_object(j, "secret");
	if (made->way.kind == WAY_WATCH_TLS) {
		json_text(j, "host", view_of(s->public_host));
		if (s->watch_tls_port != 0)
			json_int(j, "port", s->watch_tls_port);
		write_if(j, "fingerprint", s->watch_tls_fingerprint);
		write_if(j, "certificate", made->certificate.certificate);
		write_if(j, "private_key", made->certificate.private_key);
	} else {
		(void)snprintf(url, sizeof url, "%s/phone/%s", s->app_url,
			made->way.kind == WAY_OWNTRACKS ? "owntracks" : "osmand");
		json_text(j, "url", view_of(url));
		if (made->way.kind == WAY_OWNTRACKS)
			json_text(j, "user", VIEW("kinward"));
		json_text(j, "token", view_of(made->token));
		write_if(j, "encryption_key", made->encryption_key);
	}
	json_end(j);
	json_end(j);
}

enum rc api_way_add(struct exchange *x, struct db *reader)
{
	const struct way_values *in = &x->body.way;
	struct way_made made;
	enum way_kind kind = WAY_OWNTRACKS;

	(void)reader;
	if (!way_kind_from_name(in->kind, &kind))
		return refuse(&x->problem, RC_SYNTAX, "field_value", "kind", NULL);
	enum rc rc = way_add(x->domain, &x->who, &x->ids[0], kind, in->name, in->certificate, &made,
		&x->problem, &x->err);
	if (rc != RC_OK)
		return rc;
	write_made(x, &made);
	x->status = MHD_HTTP_CREATED;
	secret_forget(&made, sizeof made);
	return RC_OK;
}

enum rc api_way_renew(struct exchange *x, struct db *reader)
{
	struct way_made made;

	(void)reader;
	enum rc rc =
		way_renew(x->domain, &x->who, &x->ids[0], &x->ids[1], &made, &x->problem, &x->err);
	if (rc == RC_OK)
		write_made(x, &made);
	secret_forget(&made, sizeof made);
	return rc;
}

enum rc api_way_rename(struct exchange *x, struct db *reader)
{
	struct way_info way;

	(void)reader;
	enum rc rc = way_rename(x->domain, &x->who, &x->ids[0], &x->ids[1], x->body.way_name.name,
		&way, &x->problem, &x->err);
	if (rc == RC_OK)
		write_as(&x->out, NULL, &way);
	return rc;
}

enum rc api_way_remove(struct exchange *x, struct db *reader)
{
	(void)reader;
	return way_remove(x->domain, &x->who, &x->ids[0], &x->ids[1], &x->problem, &x->err);
}

/* ---- for phones ---- */

struct telling {
	struct exchange *x;
	struct way_phone phone;
	enum rc rc;
};

static bool tell(void *ctx, const struct report *r)
{
	struct telling *t = ctx;

	t->rc = way_report(t->x->domain, &t->phone, r, &t->x->err);
	return t->rc == RC_OK;
}

/* Whose phone; unknown, ended and malformed tokens are answered alike. */
static enum rc find_phone(struct exchange *x, struct db *reader, struct view token,
	enum way_kind kind, struct telling *t)
{
	uint32_t wait_s = 0;

	*t = (struct telling){.x = x};
	enum rc rc = way_of_token(reader, token, kind, &t->phone, &x->err);
	if (rc != RC_OK)
		return rc;
	struct view key = {.p = (const char *)t->phone.id.b, .n = sizeof t->phone.id.b};
	if (rate_take(x->server->rate, RATE_COMMAND, key, x->now_ms, &wait_s))
		return RC_OK;
	rc = refuse(&x->problem, RC_LIMIT, "too_many_requests", NULL, NULL);
	x->problem.retry_after_s = wait_s;
	return rc;
}

/* What reading and telling came to. */
static enum rc end_telling(struct telling *t, enum rc read, const struct err *why)
{
	struct exchange *x = t->x;

	if (read == RC_SYNTAX || read == RC_LIMIT || read == RC_DENIED)
		return refuse(&x->problem, RC_SYNTAX, "phone_unreadable", NULL, why->msg);
	if (read != RC_OK)
		return read;
	if (t->rc == RC_LIMIT)
		return refuse(&x->problem, RC_IO, "busy", NULL, NULL);
	if (t->rc == RC_OK)
		way_seen(x->domain, &t->phone);
	return t->rc;
}

struct form_text {
	char p[QUERY_BYTES_MAX];
	size_t n;
	bool is_whole;
};

static void append(struct form_text *text, char between, struct view more)
{
	size_t gap = between != '\0' && text->n > 0;

	if (gap + more.n > sizeof text->p - text->n) {
		text->is_whole = false;
		return;
	}
	if (gap > 0)
		text->p[text->n++] = between;
	if (more.n > 0)
		memcpy(text->p + text->n, more.p, more.n);
	text->n += more.n;
}

/* Names and values are still escaped, but for the plus signs: those are spaces by now. */
static enum MHD_Result append_pair(void *context, enum MHD_ValueKind kind, const char *name,
	size_t name_n, const char *value, size_t value_n)
{
	struct form_text *text = context;
	size_t from = text->n;

	(void)kind;
	append(text, '&', (struct view){.p = name, .n = name_n});
	append(text, '\0', VIEW("="));
	append(text, '\0', (struct view){.p = value, .n = value == NULL ? 0 : value_n});
	for (size_t i = from; i < text->n; i++) {
		if (text->p[i] == ' ')
			text->p[i] = '+';
	}
	return text->is_whole ? MHD_YES : MHD_NO;
}

/* The query of the request's line, and the form in its body: as one text. The line itself is not
 * whole any more when this runs. */
static enum rc gather_form(struct exchange *x, struct form_text *text)
{
	bool has_form =
		x->raw_n > 0 && head_is_type(&x->head, VIEW("application/x-www-form-urlencoded"));

	text->n = 0;
	text->is_whole = true;
	(void)MHD_get_connection_values_n(x->connection, MHD_GET_ARGUMENT_KIND, append_pair, text);
	if (has_form)
		append(text, '&', (struct view){.p = x->raw, .n = x->raw_n});
	return text->is_whole ? RC_OK : refuse(&x->problem, RC_SYNTAX, "query_bad", NULL, NULL);
}

/* One report of Traccar Client's JSON is kept until it is known whose phone it is: the token stands
 * in the same text. */
struct first_pass {
	unsigned n;
};

static bool count_one(void *ctx, const struct report *r)
{
	struct first_pass *pass = ctx;

	(void)r;
	pass->n++;
	return true;
}

static enum rc take_json(struct exchange *x, struct db *reader)
{
	struct view body = {.p = x->raw, .n = x->raw_n};
	int64_t now_ms = x->domain->wall_ms();
	char token[PHONE_TOKEN_MAX];
	struct first_pass pass = {.n = 0};
	struct telling t = {.x = x};
	struct err why;
	enum rc rc = traccar_read(body, now_ms, token, count_one, &pass, &why);

	if (rc == RC_OK)
		rc = find_phone(x, reader, view_of(token), WAY_OSMAND, &t);
	else
		return end_telling(&t, rc, &why);
	if (rc != RC_OK)
		return rc;
	rc = traccar_read(body, now_ms, token, tell, &t, &why);
	return end_telling(&t, rc, &why);
}

static enum rc take_form(struct exchange *x, struct db *reader)
{
	struct form_text text;
	struct osmand read = {.token = {0}};
	struct telling t = {.x = x};
	struct err why;
	enum rc rc = gather_form(x, &text);

	if (rc != RC_OK)
		return rc;
	rc = osmand_read(text.p, text.n, x->domain->wall_ms(), &read, &why);
	if (rc != RC_OK)
		return end_telling(&t, rc, &why);
	rc = find_phone(x, reader, read.token, WAY_OSMAND, &t);
	if (rc != RC_OK)
		return rc;
	(void)tell(&t, &read.report);
	return end_telling(&t, RC_OK, &why);
}

enum rc api_phone_osmand(struct exchange *x, struct db *reader)
{
	bool is_json = x->raw_n > 0 && head_is_type(&x->head, VIEW("application/json"));
	enum rc rc = is_json ? take_json(x, reader) : take_form(x, reader);

	if (rc != RC_OK)
		return rc;
	json_object(&x->out, NULL);
	json_end(&x->out);
	return RC_OK;
}

/* The password of "Basic …"; the user's name says nothing. */
static bool basic_password(struct view header, char *buf, size_t size, struct view *ret)
{
	static const struct view scheme = {.p = "Basic ", .n = 6};
	size_t n = 0;

	if (!view_starts_nocase(header, scheme))
		return false;
	struct view text = {.p = header.p + scheme.n, .n = header.n - scheme.n};
	if (sodium_base642bin((uint8_t *)buf, size, text.p, text.n, NULL, &n, NULL,
		    sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	struct view both = {.p = buf, .n = n};
	size_t colon = view_find(both, ':');
	if (colon >= n)
		return false;
	*ret = (struct view){.p = buf + colon + 1, .n = n - colon - 1};
	return true;
}

enum rc api_phone_owntracks(struct exchange *x, struct db *reader)
{
	char buf[BASIC_MAX];
	struct view token = {0};
	struct telling t;
	struct err why;

	if (!basic_password(x->head.authorization, buf, sizeof buf, &token))
		return fail(&x->err, RC_NOT_FOUND, "no such phone");
	enum rc rc = find_phone(x, reader, token, WAY_OWNTRACKS, &t);
	secret_forget(buf, sizeof buf);
	if (rc != RC_OK)
		return rc;
	rc = owntracks_read((struct view){.p = x->raw, .n = x->raw_n},
		view_of(t.phone.encryption_key), x->domain->wall_ms(), tell, &t, &why);
	rc = end_telling(&t, rc, &why);
	if (rc != RC_OK)
		return rc;
	json_array(&x->out, NULL);
	json_end(&x->out);
	return RC_OK;
}
