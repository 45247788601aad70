#include "domain/webhook_sign.h"

#include <sodium.h>
#include <stdio.h>

#include "base/https_url.h"

enum { BASE_TEXT = HTTPS_URL_MAX + 700 };

static const char components[] =
	"(\"@method\" \"@target-uri\" \"content-digest\" \"content-type\" \"kinward-event-id\")";

static void base64(const uint8_t *bytes, size_t n, char *dst, size_t size)
{
	(void)sodium_bin2base64(dst, size, bytes, n, sodium_base64_VARIANT_ORIGINAL);
}

static bool is_whole(int n, size_t size)
{
	return n > 0 && (size_t)n < size;
}

enum rc webhook_sign(const struct sign_key *key, struct view url, const struct uid *event,
	struct view body, int64_t now_s, struct webhook_signature *ret, struct err *e)
{
	uint8_t hash[crypto_hash_sha256_BYTES];
	uint8_t signature[SIGN_BYTES];
	char hash_text[48];
	char signature_text[96];
	char event_text[UID_TEXT];
	char params[WEBHOOK_PARAMS_TEXT];
	char base[BASE_TEXT];

	(void)crypto_hash_sha256(hash, (const unsigned char *)body.p, body.n); /* cannot fail */
	base64(hash, sizeof hash, hash_text, sizeof hash_text);
	uid_to_text(event, event_text);
	int params_n = snprintf(params, sizeof params,
		"%s;created=%lld;expires=%lld;keyid=\"%s\";alg=\"ed25519\"", components,
		(long long)now_s, (long long)now_s + WEBHOOK_SIGNATURE_LIFE_S, sign_id(key));
	int base_n = url.n > HTTPS_URL_MAX
			     ? -1
			     : snprintf(base, sizeof base,
				       "\"@method\": POST\n"
				       "\"@target-uri\": %.*s\n"
				       "\"content-digest\": sha-256=:%s:\n"
				       "\"content-type\": application/json\n"
				       "\"kinward-event-id\": %s\n"
				       "\"@signature-params\": %s",
				       (int)url.n, url.p, hash_text, event_text, params);
	if (!is_whole(params_n, sizeof params) || !is_whole(base_n, sizeof base))
		return fail(e, RC_LIMIT, "webhook: the address is too long to be signed");
	sign_bytes(key, (struct view){.p = base, .n = (size_t)base_n}, signature);
	base64(signature, sizeof signature, signature_text, sizeof signature_text);
	(void)snprintf(ret->digest, sizeof ret->digest, "sha-256=:%s:", hash_text);
	(void)snprintf(ret->input, sizeof ret->input, "kinward=%s", params);
	(void)snprintf(ret->signature, sizeof ret->signature, "kinward=:%s:", signature_text);
	return RC_OK;
}
