#include "crypto/webauthn.h"

#include <fido.h>
#include <fido/eddsa.h>
#include <fido/es256.h>
#include <fido/rs256.h>
#include <jansson.h>
#include <sodium.h>

#include "crypto/base64url.h"
#include "crypto/cbor.h"

enum {
	FLAG_PRESENT = 0x01,
	FLAG_VERIFIED = 0x04,
	FLAG_CREDENTIAL = 0x40,
	FLAG_EXTENSIONS = 0x80,
	HEAD_BYTES = 37, /* hash of the site, flags, counter */
	AAGUID_BYTES = 16,
	COSE_ALGORITHM_LABEL = 3,
	HASH_BYTES = crypto_hash_sha256_BYTES,
};

static struct view text_of(const json_t *object, const char *name)
{
	const json_t *v = json_object_get(object, name);

	return json_is_string(v)
		       ? (struct view){.p = json_string_value(v), .n = json_string_length(v)}
		       : (struct view){.p = NULL, .n = 0};
}

/* http://localhost with any port: what browsers let passkeys be used from without TLS. */
static bool is_localhost(struct view origin)
{
	struct view head;

	if (!view_cut(&origin, strlen("http://localhost"), &head) ||
		!view_is(head, VIEW("http://localhost")))
		return false;
	if (origin.n == 0)
		return true;
	for (size_t i = 1; i < origin.n; i++) {
		if (!ascii_is_digit(origin.p[i]))
			return false;
	}
	return origin.p[0] == ':' && origin.n >= 2 && origin.n <= 6;
}

static bool is_site(const struct webauthn_site *site, struct view origin)
{
	return site->origin[0] == '\0' ? is_localhost(origin)
				       : view_is(origin, view_of(site->origin));
}

static enum rc check_members(const json_t *data, const struct webauthn_site *site,
	const uint8_t *challenge, const char *type, struct err *e)
{
	uint8_t given[WEBAUTHN_CHALLENGE_BYTES];
	size_t n = 0;

	if (!view_is(text_of(data, "type"), view_of(type)))
		return fail(e, RC_DENIED, "passkey: client data of another type than %s", type);
	if (!base64url_read(text_of(data, "challenge"), given, sizeof given, &n) ||
		n != sizeof given || sodium_memcmp(given, challenge, n) != 0)
		return fail(e, RC_DENIED, "passkey: answer to another challenge");
	if (!is_site(site, text_of(data, "origin")))
		return fail(e, RC_DENIED, "passkey: made for another origin");
	const json_t *is_cross = json_object_get(data, "crossOrigin");
	if ((is_cross != NULL && !json_is_false(is_cross)) ||
		json_object_get(data, "topOrigin") != NULL)
		return fail(e, RC_DENIED, "passkey: used inside of another site");
	return RC_OK;
}

/* Checks the client data (§5.8.1) and gives its hash. */
static enum rc check_client_data(const struct webauthn_site *site, const uint8_t *challenge,
	const char *type, struct view text, uint8_t ret_hash[HASH_BYTES], struct err *e)
{
	if (text.n > WEBAUTHN_CLIENT_DATA_MAX)
		return fail(e, RC_SYNTAX, "passkey: client data of %zu bytes", text.n);
	json_t *data = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(data)) {
		json_decref(data);
		return fail(e, RC_SYNTAX, "passkey: client data is no JSON object");
	}
	enum rc rc = check_members(data, site, challenge, type, e);
	json_decref(data);
	if (rc == RC_OK)
		(void)crypto_hash_sha256(ret_hash, (const uint8_t *)text.p, text.n); /* always 0 */
	return rc;
}

/* ---- authenticator data, §6.1 ---- */

struct authenticator_data {
	uint8_t flags;
	uint32_t sign_count;
	struct view id, key, extensions; /* with FLAG_CREDENTIAL, FLAG_EXTENSIONS */
};

static uint32_t read_u32(struct view v)
{
	const uint8_t *b = (const uint8_t *)v.p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static bool cut_credential(struct view *in, struct authenticator_data *ret)
{
	struct view aaguid;
	struct view length;

	if (!view_cut(in, AAGUID_BYTES, &aaguid) || !view_cut(in, 2, &length))
		return false;
	size_t n = (size_t)(uint8_t)length.p[0] << 8 | (uint8_t)length.p[1];
	return n > 0 && n <= WEBAUTHN_CREDENTIAL_MAX && view_cut(in, n, &ret->id) &&
	       cbor_cut_whole(in, &ret->key);
}

/* Well-formed, whole, and for this site with a person who was present and verified? */
static enum rc read_authenticator_data(const struct webauthn_site *site, struct view in,
	struct authenticator_data *ret, struct err *e)
{
	struct view rp_hash;
	struct view flags;
	struct view count;
	uint8_t wanted[HASH_BYTES];

	*ret = (struct authenticator_data){0};
	if (in.n > WEBAUTHN_AUTHENTICATOR_DATA_MAX || !view_cut(&in, HASH_BYTES, &rp_hash) ||
		!view_cut(&in, 1, &flags) || !view_cut(&in, sizeof(uint32_t), &count))
		return fail(e, RC_SYNTAX, "passkey: authenticator data is cut");
	ret->flags = (uint8_t)flags.p[0];
	ret->sign_count = read_u32(count);
	if (((ret->flags & FLAG_CREDENTIAL) != 0 && !cut_credential(&in, ret)) ||
		((ret->flags & FLAG_EXTENSIONS) != 0 && !cbor_cut_whole(&in, &ret->extensions)) ||
		in.n != 0)
		return fail(e, RC_SYNTAX, "passkey: authenticator data is malformed");
	(void)crypto_hash_sha256(wanted, (const uint8_t *)site->rp_id, strlen(site->rp_id));
	if (sodium_memcmp(wanted, rp_hash.p, HASH_BYTES) != 0)
		return fail(e, RC_DENIED, "passkey: made for another site");
	if ((ret->flags & FLAG_PRESENT) == 0 || (ret->flags & FLAG_VERIFIED) == 0)
		return fail(e, RC_DENIED, "passkey: nobody was asked, or nobody was recognised");
	return RC_OK;
}

/* The algorithm in a COSE key; 0 when it is none that we take. */
static int32_t algorithm_of(struct view key)
{
	struct cbor map;

	if (!cbor_cut(&key, &map) || map.kind != CBOR_MAP)
		return 0;
	for (uint64_t i = 0; i < map.number; i++) {
		struct cbor label;
		struct cbor value;
		struct view whole;
		int64_t number = 0;
		struct view item;
		if (!cbor_cut(&key, &label) || !cbor_cut_whole(&key, &whole))
			return 0;
		item = whole;
		if (!cbor_int(&label, &number) || number != COSE_ALGORITHM_LABEL)
			continue;
		if (!cbor_cut(&item, &value) || !cbor_int(&value, &number))
			return 0;
		bool is_ours = number == COSE_ES256 || number == COSE_EDDSA || number == COSE_RS256;
		return is_ours ? (int32_t)number : 0;
	}
	return 0;
}

/* ---- the library ---- */

/* A key in the form that the library checks with; kept for one check. */
struct public_key {
	int algorithm;
	es256_pk_t *es256;
	eddsa_pk_t *eddsa;
	rs256_pk_t *rs256;
};

static void public_key_done(struct public_key *k)
{
	es256_pk_free(&k->es256);
	eddsa_pk_free(&k->eddsa);
	rs256_pk_free(&k->rs256);
}

/* NULL when the bytes are no key of that algorithm (a point that is not on the curve, say). */
static const void *public_key_read(struct public_key *k, const struct webauthn_key *from)
{
	k->algorithm = from->algorithm;
	switch (from->algorithm) {
	case COSE_ES256:
		k->es256 = es256_pk_new();
		return k->es256 != NULL &&
				       es256_pk_from_ptr(k->es256, from->bytes, from->n) == FIDO_OK
			       ? k->es256
			       : NULL;
	case COSE_EDDSA:
		k->eddsa = eddsa_pk_new();
		return k->eddsa != NULL &&
				       eddsa_pk_from_ptr(k->eddsa, from->bytes, from->n) == FIDO_OK
			       ? k->eddsa
			       : NULL;
	case COSE_RS256:
		k->rs256 = rs256_pk_new();
		return k->rs256 != NULL &&
				       rs256_pk_from_ptr(k->rs256, from->bytes, from->n) == FIDO_OK
			       ? k->rs256
			       : NULL;
	default:
		return NULL;
	}
}

static void cred_free(fido_cred_t **c)
{
	fido_cred_free(c);
}

static void assert_free(fido_assert_t **a)
{
	fido_assert_free(a);
}

static const unsigned char *bytes_of(struct view v)
{
	return (const unsigned char *)v.p;
}

/* The members of an attestation object (§6.5.4). */
struct attestation {
	struct view format, statement, data;
};

static bool read_attestation(struct view in, struct attestation *ret)
{
	struct cbor map;

	*ret = (struct attestation){.format = {NULL, 0}};
	if (in.n > WEBAUTHN_ATTESTATION_MAX || !cbor_cut(&in, &map) || map.kind != CBOR_MAP ||
		map.number != 3)
		return false;
	for (int i = 0; i < 3; i++) {
		struct cbor name;
		struct cbor value = {.kind = CBOR_NULL};
		struct view whole;
		if (!cbor_cut(&in, &name) || name.kind != CBOR_TEXT || !cbor_cut_whole(&in, &whole))
			return false;
		struct view item = whole;
		if (!cbor_cut(&item, &value))
			return false;
		if (view_is(name.bytes, VIEW("fmt")) && value.kind == CBOR_TEXT)
			ret->format = value.bytes;
		else if (view_is(name.bytes, VIEW("attStmt")) && value.kind == CBOR_MAP)
			ret->statement = whole;
		else if (view_is(name.bytes, VIEW("authData")) && value.kind == CBOR_BYTES)
			ret->data = value.bytes;
		else
			return false;
	}
	return in.n == 0 && ret->format.p != NULL && ret->statement.p != NULL &&
	       ret->data.p != NULL;
}

/* The library wants to be told the extensions that the signature covers. */
static bool allow_extensions(fido_cred_t *cred, struct view extensions)
{
	struct cbor map;
	int mask = 0;

	if (extensions.n == 0)
		return true;
	if (!cbor_cut(&extensions, &map) || map.kind != CBOR_MAP)
		return false;
	for (uint64_t i = 0; i < map.number; i++) {
		struct cbor name;
		struct cbor value = {.kind = CBOR_NULL};
		struct view whole;
		if (!cbor_cut(&extensions, &name) || !cbor_cut_whole(&extensions, &whole) ||
			!cbor_cut(&whole, &value))
			return false;
		if (view_is(name.bytes, VIEW("hmac-secret")))
			mask |= FIDO_EXT_HMAC_SECRET;
		if (view_is(name.bytes, VIEW("credProtect")) &&
			(value.number > 3 ||
				fido_cred_set_prot(cred, (int)value.number) != FIDO_OK))
			return false;
	}
	return mask == 0 || fido_cred_set_extensions(cred, mask) == FIDO_OK;
}

/* "packed" brings a signature, with the credential's own key or with one of the maker. It must fit;
 * whose it is does not matter to us. */
static enum rc check_statement(fido_cred_t *cred, const struct webauthn_site *site,
	const struct attestation *a, struct view extensions, struct err *e)
{
	static const char empty_map = (char)0xA0;

	if (view_is(a->format, VIEW("none")))
		return view_is(a->statement, (struct view){.p = &empty_map, .n = 1})
			       ? RC_OK
			       : fail(e, RC_SYNTAX, "passkey: a statement where none belongs");
	if (!view_is(a->format, VIEW("packed")))
		return fail(e, RC_DENIED, "passkey: an attestation other than none and packed");
	if (!allow_extensions(cred, extensions) || fido_cred_set_fmt(cred, "packed") != FIDO_OK ||
		fido_cred_set_rp(cred, site->rp_id, NULL) != FIDO_OK ||
		fido_cred_set_uv(cred, FIDO_OPT_TRUE) != FIDO_OK ||
		fido_cred_set_attstmt(cred, bytes_of(a->statement), a->statement.n) != FIDO_OK)
		return fail(e, RC_SYNTAX, "passkey: malformed attestation");
	int result = fido_cred_x5c_ptr(cred) == NULL ? fido_cred_verify_self(cred)
						     : fido_cred_verify(cred);
	return result == FIDO_OK ? RC_OK
				 : fail(e, RC_DENIED, "passkey: attestation does not fit: %s",
					   fido_strerr(result));
}

static enum rc take_credential(const fido_cred_t *cred, const struct authenticator_data *data,
	int32_t algorithm, struct webauthn_credential *ret, struct err *e)
{
	size_t key_n = fido_cred_pubkey_len(cred);
	const unsigned char *key = fido_cred_pubkey_ptr(cred);

	if (key == NULL || key_n > WEBAUTHN_KEY_MAX)
		return fail(e, RC_SYNTAX, "passkey: no public key");
	*ret = (struct webauthn_credential){.sign_count = data->sign_count,
		.id_n = (uint16_t)data->id.n,
		.key = {.algorithm = algorithm, .n = (uint16_t)key_n}};
	memcpy(ret->id, data->id.p, data->id.n);
	memcpy(ret->key.bytes, key, key_n);
	struct public_key k = {0};
	bool is_key = public_key_read(&k, &ret->key) != NULL;
	public_key_done(&k);
	return is_key ? RC_OK : fail(e, RC_SYNTAX, "passkey: the public key is none");
}

enum rc webauthn_check_new(const struct webauthn_site *site,
	const uint8_t challenge[WEBAUTHN_CHALLENGE_BYTES], struct view client_data,
	struct view attestation, struct webauthn_credential *ret, struct err *e)
{
	uint8_t hash[HASH_BYTES];
	struct attestation a;
	struct authenticator_data data;

	enum rc rc = check_client_data(site, challenge, "webauthn.create", client_data, hash, e);
	if (rc != RC_OK)
		return rc;
	if (!read_attestation(attestation, &a))
		return fail(e, RC_SYNTAX, "passkey: malformed attestation object");
	rc = read_authenticator_data(site, a.data, &data, e);
	if (rc != RC_OK)
		return rc;
	if (data.id.n == 0)
		return fail(e, RC_SYNTAX, "passkey: no credential");
	int32_t algorithm = algorithm_of(data.key);
	if (algorithm == 0)
		return fail(e, RC_DENIED, "passkey: an algorithm that was not asked for");
	CLEANUP(cred_free) fido_cred_t *cred = fido_cred_new();
	if (cred == NULL)
		return fail(e, RC_NOMEM, "passkey: out of memory");
	if (fido_cred_set_type(cred, algorithm) != FIDO_OK ||
		fido_cred_set_clientdata_hash(cred, hash, sizeof hash) != FIDO_OK ||
		fido_cred_set_authdata_raw(cred, bytes_of(a.data), a.data.n) != FIDO_OK)
		return fail(e, RC_SYNTAX, "passkey: malformed credential");
	rc = check_statement(cred, site, &a, data.extensions, e);
	return rc != RC_OK ? rc : take_credential(cred, &data, algorithm, ret, e);
}

static bool set_use(fido_assert_t *a, const struct webauthn_site *site, const uint8_t *hash,
	const struct webauthn_use *use)
{
	return fido_assert_set_count(a, 1) == FIDO_OK &&
	       fido_assert_set_rp(a, site->rp_id) == FIDO_OK &&
	       fido_assert_set_clientdata_hash(a, hash, HASH_BYTES) == FIDO_OK &&
	       fido_assert_set_up(a, FIDO_OPT_TRUE) == FIDO_OK &&
	       fido_assert_set_uv(a, FIDO_OPT_TRUE) == FIDO_OK &&
	       fido_assert_set_authdata_raw(a, 0, bytes_of(use->authenticator_data),
		       use->authenticator_data.n) == FIDO_OK &&
	       fido_assert_set_sig(a, 0, bytes_of(use->signature), use->signature.n) == FIDO_OK;
}

static enum rc check_signature(fido_assert_t *a, const struct webauthn_key *key, struct err *e)
{
	struct public_key k = {0};
	const void *pk = public_key_read(&k, key);
	int result =
		pk == NULL ? FIDO_ERR_INVALID_ARGUMENT : fido_assert_verify(a, 0, k.algorithm, pk);

	public_key_done(&k);
	return result == FIDO_OK ? RC_OK
				 : fail(e, RC_DENIED, "passkey: the signature does not fit: %s",
					   fido_strerr(result));
}

enum rc webauthn_check_use(const struct webauthn_site *site,
	const uint8_t challenge[WEBAUTHN_CHALLENGE_BYTES], const struct webauthn_use *use,
	const struct webauthn_key *key, uint32_t *ret_sign_count, struct err *e)
{
	uint8_t hash[HASH_BYTES];
	struct authenticator_data data;

	enum rc rc = check_client_data(site, challenge, "webauthn.get", use->client_data, hash, e);
	if (rc == RC_OK)
		rc = read_authenticator_data(site, use->authenticator_data, &data, e);
	if (rc != RC_OK)
		return rc;
	if (use->signature.n == 0 || use->signature.n > WEBAUTHN_SIGNATURE_MAX)
		return fail(e, RC_SYNTAX, "passkey: signature of %zu bytes", use->signature.n);
	CLEANUP(assert_free) fido_assert_t *a = fido_assert_new();
	if (a == NULL)
		return fail(e, RC_NOMEM, "passkey: out of memory");
	if (!set_use(a, site, hash, use))
		return fail(e, RC_SYNTAX, "passkey: malformed authenticator data");
	rc = check_signature(a, key, e);
	if (rc == RC_OK)
		*ret_sign_count = data.sign_count;
	return rc;
}
