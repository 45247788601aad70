/* How a backup is made: a copy of the database without what must not be in one, and the folder of
 * the keys, each encrypted with age. They are two files on purpose: a key that was destroyed is in
 * no newer file of keys, and without it the data in older backups cannot be read. */
#pragma once

#include "app/settings.h"
#include "base/err.h"

enum { BACKUP_PATH = 4096 };

/* A file that goes away when the work ends, however it ends. */
struct temporary {
	char path[BACKUP_PATH];
	int fd; /* -1: none */
};
/* In the folder, with mode 0600; what a process that was killed left there is removed. */
MUST_CHECK enum rc temporary_make(struct temporary *t, const char *folder, struct err *e);
void temporary_done(struct temporary *t);

/* RC_DENIED without a recipient. `target` "-" is standard output. */
MUST_CHECK enum rc backup_write_data(
	const struct settings *s, const char *recipient, const char *target, struct err *e);
MUST_CHECK enum rc backup_write_keys(
	const struct settings *s, const char *recipient, const char *target, struct err *e);

MUST_CHECK enum rc backup_database_path(
	const char *data_dir, char ret_path[BACKUP_PATH], struct err *e);

/* Decrypts into `plain` and looks whether it is a whole database. */
MUST_CHECK enum rc backup_open_data(const char *backup, const char *identity,
	const struct temporary *plain, int64_t *ret_schema, struct err *e);
/* Decrypts keys in memory and makes key_dir of them, which must be empty or not there. */
MUST_CHECK enum rc backup_open_keys(
	const char *backup, const char *identity, const char *key_dir, struct err *e);
