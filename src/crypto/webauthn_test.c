#include "unit.h"

#include <sodium.h>
#include <stdio.h>

#include "crypto/base64url.h"
#include "crypto/token.h"
#include "crypto/webauthn.h"

static const struct webauthn_site site = {.rp_id = "kin.example", .origin = "https://kin.example"};
static const uint8_t challenge[WEBAUTHN_CHALLENGE_BYTES] = {1, 2, 3, 4};

/* An authenticator with one EdDSA key, whose answers can be bent. */
struct authenticator {
	uint8_t pk[crypto_sign_PUBLICKEYBYTES], sk[crypto_sign_SECRETKEYBYTES];
	const char *type, *origin, *rp_id, *more;
	uint8_t flags;
	uint32_t sign_count;
	uint8_t challenge_first;
	int algorithm_byte; /* of the COSE key: 0x27 is -8 */
	bool has_self_attestation, has_wrong_signature, has_tail;
	char client_data[512];
	uint8_t data[512];
	size_t data_n;
	uint8_t signature[crypto_sign_BYTES];
	uint8_t object[1024];
	size_t object_n;
};

static struct authenticator fresh(const char *type, uint8_t flags)
{
	struct authenticator a = {.type = type,
		.origin = site.origin,
		.rp_id = site.rp_id,
		.more = "",
		.flags = flags,
		.sign_count = 7,
		.challenge_first = challenge[0],
		.algorithm_byte = 0x27};

	assert_int_equal(crypto_sign_keypair(a.pk, a.sk), 0);
	return a;
}

static void put(uint8_t *dst, size_t *n, const void *bytes, size_t bytes_n)
{
	memcpy(dst + *n, bytes, bytes_n);
	*n += bytes_n;
}

static void put_credential(struct authenticator *a)
{
	static const uint8_t head[16 + 2] = {[17] = 4};
	const uint8_t key[] = {0xA4, 1, 1, 3, (uint8_t)a->algorithm_byte, 0x20, 6, 0x21, 0x58, 32};

	put(a->data, &a->data_n, head, sizeof head);
	put(a->data, &a->data_n, "cred", 4);
	put(a->data, &a->data_n, key, sizeof key);
	put(a->data, &a->data_n, a->pk, sizeof a->pk);
}

static void answer(struct authenticator *a)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	uint8_t signed_bytes[600];
	size_t n = 0;
	uint8_t given[WEBAUTHN_CHALLENGE_BYTES];
	char text[BASE64URL_TEXT(WEBAUTHN_CHALLENGE_BYTES)];
	const uint8_t count[4] = {0, 0, 0, (uint8_t)a->sign_count};

	memcpy(given, challenge, sizeof given);
	given[0] = a->challenge_first;
	base64url_write(given, sizeof given, text, sizeof text);
	(void)snprintf(a->client_data, sizeof a->client_data,
		"{\"type\":\"%s\",\"challenge\":\"%s\",\"origin\":\"%s\"%s}", a->type, text,
		a->origin, a->more);
	a->data_n = 0;
	(void)crypto_hash_sha256(hash, (const uint8_t *)a->rp_id, strlen(a->rp_id));
	put(a->data, &a->data_n, hash, sizeof hash);
	put(a->data, &a->data_n, &a->flags, 1);
	put(a->data, &a->data_n, count, sizeof count);
	if ((a->flags & 0x40) != 0)
		put_credential(a);
	if (a->has_tail)
		put(a->data, &a->data_n, "x", 1);
	put(signed_bytes, &n, a->data, a->data_n);
	(void)crypto_hash_sha256(hash, (const uint8_t *)a->client_data, strlen(a->client_data));
	put(signed_bytes, &n, hash, sizeof hash);
	(void)crypto_sign_detached(a->signature, NULL, signed_bytes, n, a->sk);
	a->signature[5] ^= a->has_wrong_signature;
	n = 0;
	put(a->object, &n,
		"\xA3\x63"
		"fmt",
		5);
	if (a->has_self_attestation) {
		put(a->object, &n,
			"\x66packed\x67"
			"attStmt\xA2\x63"
			"alg\x27\x63sig\x58\x40",
			27);
		put(a->object, &n, a->signature, sizeof a->signature);
	} else {
		put(a->object, &n,
			"\x64none\x67"
			"attStmt\xA0",
			14);
	}
	put(a->object, &n,
		"\x68"
		"authData\x58",
		10);
	put(a->object, &n, &(uint8_t){(uint8_t)a->data_n}, 1);
	put(a->object, &n, a->data, a->data_n);
	a->object_n = n;
}

static enum rc check_new(struct authenticator *a, struct webauthn_credential *ret)
{
	answer(a);
	return webauthn_check_new(&site, challenge, view_of(a->client_data),
		(struct view){(const char *)a->object, a->object_n}, ret, NULL);
}

static enum rc check_use(
	struct authenticator *a, const struct webauthn_key *key, uint32_t *ret_count)
{
	answer(a);
	const struct webauthn_use use = {.client_data = view_of(a->client_data),
		.authenticator_data = {(const char *)a->data, a->data_n},
		.signature = {(const char *)a->signature, sizeof a->signature}};
	return webauthn_check_use(&site, challenge, &use, key, ret_count, NULL);
}

static void a_new_passkey_can_be_used(void **state)
{
	struct authenticator a = fresh("webauthn.create", 0x45);
	struct webauthn_credential c;
	uint32_t count = 0;

	(void)state;
	assert_int_equal(check_new(&a, &c), RC_OK);
	assert_int_equal(c.key.algorithm, -8);
	assert_int_equal(c.key.n, sizeof a.pk);
	assert_memory_equal(c.key.bytes, a.pk, sizeof a.pk);
	assert_int_equal(c.id_n, 4);
	assert_memory_equal(c.id, "cred", 4);
	assert_int_equal(c.sign_count, 7);
	a.type = "webauthn.get";
	a.flags = 0x05;
	a.sign_count = 8;
	assert_int_equal(check_use(&a, &c.key, &count), RC_OK);
	assert_int_equal(count, 8);
}

static void an_own_attestation_must_fit(void **state)
{
	struct authenticator a = fresh("webauthn.create", 0x45);
	struct webauthn_credential c;

	(void)state;
	a.has_self_attestation = true;
	assert_int_equal(check_new(&a, &c), RC_OK);
	a.has_wrong_signature = true;
	assert_int_equal(check_new(&a, &c), RC_DENIED);
}

/* Each row bends one thing. */
struct bend {
	const char *what;
	enum rc rc;
	struct authenticator change;
};

static void bend(struct authenticator *a, const struct authenticator *c)
{
	a->type = c->type != NULL ? c->type : a->type;
	a->origin = c->origin != NULL ? c->origin : a->origin;
	a->rp_id = c->rp_id != NULL ? c->rp_id : a->rp_id;
	a->more = c->more != NULL ? c->more : a->more;
	a->flags = c->flags != 0 ? c->flags : a->flags;
	a->challenge_first = c->challenge_first != 0 ? c->challenge_first : a->challenge_first;
	a->algorithm_byte = c->algorithm_byte != 0 ? c->algorithm_byte : a->algorithm_byte;
	a->has_wrong_signature = c->has_wrong_signature;
	a->has_tail = c->has_tail;
}

static void what_is_bent_is_refused(void **state)
{
	static const struct bend both[] = {
		{"type", RC_DENIED, {.type = "webauthn.other"}},
		{"challenge", RC_DENIED, {.challenge_first = 99}},
		{"origin", RC_DENIED, {.origin = "https://kin.example.evil"}},
		{"port", RC_DENIED, {.origin = "https://kin.example:8443"}},
		{"no TLS", RC_DENIED, {.origin = "http://kin.example"}},
		{"site", RC_DENIED, {.rp_id = "evil.example"}},
		{"inside of another", RC_DENIED, {.more = ",\"crossOrigin\":true"}},
		{"below another", RC_DENIED, {.more = ",\"topOrigin\":\"https://evil.example\""}},
		{"given twice", RC_SYNTAX, {.more = ",\"type\":\"webauthn.create\""}},
		{"bytes behind", RC_SYNTAX, {.has_tail = true}},
	};

	(void)state;
	for (int is_use = 0; is_use < 2; is_use++) {
		for (size_t i = 0; i < COUNT_OF(both); i++) {
			struct authenticator a = fresh(
				is_use ? "webauthn.get" : "webauthn.create", is_use ? 0x05 : 0x45);
			struct webauthn_key key = {.algorithm = -8, .n = sizeof a.pk};
			struct webauthn_credential c;
			uint32_t count = 0;
			memcpy(key.bytes, a.pk, sizeof a.pk);
			bend(&a, &both[i].change);
			enum rc rc = is_use ? check_use(&a, &key, &count) : check_new(&a, &c);
			if (rc != both[i].rc)
				fail_msg("%s, use %d: %s", both[i].what, is_use, rc_name(rc));
		}
	}
}

static void a_person_must_be_there_and_recognised(void **state)
{
	static const uint8_t flags[] = {0x00, 0x01, 0x04};
	struct webauthn_credential c;
	struct webauthn_key key = {.algorithm = -8, .n = 32};
	uint32_t count = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(flags); i++) {
		struct authenticator a = fresh("webauthn.create", flags[i] | 0x40);
		assert_int_equal(check_new(&a, &c), RC_DENIED);
		a = fresh("webauthn.get", flags[i]);
		memcpy(key.bytes, a.pk, sizeof a.pk);
		assert_int_equal(check_use(&a, &key, &count), RC_DENIED);
	}
}

static void wrong_keys_signatures_and_algorithms_are_refused(void **state)
{
	struct authenticator a = fresh("webauthn.get", 0x05);
	struct authenticator other = fresh("webauthn.create", 0x45);
	struct webauthn_key key = {.algorithm = -8, .n = 32};
	struct webauthn_credential c;
	uint32_t count = 0;

	(void)state;
	memcpy(key.bytes, other.pk, sizeof other.pk);
	assert_int_equal(check_use(&a, &key, &count), RC_DENIED);
	memcpy(key.bytes, a.pk, sizeof a.pk);
	assert_int_equal(check_use(&a, &key, &count), RC_OK);
	key.algorithm = -7;
	assert_int_equal(check_use(&a, &key, &count), RC_DENIED);
	key.algorithm = 0;
	assert_int_equal(check_use(&a, &key, &count), RC_DENIED);
	key.algorithm = -8;
	a.has_wrong_signature = true;
	assert_int_equal(check_use(&a, &key, &count), RC_DENIED);
	other.algorithm_byte = 0x38; /* what follows is the number's second byte: another key */
	assert_int_equal(check_new(&other, &c), RC_SYNTAX);
	other.algorithm_byte = 0x20;
	assert_int_equal(check_new(&other, &c), RC_DENIED);
	other.algorithm_byte = 0x26; /* ES256 with the key of EdDSA */
	assert_int_equal(check_new(&other, &c), RC_SYNTAX);
	other = fresh("webauthn.create", 0x05); /* no credential in it */
	assert_int_equal(check_new(&other, &c), RC_SYNTAX);
}

static void without_an_origin_any_port_of_localhost_will_do(void **state)
{
	static const struct {
		const char *origin;
		bool is_good;
	} rows[] = {{"http://localhost", true}, {"http://localhost:8080", true},
		{"http://localhost:", false}, {"http://localhost.evil.example", false},
		{"http://localhost:80@evil.example", false}, {"https://evil.example", false},
		{"http://localhost:123456", false}, {"", false}};
	const struct webauthn_site local = {.rp_id = "localhost", .origin = ""};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct authenticator a = fresh("webauthn.create", 0x45);
		struct webauthn_credential c;
		a.rp_id = local.rp_id;
		a.origin = rows[i].origin;
		answer(&a);
		enum rc rc = webauthn_check_new(&local, challenge, view_of(a.client_data),
			(struct view){(const char *)a.object, a.object_n}, &c, NULL);
		if ((rc == RC_OK) != rows[i].is_good)
			fail_msg("%s: %s", rows[i].origin, rc_name(rc));
	}
}

static void cut_objects_are_refused_at_each_length(void **state)
{
	struct authenticator a = fresh("webauthn.create", 0x45);
	struct webauthn_credential c;

	(void)state;
	assert_int_equal(check_new(&a, &c), RC_OK);
	for (size_t n = 0; n < a.object_n; n++)
		assert_int_equal(webauthn_check_new(&site, challenge, view_of(a.client_data),
					 (struct view){(const char *)a.object, n}, &c, NULL),
			RC_SYNTAX);
	assert_int_equal(webauthn_check_new(&site, challenge, VIEW("[1]"),
				 (struct view){(const char *)a.object, a.object_n}, &c, NULL),
		RC_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_passkey_can_be_used),
		cmocka_unit_test(an_own_attestation_must_fit),
		cmocka_unit_test(what_is_bent_is_refused),
		cmocka_unit_test(a_person_must_be_there_and_recognised),
		cmocka_unit_test(wrong_keys_signatures_and_algorithms_are_refused),
		cmocka_unit_test(without_an_origin_any_port_of_localhost_will_do),
		cmocka_unit_test(cut_objects_are_refused_at_each_length),
	};

	if (crypto_start(NULL) != RC_OK)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
