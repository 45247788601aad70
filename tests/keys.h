/* A keyring in the folder of a unit test. */
#pragma once

#include <stdio.h>
#include <unistd.h>

#include "crypto/keyring.h"
#include "crypto/token.h"
#include "unit.h"

/* Opens folder/keys, or makes it. */
static inline struct keyring *keys_open(const char *folder)
{
	struct keyring *k = NULL;
	char path[512];

	assert_int_equal(crypto_start(NULL), RC_OK);
	(void)snprintf(path, sizeof path, "%s/keys", folder);
	assert_int_equal(keyring_open(path, true, &k, NULL), RC_OK);
	return k;
}

/* Takes folder/keys away, with all that stands in it. */
static inline void keys_remove(const char *folder)
{
	static const char *const names[] = {"keys.db", "keys.db-journal", "master.key",
		"master.key.new", "master.key.old", "audit.ed25519", "audit.checkpoint",
		"webhook.ed25519"};
	char path[512];

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		(void)snprintf(path, sizeof path, "%s/keys/%s", folder, names[i]);
		(void)unlink(path); /* some are not there */
	}
	(void)snprintf(path, sizeof path, "%s/keys", folder);
	assert_int_equal(rmdir(path), 0);
}
