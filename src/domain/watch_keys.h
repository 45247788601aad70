/* Which watches have a key of their own (table way, kind watch_tls): what they say over TLS counts
 * as said by them; frames with their number that come any other way are refused. Known by the
 * SHA-256 of their public key. In memory, because each new connection asks. */
#pragma once

#include "domain/domain.h"

struct watch_keys;

enum way_kind {
	WAY_OWNTRACKS = 1, /* the numbers stand in the database */
	WAY_OSMAND = 2,
	WAY_WATCH_TLS = 3,
};

MUST_CHECK enum rc watch_keys_load(struct db *db, struct watch_keys **ret_owned, struct err *e);
void watch_keys_free(struct watch_keys *keys);

enum watch_proof {
	PROOF_NOT_WANTED, /* this watch has no key */
	PROOF_GIVEN,
	PROOF_MISSING, /* it has one, and it was not this */
};
/* key: of the connection, MESSAGE_KEY_SIZE bytes, or none. Any thread. */
enum watch_proof watch_keys_judge(struct watch_keys *keys, uint32_t number, struct view key);

/* After the commit, any thread: the watch of this wearer has this key from now on (empty: none any
 * more). Its connections are closed and have to prove themselves. RC_NOMEM leaves it as it was
 * until the next start. */
MUST_CHECK enum rc watch_keys_set(struct domain *d, const struct uid *wearer, uint32_t number,
	struct view key, struct err *e);
