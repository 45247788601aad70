#include "crypto/jws.h"

#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sodium.h>

enum { P256_BYTES = 32, ED25519_BYTES = 32, EXPONENT_BYTES_MAX = 8 };

static void pkey_freep(EVP_PKEY **p)
{
	EVP_PKEY_free(*p);
}

static void json_freep(json_t **p)
{
	json_decref(*p);
}

static void x509_freep(X509 **p)
{
	X509_free(*p);
}

static const char *const alg_names[JWS_ALG_COUNT] = {
	[JWS_ES256] = "ES256",
	[JWS_EDDSA] = "EdDSA",
	[JWS_RS256] = "RS256",
};

const char *jws_alg_name(enum jws_alg alg)
{
	return alg < JWS_ALG_COUNT ? alg_names[alg] : NULL;
}

bool jws_alg_from_name(struct view name, enum jws_alg *ret)
{
	for (unsigned i = JWS_ES256; i < JWS_ALG_COUNT; i++) {
		if (view_is(name, view_of(alg_names[i]))) {
			*ret = (enum jws_alg)i;
			return true;
		}
	}
	return false;
}

/* The system's configuration of OpenSSL is not read: it may load engines, and the sandbox has no
 * files. */
static enum rc start(struct err *e)
{
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) == 1
		       ? RC_OK
		       : fail(e, RC_NOMEM, "OpenSSL does not start");
}

/* Printable ASCII without blanks, 1..max characters. */
static bool is_plain(struct view v, size_t max)
{
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] <= ' ' || v.p[i] > '~')
			return false;
	}
	return v.n >= 1 && v.n <= max;
}

static struct view text_of(const json_t *v)
{
	return json_is_string(v)
		       ? (struct view){.p = json_string_value(v), .n = json_string_length(v)}
		       : (struct view){0};
}

/* base64url without padding; false when it is malformed or has more than size bytes. */
static bool unbase64(struct view text, uint8_t *ret, size_t size, size_t *ret_n)
{
	return text.p != NULL && sodium_base642bin(ret, size, text.p, text.n, NULL, ret_n, NULL,
					 sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
}

void sha256_of(struct view bytes, uint8_t ret[SHA256_BYTES])
{
	(void)crypto_hash_sha256(ret, (const uint8_t *)bytes.p, bytes.n); /* always 0 */
}

/* ---- keys ---- */

static EVP_PKEY *make_pkey(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
		EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static bool is_sound(EVP_PKEY *key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	bool is_good = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return is_good;
}

static EVP_PKEY *make_ec(const json_t *jwk)
{
	uint8_t point[1 + 2 * P256_BYTES] = {POINT_CONVERSION_UNCOMPRESSED};
	char group[] = "P-256";
	size_t x_n = 0;
	size_t y_n = 0;

	if (!view_is(text_of(json_object_get(jwk, "crv")), VIEW("P-256")) ||
		!unbase64(text_of(json_object_get(jwk, "x")), point + 1, P256_BYTES, &x_n) ||
		!unbase64(text_of(json_object_get(jwk, "y")), point + 1 + P256_BYTES, P256_BYTES,
			&y_n) ||
		x_n != P256_BYTES || y_n != P256_BYTES)
		return NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point),
		OSSL_PARAM_construct_end(),
	};
	return make_pkey("EC", params);
}

static EVP_PKEY *make_okp(const json_t *jwk)
{
	uint8_t x[ED25519_BYTES];
	size_t n = 0;

	if (!view_is(text_of(json_object_get(jwk, "crv")), VIEW("Ed25519")) ||
		!unbase64(text_of(json_object_get(jwk, "x")), x, sizeof x, &n) || n != sizeof x)
		return NULL;
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, sizeof x);
}

static EVP_PKEY *make_rsa(const json_t *jwk)
{
	uint8_t n_bytes[JWS_RSA_BITS_MAX / 8];
	uint8_t e_bytes[EXPONENT_BYTES_MAX];
	size_t n_n = 0;
	size_t e_n = 0;

	if (!unbase64(text_of(json_object_get(jwk, "n")), n_bytes, sizeof n_bytes, &n_n) ||
		!unbase64(text_of(json_object_get(jwk, "e")), e_bytes, sizeof e_bytes, &e_n))
		return NULL;
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	BIGNUM *n = BN_bin2bn(n_bytes, (int)n_n, NULL);
	BIGNUM *exponent = BN_bin2bn(e_bytes, (int)e_n, NULL);
	OSSL_PARAM *params = NULL;
	EVP_PKEY *key = NULL;

	if (build != NULL && n != NULL && exponent != NULL &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
		OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
		params = OSSL_PARAM_BLD_to_param(build);
	if (params != NULL)
		key = make_pkey("RSA", params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	BN_free(exponent);
	return key;
}

static bool is_rsa_strong(const EVP_PKEY *key)
{
	BIGNUM *exponent = NULL;
	int bits = EVP_PKEY_get_bits(key);

	if (bits < JWS_RSA_BITS_MIN || bits > JWS_RSA_BITS_MAX ||
		EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1)
		return false;
	bool is_strong = BN_is_odd(exponent) && BN_num_bits(exponent) >= 17; /* 65537 and more */
	BN_free(exponent);
	return is_strong;
}

/* Points of small order verify signatures that nobody made. */
static bool is_ed25519_strong(const EVP_PKEY *key)
{
	uint8_t x[ED25519_BYTES];
	size_t n = sizeof x;

	return EVP_PKEY_get_raw_public_key(key, x, &n) == 1 && n == sizeof x &&
	       crypto_core_ed25519_is_valid_point(x) == 1;
}

static bool is_p256(const EVP_PKEY *key)
{
	char group[32] = "";
	size_t n = 0;

	return EVP_PKEY_get_group_name(key, group, sizeof group, &n) == 1 &&
	       (view_is(view_of(group), VIEW("prime256v1")) ||
		       view_is(view_of(group), VIEW("P-256")));
}

/* The rule of each algorithm, for keys of any origin. */
static enum rc check_fit(EVP_PKEY *key, enum jws_alg alg, struct err *e)
{
	bool is_right = false;

	switch (alg) {
	case JWS_ES256:
		is_right = EVP_PKEY_is_a(key, "EC") && is_p256(key);
		break;
	case JWS_EDDSA:
		is_right = EVP_PKEY_is_a(key, "ED25519") && is_ed25519_strong(key);
		break;
	case JWS_RS256:
		is_right = EVP_PKEY_is_a(key, "RSA") && is_rsa_strong(key);
		break;
	case JWS_ALG_COUNT:
		break;
	}
	return is_right ? RC_OK
			: fail(e, RC_SYNTAX,
				  "the key does not fit the algorithm (ES256: EC P-256; EdDSA: "
				  "Ed25519; RS256: RSA of 2048 to 4096 bit)");
}

/* A new key, checked as far as a public key can be. */
static enum rc write_spki(EVP_PKEY *key, enum jws_alg alg, struct jws_key *ret, struct err *e)
{
	uint8_t *at = ret->spki;
	int n = i2d_PUBKEY(key, NULL);
	enum rc rc = check_fit(key, alg, e);

	if (rc != RC_OK)
		return rc;
	if (alg != JWS_EDDSA && !is_sound(key))
		return fail(e, RC_SYNTAX, "the key is not valid");
	if (n <= 0 || n > JWS_SPKI_MAX)
		return fail(e, RC_LIMIT, "the key is too long");
	ret->spki_n = (uint16_t)i2d_PUBKEY(key, &at);
	return RC_OK;
}

static enum rc check_jwk_members(const json_t *jwk, enum jws_alg alg, struct err *e)
{
	static const char *const private_members[] = {
		"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"};
	const json_t *use = json_object_get(jwk, "use");
	const json_t *named = json_object_get(jwk, "alg");
	const json_t *ops = json_object_get(jwk, "key_ops");

	for (size_t i = 0; i < COUNT_OF(private_members); i++) {
		if (json_object_get(jwk, private_members[i]) != NULL)
			return fail(e, RC_SYNTAX,
				"a private key was sent: make a new pair and send its public half");
	}
	if (use != NULL && !view_is(text_of(use), VIEW("sig")))
		return fail(e, RC_SYNTAX, "use is not \"sig\"");
	if (named != NULL && !view_is(text_of(named), view_of(jws_alg_name(alg))))
		return fail(e, RC_SYNTAX, "alg of a key is another");
	if (ops != NULL && (json_array_size(ops) != 1 ||
				   !view_is(text_of(json_array_get(ops, 0)), VIEW("verify"))))
		return fail(e, RC_SYNTAX, "key_ops is not [\"verify\"]");
	return RC_OK;
}

static enum rc read_jwk(const json_t *jwk, enum jws_alg alg, struct jws_key *ret, struct err *e)
{
	struct view kty = text_of(json_object_get(jwk, "kty"));
	struct view kid = text_of(json_object_get(jwk, "kid"));

	*ret = (struct jws_key){.spki_n = 0};
	if (!json_is_object(jwk))
		return fail(e, RC_SYNTAX, "a key is not an object");
	if (!is_plain(kid, JWS_KID_TEXT - 1) || !view_to_text(kid, ret->kid, sizeof ret->kid))
		return fail(e, RC_SYNTAX, "kid is not 1 to 64 printable characters without blanks");
	enum rc rc = check_jwk_members(jwk, alg, e);
	if (rc != RC_OK)
		return rc;
	CLEANUP(pkey_freep)
	EVP_PKEY *key = view_is(kty, VIEW("EC"))    ? make_ec(jwk)
			: view_is(kty, VIEW("OKP")) ? make_okp(jwk)
			: view_is(kty, VIEW("RSA")) ? make_rsa(jwk)
						    : NULL;
	if (key == NULL)
		return fail(e, RC_SYNTAX,
			"a key is none of EC P-256, OKP Ed25519, RSA, or is malformed");
	return write_spki(key, alg, ret, e);
}

static bool is_kid_new(const struct jws_key *keys, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (view_is(view_of(keys[i].kid), view_of(keys[n].kid)))
			return false;
	}
	return true;
}

enum rc jwks_read(struct view json, enum jws_alg alg, struct jws_key ret[JWS_KEYS_MAX],
	size_t *ret_n, struct err *e)
{
	if (json.n > JWS_JWKS_MAX)
		return fail(
			e, RC_LIMIT, "a key set of %zu bytes; at most %d", json.n, JWS_JWKS_MAX);
	CLEANUP(json_freep)
	json_t *root =
		json_loadb(json.p == NULL ? "" : json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	const json_t *keys = json_object_get(root, "keys");
	size_t n = json_array_size(keys);
	enum rc rc = start(e);

	if (rc == RC_OK && (root == NULL || !json_is_array(keys) || json_object_size(root) != 1))
		rc = fail(e, RC_SYNTAX, "not a JWK set: {\"keys\": […]}");
	if (rc == RC_OK && (n == 0 || n > JWS_KEYS_MAX))
		rc = fail(e, RC_LIMIT, "%zu keys; 1 to %d are wanted", n, JWS_KEYS_MAX);
	for (size_t i = 0; i < n && rc == RC_OK; i++) {
		rc = read_jwk(json_array_get(keys, i), alg, &ret[i], e);
		if (rc == RC_OK && !is_kid_new(ret, i))
			rc = fail(e, RC_SYNTAX, "two keys have the same kid");
	}
	if (rc == RC_OK)
		*ret_n = n;
	return rc;
}

/* ---- certificates ---- */

static X509 *read_pem(struct view pem)
{
	BIO *bio = pem.n == 0 || pem.n > JWS_PEM_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	return certificate;
}

static bool hash_certificate(const X509 *certificate, uint8_t ret[SHA256_BYTES])
{
	unsigned n = 0;

	return X509_digest(certificate, EVP_sha256(), ret, &n) == 1 && n == SHA256_BYTES;
}

enum rc certificate_read(struct view pem, enum jws_alg alg, struct jws_key *ret,
	uint8_t ret_sha256[SHA256_BYTES], struct err *e)
{
	enum rc rc = start(e);

	if (rc != RC_OK)
		return rc;
	*ret = (struct jws_key){.spki_n = 0};
	CLEANUP(x509_freep) X509 *certificate = read_pem(pem);
	CLEANUP(pkey_freep)
	EVP_PKEY *key = certificate == NULL ? NULL : X509_get_pubkey(certificate);
	if (key == NULL || !hash_certificate(certificate, ret_sha256))
		return fail(e, RC_SYNTAX, "not a certificate in PEM");
	(void)sodium_bin2base64(ret->kid, sizeof ret->kid, ret_sha256, SHA256_BYTES,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING); /* returns its first argument */
	return write_spki(key, alg, ret, e);
}

static X509 *read_base64(struct view text)
{
	uint8_t der[JWS_PEM_MAX];
	const uint8_t *at = der;
	size_t n = 0;

	if (text.n >= 2 && text.p[0] == ':' && text.p[text.n - 1] == ':')
		text = (struct view){.p = text.p + 1, .n = text.n - 2};
	if (text.n == 0 || sodium_base642bin(der, sizeof der, text.p, text.n, NULL, &n, NULL,
				   sodium_base64_VARIANT_ORIGINAL) != 0)
		return NULL;
	X509 *certificate = d2i_X509(NULL, &at, (long)n);
	if (certificate != NULL && at != der + n) { /* something stands behind it */
		X509_free(certificate);
		return NULL;
	}
	return certificate;
}

enum rc certificate_hash(struct view text, uint8_t ret_sha256[SHA256_BYTES], struct err *e)
{
	enum rc rc = start(e);

	if (rc != RC_OK)
		return rc;
	CLEANUP(x509_freep)
	X509 *certificate =
		view_starts_nocase(text, VIEW("-----BEGIN ")) ? read_pem(text) : read_base64(text);
	if (certificate == NULL || !hash_certificate(certificate, ret_sha256))
		return fail(e, RC_SYNTAX, "not a certificate");
	return RC_OK;
}

/* ---- assertions ---- */

/* One part of the compact form as a JSON object. */
static json_t *read_part(struct view text)
{
	uint8_t bytes[ASSERTION_MAX];
	size_t n = 0;

	if (!unbase64(text, bytes, sizeof bytes, &n) || n == 0)
		return NULL;
	json_t *part = json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, NULL);
	if (part != NULL && !json_is_object(part)) {
		json_decref(part);
		return NULL;
	}
	return part;
}

static bool is_type_known(const json_t *typ)
{
	return typ == NULL || view_is_nocase(text_of(typ), VIEW("JWT")) ||
	       view_is_nocase(text_of(typ), VIEW("client-authentication+jwt"));
}

static enum rc read_header(struct view text, struct assertion *ret, struct err *e)
{
	static const char *const known[] = {"alg", "kid", "typ", "x5t", "x5t#S256"};
	CLEANUP(json_freep) json_t *header = read_part(text);
	struct view kid = text_of(json_object_get(header, "kid"));
	const char *name;
	json_t *value;

	if (header == NULL)
		return fail(e, RC_SYNTAX, "the header is not a JSON object");
	json_object_foreach(header, name, value)
	{
		size_t i = 0;
		while (i < COUNT_OF(known) && !view_is(view_of(name), view_of(known[i])))
			i++;
		if (i == COUNT_OF(known))
			return fail(e, RC_SYNTAX, "the header has an unknown member");
	}
	if (!jws_alg_from_name(text_of(json_object_get(header, "alg")), &ret->alg))
		return fail(e, RC_SYNTAX, "alg is none of ES256, EdDSA, RS256");
	if (!is_type_known(json_object_get(header, "typ")))
		return fail(e, RC_SYNTAX, "typ is not JWT");
	if (!is_plain(kid, JWS_KID_TEXT - 1) || !view_to_text(kid, ret->kid, sizeof ret->kid))
		return fail(e, RC_SYNTAX, "kid is missing or malformed");
	return RC_OK;
}

static bool copy_claim(const json_t *v, char ret[ASSERTION_TEXT])
{
	struct view text = text_of(v);
	return is_plain(text, ASSERTION_TEXT - 1) && view_to_text(text, ret, ASSERTION_TEXT);
}

static bool copy_time(const json_t *v, int64_t *ret)
{
	if (!json_is_integer(v) || json_integer_value(v) < 0 ||
		json_integer_value(v) > INT64_C(1) << 40) /* seconds: far beyond year 9999 */
		return false;
	*ret = json_integer_value(v);
	return true;
}

static enum rc read_claims(struct view text, struct assertion *ret, struct err *e)
{
	CLEANUP(json_freep) json_t *claims = read_part(text);
	const json_t *aud = json_object_get(claims, "aud");
	const json_t *nbf = json_object_get(claims, "nbf");

	if (claims == NULL)
		return fail(e, RC_SYNTAX, "the claims are not a JSON object");
	if (json_array_size(aud) == 1)
		aud = json_array_get(aud, 0);
	if (!copy_claim(json_object_get(claims, "iss"), ret->iss) ||
		!copy_claim(json_object_get(claims, "sub"), ret->sub))
		return fail(e, RC_SYNTAX, "iss and sub must be the client's id");
	if (!copy_claim(aud, ret->aud))
		return fail(e, RC_SYNTAX, "aud must be one text");
	if (!copy_claim(json_object_get(claims, "jti"), ret->jti))
		return fail(e, RC_SYNTAX, "jti must be a text of 1 to 256 characters");
	if (!copy_time(json_object_get(claims, "exp"), &ret->exp_s) ||
		!copy_time(json_object_get(claims, "iat"), &ret->iat_s))
		return fail(e, RC_SYNTAX, "exp and iat must be whole numbers of seconds");
	ret->nbf_s = ret->iat_s;
	if (nbf != NULL && !copy_time(nbf, &ret->nbf_s))
		return fail(e, RC_SYNTAX, "nbf must be a whole number of seconds");
	return RC_OK;
}

enum rc assertion_read(struct view text, struct assertion *ret, struct err *e)
{
	struct view rest = text;
	struct view header;
	struct view claims;
	size_t n = 0;

	*ret = (struct assertion){.alg = JWS_ALG_COUNT};
	if (text.n > ASSERTION_MAX)
		return fail(e, RC_LIMIT, "an assertion of %zu bytes; at most %d", text.n,
			ASSERTION_MAX);
	if (!view_cut_until(&rest, '.', ASSERTION_MAX, &header) ||
		!view_cut_until(&rest, '.', ASSERTION_MAX, &claims) ||
		!unbase64(rest, ret->signature, sizeof ret->signature, &n) || n == 0)
		return fail(e, RC_SYNTAX, "not three parts of base64url with dots between them");
	ret->signature_n = (uint16_t)n;
	ret->signed_text = (struct view){.p = text.p, .n = header.n + 1 + claims.n};
	enum rc rc = read_header(header, ret, e);
	return rc == RC_OK ? read_claims(claims, ret, e) : rc;
}

/* RFC 7518 §3.4: r and s side by side; OpenSSL wants them as DER. */
static int write_ecdsa(const struct assertion *a, uint8_t **ret_owned)
{
	if (a->signature_n != 2 * P256_BYTES)
		return -1;
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(a->signature, P256_BYTES, NULL);
	BIGNUM *s = BN_bin2bn(a->signature + P256_BYTES, P256_BYTES, NULL);
	int n = -1;

	if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
		r = s = NULL; /* pair has them */
		n = i2d_ECDSA_SIG(pair, ret_owned);
	}
	ECDSA_SIG_free(pair);
	BN_free(r);
	BN_free(s);
	return n;
}

static bool verify(
	EVP_PKEY *key, const EVP_MD *digest, const uint8_t *signature, size_t n, struct view text)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_good = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, digest, NULL, key) == 1 &&
		       EVP_DigestVerify(ctx, signature, n, (const uint8_t *)text.p, text.n) == 1;

	EVP_MD_CTX_free(ctx);
	return is_good;
}

enum rc assertion_verify(
	const struct assertion *a, enum jws_alg alg, const struct jws_key *key, struct err *e)
{
	const uint8_t *at = key->spki;
	enum rc rc = start(e);

	if (rc == RC_OK && a->alg != alg)
		rc = fail(e, RC_DENIED, "alg is not the one of the registration");
	if (rc != RC_OK)
		return rc;
	CLEANUP(pkey_freep) EVP_PKEY *public_key = d2i_PUBKEY(NULL, &at, key->spki_n);
	if (public_key == NULL)
		return fail(e, RC_BUG, "a stored key cannot be read");
	rc = check_fit(public_key, alg, e); /* what is stored may have been changed */
	if (rc != RC_OK)
		return rc;
	bool is_good = false;
	if (alg == JWS_ES256) {
		uint8_t *der = NULL;
		int n = write_ecdsa(a, &der);
		is_good = n > 0 && verify(public_key, EVP_sha256(), der, (size_t)n, a->signed_text);
		OPENSSL_free(der);
	} else {
		is_good = verify(public_key, alg == JWS_RS256 ? EVP_sha256() : NULL, a->signature,
			a->signature_n, a->signed_text);
	}
	return is_good ? RC_OK : fail(e, RC_DENIED, "the signature is wrong");
}
