#include "app/backup_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/age.h"
#include "crypto/keyring_copy.h"
#include "crypto/token.h"
#include "domain/backup_rows.h"
#include "store/copy.h"

/* ---- temporary files ---- */

static const char prefix[] = "backup.";
enum { TEMPORARY_NAME = sizeof prefix - 1 + 6 };
static const char *const ends[] = {"", "-wal", "-shm", "-journal"};

void temporary_done(struct temporary *t)
{

	if (t->fd < 0)
		return;
	for (size_t i = 0; i < COUNT_OF(ends); i++) {
		char path[BACKUP_PATH + 16];
		(void)snprintf(path, sizeof path, "%s%s", t->path, ends[i]);
		(void)unlink(path); /* most are not there */
	}
	(void)close(t->fd); /* nothing of it is kept; ends the lock */
	t->fd = -1;
}

/* A file that nobody has locked was left by a process that is gone. */
static void remove_if_left(int folder_fd, const char *name)
{
	int fd = openat(folder_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return;
	bool is_left = flock(fd, LOCK_EX | LOCK_NB) == 0;
	for (size_t i = 0; is_left && i < COUNT_OF(ends); i++) {
		char path[TEMPORARY_NAME + 16];
		(void)snprintf(path, sizeof path, "%s%s", name, ends[i]);
		(void)unlinkat(folder_fd, path, 0); /* most are not there */
	}
	(void)close(fd); /* only looked at */
}

static void remove_left_ones(const char *folder)
{
	DIR *dir = opendir(folder);

	if (dir == NULL)
		return;
	for (const struct dirent *d = readdir(dir); d != NULL; d = readdir(dir)) {
		if (strncmp(d->d_name, prefix, sizeof prefix - 1) == 0 &&
			strlen(d->d_name) == TEMPORARY_NAME)
			remove_if_left(dirfd(dir), d->d_name);
	}
	(void)closedir(dir); /* only read */
}

enum rc temporary_make(struct temporary *t, const char *folder, struct err *e)
{
	int n = snprintf(t->path, sizeof t->path, "%s/%sXXXXXX", folder, prefix);

	if (n < 0 || (size_t)n >= sizeof t->path)
		return fail(e, RC_LIMIT, "the path of the data folder is too long");
	remove_left_ones(folder);
	t->fd = mkostemp(t->path, O_CLOEXEC); /* mode 0600 */
	if (t->fd < 0)
		return fail_sys(e, "cannot make a file in %.80s", folder);
	return flock(t->fd, LOCK_EX | LOCK_NB) == 0 ? RC_OK : fail_sys(e, "cannot lock a file");
}

/* ---- writing ---- */

enum rc backup_database_path(const char *data_dir, char ret_path[BACKUP_PATH], struct err *e)
{
	int n = snprintf(ret_path, BACKUP_PATH, "%s/kinward.db", data_dir);

	return n < 0 || n >= BACKUP_PATH
		       ? fail(e, RC_LIMIT, "the path of the data folder is too long")
		       : RC_OK;
}

static enum rc check_recipient(const char *recipient, struct err *e)
{
	return age_is_recipient(view_of(recipient))
		       ? RC_OK
		       : fail(e, RC_DENIED,
				 "backups are encrypted: set backup_recipient to a public key "
				 "(age1…, made by age-keygen on another machine)");
}

static enum rc encrypt_to(const char *recipient, int in_fd, const char *target, struct err *e)
{
	return strcmp(target, "-") == 0 ? age_encrypt(recipient, in_fd, STDOUT_FILENO, e)
					: age_encrypt_to_file(recipient, in_fd, target, e);
}

static enum rc open_keys(const struct settings *s, struct keyring **ret_owned, struct err *e)
{
	char key_dir[SETTINGS_KEY_DIR_MAX];
	enum rc rc = crypto_start(e);

	if (rc == RC_OK)
		rc = settings_key_dir(s, key_dir, e);
	return rc == RC_OK ? keyring_open(key_dir, false, ret_owned, e) : rc;
}

/* The copy without what must not be in a backup, as one file without a log. */
static enum rc prepare_copy(const char *path, struct keyring *keyring, struct err *e)
{
	struct db *db = NULL;
	enum rc rc = db_open(path, DB_WRITER, keyring, &db, e);

	if (rc == RC_OK)
		rc = backup_rows_prepare(db, e);
	if (rc == RC_OK)
		rc = db_script(db, "PRAGMA journal_mode = DELETE", e);
	db_close(db);
	return rc;
}

static enum rc write_data(const struct settings *s, const char *recipient, const char *target,
	struct keyring *keyring, struct err *e)
{
	CLEANUP(temporary_done) struct temporary copy = {.fd = -1};
	char path[BACKUP_PATH];
	enum rc rc = backup_database_path(s->data_dir, path, e);

	if (rc == RC_OK)
		rc = temporary_make(&copy, s->data_dir, e);
	if (rc == RC_OK)
		rc = db_copy(path, copy.path, e);
	if (rc == RC_OK)
		rc = prepare_copy(copy.path, keyring, e);
	if (rc != RC_OK)
		return rc;
	(void)unlink(copy.path); /* from here on the copy goes away with this process */
	return encrypt_to(recipient, copy.fd, target, e);
}

enum rc backup_write_data(
	const struct settings *s, const char *recipient, const char *target, struct err *e)
{
	struct keyring *keyring = NULL;
	enum rc rc = check_recipient(recipient, e);

	if (rc == RC_OK)
		rc = open_keys(s, &keyring, e);
	if (rc == RC_OK)
		rc = write_data(s, recipient, target, keyring, e);
	keyring_free(keyring);
	return rc;
}

/* A file in memory with these bytes, read from its beginning. */
static enum rc memory_file(const uint8_t *bytes, size_t n, int *ret_fd, struct err *e)
{
	int fd = memfd_create("keys", MFD_CLOEXEC);

	if (fd < 0)
		return fail_sys(e, "no memory for the keys");
	for (size_t done = 0; done < n;) {
		ssize_t step = write(fd, bytes + done, n - done);
		if (step <= 0) {
			enum rc rc = fail_sys(e, "no memory for the keys");
			(void)close(fd); /* given up */
			return rc;
		}
		done += (size_t)step;
	}
	(void)lseek(fd, 0, SEEK_SET); /* a file in memory can be sought in */
	*ret_fd = fd;
	return RC_OK;
}

enum rc backup_write_keys(
	const struct settings *s, const char *recipient, const char *target, struct err *e)
{
	struct keyring *keyring = NULL;
	uint8_t *archive = NULL;
	size_t n = 0;
	int fd = -1;
	enum rc rc = check_recipient(recipient, e);

	if (rc == RC_OK)
		rc = open_keys(s, &keyring, e);
	if (rc == RC_OK)
		rc = key_archive_make(keyring, &archive, &n, e);
	if (rc == RC_OK)
		rc = memory_file(archive, n, &fd, e);
	if (rc == RC_OK)
		rc = encrypt_to(recipient, fd, target, e);
	if (fd >= 0)
		(void)close(fd); /* its memory goes with it */
	key_archive_free(archive, n);
	keyring_free(keyring);
	return rc;
}

/* ---- opening ---- */

enum rc backup_open_data(const char *backup, const char *identity, const struct temporary *plain,
	int64_t *ret_schema, struct err *e)
{
	enum rc rc = age_decrypt_file(identity, backup, plain->fd, e);

	return rc == RC_OK ? db_check_file(plain->path, ret_schema, e) : rc;
}

static enum rc unpack(int fd, const char *key_dir, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail_sys(e, "cannot look at the keys");
	if (st.st_size == 0)
		return fail(e, RC_SYNTAX, "the backup of the keys is empty");
	char *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return fail_sys(e, "no memory for the keys");
	enum rc rc =
		key_archive_unpack((struct view){.p = bytes, .n = (size_t)st.st_size}, key_dir, e);
	(void)munmap(bytes, (size_t)st.st_size); /* cannot fail for a whole mapping */
	return rc;
}

enum rc backup_open_keys(
	const char *backup, const char *identity, const char *key_dir, struct err *e)
{
	enum rc rc = crypto_start(e);

	if (rc != RC_OK)
		return rc;
	int fd = memfd_create("keys", MFD_CLOEXEC);
	if (fd < 0)
		return fail_sys(e, "no memory for the keys");
	rc = age_decrypt_file(identity, backup, fd, e);
	if (rc == RC_OK)
		rc = unpack(fd, key_dir, e);
	(void)close(fd); /* its memory goes with it */
	return rc;
}
