#include "domain/passkey.h"

#include <stdlib.h>

#include "base/log.h"
#include "crypto/token.h"
#include "domain/account_mail.h"
#include "domain/audit.h"
#include "domain/second_factor.h"
#include "domain/text.h"
#include "domain/web_session.h"
#include "store/query.h"
#include "store/sealed.h"

struct passkeys {
	struct challenges *challenges;
	char rp_id[SITE_TEXT];
	char origin[SITE_TEXT]; /* "": any port of localhost */
};

/* ---- the site ---- */

/* "HTTPS://Kin.Example:443/app" is the origin "https://kin.example", RFC 6454 §4. */
static bool read_site(struct view url, struct passkeys *k)
{
	struct view scheme;
	size_t slash = 0;
	bool is_https = view_starts_nocase(url, VIEW("https://"));

	if (!view_cut(&url, is_https ? 8 : 7, &scheme) ||
		(!is_https && !view_is_nocase(scheme, VIEW("http://"))))
		return false;
	slash = view_find(url, '/');
	struct view host = {.p = url.p, .n = slash};
	if (host.n == 0 || host.n + 9 > SITE_TEXT)
		return false;
	struct view usual = is_https ? VIEW(":443") : VIEW(":80");
	if (host.n > usual.n && view_is((struct view){host.p + host.n - usual.n, usual.n}, usual))
		host.n -= usual.n;
	size_t at = is_https ? 8 : 7;
	memcpy(k->origin, is_https ? "https://" : "http://", at);
	for (size_t i = 0; i < host.n; i++)
		k->origin[at + i] = ascii_lower(host.p[i]);
	k->origin[at + host.n] = '\0';
	size_t name_n = host.p[0] == '[' ? host.n : view_find(host, ':');
	memcpy(k->rp_id, k->origin + at, name_n);
	k->rp_id[name_n] = '\0';
	return true;
}

static void passkeys_freep(struct passkeys **k)
{
	passkeys_free(*k);
}

enum rc passkeys_new(const char *public_url, struct passkeys **ret_owned, struct err *e)
{
	CLEANUP(passkeys_freep) struct passkeys *k = calloc(1, sizeof *k);

	if (k == NULL)
		return fail(e, RC_NOMEM, "passkeys: out of memory");
	if (public_url[0] == '\0')
		memcpy(k->rp_id, "localhost", sizeof "localhost");
	else if (!read_site(view_of(public_url), k))
		return fail(e, RC_SYNTAX, "public_url: http:// or https:// and a host are wanted");
	enum rc rc = challenges_new(&k->challenges, e);
	if (rc == RC_OK)
		*ret_owned = STEAL(k);
	return rc;
}

void passkeys_free(struct passkeys *k)
{
	if (k == NULL)
		return;
	challenges_free(k->challenges);
	free(k);
}

static struct webauthn_site site_of(const struct passkeys *k)
{
	return (struct webauthn_site){.rp_id = k->rp_id, .origin = k->origin};
}

void passkey_challenge(struct domain *d, enum challenge_purpose purpose, const struct uid *session,
	struct passkey_challenge *ret)
{
	uint8_t bytes[WEBAUTHN_CHALLENGE_BYTES];

	challenge_make(d->passkeys->challenges, purpose, session, d->wall_ms(), ret->id, bytes);
	base64url_write(bytes, sizeof bytes, ret->challenge, sizeof ret->challenge);
	ret->rp_id = d->passkeys->rp_id;
}

static enum rc refuse_proof(struct problem *p)
{
	return refuse(p, RC_DENIED, "passkey_wrong", NULL, "the passkey was not accepted");
}

/* The reason is for the operator alone, and only in detail. */
static enum rc refuse_checked(enum rc rc, const struct err *why, struct problem *p)
{
	if (rc == RC_NOMEM)
		return rc;
	log_event(LOG_DEBUG, "passkey.refused", "why=\"%s\"", why->msg);
	return refuse_proof(p);
}

/* ---- use ---- */

struct passkey {
	struct uid id, account;
	struct webauthn_key key;
};

/* Nobody's key, so that an unknown credential takes as long as a known one: the base point. */
static const struct webauthn_key nobodys_key = {.algorithm = -7,
	.n = 64,
	.bytes = {0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63,
		0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39,
		0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e,
		0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e,
		0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5}};

static enum rc read_passkey(struct stmt *s, struct passkey *ret, struct err *e)
{
	struct uid account = stmt_uid(s, 1);
	uint8_t *key = NULL;
	size_t n = 0;
	enum rc rc = stmt_take_sealed(s, 3, &account, "passkey.public_key", &key, &n, e);

	if (rc != RC_OK)
		return rc;
	if (n <= WEBAUTHN_KEY_MAX) {
		*ret = (struct passkey){.id = stmt_uid(s, 0),
			.account = account,
			.key = {.algorithm = (int32_t)stmt_int(s, 2), .n = (uint16_t)n}};
		memcpy(ret->key.bytes, key, n);
	}
	free(key);
	return RC_OK;
}

/* Of an unknown credential ret->id is none. */
static enum rc find_passkey(
	struct db *reader, struct view credential, struct passkey *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = db_prepare(reader,
		"SELECT id, account, algorithm, public_key FROM passkey"
		" WHERE credential_hash = ?1",
		&s, e);

	*ret = (struct passkey){.key = nobodys_key};
	if (rc != RC_OK)
		return rc;
	stmt_bind_lookup(s, 1, "passkey.credential", credential);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (has_row)
		rc = read_passkey(s, ret, e);
	stmt_reset(s);
	return rc == RC_NOT_FOUND ? RC_OK : rc; /* its account's key is gone: nobody's */
}

/* The bytes of a proof. */
struct proof_bytes {
	uint8_t credential[WEBAUTHN_CREDENTIAL_MAX], client_data[WEBAUTHN_CLIENT_DATA_MAX],
		authenticator_data[WEBAUTHN_AUTHENTICATOR_DATA_MAX],
		signature[WEBAUTHN_SIGNATURE_MAX], user[UID_BYTES];
	size_t credential_n, user_n;
	struct webauthn_use use;
};

static bool read_part(struct view text, uint8_t *dst, size_t size, struct view *ret)
{
	size_t n = 0;

	if (!base64url_read(text, dst, size, &n))
		return false;
	*ret = (struct view){.p = (const char *)dst, .n = n};
	return true;
}

static bool read_proof(const struct passkey_proof *p, struct proof_bytes *ret)
{
	return base64url_read(p->credential_id, ret->credential, sizeof ret->credential,
		       &ret->credential_n) &&
	       base64url_read(p->user_handle, ret->user, sizeof ret->user, &ret->user_n) &&
	       read_part(p->client_data, ret->client_data, sizeof ret->client_data,
		       &ret->use.client_data) &&
	       read_part(p->authenticator_data, ret->authenticator_data,
		       sizeof ret->authenticator_data, &ret->use.authenticator_data) &&
	       read_part(p->signature, ret->signature, sizeof ret->signature, &ret->use.signature);
}

struct use_job {
	const struct passkey *passkey;
	uint32_t sign_count;
	int64_t now_ms;
	bool is_suspect; /* out */
	struct domain *domain;
};

/* Keeps the counter when it went on; or there is none: always 0. Decided in the writer, so that of
 * two uses at once only one is the newer. */
static enum rc use_job(struct db *db, void *arg, struct err *e)
{
	struct use_job *job = arg;
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(db,
		"UPDATE passkey SET sign_count = ?2, used_ms = ?3 WHERE id = ?1"
		" AND (sign_count < ?2 OR (sign_count = 0 AND ?2 = 0))",
		&job->passkey->id, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->sign_count);
	stmt_bind_int(s, 3, job->now_ms);
	rc = stmt_run(s, &changed, e);
	job->is_suspect = rc == RC_OK && changed == 0;
	if (!job->is_suspect)
		return rc;
	rc = query_prepare(
		db, "UPDATE passkey SET suspect_ms = ?2 WHERE id = ?1", &job->passkey->id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, job->now_ms);
	rc = stmt_run(s, &changed, e);
	const struct act act = {.action = "passkey.suspect",
		.actor_kind = ACTOR_ACCOUNT,
		.actor = job->passkey->account,
		.subject = job->passkey->id,
		.outcome = "passkey_wrong"};
	if (rc == RC_OK)
		rc = audit_append(db, &act, job->now_ms, e);
	if (rc == RC_OK && changed > 0)
		rc = account_mail(job->domain, db, &job->passkey->account,
			&(struct account_mail){.kind = MAIL_PASSKEY_SUSPECT}, e);
	return rc;
}

enum rc passkey_prove(struct domain *d, struct db *reader, enum challenge_purpose purpose,
	const struct uid *session, const struct passkey_proof *proof, struct uid *ret_account,
	struct problem *p, struct err *e)
{
	struct webauthn_site site = site_of(d->passkeys);
	struct proof_bytes bytes = {.credential_n = 0};
	struct passkey k;
	struct use_job job = {.passkey = &k, .now_ms = d->wall_ms(), .domain = d};
	uint8_t challenge[WEBAUTHN_CHALLENGE_BYTES];
	struct err why = {.rc = RC_OK};

	if (!read_proof(proof, &bytes) ||
		!challenge_find(d->passkeys->challenges, proof->challenge_id, purpose, session,
			job.now_ms, challenge))
		return refuse_proof(p);
	enum rc rc = find_passkey(
		reader, (struct view){(const char *)bytes.credential, bytes.credential_n}, &k, e);
	if (rc != RC_OK)
		return rc;
	rc = webauthn_check_use(&site, challenge, &bytes.use, &k.key, &job.sign_count, &why);
	if (rc != RC_OK)
		return refuse_checked(rc, &why, p);
	if (uid_is_none(&k.id) ||
		(bytes.user_n > 0 && (bytes.user_n != UID_BYTES ||
					     memcmp(bytes.user, k.account.b, UID_BYTES) != 0)))
		return refuse_proof(p);
	rc = challenge_use(d->passkeys->challenges, proof->challenge_id, job.now_ms);
	if (rc == RC_LIMIT)
		return refuse(p, RC_LIMIT, "busy", NULL, NULL);
	if (rc != RC_OK)
		return refuse_proof(p);
	rc = writer_run(d->writer, use_job, &job, e);
	if (rc == RC_OK && job.is_suspect) {
		account_mail_knock(d);
		log_event(LOG_WARN, "passkey.suspect", "its counter went back");
		return refuse_proof(p);
	}
	if (rc == RC_OK)
		*ret_account = k.account;
	return rc;
}

/* ---- list, add, remove ---- */

enum rc passkey_list(
	struct db *reader, const struct uid *account, passkey_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(reader,
		"SELECT id, name, created_ms, used_ms, suspect_ms FROM passkey WHERE account = ?1"
		" ORDER BY created_ms, id",
		account, &s, e);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		struct passkey_info k = {.id = stmt_uid(s, 0),
			.created_ms = stmt_int(s, 2),
			.used_ms = stmt_int(s, 3),
			.is_suspect = stmt_int(s, 4) != 0};
		rc = stmt_copy_sealed(s, 1, account, "passkey.name", k.name, sizeof k.name, e);
		if (rc != RC_OK)
			break;
		fn(ctx, &k);
	}
	stmt_reset(s);
	return rc;
}

enum rc passkey_each_credential(
	struct db *reader, const struct uid *account, credential_fn *fn, void *ctx, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;
	enum rc rc = query_prepare(
		reader, "SELECT credential FROM passkey WHERE account = ?1", account, &s, e);

	if (rc != RC_OK)
		return rc;
	while ((rc = stmt_step(s, &has_row, e)) == RC_OK && has_row) {
		char text[BASE64URL_TEXT(WEBAUTHN_CREDENTIAL_MAX)];
		uint8_t *id = NULL;
		size_t n = 0;
		rc = stmt_take_sealed(s, 0, account, "passkey.credential", &id, &n, e);
		if (rc != RC_OK)
			break;
		if (n <= WEBAUTHN_CREDENTIAL_MAX) {
			base64url_write(id, n, text, sizeof text);
			fn(ctx, view_of(text));
		}
		free(id);
	}
	stmt_reset(s);
	return rc;
}

struct add_job {
	const struct principal *who;
	bool is_proven;
	const struct webauthn_credential *credential;
	const struct passkey_info *info;
	struct domain *domain;
	struct problem *problem;
};

static enum rc check_room(struct db *db, const struct add_job *job, struct err *e)
{
	const struct webauthn_credential *c = job->credential;
	struct passkey other;
	struct stmt *s = NULL;
	enum rc rc = query_row(
		db, "SELECT COUNT(*) FROM passkey WHERE account = ?1", &job->who->account, &s, e);

	if (rc != RC_OK)
		return rc;
	int64_t n = stmt_int(s, 0);
	stmt_reset(s);
	if (n >= PASSKEYS_PER_ACCOUNT_MAX)
		return refuse(job->problem, RC_CONFLICT, "too_many_passkeys", NULL,
			"remove one that is not used");
	rc = find_passkey(db, (struct view){(const char *)c->id, c->id_n}, &other, e);
	if (rc == RC_OK && !uid_is_none(&other.id))
		return refuse(job->problem, RC_CONFLICT, "passkey_exists", NULL, NULL);
	return rc;
}

static enum rc add_job(struct db *db, void *arg, struct err *e)
{
	const struct add_job *job = arg;
	const struct webauthn_credential *c = job->credential;
	const struct uid *account = &job->who->account;
	struct view id = {(const char *)c->id, c->id_n};
	struct stmt *s = NULL;
	enum rc rc = security_check_begun(db, account, job->is_proven, job->problem, e);

	if (rc == RC_OK)
		rc = check_room(db, job, e);
	if (rc == RC_OK)
		rc = query_prepare(db,
			"INSERT INTO passkey (id, account, credential, credential_hash, name,"
			" algorithm, public_key, sign_count, created_ms, used_ms, suspect_ms)"
			" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, 0)",
			&job->info->id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, account);
	stmt_bind_sealed(s, 3, account, "passkey.credential", id);
	stmt_bind_lookup(s, 4, "passkey.credential", id);
	stmt_bind_sealed(s, 5, account, "passkey.name", view_of(job->info->name));
	stmt_bind_int(s, 6, c->key.algorithm);
	stmt_bind_sealed(s, 7, account, "passkey.public_key",
		(struct view){(const char *)c->key.bytes, c->key.n});
	stmt_bind_int(s, 8, c->sign_count);
	stmt_bind_int(s, 9, job->info->created_ms);
	rc = stmt_run(s, NULL, e);
	return rc == RC_OK ? account_mail(job->domain, db, account,
				     &(struct account_mail){.kind = MAIL_SECURITY_CHANGED,
					     .what = MAIL_WHAT_PASSKEY_ADDED},
				     e)
			   : rc;
}

static enum rc check_new(struct domain *d, const struct principal *who,
	const struct passkey_request *r, struct webauthn_credential *ret, struct problem *p)
{
	struct webauthn_site site = site_of(d->passkeys);
	uint8_t client_data[WEBAUTHN_CLIENT_DATA_MAX];
	uint8_t attestation[WEBAUTHN_ATTESTATION_MAX];
	uint8_t challenge[WEBAUTHN_CHALLENGE_BYTES];
	struct view client_view;
	struct view attestation_view;
	struct err why = {.rc = RC_OK};

	if (!read_part(r->client_data, client_data, sizeof client_data, &client_view) ||
		!read_part(r->attestation_object, attestation, sizeof attestation,
			&attestation_view) ||
		!challenge_find(d->passkeys->challenges, r->challenge_id, CHALLENGE_NEW_PASSKEY,
			&who->session, d->wall_ms(), challenge))
		return refuse_proof(p);
	enum rc rc = webauthn_check_new(&site, challenge, client_view, attestation_view, ret, &why);
	if (rc != RC_OK)
		return refuse_checked(rc, &why, p);
	rc = challenge_use(d->passkeys->challenges, r->challenge_id, d->wall_ms());
	if (rc == RC_LIMIT)
		return refuse(p, RC_LIMIT, "busy", NULL, NULL);
	return rc == RC_OK ? RC_OK : refuse_proof(p);
}

enum rc passkey_add(struct domain *d, struct db *reader, const struct principal *who,
	const struct passkey_request *r, struct passkey_info *ret, struct problem *p, struct err *e)
{
	struct webauthn_credential credential;
	struct passkey_info info = {.id = uid_new(), .created_ms = d->wall_ms()};
	struct add_job job = {.who = who,
		.is_proven = security_was_proven(d, who),
		.credential = &credential,
		.info = &info,
		.domain = d,
		.problem = p};

	if (!text_is_name(r->name) || !view_to_text(r->name, info.name, sizeof info.name))
		return refuse(p, RC_SYNTAX, "name_invalid", "name", "1 to 80 characters");
	enum rc rc = check_new(d, who, r, &credential, p);
	if (rc == RC_OK)
		rc = act_run(d, who, add_job, &job, e);
	if (rc == RC_OK)
		rc = web_session_step_up(d, who, e);
	if (rc == RC_OK)
		rc = web_session_reload(d, reader, &who->account, e);
	account_mail_knock(d);
	if (rc == RC_OK)
		*ret = info;
	return rc;
}

struct remove_job {
	const struct principal *who;
	const struct uid *passkey;
	struct domain *domain;
};

static enum rc remove_job(struct db *db, void *arg, struct err *e)
{
	const struct remove_job *job = arg;
	const struct uid *account = &job->who->account;
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(
		db, "DELETE FROM passkey WHERE id = ?1 AND account = ?2", job->passkey, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_uid(s, 2, account);
	rc = stmt_run(s, &changed, e);
	if (rc == RC_OK && changed == 0)
		return fail(e, RC_NOT_FOUND, "no such passkey");
	if (rc == RC_OK)
		rc = second_factor_tidy(db, account, e);
	return rc == RC_OK ? account_mail(job->domain, db, account,
				     &(struct account_mail){.kind = MAIL_SECURITY_CHANGED,
					     .what = MAIL_WHAT_PASSKEY_REMOVED},
				     e)
			   : rc;
}

enum rc passkey_remove(struct domain *d, struct db *reader, const struct principal *who,
	const struct uid *passkey, struct err *e)
{
	struct remove_job job = {.who = who, .passkey = passkey, .domain = d};
	enum rc rc = act_run(d, who, remove_job, &job, e);

	if (rc == RC_OK)
		rc = web_session_reload(d, reader, &who->account, e);
	account_mail_knock(d);
	return rc;
}
