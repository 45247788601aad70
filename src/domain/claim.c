#include "domain/claim.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/num.h"
#include "crypto/token.h"
#include "domain/audit.h"
#include "domain/claims_inside.h"
#include "domain/quarantine.h"
#include "domain/setting_build.h"
#include "domain/text.h"
#include "store/sealed.h"

const char *claim_state_name(enum claim_state s)
{
	static const char *const names[CLAIM_STATE_COUNT] = {"waiting", "seen_wrong", "connected",
		"code_sent", "proof_wanted", "bound", "expired", "locked"};

	return names[s];
}

const char *claim_hint_name(enum claim_hint h)
{
	static const char *const names[CLAIM_HINT_COUNT] = {
		NULL, "not_seen", "id_close", "locked_protocol", "seen_gone", "code_unanswered"};

	return names[h];
}

static bool is_digits(struct view v)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
	}
	return v.n > 0;
}

/* ISO/IEC 7812: every second digit from the right is doubled. */
static bool has_luhn_digit(struct view imei)
{
	unsigned sum = 0;

	for (size_t i = 0; i < imei.n; i++) {
		unsigned digit = (unsigned)(imei.p[imei.n - 1 - i] - '0');
		if (i % 2 == 1)
			digit = digit * 2 > 9 ? digit * 2 - 9 : digit * 2;
		sum += digit;
	}
	return sum % 10 == 0;
}

static enum rc check_watch(struct view watch, struct problem *p)
{
	if (watch.n < 5 || watch.n > WIRE_ID_TEXT - 1)
		return refuse(p, RC_SYNTAX, "watch_invalid", "watch", NULL);
	for (size_t i = 0; i < watch.n; i++) {
		char c = ascii_lower(watch.p[i]);
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z'))
			return refuse(p, RC_SYNTAX, "watch_invalid", "watch", NULL);
	}
	if (watch.n == IMEI_DIGITS && is_digits(watch) && !has_luhn_digit(watch))
		return refuse(p, RC_SYNTAX, "imei_check_digit", "watch", NULL);
	return RC_OK;
}

static bool is_phone_number(struct view v)
{
	struct view digits = v;

	if (v.n == 0)
		return true;
	if (v.p[0] == '+') {
		digits.p++;
		digits.n--;
	}
	return digits.n <= 20 && is_digits(digits);
}

static enum rc check_request(
	const struct domain *d, const struct claim_request *r, struct problem *p, struct err *e)
{
	uint8_t language = 0;
	int16_t offset_min = 0;
	enum rc rc = check_watch(r->watch, p);

	if (rc != RC_OK)
		return rc;
	if (!text_is_name(r->name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", NULL);
	if (!is_phone_number(r->sim_number))
		return refuse(p, RC_SYNTAX, "sim_number_invalid", "sim_number", NULL);
	if (!text_is_language(r->language) || !watch_language_number(r->language, &language))
		return refuse(p, RC_SYNTAX, "language_unsupported", "language", NULL);
	if (!view_is(r->proof, VIEW("code")) && !view_is(r->proof, VIEW("sos")))
		return refuse(p, RC_SYNTAX, "proof_invalid", "proof", NULL);
	rc = watch_zone_minutes(r->zone, d->wall_ms(), &offset_min, e);
	if (rc == RC_SYNTAX || rc == RC_NOT_FOUND)
		return refuse(p, RC_SYNTAX, "zone_unknown", "zone", NULL);
	return rc;
}

/* Purpose of each text, and what it is: watch.md, SMS provisioning. */
static void fill_sms(const struct domain *d, struct claim_info *ret)
{
	static const struct {
		const char *format, *purpose;
	} table[] = {
		{"pw,123456,ip,%s,%u#", "server"},
		{"ip,%s,%u#", "server_old"},
	};
	const struct domain_settings *s = &d->settings;

	ret->sms_n = 0;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		char *text = ret->sms[ret->sms_n].text;
		int n = i == 0 ? snprintf(text, CLAIM_SMS_TEXT, "pw,123456,ip,%s,%u#",
					 s->public_host, s->watch_port)
			       : snprintf(text, CLAIM_SMS_TEXT, "ip,%s,%u#", s->public_host,
					 s->watch_port);
		if (n < 0 || n >= CLAIM_SMS_TEXT)
			continue; /* a host name that no SMS can carry */
		ret->sms[ret->sms_n++].purpose = table[i].purpose;
	}
	(void)snprintf(ret->sms[ret->sms_n].text, CLAIM_SMS_TEXT, "pw,123456,ts#");
	ret->sms[ret->sms_n++].purpose = "query";
}

/* Under the lock. */
static void fill(const struct domain *d, const struct claim *c, struct claim_info *ret)
{
	*ret = (struct claim_info){
		.id = c->id,
		.group = c->group,
		.state = c->state,
		.hint = c->hint,
		.hint_ms = c->hint_ms,
		.code_expires_ms = c->state == CLAIM_CODE_SENT || c->state == CLAIM_PROOF_WANTED
					   ? c->code_expires_ms
					   : 0,
		.tries_left = (uint8_t)(CLAIM_TRIES_MAX - c->tries),
		.wearer = c->wearer,
		.expires_ms = c->expires_ms,
	};
	memcpy(ret->name, c->name, sizeof ret->name);
	memcpy(ret->sim_number, c->sim_number, sizeof ret->sim_number);
	text_mask(view_of(c->watch), ret->watch_masked, sizeof ret->watch_masked);
	fill_sms(d, ret);
}

/* The new row, and the limits that count rows. */
struct create_work {
	const struct principal *who;
	struct claim *claim;
	char wire_key[WIRE_ID_TEXT];
	int64_t now_ms;
	const char *code;
};

static enum rc count(struct db *db, const char *sql, const struct create_work *w, bool by_account,
	int64_t *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(db, sql, &s, e);

	if (rc != RC_OK)
		return rc;
	if (by_account)
		stmt_bind_uid(s, 1, &w->who->account);
	else
		stmt_bind_lookup(s, 1, CLAIM_LABEL_KEY, view_of(w->wire_key));
	stmt_bind_int(s, 2, w->now_ms - INT64_C(86400000));
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	*ret = has_row ? stmt_int(s, 0) : 0;
	stmt_reset(s);
	return RC_OK;
}

static enum rc create_job(struct db *db, void *arg, struct err *e)
{
	struct create_work *w = arg;
	const struct claim *c = w->claim;
	struct stmt *s = NULL;
	int64_t by_account = 0;
	int64_t *wrong = &w->claim->watch_tries;
	enum rc rc = count(db, "SELECT COUNT(*) FROM claim WHERE account = ?1 AND created_ms > ?2",
		w, true, &by_account, e);

	if (rc == RC_OK)
		rc = count(db,
			"SELECT COALESCE(SUM(tries), 0) FROM claim WHERE wire_key_hash = ?1"
			" AND created_ms > ?2",
			w, false, wrong, e);
	w->code = NULL;
	if (rc == RC_OK &&
		(by_account >= CLAIMS_PER_ACCOUNT_DAY || *wrong >= CLAIM_WRONG_PER_WATCH_DAY)) {
		w->code = "too_many_claims";
		return fail(e, RC_LIMIT, "too many claims in 24 hours");
	}
	if (rc == RC_OK)
		rc = db_prepare(db,
			"INSERT INTO claim (id, care_group, account, watch, name, sim_number, "
			"language, zone, proof, state, tries, sends, wearer, created_ms, "
			"expires_ms, wire_key, wire_key_hash)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0, 0, NULL, ?10, ?11,"
			" ?12, ?13)",
			&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &c->id);
	stmt_bind_uid(s, 2, &c->group);
	stmt_bind_uid(s, 3, &w->who->account);
	stmt_bind_sealed(s, 4, &c->group, CLAIM_LABEL_WATCH, view_of(c->watch));
	stmt_bind_sealed(s, 5, &c->group, CLAIM_LABEL_NAME, view_of(c->name));
	stmt_bind_sealed(s, 6, &c->group, CLAIM_LABEL_SIM, view_of(c->sim_number));
	stmt_bind_text(s, 7, view_of(c->language));
	stmt_bind_text(s, 8, view_of(c->zone));
	stmt_bind_int(s, 9, c->is_sos_proof);
	stmt_bind_int(s, 10, w->now_ms);
	stmt_bind_int(s, 11, c->expires_ms);
	stmt_bind_sealed(s, 12, &c->group, CLAIM_LABEL_KEY, view_of(w->wire_key));
	stmt_bind_lookup(s, 13, CLAIM_LABEL_KEY, view_of(w->wire_key));
	return stmt_run(s, NULL, e);
}

static enum rc check_not_mine(
	struct db *reader, const struct claim_request *r, struct problem *p, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	struct claim probe = {.is_sos_proof = false};
	bool is_mine = false;
	enum rc rc = db_prepare(reader,
		"SELECT d.wire_id, d.wearer FROM device d JOIN wearer w ON w.id = d.wearer"
		" WHERE w.care_group = ?1",
		&s, e);

	if (rc != RC_OK || !view_to_text(r->watch, probe.watch, sizeof probe.watch))
		return rc;
	stmt_bind_uid(s, 1, &r->group);
	rc = stmt_step(s, &has_row, e);
	while (rc == RC_OK && has_row) {
		char wire_id[WIRE_ID_TEXT];
		struct uid wearer = stmt_uid(s, 1);
		/* What cannot be opened belongs to nobody any more. */
		if (stmt_copy_sealed(s, 0, &wearer, "device.wire_id", wire_id, sizeof wire_id,
			    NULL) == RC_OK)
			is_mine = is_mine || claim_matches(&probe, view_of(wire_id));
		rc = stmt_step(s, &has_row, e);
	}
	stmt_reset(s);
	return rc == RC_OK && is_mine ? refuse(p, RC_CONFLICT, "already_yours", "watch", NULL) : rc;
}

static bool has_room(struct claims *cs, const struct uid *group)
{
	unsigned in_group = 0;

	claims_lock(cs);
	for (struct list *n = cs->all.next; n != &cs->all; n = n->next) {
		const struct claim *c = CONTAINER_OF(n, struct claim, node);
		in_group += claim_is_open(c) && uid_is(&c->group, group);
	}
	bool has = in_group < CLAIMS_PER_GROUP_MAX && cs->stats.open < CLAIMS_OPEN_MAX;
	claims_unlock(cs);
	return has;
}

/* Main loop: perhaps the watch is here already. */
struct look_work {
	struct domain *domain;
	struct uid claim;
};

/* The ids under which the watch may speak. */
static void candidates_of(const struct claim *c, struct view ret[2])
{
	ret[0] = view_of(c->watch);
	ret[1] = ret[0];
	if (ret[0].n == IMEI_DIGITS)
		ret[1] = (struct view){.p = ret[0].p + SHORT_ID_AT, .n = SHORT_ID_DIGITS};
}

static uint64_t find_session(struct domain *d, const struct claim *c, char ret_id[WIRE_ID_TEXT])
{
	uint64_t session = 0;
	char vendor[8];
	struct view candidates[2];

	candidates_of(c, candidates);
	for (unsigned i = 0; i < 2; i++) {
		if (quarantine_find(d->quarantine, candidates[i], &session, vendor) &&
			session != 0 && view_to_text(candidates[i], ret_id, WIRE_ID_TEXT))
			return session;
	}
	return 0;
}

/* A connection that a limit kept out while nobody claimed it comes again, and is let in then. */
static void call_back_refused(struct domain *d, const struct claim *c)
{
	struct view candidates[2];

	candidates_of(c, candidates);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t session = quarantine_find_refused(d->quarantine, candidates[i]);
		if (session != 0)
			d->out.close(d->out.owner, session);
	}
}

static void look_for_watch(void *arg)
{
	struct look_work *w = arg;
	struct domain *d = w->domain;
	char id[WIRE_ID_TEXT];
	uint64_t session = 0;

	claims_keep_ticking(d->claims);
	claims_lock(d->claims);
	struct claim *c = claim_find(d->claims, &w->claim);
	if (c != NULL && claim_is_open(c) && c->session == 0) {
		session = find_session(d, c, id);
		if (session != 0)
			claim_connected(c, session, view_of(id), d->wall_ms());
		else if (quarantine_has_close(
				 d->quarantine, view_of(c->watch), d->wall_ms() - INT64_C(600000)))
			claim_set_state(c, CLAIM_SEEN_WRONG, CLAIM_HINT_ID_CLOSE);
		if (session == 0)
			call_back_refused(d, c);
	}
	claims_unlock(d->claims);
	if (session != 0)
		d->out.standing(d->out.owner, session, STANDING_CLAIMING);
	free(w);
}

static enum rc post_look(struct domain *d, const struct uid *claim, struct err *e)
{
	struct look_work *w = malloc(sizeof *w);

	if (w == NULL)
		return fail(e, RC_NOMEM, "claim: out of memory");
	*w = (struct look_work){.domain = d, .claim = *claim};
	enum rc rc = loop_post(d->loop, look_for_watch, w, e);
	if (rc != RC_OK)
		free(w);
	return rc;
}

static bool copy_texts(struct claim *c, const struct claim_request *r)
{
	struct view name = view_trim(r->name);

	return view_to_text(r->watch, c->watch, sizeof c->watch) &&
	       view_to_text(name, c->name, sizeof c->name) &&
	       view_to_text(r->sim_number, c->sim_number, sizeof c->sim_number) &&
	       view_to_text(r->language, c->language, sizeof c->language) &&
	       view_to_text(r->zone, c->zone, sizeof c->zone);
}

enum rc claim_create(struct domain *d, struct db *reader, const struct principal *who,
	const struct claim_request *r, struct claim_info *ret, struct problem *p, struct err *e)
{
	enum rc rc = check_request(d, r, p, e);

	if (rc == RC_OK)
		rc = check_not_mine(reader, r, p, e);
	if (rc != RC_OK)
		return rc;
	if (!has_room(d->claims, &r->group))
		return refuse(p, RC_LIMIT, "too_many_claims", NULL, NULL);
	struct claim *c = calloc(1, sizeof *c);
	if (c == NULL)
		return fail(e, RC_NOMEM, "claim: out of memory");
	struct create_work w = {.who = who, .claim = c, .now_ms = d->wall_ms()};
	c->id = uid_new();
	c->group = r->group;
	c->is_sos_proof = view_is(r->proof, VIEW("sos"));
	c->expires_ms = w.now_ms + (int64_t)d->settings.claim_life_s * 1000;
	if (!copy_texts(c, r)) {
		free(c);
		return refuse(p, RC_SYNTAX, "watch_invalid", "watch", NULL);
	}
	claim_wire_key(c->watch, w.wire_key);
	rc = act_run(d, who, create_job, &w, e);
	if (rc != RC_OK) {
		free(c);
		return w.code == NULL ? rc : refuse(p, rc, w.code, NULL, NULL);
	}
	struct uid id = c->id;
	claims_lock(d->claims);
	claims_adopt(d->claims, c);
	fill(d, c, ret);
	claim_tell(c);
	claims_unlock(d->claims);
	return post_look(d, &id, e);
}

static bool is_among(const struct uid *ids, uint8_t n, const struct uid *id)
{
	for (uint8_t i = 0; i < n; i++) {
		if (uid_is(&ids[i], id))
			return true;
	}
	return false;
}

enum rc claim_list(struct domain *d, struct db *reader, const struct principal *who, claim_fn *fn,
	void *ctx, struct err *e)
{
	struct uid groups[PRINCIPAL_GROUPS_MAX];
	uint8_t n_groups = 0;

	for (uint8_t i = 0; i < who->groups_n; i++) {
		struct holding held;
		enum rc rc = rights_held(
			reader, &who->account, &who->groups[i], NULL, d->wall_ms(), &held, e);
		if (rc != RC_OK && rc != RC_NOT_FOUND)
			return rc;
		if (rc == RC_OK && (held.now & RIGHT_BIT(RIGHT_CLAIM)) != 0)
			groups[n_groups++] = who->groups[i];
	}
	claims_lock(d->claims);
	for (struct list *n = d->claims->all.prev; n != &d->claims->all; n = n->prev) {
		const struct claim *c = CONTAINER_OF(n, struct claim, node);
		struct claim_info info;
		if (!claim_is_open(c) || !is_among(groups, n_groups, &c->group))
			continue;
		fill(d, c, &info);
		fn(ctx, &info);
	}
	claims_unlock(d->claims);
	return RC_OK;
}

enum rc claim_get(struct domain *d, struct db *reader, const struct uid *claim,
	struct claim_info *ret, struct err *e)
{
	(void)reader;
	claims_lock(d->claims);
	const struct claim *c = claim_find(d->claims, claim);
	if (c != NULL)
		fill(d, c, ret);
	claims_unlock(d->claims);
	return c != NULL ? RC_OK : fail(e, RC_NOT_FOUND, "no such claim");
}

struct tries_work {
	struct uid id;
	uint8_t tries, sends;
	enum claim_state state;
};

static enum rc tries_job(struct db *db, void *arg, struct err *e)
{
	const struct tries_work *w = arg;
	struct stmt *s = NULL;
	enum rc rc = db_prepare(db,
		w->state < CLAIM_BOUND
			? "UPDATE claim SET tries = ?2, sends = ?3, state = ?4 WHERE id = ?1"
			: "UPDATE claim SET tries = ?2, sends = ?3, state = ?4, " CLAIM_FORGET
			  " WHERE id = ?1",
		&s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 1, &w->id);
	stmt_bind_int(s, 2, w->tries);
	stmt_bind_int(s, 3, w->sends);
	stmt_bind_int(s, 4, w->state);
	return stmt_run(s, NULL, e);
}

/* Under the lock: is a code awaited? */
static enum rc check_ready(const struct claim *c, int64_t now_ms, struct problem *p)
{
	if (c->state == CLAIM_LOCKED)
		return refuse(p, RC_CONFLICT, "claim_locked", NULL, NULL);
	if (c->state == CLAIM_EXPIRED || now_ms >= c->expires_ms)
		return refuse(p, RC_CONFLICT, "claim_expired", NULL, NULL);
	if (c->code_expires_ms != 0 && now_ms >= c->code_expires_ms && claim_is_open(c))
		return refuse(p, RC_CONFLICT, "claim_expired", NULL, NULL);
	if (c->state != CLAIM_CODE_SENT || c->is_binding || c->code[0] == '\0')
		return refuse(p, RC_CONFLICT, "claim_not_ready", NULL, NULL);
	return RC_OK;
}

/* Under the lock. Every claim for this watch knows of it, so that none gives tries back when it is
 * cancelled. */
static void count_wrong(struct claims *cs, struct claim *c)
{
	struct view watch = view_of(c->wire_id);

	c->tries++;
	cs->stats.codes_wrong++;
	for (struct list *at = cs->all.next; at != &cs->all; at = at->next) {
		struct claim *other = CONTAINER_OF(at, struct claim, node);
		other->watch_tries += other == c || claim_matches(other, watch);
	}
}

/* The wrong try is on disk before it is told, so that no crash gives tries back. */
static enum rc wrong_code(
	struct domain *d, const struct tries_work *w, struct problem *p, struct err *e)
{
	struct tries_work copy = *w;
	enum rc rc = writer_run(d->writer, tries_job, &copy, e);

	if (rc != RC_OK)
		return rc;
	rc = refuse(p, RC_CONFLICT, w->state == CLAIM_LOCKED ? "claim_locked" : "claim_code_wrong",
		"code", NULL);
	if (p != NULL)
		p->tries_left = CLAIM_TRIES_MAX - w->tries;
	return rc;
}

static enum rc bind(struct domain *d, const struct principal *who, const struct uid *claim,
	struct bind_work *w, struct problem *p, struct err *e)
{
	enum rc rc = bind_prepare(d, w, e);

	act_subject(who, &w->wearer);
	act_told(who);
	if (rc == RC_OK)
		rc = act_run(d, who, bind_job, w, e);
	if (rc == RC_OK)
		rc = bind_finish(d, w, e);
	claims_lock(d->claims);
	struct claim *c = claim_find(d->claims, claim);
	if (c != NULL) {
		c->is_binding = false;
		if (rc == RC_OK) {
			c->wearer = w->wearer;
			claim_set_state(c, CLAIM_BOUND, CLAIM_HINT_NONE);
		}
	}
	claims_unlock(d->claims);
	return rc == RC_CONFLICT ? refuse(p, rc, "claim_not_ready", NULL, NULL) : rc;
}

enum rc claim_code(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *claim, struct view code, struct claim_info *ret, struct problem *p,
	struct err *e)
{
	struct tries_work tries = {.id = *claim};

	if (code.n != CLAIM_CODE_DIGITS || !is_digits(code))
		return refuse(p, RC_SYNTAX, "code_invalid", "code", NULL);
	struct bind_work *w = calloc(1, sizeof *w);
	if (w == NULL)
		return fail(e, RC_NOMEM, "claim: out of memory");
	claims_lock(d->claims);
	struct claim *c = claim_find(d->claims, claim);
	enum rc rc = c == NULL ? fail(e, RC_NOT_FOUND, "no such claim")
			       : check_ready(c, d->wall_ms(), p);
	bool is_right = rc == RC_OK && secret_is(code, view_of(c->code));
	if (is_right) {
		c->is_binding = true;
		claim_fill_work(c, w);
	} else if (rc == RC_OK) {
		count_wrong(d->claims, c);
		if (c->tries >= CLAIM_TRIES_MAX || c->watch_tries >= CLAIM_WRONG_PER_WATCH_DAY)
			claim_set_state(c, CLAIM_LOCKED, CLAIM_HINT_NONE);
		else
			claim_tell(c);
		tries.tries = c->tries;
		tries.sends = c->sends;
		tries.state = c->state == CLAIM_LOCKED ? CLAIM_LOCKED : CLAIM_WAITING;
	}
	claims_unlock(d->claims);
	if (!is_right) {
		free(w);
		return rc == RC_OK ? wrong_code(d, &tries, p, e) : rc;
	}
	rc = bind(d, who, claim, w, p, e);
	if (rc != RC_OK) {
		bind_free(w);
		return rc;
	}
	rc = bind_post_session(w, e);
	if (rc != RC_OK)
		return rc;
	return claim_get(d, reader, claim, ret, e);
}

static void show_code(void *arg)
{
	struct look_work *w = arg;
	struct domain *d = w->domain;

	claims_lock(d->claims);
	struct claim *c = claim_find(d->claims, &w->claim);
	if (c != NULL && claim_is_open(c))
		claim_show_code(c);
	claims_unlock(d->claims);
	free(w);
}

/* Under the lock. */
static enum rc check_send(const struct claim *c, int64_t now_ms, struct problem *p)
{
	if (!claim_is_open(c) || now_ms >= c->expires_ms || c->session == 0 || c->is_binding)
		return refuse(p, RC_CONFLICT, "claim_not_ready", NULL, NULL);
	if (c->sends >= CLAIM_SENDS_MAX)
		return refuse(p, RC_LIMIT, "too_many_codes", NULL, NULL);
	if (now_ms - c->sent_ms < CLAIM_SEND_GAP_MS) {
		enum rc rc = refuse(p, RC_LIMIT, "too_soon", NULL, NULL);
		if (p != NULL)
			p->retry_after_s =
				(uint32_t)((c->sent_ms + CLAIM_SEND_GAP_MS - now_ms + 999) / 1000);
		return rc;
	}
	return RC_OK;
}

enum rc claim_send(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *claim, struct claim_info *ret, struct problem *p, struct err *e)
{
	struct tries_work tries = {.id = *claim};
	int64_t now = d->wall_ms();

	(void)reader;
	struct look_work *w = malloc(sizeof *w);
	if (w == NULL)
		return fail(e, RC_NOMEM, "claim: out of memory");
	*w = (struct look_work){.domain = d, .claim = *claim};
	claims_lock(d->claims);
	struct claim *c = claim_find(d->claims, claim);
	enum rc rc = c == NULL ? fail(e, RC_NOT_FOUND, "no such claim") : check_send(c, now, p);
	if (rc == RC_OK) {
		claim_new_code(c, now);
		tries.tries = c->tries;
		tries.sends = c->sends;
		tries.state = CLAIM_WAITING;
		fill(d, c, ret);
	}
	claims_unlock(d->claims);
	if (rc == RC_OK)
		rc = act_run(d, who, tries_job, &tries, e);
	if (rc == RC_OK)
		rc = loop_post(d->loop, show_code, w, e);
	if (rc != RC_OK)
		free(w);
	return rc;
}

struct cancel_work {
	struct domain *domain;
	uint64_t session;
	char wire_id[WIRE_ID_TEXT];
};

static void after_cancel(void *arg)
{
	struct cancel_work *w = arg;
	struct domain *d = w->domain;
	char id[WIRE_ID_TEXT];

	if (quarantine_id_of(d->quarantine, w->session, id) && !claims_want(d, view_of(id)))
		d->out.standing(d->out.owner, w->session, STANDING_UNKNOWN);
	free(w);
}

enum rc claim_cancel(
	struct domain *d, const struct principal *who, const struct uid *claim, struct err *e)
{
	struct tries_work row = {.id = *claim, .state = CLAIM_EXPIRED};
	struct cancel_work *w = calloc(1, sizeof *w);

	if (w == NULL)
		return fail(e, RC_NOMEM, "claim: out of memory");
	w->domain = d;
	claims_lock(d->claims);
	struct claim *c = claim_find(d->claims, claim);
	bool is_binding = c != NULL && c->is_binding;
	bool was_open = c != NULL && claim_is_open(c);
	if (c != NULL && !is_binding) {
		row.tries = c->tries;
		row.sends = c->sends;
		w->session = c->session;
		if (was_open)
			claim_set_state(c, CLAIM_EXPIRED, CLAIM_HINT_NONE);
		claim_free(c);
	}
	claims_unlock(d->claims);
	enum rc rc = c == NULL    ? fail(e, RC_NOT_FOUND, "no such claim")
		     : is_binding ? fail(e, RC_CONFLICT, "claim: being bound now")
				  : RC_OK;
	if (rc == RC_OK && was_open)
		rc = act_run(d, who, tries_job, &row, e);
	if (rc != RC_OK || w->session == 0 || loop_post(d->loop, after_cancel, w, e) != RC_OK)
		free(w);
	return rc;
}
