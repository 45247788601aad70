#include "crypto/jws.h"

#include "unit.h"

/* Made with jwcrypto: an implementation that shares nothing with ours. */
static const struct vector {
	enum jws_alg alg;
	const char *jwks, *token;
} vectors[] = {
	{JWS_ES256,
		"{\"keys\": [{\"crv\": \"P-256\", \"kid\": \"key-1\", \"kty\": \"EC\", \"x\": "
		"\"FfZlLFJtWJ"
		"1l-Nm6FchZVz9AX7sDOU1aKnjlF9nVP4M\", \"y\": \"uHypwrWF82jvbzHFtEk-FWTuaQF14p"
		"T7gV_hks6bB-8\"}]}",
		"eyJhbGciOiJFUzI1NiIsImtpZCI6ImtleS0xIiwidHlwIjoiSldUIn0.eyJhdWQiOiJodHRw"
		"czovL3guZXhhbXBsZS9wYXJ0bmVyL3YxL3Rva2VuIiwiZXhwIjoxODAwMDAwMzAwLCJpYXQi"
		"OjE4MDAwMDAwMDAsImlzcyI6IjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmIiwi"
		"anRpIjoib25lIiwibmJmIjoxODAwMDAwMDAwLCJzdWIiOiIwMTIzNDU2Nzg5YWJjZGVmMDEy"
		"MzQ1Njc4OWFiY2RlZiJ9.W-UaiEKOXUdfjGDf5Fcj4R8BnH69VxoPbu3vxCqWmXt7DqMUxKD"
		"e4adSs9f_uSagBnBV-4_epOh3HeOlXWSeBQ"},
	{JWS_EDDSA,
		"{\"keys\": [{\"crv\": \"Ed25519\", \"kid\": \"key-1\", \"kty\": \"OKP\", \"x\": "
		"\"qNEiVMx"
		"Up0qsV2Wro-jAQRzS5HPXsqYhZ7NP19pYO24\"}]}",
		"eyJhbGciOiJFZERTQSIsImtpZCI6ImtleS0xIiwidHlwIjoiSldUIn0.eyJhdWQiOiJodHRw"
		"czovL3guZXhhbXBsZS9wYXJ0bmVyL3YxL3Rva2VuIiwiZXhwIjoxODAwMDAwMzAwLCJpYXQi"
		"OjE4MDAwMDAwMDAsImlzcyI6IjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmIiwi"
		"anRpIjoib25lIiwibmJmIjoxODAwMDAwMDAwLCJzdWIiOiIwMTIzNDU2Nzg5YWJjZGVmMDEy"
		"MzQ1Njc4OWFiY2RlZiJ9.Tf5N5GkTZbFtFL0ggpL7oKS0Li5JcWMRtRsjUDBsamAHmolDPSo"
		"c4pwNAiLpkpDTT2oLLp2Y-xhF2Dny7LzSCg"},
	{JWS_RS256,
		"{\"keys\": [{\"e\": \"AQAB\", \"kid\": \"key-1\", \"kty\": \"RSA\", \"n\": "
		"\"yotxfCLLZe2g"
		"z0NkWgARmrJdwOFsvR1Uj_Q9dACVHh3pSl8RbTD4JUHogoiqOZI6GE-Q_HlhI1hcLzioSfgI"
		"CQ5QRVMOT5wT-CUN0AgY9LMEQ6PEDtqkv9BlPnonHWMp923fOy3sLqPw5JN3qGSLxXAF2ij9"
		"XIR0cIp8KV86SjEyKkPPp7vPk1Z4dxhMbPOHXU2zUwaU_vglW4llvVqWapB-f0TV-9f0fEqX"
		"NsgpsdCo01o88yvJjaHhP0xuTgLcJOfWvRbEyPh84bS6Ata_eqljmIz3gw0A6L-EC7pqzncu"
		"DIlbdSZcXYsytr9x45OjC8A_TzsP0Z0mfdJZHk9lPw\"}]}",
		"eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS0xIiwidHlwIjoiSldUIn0.eyJhdWQiOiJodHRw"
		"czovL3guZXhhbXBsZS9wYXJ0bmVyL3YxL3Rva2VuIiwiZXhwIjoxODAwMDAwMzAwLCJpYXQi"
		"OjE4MDAwMDAwMDAsImlzcyI6IjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZGVmIiwi"
		"anRpIjoib25lIiwibmJmIjoxODAwMDAwMDAwLCJzdWIiOiIwMTIzNDU2Nzg5YWJjZGVmMDEy"
		"MzQ1Njc4OWFiY2RlZiJ9.AUfmz-9m7oh52wS0QiCQ9e5qqf3QxVTcYE49aKc2ADhZKR6NWXT"
		"YdmN-3iLdwGzttQ2IQY9kwulKck26Bdxh60VftECA1QaFC2C6oSS8gcfJxWA-t9x-g3mGXYa"
		"jCQilYi0tKV2Gey6Nlzl7v79r5VssvrlJ5hIIyszqGSLrIehMxeYF8XjQdqJyzGdxgUJ_4Qm"
		"_Ubp-MYp0LHKCjebecNqO34r0P8q8l6WL-GG7KgwhyQ1xYMlTUoQopkRBbjQFGP0DeQQR1pa"
		"bQU8Fe6IdrOaQpgsX38roHAdmgvDIBJfrJOToNkAz54hmDBT_gHYt4Zku9FP3JrFs1vyxlui"
		"2Mw"},
};

/* Made with OpenSSL; the hash is that of `openssl x509 -outform der | sha256sum`. */
static const char certificate[] =
	"-----BEGIN CERTIFICATE-----\n"
	"MIIBeTCCAR+gAwIBAgIUSrx8vSTIiPGfH/dvHHmZRdDEQgwwCgYIKoZIzj0EAwIw\n"
	"EjEQMA4GA1UEAwwHcGFydG5lcjAeFw0yNjExMjIxNDE3MzBaFw0zNjExMTkxNDE3\n"
	"MzBaMBIxEDAOBgNVBAMMB3BhcnRuZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC\n"
	"AAQPe1UdQJp0VPSvVH9XWNQbQ3xRyjCG7CDRfaSzt7cPd582u+BNnV0TlnWPyPnh\n"
	"d0XaDJlqbQmJSr/t1ucGZH1oo1MwUTAdBgNVHQ4EFgQUfHJ640iX4pBwQto2nhmi\n"
	"8OUaiEQwHwYDVR0jBBgwFoAUfHJ640iX4pBwQto2nhmi8OUaiEQwDwYDVR0TAQH/\n"
	"BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiEAz2drHCAUqSrCq4lHHXVGz+poZE6U\n"
	"U6mqknfQMdTkuhsCIGbBOO4jgTqd8IG3zqzKw4NNdAhVkqk1equr8aJn3UnY\n"
	"-----END CERTIFICATE-----\n";
static const uint8_t certificate_sha256[SHA256_BYTES] = {0x05, 0x50, 0x4a, 0x8e, 0x32, 0xc0, 0xe5,
	0xc6, 0xc3, 0xa7, 0x1a, 0x6e, 0xa0, 0x1e, 0xeb, 0x8b, 0x35, 0xb8, 0x77, 0xa2, 0x63, 0x59,
	0x5e, 0xb8, 0x25, 0x2b, 0xcd, 0xd6, 0xb1, 0xd8, 0x85, 0xd1};

static void read_vector(const struct vector *v, struct jws_key *ret_key, struct assertion *ret)
{
	struct jws_key keys[JWS_KEYS_MAX];
	size_t n = 0;

	assert_int_equal(jwks_read(view_of(v->jwks), v->alg, keys, &n, NULL), RC_OK);
	assert_int_equal(n, 1);
	assert_string_equal(keys[0].kid, "key-1");
	assert_int_equal(assertion_read(view_of(v->token), ret, NULL), RC_OK);
	*ret_key = keys[0];
}

static void signatures_of_another_implementation_verify(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		struct jws_key key;
		struct assertion a;
		read_vector(&vectors[i], &key, &a);
		assert_int_equal(a.alg, vectors[i].alg);
		assert_string_equal(a.kid, "key-1");
		assert_string_equal(a.iss, "0123456789abcdef0123456789abcdef");
		assert_string_equal(a.aud, "https://x.example/partner/v1/token");
		assert_string_equal(a.jti, "one");
		assert_int_equal(a.exp_s, 1800000300);
		assert_int_equal(a.iat_s, 1800000000);
		assert_int_equal(assertion_verify(&a, vectors[i].alg, &key, NULL), RC_OK);
	}
}

static void each_changed_character_is_refused(void **state)
{
	char text[2048];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		struct jws_key key;
		struct assertion a;
		size_t n = strlen(vectors[i].token);
		read_vector(&vectors[i], &key, &a);
		for (size_t k = 0; k < n; k += 3) {
			memcpy(text, vectors[i].token, n);
			text[k] = text[k] == 'A' ? 'Q' : 'A';
			if (assertion_read((struct view){.p = text, .n = n}, &a, NULL) == RC_OK)
				assert_int_equal(assertion_verify(&a, vectors[i].alg, &key, NULL),
					RC_DENIED);
		}
	}
}

static void a_key_signs_only_by_its_own_algorithm(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(vectors); i++) {
		for (size_t k = 0; k < COUNT_OF(vectors); k++) {
			struct jws_key keys[JWS_KEYS_MAX];
			struct jws_key key;
			struct assertion a;
			size_t n = 0;
			read_vector(&vectors[i], &key, &a);
			enum rc rc =
				jwks_read(view_of(vectors[k].jwks), vectors[i].alg, keys, &n, NULL);
			assert_int_equal(rc, i == k ? RC_OK : RC_SYNTAX);
			read_vector(&vectors[k], &key, &a);
			assert_int_equal(assertion_verify(&a, vectors[i].alg, &key, NULL),
				i == k ? RC_OK : RC_DENIED);
		}
	}
}

static void every_cut_assertion_is_refused(void **state)
{
	struct assertion a;

	(void)state;
	for (size_t n = 0; n < strlen(vectors[0].token) - 2; n++) {
		struct view text = {.p = vectors[0].token, .n = n};
		struct jws_key key;
		struct assertion whole;
		read_vector(&vectors[0], &key, &whole);
		if (assertion_read(text, &a, NULL) == RC_OK)
			assert_int_equal(assertion_verify(&a, JWS_ES256, &key, NULL), RC_DENIED);
	}
}

/* {"alg":"none","kid":"a"} and {"alg":"HS256","kid":"a"} before the claims of the vector */
static void no_algorithm_and_shared_secrets_do_not_exist(void **state)
{
	static const char *const headers[] = {
		"eyJhbGciOiJub25lIiwia2lkIjoiYSJ9", "eyJhbGciOiJIUzI1NiIsImtpZCI6ImEifQ"};
	char text[2048];
	struct assertion a;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		struct err e = {.rc = RC_OK};
		const char *rest = strchr(vectors[0].token, '.');
		assert_non_null(rest);
		(void)snprintf(text, sizeof text, "%s%s", headers[i], rest);
		assert_int_equal(assertion_read(view_of(text), &a, &e), RC_SYNTAX);
		assert_string_equal(e.msg, "alg is none of ES256, EdDSA, RS256");
	}
}

static void key_sets_that_are_no_public_keys_are_refused(void **state)
{
	/* In the order: no set, no keys, other members, a doubled member, no kid, a private key, a
	 * symmetric key, a point that is not on the curve, a small Ed25519 point, a short RSA key,
	 * keys for encryption. */
	static const struct {
		enum jws_alg alg;
		const char *text;
	} bad[] = {
		{JWS_ES256, "[]"},
		{JWS_ES256, "{\"keys\":[]}"},
		{JWS_EDDSA, "{\"keys\":[{}],\"more\":1}"},
		{JWS_EDDSA,
			"{\"keys\":[{\"kty\":\"OKP\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":"
			"\"a\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"},
		{JWS_EDDSA, "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
			    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"},
		{JWS_EDDSA, "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"d\":"
			    "\"AA\","
			    "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"},
		{JWS_RS256, "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAAA\"}]}"},
		{JWS_ES256, "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":"
			    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\",\"y\":"
			    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"},
		{JWS_EDDSA, "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"x\":"
			    "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}"},
		{JWS_RS256, "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"e\":\"AQAB\",\"n\":"
			    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"},
		{JWS_EDDSA, "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"use\":"
			    "\"enc\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"},
	};
	struct jws_key keys[JWS_KEYS_MAX];
	size_t n = 77;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct err e = {.rc = RC_OK};
		assert_int_not_equal(
			jwks_read(view_of(bad[i].text), bad[i].alg, keys, &n, &e), RC_OK);
		assert_int_not_equal(e.msg[0], '\0');
		assert_int_equal(n, 77);
	}
}

static void nine_keys_are_one_too_many(void **state)
{
	static const char key[] = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"%u\",\"x\":"
				  "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";
	struct jws_key keys[JWS_KEYS_MAX];

	(void)state;
	for (unsigned wanted = JWS_KEYS_MAX; wanted <= JWS_KEYS_MAX + 1; wanted++) {
		char text[2048] = "{\"keys\":[";
		size_t n = 0;
		for (unsigned i = 0; i < wanted; i++) {
			size_t used = strlen(text);
			(void)snprintf(text + used, sizeof text - used, key, i);
			used = strlen(text);
			(void)snprintf(
				text + used, sizeof text - used, i + 1 < wanted ? "," : "]}");
		}
		assert_int_equal(jwks_read(view_of(text), JWS_EDDSA, keys, &n, NULL),
			wanted == JWS_KEYS_MAX ? RC_OK : RC_LIMIT);
	}
}

static void certificates_give_key_and_thumbprint(void **state)
{
	uint8_t hash[SHA256_BYTES];
	struct jws_key key;

	(void)state;
	assert_int_equal(
		certificate_read(view_of(certificate), JWS_ES256, &key, hash, NULL), RC_OK);
	assert_memory_equal(hash, certificate_sha256, sizeof hash);
	assert_string_equal(key.kid, "BVBKjjLA5cbDpxpuoB7rizW4d6JjWV64JSvN1rHYhdE");
	memset(hash, 0, sizeof hash);
	assert_int_equal(certificate_hash(view_of(certificate), hash, NULL), RC_OK);
	assert_memory_equal(hash, certificate_sha256, sizeof hash);
	assert_int_equal(
		certificate_read(view_of(certificate), JWS_EDDSA, &key, hash, NULL), RC_SYNTAX);
	assert_int_equal(certificate_hash(VIEW(":AAAA:"), hash, NULL), RC_SYNTAX);
	assert_int_equal(certificate_hash(VIEW(""), hash, NULL), RC_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signatures_of_another_implementation_verify),
		cmocka_unit_test(each_changed_character_is_refused),
		cmocka_unit_test(a_key_signs_only_by_its_own_algorithm),
		cmocka_unit_test(every_cut_assertion_is_refused),
		cmocka_unit_test(no_algorithm_and_shared_secrets_do_not_exist),
		cmocka_unit_test(key_sets_that_are_no_public_keys_are_refused),
		cmocka_unit_test(nine_keys_are_one_too_many),
		cmocka_unit_test(certificates_give_key_and_thumbprint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
