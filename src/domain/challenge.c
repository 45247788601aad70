#include "domain/challenge.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "crypto/base64url.h"
#include "crypto/token.h"

enum { RANDOM_BYTES = 16 };

struct used {
	uint8_t random[RANDOM_BYTES];
	int64_t end_ms; /* 0: free */
};

struct challenges {
	pthread_mutex_t lock; /* guards used */
	uint8_t key[crypto_generichash_KEYBYTES];
	struct used used[CHALLENGES_USED_MAX];
};

/* What an id says. */
struct id {
	uint8_t bytes[CHALLENGE_ID_BYTES];
};

static int64_t end_of(const struct id *id)
{
	uint64_t end = 0;

	for (size_t i = RANDOM_BYTES; i < CHALLENGE_ID_BYTES; i++)
		end = end << 8 | id->bytes[i];
	return (int64_t)(end & INT64_MAX);
}

static bool read_id(struct view text, struct id *ret)
{
	size_t n = 0;

	return text.n == CHALLENGE_ID_TEXT - 1 &&
	       base64url_read(text, ret->bytes, sizeof ret->bytes, &n) && n == sizeof ret->bytes;
}

enum rc challenges_new(struct challenges **ret_owned, struct err *e)
{
	struct challenges *c = calloc(1, sizeof *c);

	if (c == NULL)
		return fail(e, RC_NOMEM, "challenges: out of memory");
	(void)pthread_mutex_init(&c->lock, NULL); /* cannot fail with default attributes */
	crypto_generichash_keygen(c->key);
	*ret_owned = c;
	return RC_OK;
}

void challenges_free(struct challenges *c)
{
	if (c == NULL)
		return;
	(void)pthread_mutex_destroy(&c->lock);
	sodium_memzero(c->key, sizeof c->key);
	free(c);
}

static void derive(const struct challenges *c, const struct id *id, enum challenge_purpose purpose,
	const struct uid *session, uint8_t ret[WEBAUTHN_CHALLENGE_BYTES])
{
	uint8_t text[CHALLENGE_ID_BYTES + 1 + UID_BYTES];

	memcpy(text, id->bytes, sizeof id->bytes);
	text[CHALLENGE_ID_BYTES] = (uint8_t)purpose;
	memcpy(text + CHALLENGE_ID_BYTES + 1, session->b, UID_BYTES);
	(void)crypto_generichash(
		ret, WEBAUTHN_CHALLENGE_BYTES, text, sizeof text, c->key, sizeof c->key);
}

void challenge_make(const struct challenges *c, enum challenge_purpose purpose,
	const struct uid *session, int64_t now_ms, char ret_id[CHALLENGE_ID_TEXT],
	uint8_t ret[WEBAUTHN_CHALLENGE_BYTES])
{
	struct id id;
	uint64_t end = (uint64_t)now_ms + CHALLENGE_LIFE_MS;

	random_bytes(id.bytes, RANDOM_BYTES);
	for (size_t i = CHALLENGE_ID_BYTES; i-- > RANDOM_BYTES; end >>= 8)
		id.bytes[i] = (uint8_t)end;
	derive(c, &id, purpose, session, ret);
	base64url_write(id.bytes, sizeof id.bytes, ret_id, CHALLENGE_ID_TEXT);
}

bool challenge_find(const struct challenges *c, struct view id_text, enum challenge_purpose purpose,
	const struct uid *session, int64_t now_ms, uint8_t ret[WEBAUTHN_CHALLENGE_BYTES])
{
	struct id id;

	/* An end further off than we ever give was not made by us, or before the clock went back.
	 */
	if (!read_id(id_text, &id) || end_of(&id) <= now_ms ||
		end_of(&id) > now_ms + CHALLENGE_LIFE_MS)
		return false;
	derive(c, &id, purpose, session, ret);
	return true;
}

enum rc challenge_use(struct challenges *c, struct view id_text, int64_t now_ms)
{
	struct id id;
	struct used *place = NULL;
	enum rc rc = RC_OK;

	if (!read_id(id_text, &id))
		return RC_DENIED;
	(void)pthread_mutex_lock(&c->lock); /* the default mutex does not fail here */
	for (struct used *u = c->used; u < c->used + CHALLENGES_USED_MAX; u++) {
		if (u->end_ms <= now_ms)
			place = u;
		else if (memcmp(u->random, id.bytes, RANDOM_BYTES) == 0)
			rc = RC_DENIED;
	}
	if (rc == RC_OK && place == NULL)
		rc = RC_LIMIT;
	if (rc == RC_OK) {
		memcpy(place->random, id.bytes, RANDOM_BYTES);
		place->end_ms = end_of(&id);
	}
	(void)pthread_mutex_unlock(&c->lock);
	return rc;
}
