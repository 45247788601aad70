/* The program age, which encrypts backups to a public key and opens them with its private half. Its
 * input and output are descriptors of ours; nothing goes through a shell. */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "base/view.h"

/* "age1…": a public key. */
bool age_is_recipient(struct view key);

/* RC_NOT_FOUND when age is not installed; what it says itself goes to standard error. */
MUST_CHECK enum rc age_encrypt(const char *recipient, int in_fd, int out_fd, struct err *e);
/* Writes beside the target, syncs and renames: it is there whole or not at all; mode 0600. */
MUST_CHECK enum rc age_encrypt_to_file(
	const char *recipient, int in_fd, const char *target, struct err *e);

/* `identity` is the file with the private half. */
MUST_CHECK enum rc age_decrypt_file(
	const char *identity, const char *path, int out_fd, struct err *e);
