/* Key sets, certificates and assertions. The first byte picks: 0 an assertion, 1 to 3 a key set for
 * that algorithm, others a certificate. What was taken must keep its promises. */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "crypto/jws.h"

static void check_key(const struct jws_key *key)
{
	assert(key->kid[0] != '\0' && strnlen(key->kid, sizeof key->kid) < sizeof key->kid);
	assert(key->spki_n > 0 && key->spki_n <= JWS_SPKI_MAX);
}

static void try_assertion(struct view text)
{
	static const struct jws_key no_key = {.kid = "a"};
	struct assertion a;
	struct err e = {.rc = RC_OK};

	if (assertion_read(text, &a, &e) != RC_OK) {
		assert(e.msg[0] != '\0');
		return;
	}
	assert(a.alg >= JWS_ES256 && a.alg < JWS_ALG_COUNT);
	assert(a.signature_n > 0 && a.signature_n <= sizeof a.signature);
	assert(a.signed_text.p == text.p && a.signed_text.n < text.n);
	assert(a.iss[0] != '\0' && a.sub[0] != '\0' && a.aud[0] != '\0' && a.jti[0] != '\0');
	assert(a.exp_s >= 0 && a.iat_s >= 0 && a.nbf_s >= 0);
	assert(assertion_verify(&a, a.alg, &no_key, NULL) != RC_OK);
}

static void try_keys(struct view text, enum jws_alg alg)
{
	struct jws_key keys[JWS_KEYS_MAX];
	size_t n = 0;

	if (jwks_read(text, alg, keys, &n, NULL) != RC_OK)
		return;
	assert(n >= 1 && n <= JWS_KEYS_MAX);
	for (size_t i = 0; i < n; i++)
		check_key(&keys[i]);
}

static void try_certificate(struct view text, enum jws_alg alg)
{
	uint8_t hash[SHA256_BYTES];
	uint8_t again[SHA256_BYTES];
	struct jws_key key;

	if (certificate_read(text, alg, &key, hash, NULL) != RC_OK)
		return;
	check_key(&key);
	assert(strlen(key.kid) == SHA256_TEXT - 1);
	if (certificate_hash(text, again, NULL) == RC_OK)
		assert(memcmp(hash, again, sizeof hash) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t hash[SHA256_BYTES];

	if (size == 0)
		return 0;
	struct view text = {.p = (const char *)data + 1, .n = size - 1};
	if (data[0] == 0)
		try_assertion(text);
	else if (data[0] < JWS_ALG_COUNT)
		try_keys(text, (enum jws_alg)data[0]);
	else
		try_certificate(text, (enum jws_alg)(1 + data[0] % 3));
	if (certificate_hash(text, hash, NULL) == RC_OK)
		assert(size > 1);
	return 0;
}
