#include "domain/partner_token.h"

#include <string.h>

#include "crypto/token.h"
#include "domain/consent.h"
#include "domain/partner_event.h"
#include "store/query.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

struct client {
	struct uid id;
	enum jws_alg algorithm;
	bool is_active, is_bound, has_certificate;
	uint8_t certificate[SHA256_BYTES];
	struct jws_key key;
};

/* One answer for everything that depends on what is registered. */
static enum rc unknown_client(struct err *e)
{
	return fail(e, RC_DENIED,
		"the client is unknown or stopped, or the signature, key or certificate is wrong");
}

static enum rc check_times(const struct assertion *a, int64_t now_ms, struct err *e)
{
	int64_t now_s = now_ms / 1000;

	if (a->exp_s <= a->iat_s || a->exp_s - a->iat_s > ASSERTION_LIFE_MAX_S)
		return fail(e, RC_DENIED, "exp must be at most 300 s after iat");
	if (a->exp_s < now_s - ASSERTION_WINDOW_S)
		return fail(e, RC_DENIED, "the assertion has ended");
	if (a->iat_s > now_s + ASSERTION_WINDOW_S || a->nbf_s > now_s + ASSERTION_WINDOW_S ||
		a->nbf_s > a->exp_s)
		return fail(e, RC_DENIED, "the assertion is of the future");
	return RC_OK;
}

static enum rc read_client(
	struct db *reader, const struct assertion *a, struct client *ret, struct err *e)
{
	struct stmt *s = NULL;
	bool has_row = false;

	*ret = (struct client){.algorithm = JWS_ALG_COUNT};
	if (!uid_from_text(view_of(a->iss), &ret->id))
		return unknown_client(e);
	enum rc rc = query_prepare(reader,
		"SELECT p.state, p.algorithm, p.is_bound, p.certificate_hash, k.spki"
		" FROM partner p JOIN partner_key k ON k.partner = p.id"
		" WHERE p.id = ?1 AND k.kid = ?2",
		&ret->id, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_text(s, 2, view_of(a->kid));
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return unknown_client(e);
	struct view certificate = stmt_blob(s, 3);
	struct view spki = stmt_blob(s, 4);
	ret->is_active = stmt_int(s, 0) == PARTNER_ACTIVE;
	ret->is_bound = stmt_int(s, 2) != 0;
	ret->has_certificate = certificate.n == sizeof ret->certificate;
	if (ret->has_certificate)
		memcpy(ret->certificate, certificate.p, sizeof ret->certificate);
	bool is_sound = jws_alg_from_name(stmt_text(s, 1), &ret->algorithm) && spki.n > 0 &&
			spki.n <= sizeof ret->key.spki;
	if (is_sound) {
		memcpy(ret->key.spki, spki.p, spki.n);
		ret->key.spki_n = (uint16_t)spki.n;
	}
	stmt_reset(s);
	return is_sound ? RC_OK : fail(e, RC_BUG, "partner: a stored key is damaged");
}

static bool is_certificate_right(const struct client *c, const uint8_t *certificate_sha256)
{
	if (!c->is_bound)
		return true;
	return c->has_certificate && certificate_sha256 != NULL &&
	       secret_is((struct view){.p = (const char *)c->certificate, .n = SHA256_BYTES},
		       (struct view){.p = (const char *)certificate_sha256, .n = SHA256_BYTES});
}

struct grant_job {
	struct uid partner;
	struct token_hash token, jti;
	const uint8_t *certificate_sha256;
	int64_t now_ms, assertion_until_ms;
};

/* Whatever of this partner has had its time; it comes here every few minutes. */
static enum rc forget_old(struct db *db, const struct grant_job *job, struct err *e)
{
	static const struct {
		const char *sql;
		int64_t age_ms;
	} deletions[] = {
		{"DELETE FROM partner_jti WHERE partner = ?1 AND expires_ms < ?2", 0},
		{"DELETE FROM partner_token WHERE partner = ?1 AND expires_ms < ?2", 0},
		{"DELETE FROM partner_answer WHERE partner = ?1 AND created_ms < ?2", DAY_MS},
		{("DELETE FROM partner_event WHERE partner = ?1 AND created_ms < ?2 AND seq <"
		  " (SELECT MAX(seq) FROM partner_event WHERE partner = ?1)"),
			PARTNER_EVENT_DAYS * DAY_MS},
		{("DELETE FROM partner_use WHERE bucket_ms < ?2 AND consent IN"
		  " (SELECT id FROM consent WHERE partner = ?1)"),
			PARTNER_USE_DAYS * DAY_MS},
	};
	enum rc rc = RC_OK;

	for (size_t i = 0; i < COUNT_OF(deletions) && rc == RC_OK; i++) {
		struct stmt *s = NULL;
		rc = query_prepare(db, deletions[i].sql, &job->partner, &s, e);
		if (rc != RC_OK)
			return rc;
		stmt_bind_int(s, 2, job->now_ms - deletions[i].age_ms);
		rc = stmt_run(s, NULL, e);
	}
	return rc;
}

/* The assertion's id into the table, once. */
static enum rc spend_assertion(struct db *db, const struct grant_job *job, struct err *e)
{
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_row(
		db, "SELECT COUNT(*) FROM partner_jti WHERE partner = ?1", &job->partner, &s, e);

	if (rc != RC_OK)
		return rc;
	int64_t n = stmt_int(s, 0);
	stmt_reset(s);
	if (n >= ASSERTIONS_KEPT_MAX)
		return fail(e, RC_LIMIT, "too many assertions: a token lives five minutes");
	rc = query_prepare(db,
		"INSERT INTO partner_jti (partner, jti_hash, expires_ms) VALUES (?1, ?2, ?3)"
		" ON CONFLICT DO NOTHING",
		&job->partner, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(s, 2, (struct view){.p = (const char *)job->jti.b, .n = sizeof job->jti.b});
	stmt_bind_int(s, 3, job->assertion_until_ms);
	rc = stmt_run(s, &changed, e);
	return rc == RC_OK && changed == 0 ? fail(e, RC_DENIED, "this assertion was used before")
					   : rc;
}

/* The partner may have been stopped since it was read. */
static enum rc insert_token(struct db *db, const struct grant_job *job, struct err *e)
{
	struct stmt *s = NULL;
	int64_t changed = 0;
	enum rc rc = query_prepare(db,
		"INSERT INTO partner_token (token_hash, partner, certificate_hash, created_ms,"
		" expires_ms) SELECT ?2, id, ?3, ?4, ?5 FROM partner WHERE id = ?1 AND state = 0",
		&job->partner, &s, e);

	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(
		s, 2, (struct view){.p = (const char *)job->token.b, .n = sizeof job->token.b});
	if (job->certificate_sha256 != NULL)
		stmt_bind_blob(s, 3,
			(struct view){
				.p = (const char *)job->certificate_sha256, .n = SHA256_BYTES});
	else
		stmt_bind_null(s, 3);
	stmt_bind_int(s, 4, job->now_ms);
	stmt_bind_int(s, 5, job->now_ms + INT64_C(1000) * PARTNER_TOKEN_LIFE_S);
	rc = stmt_run(s, &changed, e);
	if (rc == RC_OK && changed == 0)
		return unknown_client(e);
	if (rc == RC_OK)
		rc = query_prepare(db,
			"DELETE FROM partner_token WHERE partner = ?1 AND token_hash IN"
			" (SELECT token_hash FROM partner_token WHERE partner = ?1"
			" ORDER BY created_ms DESC, token_hash LIMIT 1000 OFFSET ?2)",
			&job->partner, &s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_int(s, 2, PARTNER_TOKENS_MAX);
	return stmt_run(s, NULL, e);
}

static enum rc grant_job(struct db *db, void *arg, struct err *e)
{
	const struct grant_job *job = arg;
	enum rc rc = forget_old(db, job, e);

	if (rc == RC_OK)
		rc = spend_assertion(db, job, e);
	return rc == RC_OK ? insert_token(db, job, e) : rc;
}

enum rc partner_token_grant(struct domain *d, struct db *reader, struct view audience,
	struct view assertion_text, const uint8_t *certificate_sha256, struct partner_grant *ret,
	struct err *e)
{
	struct assertion a;
	struct client c;
	struct grant_job job = {.certificate_sha256 = certificate_sha256, .now_ms = d->wall_ms()};
	enum rc rc = assertion_read(assertion_text, &a, e);

	if (rc == RC_SYNTAX || rc == RC_LIMIT)
		return RC_DENIED; /* e says what is wrong */
	if (rc == RC_OK && !view_is(view_of(a.iss), view_of(a.sub)))
		return fail(e, RC_DENIED, "iss and sub must be the client's id");
	if (rc == RC_OK && !view_is(view_of(a.aud), audience))
		return fail(e, RC_DENIED, "aud must be the address of this token endpoint");
	if (rc == RC_OK)
		rc = check_times(&a, job.now_ms, e);
	if (rc == RC_OK)
		rc = read_client(reader, &a, &c, e);
	if (rc != RC_OK)
		return rc;
	if (assertion_verify(&a, c.algorithm, &c.key, NULL) != RC_OK || !c.is_active ||
		!is_certificate_right(&c, certificate_sha256))
		return unknown_client(e);
	job.partner = c.id;
	job.assertion_until_ms = (a.exp_s + ASSERTION_WINDOW_S + 1) * 1000;
	sha256_of(view_of(a.jti), job.jti.b);
	token_new(ret->token, &job.token);
	rc = writer_run(d->writer, grant_job, &job, e);
	if (rc == RC_OK)
		ret->partner = c.id;
	else
		secret_forget(ret->token, sizeof ret->token);
	return rc;
}

/* A token of a client that had a certificate works with the same one alone (RFC 8705 §3). */
static bool is_bound_here(struct view stored, const uint8_t *certificate_sha256)
{
	if (stored.p == NULL)
		return true;
	return certificate_sha256 != NULL && stored.n == SHA256_BYTES &&
	       secret_is(stored,
		       (struct view){.p = (const char *)certificate_sha256, .n = SHA256_BYTES});
}

enum rc partner_token_check(struct db *reader, struct view token, const uint8_t *certificate_sha256,
	int64_t now_ms, struct partner_caller *ret, struct err *e)
{
	struct token_hash hash;
	struct stmt *s = NULL;
	bool has_row = false;

	if (!token_hash_of(token, &hash))
		return fail(e, RC_DENIED, "no such token");
	enum rc rc = db_prepare(reader,
		"SELECT p.id, p.name, p.requests_per_min, p.wearers_per_hour, t.expires_ms,"
		" t.certificate_hash FROM partner_token t JOIN partner p ON p.id = t.partner"
		" WHERE t.token_hash = ?1 AND t.expires_ms > ?2 AND t.created_ms <= ?3"
		" AND p.state = 0",
		&s, e);
	if (rc != RC_OK)
		return rc;
	stmt_bind_blob(s, 1, (struct view){.p = (const char *)hash.b, .n = sizeof hash.b});
	stmt_bind_int(s, 2, now_ms);
	stmt_bind_int(s, 3, now_ms + INT64_C(1000) * ASSERTION_WINDOW_S);
	rc = stmt_step(s, &has_row, e);
	if (rc != RC_OK)
		return rc;
	if (!has_row)
		return fail(e, RC_DENIED, "no such token");
	*ret = (struct partner_caller){.id = stmt_uid(s, 0),
		.requests_per_min = (uint32_t)stmt_int(s, 2),
		.wearers_per_hour = (uint32_t)stmt_int(s, 3),
		.token_until_ms = stmt_int(s, 4)};
	stmt_copy_text(s, 1, ret->name, sizeof ret->name);
	bool is_bound = is_bound_here(stmt_blob(s, 5), certificate_sha256);
	stmt_reset(s);
	return is_bound ? RC_OK : fail(e, RC_DENIED, "the token is bound to another certificate");
}
