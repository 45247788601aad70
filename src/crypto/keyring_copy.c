#include "crypto/keyring_copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/keyring_inside.h"

enum { BESIDE_MAX = 1024 * 1024 /* bytes of a file beside the keys */, BESIDE_FILES_MAX = 64 };

static void close_handle(sqlite3 **db)
{
	(void)sqlite3_close_v2(*db); /* cannot fail: nothing else of it is open */
}

static enum rc open_memory(sqlite3 **ret_owned, struct err *e)
{
	int code = sqlite3_open_v2(
		":memory:", ret_owned, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_exec(*ret_owned,
			"PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF", NULL, NULL, NULL);
	return code == SQLITE_OK ? RC_OK : key_fail(*ret_owned, code & 0xff, "memory", e);
}

static enum rc copy_all(sqlite3 *to, sqlite3 *from, struct err *e)
{
	sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");

	if (copy == NULL)
		return key_fail(to, SQLITE_ERROR, "copy", e);
	int code = sqlite3_backup_step(copy, -1);
	int end = sqlite3_backup_finish(copy);
	return code == SQLITE_DONE && end == SQLITE_OK ? RC_OK
						       : key_fail(to, SQLITE_ERROR, "copy", e);
}

/* ---- making ---- */

/* Files of other rooms in the folder: not the keys themselves, nothing hidden. */
static bool is_beside(const char *name)
{
	return name[0] != '.' && strncmp(name, KEY_FILE_MASTER, strlen(KEY_FILE_MASTER)) != 0 &&
	       strncmp(name, KEY_FILE_KEYS, strlen(KEY_FILE_KEYS)) != 0;
}

static enum rc put_file(sqlite3 *db, const char *name, const void *bytes, size_t n, struct err *e)
{
	CLEANUP(key_finalize) sqlite3_stmt *s = NULL;
	enum rc rc = key_prepare(db, "INSERT INTO file (name, bytes) VALUES (?1, ?2)", &s, e);

	if (rc != RC_OK)
		return rc;
	int code = sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_bind_blob64(s, 2, bytes, n, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	return code == SQLITE_DONE ? RC_OK : key_fail(db, code & 0xff, "file", e);
}

static enum rc put_beside(const struct keyring *k, sqlite3 *db, const char *name, struct err *e)
{
	char path[KEY_PATH_MAX];
	struct stat st;
	enum rc rc = key_path(k, name, path, e);

	if (rc != RC_OK)
		return rc;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return RC_OK; /* gone since the folder was read */
	if (fd < 0)
		return fail_sys(e, "cannot open %.80s", path);
	uint8_t *bytes = NULL;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > BESIDE_MAX)
		rc = fail(e, RC_LIMIT, "%.80s does not belong into the folder of the keys", path);
	if (rc == RC_OK && (bytes = malloc((size_t)st.st_size + 1)) == NULL)
		rc = fail(e, RC_NOMEM, "keys: out of memory");
	if (rc == RC_OK && read(fd, bytes, (size_t)st.st_size) != st.st_size)
		rc = fail_sys(e, "cannot read %.80s", path);
	if (rc == RC_OK)
		rc = put_file(db, name, bytes, (size_t)st.st_size, e);
	if (bytes != NULL)
		sodium_memzero(bytes, (size_t)st.st_size);
	free(bytes);
	(void)close(fd); /* only read */
	return rc;
}

static enum rc put_all_beside(const struct keyring *k, sqlite3 *db, struct err *e)
{
	DIR *folder = opendir(k->folder);
	unsigned n = 0;
	enum rc rc = RC_OK;

	if (folder == NULL)
		return fail_sys(e, "cannot read the folder of the keys %.60s", k->folder);
	for (const struct dirent *d = readdir(folder); rc == RC_OK && d != NULL;
		d = readdir(folder)) {
		if (!is_beside(d->d_name))
			continue;
		rc = ++n > BESIDE_FILES_MAX
			     ? fail(e, RC_LIMIT, "too many files in %.80s", k->folder)
			     : put_beside(k, db, d->d_name, e);
	}
	(void)closedir(folder); /* only read */
	return rc;
}

static enum rc put_master(const struct keyring *k, sqlite3 *db, struct err *e)
{
	char text[2 * KEY_BYTES + 1];

	(void)sodium_bin2hex(text, sizeof text, k->secrets->master, KEY_BYTES); /* returns text */
	text[sizeof text - 1] = '\n';
	enum rc rc = put_file(db, KEY_FILE_MASTER, text, sizeof text, e);
	sodium_memzero(text, sizeof text);
	return rc;
}

enum rc key_archive_make(struct keyring *k, uint8_t **ret_owned, size_t *ret_n, struct err *e)
{
	CLEANUP(close_handle) sqlite3 *db = NULL;
	sqlite3_int64 n = 0;
	enum rc rc = open_memory(&db, e);

	if (rc != RC_OK)
		return rc;
	(void)pthread_mutex_lock(&k->write_lock); /* the default mutex does not fail here */
	rc = copy_all(db, k->writer, e);
	(void)pthread_mutex_unlock(&k->write_lock);
	if (rc == RC_OK && sqlite3_exec(db,
				   "CREATE TABLE file (name TEXT NOT NULL PRIMARY KEY,"
				   " bytes BLOB NOT NULL)",
				   NULL, NULL, NULL) != SQLITE_OK)
		rc = key_fail(db, SQLITE_ERROR, "archive", e);
	if (rc == RC_OK)
		rc = put_master(k, db, e);
	if (rc == RC_OK)
		rc = put_all_beside(k, db, e);
	if (rc != RC_OK)
		return rc;
	uint8_t *bytes = sqlite3_serialize(db, "main", &n, 0);
	if (bytes == NULL)
		return fail(e, RC_NOMEM, "keys: out of memory");
	*ret_owned = bytes;
	*ret_n = (size_t)n;
	return RC_OK;
}

void key_archive_free(uint8_t *bytes, size_t n)
{
	if (bytes == NULL)
		return;
	sodium_memzero(bytes, n);
	sqlite3_free(bytes);
}

/* ---- unpacking ---- */

static enum rc make_empty_folder(const char *path, struct err *e)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fail_sys(e, "cannot make the folder of the keys %.60s", path);
	DIR *folder = opendir(path);
	if (folder == NULL)
		return fail_sys(e, "cannot read the folder of the keys %.60s", path);
	bool is_empty = true;
	for (const struct dirent *d = readdir(folder); d != NULL; d = readdir(folder))
		is_empty &= strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0;
	(void)closedir(folder); /* only read */
	return is_empty ? RC_OK
			: fail(e, RC_CONFLICT,
				  "%.80s is not empty: keys are only restored into an empty folder",
				  path);
}

static bool is_file_name(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++) {
		if (!ascii_is_alnum(name[i]) && name[i] != '.' && name[i] != '_' && name[i] != '-')
			return false;
	}
	return n > 0 && n < 64 && name[0] != '.' &&
	       (strcmp(name, KEY_FILE_MASTER) == 0 || is_beside(name));
}

static enum rc write_file(
	const struct keyring *k, const char *name, const void *bytes, size_t n, struct err *e)
{
	char path[KEY_PATH_MAX];
	enum rc rc = key_path(k, name, path, e);

	if (rc != RC_OK)
		return rc;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_sys(e, "cannot make %.80s", path);
	if ((n > 0 && write(fd, bytes, n) != (ssize_t)n) || fsync(fd) != 0)
		rc = fail_sys(e, "cannot write %.80s", path);
	(void)close(fd); /* synced */
	return rc;
}

static enum rc unpack_files(const struct keyring *k, sqlite3 *db, struct err *e)
{
	CLEANUP(key_finalize) sqlite3_stmt *s = NULL;
	enum rc rc = key_prepare(db, "SELECT name, bytes FROM file", &s, e);
	int code = SQLITE_ROW;

	while (rc == RC_OK && (code = sqlite3_step(s)) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(s, 0);
		if (name == NULL || !is_file_name(name))
			return fail(
				e, RC_SYNTAX, "the backup of the keys has a file that it must not");
		rc = write_file(
			k, name, sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1), e);
	}
	return rc == RC_OK && code != SQLITE_DONE ? key_fail(db, code & 0xff, "file", e) : rc;
}

/* The wrapped keys without the files, whose pages are overwritten first. */
static enum rc unpack_keys(const struct keyring *k, sqlite3 *db, struct err *e)
{
	CLEANUP(close_handle) sqlite3 *to = NULL;
	char path[KEY_PATH_MAX];
	enum rc rc = key_path(k, KEY_FILE_KEYS, path, e);

	if (rc != RC_OK)
		return rc;
	if (sqlite3_exec(db, "DROP TABLE file; VACUUM", NULL, NULL, NULL) != SQLITE_OK)
		return fail(e, RC_SYNTAX, "this is no backup of keys");
	rc = write_file(k, KEY_FILE_KEYS, NULL, 0, e);
	if (rc != RC_OK)
		return rc;
	int code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(to, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
	return code == SQLITE_OK ? copy_all(to, db, e) : key_fail(to, code & 0xff, "open", e);
}

static enum rc check_archive(sqlite3 *db, struct err *e)
{
	CLEANUP(key_finalize) sqlite3_stmt *s = NULL;
	enum rc rc = key_prepare(db, "PRAGMA integrity_check(1)", &s, NULL);

	if (rc != RC_OK || sqlite3_step(s) != SQLITE_ROW ||
		strcmp((const char *)sqlite3_column_text(s, 0), "ok") != 0)
		return fail(e, RC_SYNTAX, "this is no backup of keys, or a damaged one");
	return RC_OK;
}

static enum rc load_archive(struct view archive, sqlite3 *db, struct err *e)
{
	static const char magic[] = "SQLite format 3";

	if (archive.n < sizeof magic || archive.n > KEY_ARCHIVE_MAX ||
		memcmp(archive.p, magic, sizeof magic) != 0)
		return fail(e, RC_SYNTAX, "this is no backup of keys");
	uint8_t *copy = sqlite3_malloc64(archive.n);
	if (copy == NULL)
		return fail(e, RC_NOMEM, "keys: out of memory");
	memcpy(copy, archive.p, archive.n);
	int code = sqlite3_deserialize(db, "main", copy, (sqlite3_int64)archive.n,
		(sqlite3_int64)archive.n,
		SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE);
	if (code != SQLITE_OK)
		return fail(e, RC_SYNTAX, "this is no backup of keys");
	return check_archive(db, e);
}

enum rc key_folder_forget(const char *key_dir, struct err *e)
{
	struct keyring k = {.folder = ""};
	DIR *folder = opendir(key_dir);
	enum rc rc = RC_OK;

	if (folder == NULL)
		return fail_sys(e, "cannot read the folder of the keys %.60s", key_dir);
	if (!view_to_text(view_of(key_dir), k.folder, sizeof k.folder - 32))
		rc = fail(e, RC_LIMIT, "the path of the folder of the keys is too long");
	for (const struct dirent *d = readdir(folder); rc == RC_OK && d != NULL;
		d = readdir(folder)) {
		if (d->d_name[0] != '.')
			rc = key_file_forget(&k, d->d_name, e);
	}
	(void)closedir(folder); /* only read */
	if (rc == RC_OK && rmdir(key_dir) != 0)
		rc = fail_sys(e, "cannot remove %.80s", key_dir);
	return rc;
}

enum rc key_archive_unpack(struct view archive, const char *key_dir, struct err *e)
{
	CLEANUP(close_handle) sqlite3 *db = NULL;
	struct keyring *opened = NULL;
	struct keyring k = {.folder = ""};
	enum rc rc = open_memory(&db, e);

	if (rc == RC_OK && !view_to_text(view_of(key_dir), k.folder, sizeof k.folder - 32))
		rc = fail(e, RC_LIMIT, "the path of the folder of the keys is too long");
	if (rc == RC_OK)
		rc = load_archive(archive, db, e);
	if (rc == RC_OK)
		rc = make_empty_folder(key_dir, e);
	if (rc != RC_OK)
		return rc;
	rc = unpack_files(&k, db, e);
	if (rc == RC_OK)
		rc = unpack_keys(&k, db, e);
	if (rc == RC_OK)
		rc = key_folder_sync(&k, e);
	if (rc == RC_OK)
		rc = keyring_open(key_dir, false, &opened, e);
	keyring_free(opened);
	if (rc != RC_OK)
		(void)!key_folder_forget(key_dir, NULL); /* the first failure is told */
	return rc;
}
