/* Passkeys: the first byte says which part is given, the rest is that part; the others are right.
 */
#include "fuzz.h"

#include <assert.h>

#include "crypto/cbor.h"
#include "crypto/token.h"
#include "crypto/webauthn.h"

static const struct webauthn_site site = {.rp_id = "localhost", .origin = ""};
/* Its challenge is 32 zero bytes. */
static const char create_data[] = "{\"type\":\"webauthn.create\",\"challenge\":"
				  "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
				  "\"origin\":\"http://localhost\"}";
static const char get_data[] =
	"{\"type\":\"webauthn.get\",\"challenge\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
	"\"origin\":\"http://localhost\"}";

static void check_cbor(struct view in)
{
	struct view all = in;
	struct view whole;
	struct cbor c;

	if (cbor_cut_whole(&in, &whole)) {
		assert(whole.p == all.p && whole.n + in.n == all.n && whole.n > 0);
		assert(cbor_cut(&whole, &c));
	} else {
		assert(in.n == all.n);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t challenge[WEBAUTHN_CHALLENGE_BYTES];
	struct webauthn_credential c;
	struct webauthn_key key = {.algorithm = -8, .n = 32, .bytes = {1}};
	uint32_t count = 0;

	if (size == 0 || crypto_start(NULL) != RC_OK)
		return 0;
	struct view rest = {.p = (const char *)data + 1, .n = size - 1};
	struct webauthn_use use = {.client_data = view_of(get_data), .signature = {"signature", 9}};
	enum rc rc = RC_SYNTAX;
	switch (data[0] % 4) {
	case 0:
		rc = webauthn_check_new(&site, challenge, view_of(create_data), rest, &c, NULL);
		assert(rc != RC_OK || (c.id_n > 0 && c.id_n <= WEBAUTHN_CREDENTIAL_MAX));
		break;
	case 1:
		use.authenticator_data = rest;
		rc = webauthn_check_use(&site, challenge, &use, &key, &count, NULL);
		assert(rc != RC_OK); /* nobody has signed it */
		break;
	case 2:
		use.client_data = rest;
		rc = webauthn_check_use(&site, challenge, &use, &key, &count, NULL);
		assert(rc != RC_OK);
		break;
	case 3:
		check_cbor(rest);
		break;
	}
	assert(rc == RC_OK || rc == RC_SYNTAX || rc == RC_DENIED || rc == RC_NOMEM);
	return 0;
}
