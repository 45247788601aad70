/* The keys that seal what is personal (docs/keys.md). A master key stands in a folder of its
 * own, outside the data folder; it wraps one key for each wearer, group and account, and one of the
 * system. The wrapped keys stand in that folder, too, so that no backup of the data holds them:
 * destroying a key makes everything sealed with it unreadable, also in older backups. Sealing is
 * XChaCha20-Poly1305 (libsodium). Any thread; a short mutex guards a bounded cache of open keys. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/uid.h"
#include "base/view.h"

struct keyring;

enum key_kind { KEY_SYSTEM = 1, KEY_ACCOUNT, KEY_GROUP, KEY_WEARER, KEY_PARTNER, KEY_KIND_COUNT };

enum {
	SEAL_OVERHEAD = 41, /* version 1, nonce 24, tag 16 */
	LOOKUP_BYTES = 32,
};

/* The owner of the system's own key: what belongs to no person (journal, courier, partners). */
extern const struct uid keyring_system;

/* Opens the folder, or makes it (mode 0700) with a fresh master key (mode 0600) when there is none
 * and `may_create`. RC_DENIED with a message when somebody else can read the key; RC_NOT_FOUND when
 * there is none. A systemd credential "kinward.master" is taken before the file. */
MUST_CHECK enum rc keyring_open(
	const char *key_dir, bool may_create, struct keyring **ret_owned, struct err *e);
/* Forgets all keys. NULL is allowed. */
void keyring_free(struct keyring *k);

/* A fresh key for a new owner, on disk when this returns. RC_CONFLICT when it has one. */
MUST_CHECK enum rc keyring_add(
	struct keyring *k, enum key_kind kind, const struct uid *owner, struct err *e);
/* Nothing sealed for this owner can be read any more, from when this returns. An unknown owner is
 * RC_OK. */
MUST_CHECK enum rc keyring_destroy(struct keyring *k, const struct uid *owner, struct err *e);

/* Whether it has a key: false for one that was destroyed. */
MUST_CHECK enum rc keyring_has(
	struct keyring *k, const struct uid *owner, bool *ret, struct err *e);

/* Whether keyring_destroy was called for it, ever: a hash of its id stays (16 bytes for each, in
 * backups of the keys, too). An owner with neither a key nor this is newer than these keys. */
MUST_CHECK enum rc keyring_was_destroyed(
	struct keyring *k, const struct uid *owner, bool *ret, struct err *e);

/* fn is called, in the thread that destroys, after each key that is gone. Set once, before there
 * are threads. */
void keyring_on_destroy(struct keyring *k, void (*fn)(void *owner), void *owner);

/* ret_sealed has room for plain.n + SEAL_OVERHEAD. `label` ("wearer.name") is bound into the seal:
 * what was sealed under one label does not open under another. RC_NOT_FOUND: no such owner. */
MUST_CHECK enum rc keyring_seal(struct keyring *k, const struct uid *owner, const char *label,
	struct view plain, uint8_t *ret_sealed, struct err *e);
/* ret_plain has room for sealed.n - SEAL_OVERHEAD. RC_SYNTAX when it was changed or is another's;
 * RC_NOT_FOUND when the owner's key was destroyed. */
MUST_CHECK enum rc keyring_unseal(struct keyring *k, const struct uid *owner, const char *label,
	struct view sealed, uint8_t *ret_plain, size_t *ret_n, struct err *e);

/* Whether the owner's newest key sealed it; keys change with `kinward rotate`. */
MUST_CHECK enum rc keyring_is_newest(
	struct keyring *k, const struct uid *owner, struct view sealed, bool *ret, struct err *e);

/* Keyed hash for finding a row by a value that is only stored sealed. */
void keyring_lookup(
	struct keyring *k, const char *label, struct view value, uint8_t ret[LOOKUP_BYTES]);
