/* Fresh keys after an incident, for `kinward rotate`. The caller alone works with the keyring (the
 * service is stopped). Each function may be cut off at any moment and called again. */
#pragma once

#include "crypto/keyring.h"

/* A fresh master key: every key is wrapped anew in one step, then the old one is overwritten. When
 * the old one came as a credential, the new one stands in the folder: *ret_was_credential. */
MUST_CHECK enum rc keyring_renew_master(struct keyring *k, bool *ret_was_credential, struct err *e);

/* A fresh key for each owner. What was sealed before still opens, until keyring_renew_end. Does
 * nothing when this was begun before and has not ended. *ret_owners may be NULL. */
MUST_CHECK enum rc keyring_renew_begin(struct keyring *k, uint64_t *ret_owners, struct err *e);
/* Destroys the keys before the newest ones. Everything has been sealed anew. */
MUST_CHECK enum rc keyring_renew_end(struct keyring *k, struct err *e);

/* A fresh key of look-ups: from the first call on keyring_lookup uses it; it takes the place of the
 * old one with the second. Opened anew in between, the keyring uses the old one again, until
 * keyring_lookup_begin is called. */
MUST_CHECK enum rc keyring_lookup_begin(struct keyring *k, struct err *e);
MUST_CHECK enum rc keyring_lookup_end(struct keyring *k, struct err *e);

/* A small number of the caller's, kept with the keys: what of a rotation is still to be done. 0
 * when nothing was kept. */
MUST_CHECK enum rc keyring_work_get(struct keyring *k, int64_t *ret, struct err *e);
MUST_CHECK enum rc keyring_work_set(struct keyring *k, int64_t work, struct err *e);
