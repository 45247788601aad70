/* Who may do what: the checks that every request goes through, in one order, before any handler. */
#include "domain/ban.h"
#include "domain/wearer.h"
#include "domain/web_session.h"
#include "http/api.h"
#include "http/files.h"
#include "http/inside.h"
#include "http/partner_access.h"
#include "http/peers.h"
#include "http/trail.h"

static enum rc refuse_head(struct exchange *x, enum rc rc, const char *code, bool must_close)
{
	x->must_close = x->must_close || must_close;
	return refuse(&x->problem, rc, code, NULL, NULL);
}

static bool is_safe(struct view method)
{
	return view_is(method, VIEW("GET")) || view_is(method, VIEW("HEAD"));
}

static enum rc check_limits(struct exchange *x, enum rate_class class)
{
	struct address network = address_network(&x->address);
	const struct uid *who = uid_is_none(&x->who.partner) ? &x->who.account : &x->who.partner;
	struct view key =
		uid_is_none(who)
			? (struct view){.p = (const char *)network.b, .n = sizeof network.b}
			: (struct view){.p = (const char *)who->b, .n = UID_BYTES};
	uint32_t wait_s = 0;

	if (rate_take(x->server->rate, class, key, x->now_ms, &wait_s))
		return RC_OK;
	count_up(&x->server->counters.limit_requests);
	enum rc rc = refuse_head(x, RC_LIMIT, "too_many_requests", false);
	x->problem.retry_after_s = wait_s;
	return rc;
}

/* Finds the route or the app's file; whatever else there is answers alike. */
static enum rc find_target(struct exchange *x, struct view method, struct view path)
{
	struct route_match match;

	routes_match(method, path, &match);
	if (match.route != NULL) {
		x->route = match.route;
		memcpy(x->ids, match.ids, sizeof x->ids);
		x->word = (struct view){.p = x->word_text, .n = match.word.n};
		if (match.word.n > 0) /* routes.c bounds it */
			memcpy(x->word_text, match.word.p, match.word.n);
		trail_begin(x);
		return RC_OK;
	}
	if (match.known != NULL) {
		x->known = match.known;
		return refuse_head(x, RC_CONFLICT, "method_not_allowed", false);
	}
	if (is_safe(method) && files_find(x->server->files, path, &x->file)) {
		x->is_file = true;
		return RC_OK;
	}
	return refuse_head(x, RC_NOT_FOUND, "not_found", false);
}

/* Takes the same time whatever differs: behind a proxy the last request may have been somebody
 * else's. */
static bool is_same_token(const struct signed_in *last, struct view token)
{
	uint64_t words[TOKEN_CHARS_MAX / 8] = {0};
	uint64_t last_words[TOKEN_CHARS_MAX / 8];
	uint64_t difference = last->token_n ^ token.n;

	memcpy(words, token.p, token.n); /* head_cookie bounds it */
	memcpy(last_words, last->token, sizeof last_words);
	for (size_t i = 0; i < COUNT_OF(words); i++)
		difference |= words[i] ^ last_words[i];
	return difference == 0;
}

/* A client sends the same cookie with every request of a connection: it is looked up again only
 * after a few seconds, or when any session ended meanwhile. */
static bool is_signed_in_still(
	const struct exchange *x, const struct signed_in *last, struct view token)
{
	return last != NULL && last->token_n > 0 && x->now_ms < last->until_ms &&
	       last->generation == web_session_generation(x->domain) && is_same_token(last, token);
}

static bool look_up_session(struct exchange *x, struct signed_in *last, struct view token)
{
	/* First, so that an end that comes between the two makes the entry old, not wrong. */
	uint64_t generation = web_session_generation(x->domain);

	if (!web_session_check(x->domain, token, &x->who))
		return false;
	if (last == NULL)
		return true;
	shared_answer_unref(last->answer);
	*last = (struct signed_in){0};
	memcpy(last->token, token.p, token.n); /* head_cookie bounds it */
	last->token_n = (uint8_t)token.n;
	last->until_ms = x->now_ms + SIGNED_IN_MS;
	last->generation = generation;
	last->who = x->who;
	last->who.act = NULL;
	return true;
}

static enum rc check_session(struct exchange *x)
{
	struct signed_in *last = peer_signed_in(x->peer);
	struct view token;

	if (head_cookie(x->head.cookie, view_of(x->server->cookie_name), &token)) {
		if (is_signed_in_still(x, last, token)) {
			x->who = last->who;
			return RC_OK;
		}
		if (look_up_session(x, last, token))
			return RC_OK;
	}
	x->who = (struct principal){.act = &x->act};
	enum rc rc = check_limits(x, RATE_READ);
	return rc != RC_OK ? rc : refuse_head(x, RC_DENIED, "sign_in_needed", false);
}

static enum rc check_partner(struct exchange *x)
{
	enum rc rc = partner_access_check(x);

	if (rc != RC_DENIED)
		return rc;
	rc = check_limits(x, RATE_READ); /* of the address: tokens are not to be guessed */
	return rc != RC_OK ? rc : refuse_head(x, RC_DENIED, "token_invalid", false);
}

/* What an account may do before it has the second factor that the operator wants. */
static bool is_about_own_account(const struct route *r)
{
	struct view path = view_of(r->path);

	return view_starts_nocase(path, VIEW("/api/v1/account")) ||
	       view_starts_nocase(path, VIEW("/api/v1/session"));
}

static enum rc check_person(struct exchange *x)
{
	enum rc rc = check_session(x);

	if (rc == RC_OK && x->domain->settings.is_second_factor_required &&
		!x->who.has_second_factor && !is_about_own_account(x->route))
		return refuse_head(x, RC_DENIED, "second_factor_needed", false);
	return rc;
}

static enum rc check_caller(struct exchange *x)
{
	switch (x->route->access) {
	case ACCESS_PUBLIC:
		return RC_OK;
	case ACCESS_ACCOUNT:
	case ACCESS_GROUP:
		return check_person(x);
	case ACCESS_OPERATOR: {
		enum rc rc = check_person(x);
		if (rc == RC_OK && !x->who.is_operator)
			rc = refuse_head(x, RC_NOT_FOUND, "not_found", false);
		return rc;
	}
	case ACCESS_LOCAL:
		/* Behind a proxy that is not in trusted_proxy everybody would be local. */
		if (prefixes_hold(&x->server->metrics_from, &x->address) &&
			(x->head.forwarded_for.p == NULL || x->is_proxy_trusted))
			return RC_OK;
		return refuse_head(x, RC_NOT_FOUND, "not_found", false);
	case ACCESS_PARTNER:
		return check_partner(x);
	case ACCESS_COUNT:
		break;
	}
	return refuse_head(x, RC_NOT_FOUND, "not_found", false); /* default deny */
}

static enum rc check_body_head(struct exchange *x)
{
	bool has_body = x->head.length > 0;
	enum body_kind kind = x->route == NULL ? BODY_NONE : x->route->body_kind;

	/* Chunks have a grammar of their own in which proxies and servers have disagreed; nobody
	 * needs them here. */
	if (x->head.has_transfer_encoding)
		return refuse_head(x, RC_SYNTAX, "length_required", true);
	if (kind == BODY_NONE)
		return has_body ? refuse_head(x, RC_SYNTAX, "request_bad", true) : RC_OK;
	bool is_json = kind == BODY_JSON || kind == BODY_OBJECT;
	if ((is_json && !head_is_type(&x->head, VIEW("application/json"))) ||
		(kind == BODY_FORM &&
			!head_is_type(&x->head, VIEW("application/x-www-form-urlencoded"))))
		return refuse_head(x, RC_SYNTAX, "media_type_wrong", x->head.length > DISCARD_MAX);
	if (kind == BODY_SOUND && !head_is_type(&x->head, VIEW("audio/wav")))
		return refuse_head(x, RC_SYNTAX, "media_type_wrong", x->head.length > DISCARD_MAX);
	if (x->head.length <= exchange_body_max(x, kind))
		return RC_OK;
	count_up(&x->server->counters.limit_body);
	return refuse_head(x, RC_LIMIT,
		kind == BODY_PICTURE ? "picture_too_large" : "body_too_large",
		x->head.length > DISCARD_MAX);
}

struct query_reader {
	struct exchange *x;
	uint32_t given;
	enum rc rc;
};

/* Reads "%41" in place; text then has *n bytes. False for a malformed escape and for what is not
 * plain ASCII. */
static bool unescape(char *text, size_t *n)
{
	size_t to = 0;

	for (size_t i = 0; i < *n; i++) {
		int byte = (unsigned char)text[i];
		if (byte == '%') {
			int high = i + 2 < *n ? ascii_hex(text[i + 1]) : -1;
			int low = high < 0 ? -1 : ascii_hex(text[i + 2]);
			if (low < 0)
				return false;
			byte = high * 16 + low;
			i += 2;
		}
		if (byte < 0x20 || byte > 0x7E)
			return false;
		text[to++] = (char)byte;
	}
	*n = to;
	return true;
}

static enum rc take_value(struct query_reader *q, const struct field *f, struct view value)
{
	struct exchange *x = q->x;
	char *copy = x->query_text + x->query_n;
	uint32_t bit = 1u << (f - x->route->query->fields);

	if ((q->given & bit) != 0 || value.n > sizeof x->query_text - x->query_n)
		return RC_SYNTAX;
	q->given |= bit;
	memcpy(copy, value.p, value.n);
	if (!unescape(copy, &value.n))
		return RC_SYNTAX;
	x->query_n += value.n;
	return field_set_text(f, (struct view){.p = copy, .n = value.n}, &x->query, &x->problem);
}

static enum MHD_Result take_parameter(void *context, enum MHD_ValueKind kind, const char *name,
	size_t name_n, const char *value, size_t value_n)
{
	struct query_reader *q = context;
	const struct field_table *t = q->x->route->query;
	const struct field *f =
		t == NULL ? NULL : field_find(t, (struct view){.p = name, .n = name_n});

	(void)kind;
	q->rc = f == NULL || value == NULL
			? RC_SYNTAX
			: take_value(q, f, (struct view){.p = value, .n = value_n});
	if (f != NULL)
		q->x->problem.field = f->name;
	return q->rc == RC_OK ? MHD_YES : MHD_NO;
}

static enum rc read_query(struct exchange *x)
{
	struct query_reader q = {.x = x, .rc = RC_OK};

	if (x->route->body_kind == BODY_PHONE)
		return RC_OK;
	(void)MHD_get_connection_values_n(x->connection, MHD_GET_ARGUMENT_KIND, take_parameter, &q);
	if (q.rc == RC_OK && x->route->query != NULL)
		q.rc = field_check_given(x->route->query, q.given, &x->problem);
	if (q.rc == RC_OK)
		x->problem.field = NULL;
	else
		x->problem.code = "query_bad";
	return q.rc;
}

/* Before anything else is looked at, also for the app's files. Not in the audit log: it would only
 * fill it. */
static enum rc check_network(struct exchange *x)
{
	struct domain *d = x->domain;

	if (!bans_hold(d->bans, &x->address, d->wall_ms()))
		return RC_OK;
	bans_count_refused(d->bans);
	return refuse_head(x, RC_DENIED, "network_banned", true);
}

static enum rc check_host(struct exchange *x)
{
	const struct http_server *s = x->server;

	if (!s->settings->is_host_checked || s->public_authority.n == 0 ||
		prefixes_hold(&s->metrics_from, &x->address) ||
		view_is_nocase(x->head.host, s->public_authority))
		return RC_OK;
	return refuse_head(x, RC_DENIED, "host_wrong", false);
}

enum rc access_check_head(struct exchange *x, struct view method, struct view path)
{
	if (x->head.bad != NULL)
		return refuse(&x->problem, RC_SYNTAX, "request_bad", NULL, x->head.bad);
	enum rc rc = check_network(x);
	if (rc == RC_OK)
		rc = check_host(x);
	if (rc == RC_OK)
		rc = find_target(x, method, path);
	if (rc == RC_OK && !is_safe(method) &&
		!head_is_own_origin(&x->head, x->server->public_origin))
		rc = refuse_head(x, RC_DENIED, "foreign_origin", false);
	if (rc == RC_OK && x->route != NULL) {
		rc = check_caller(x);
		trail_caller(x);
		if (rc == RC_OK)
			rc = check_limits(x, x->route->rate);
		if (rc == RC_OK)
			rc = read_query(x);
	}
	enum rc body_rc = rc == RC_OK ? check_body_head(x) : RC_OK;
	return rc != RC_OK ? rc : body_rc;
}

static enum rc check_right(struct exchange *x, struct db *reader, const struct uid *object,
	enum right right, bool may_wait)
{
	struct verdict *v = &x->verdict;
	enum rc rc = rights_decide(
		reader, &x->who, x->route->object, object, right, x->domain->wall_ms(), v, &x->err);

	if (rc != RC_OK)
		return rc == RC_DENIED ? RC_NOT_FOUND : rc;
	if (v->is_break_glass &&
		!is_safe(view_of(x->route->method))) /* class A is not all reading */
		return refuse(&x->problem, RC_DENIED, "right_missing", NULL, NULL);
	if (v->is_break_glass) { /* each look is told */
		x->act.is_told = true;
		x->act.action = "break_glass.look";
	}
	x->group = v->group;
	x->act.right = right_name(right);
	trail_object(x);
	switch (v->decision) {
	case DECIDE_ALLOW:
		return RC_OK;
	case DECIDE_SECOND_PERSON:
	case DECIDE_WAIT:
		if (may_wait)
			return RC_OK;
		break;
	case DECIDE_STEP_UP:
	case DECIDE_DENY:
		break;
	}
	return refuse(&x->problem, RC_DENIED, v->reason, NULL, NULL);
}

/* Lists and streams hold what the caller belongs to now, not when the session began. */
static enum rc read_groups(struct exchange *x, struct db *reader)
{
	size_t n = 0;
	enum rc rc = rights_groups(
		reader, &x->who.account, x->domain->wall_ms(), x->who.groups, &n, &x->err);

	if (rc == RC_OK)
		x->who.groups_n = (uint8_t)n;
	return rc;
}

enum rc access_check_object(struct exchange *x, struct db *reader)
{
	const struct route *r = x->route;

	/* The session may have ended while the body came or the pool was busy. */
	if (r->access != ACCESS_PUBLIC && r->access != ACCESS_LOCAL &&
		r->access != ACCESS_PARTNER && r->where != RUN_HERE &&
		!web_session_is_alive(x->domain, &x->who.session))
		return refuse(&x->problem, RC_DENIED, "sign_in_needed", NULL, NULL);
	if (r->place == OBJECT_NOWHERE)
		/* The session's answer is kept, and reads the groups itself when it is made. */
		return r->access == ACCESS_ACCOUNT && r->run != api_session ? read_groups(x, reader)
									    : RC_OK;
	const struct uid *object = r->place == OBJECT_IN_BODY ? &x->body.group : &x->ids[0];
	enum rc rc = check_right(x, reader, object, r->right, r->may_wait && r->words == NULL);
	return rc == RC_OK && r->access == ACCESS_PARTNER ? partner_access_object(x) : rc;
}

enum rc access_check_word(struct exchange *x, struct db *reader)
{
	const struct word_right *w = x->route->words;
	struct word_right in_path;

	if (x->route->path_word != NULL)
		return x->route->path_word(x->word, &in_path)
			       ? check_right(x, reader, &x->ids[0], in_path.right, in_path.may_wait)
			       : RC_NOT_FOUND; /* default deny */
	if (w == NULL)
		return RC_OK;
	while (w->word != NULL && !view_is(x->body.word, view_of(w->word)))
		w++;
	if (w->word == NULL) /* the table of the body lists no other; default deny */
		return refuse(&x->problem, RC_SYNTAX, "type_unknown", NULL, NULL);
	return check_right(x, reader, &x->ids[0], w->right, w->may_wait);
}

enum rc access_check_right(struct exchange *x, struct db *reader, enum right right, bool may_wait)
{
	return check_right(x, reader, &x->ids[0], right, may_wait);
}
