/* The folder of the keys as one run of bytes, and back: what the backup of the keys holds. Plain
 * keys are in it, so it lives in memory only, and goes to a file only encrypted. */
#pragma once

#include "crypto/keyring.h"

enum { KEY_ARCHIVE_MAX = 512 * 1024 * 1024 };

/* All keys as they are now, the master key (also one that came as a credential), and the signing
 * keys and notes that stand beside them. The caller ends it with key_archive_free. */
MUST_CHECK enum rc key_archive_make(
	struct keyring *k, uint8_t **ret_owned, size_t *ret_n, struct err *e);
/* Overwrites it. NULL is allowed. */
void key_archive_free(uint8_t *bytes, size_t n);

/* Makes the folder out of it. RC_CONFLICT when the folder exists and is not empty; RC_SYNTAX when
 * this is no such archive, or a damaged one: nothing is left behind then. */
MUST_CHECK enum rc key_archive_unpack(struct view archive, const char *key_dir, struct err *e);
/* Overwrites and removes a folder of keys with all that stands in it. */
MUST_CHECK enum rc key_folder_forget(const char *key_dir, struct err *e);
