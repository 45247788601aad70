#include "crypto/keyring_inside.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "key");
_Static_assert(WRAP_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + KEY_BYTES +
				     crypto_aead_xchacha20poly1305_ietf_ABYTES,
	"wrapped key");

enum { NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, MASTER_TEXT = 2 * KEY_BYTES };

enum rc key_path(
	const struct keyring *k, const char *name, char ret_path[KEY_PATH_MAX], struct err *e)
{
	int n = snprintf(ret_path, KEY_PATH_MAX, "%s/%s", k->folder, name);

	return n < 0 || n >= KEY_PATH_MAX ? fail(e, RC_LIMIT, "the path of the keys is too long")
					  : RC_OK;
}

enum rc key_folder_sync(const struct keyring *k, struct err *e)
{
	int fd = open(k->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0) {
		enum rc rc = fail_sys(e, "cannot write the folder of the keys %.60s", k->folder);
		if (fd >= 0)
			(void)close(fd); /* only synced */
		return rc;
	}
	(void)close(fd); /* only synced */
	return RC_OK;
}

/* ---- wrapping ---- */

/* What a wrapped key is bound to: its owner and epoch. */
static void wrap_context(const struct uid *owner, uint32_t epoch, uint8_t ret[UID_BYTES + 4])
{
	memcpy(ret, owner->b, UID_BYTES);
	for (int i = 0; i < 4; i++)
		ret[UID_BYTES + i] = (uint8_t)(epoch >> (8 * i));
}

void key_wrap(const uint8_t master[KEY_BYTES], const struct uid *owner, uint32_t epoch,
	const uint8_t key[KEY_BYTES], uint8_t ret[WRAP_BYTES])
{
	uint8_t context[UID_BYTES + 4];

	wrap_context(owner, epoch, context);
	randombytes_buf(ret, NONCE_BYTES);
	/* Fails only for impossible sizes. */
	(void)crypto_aead_xchacha20poly1305_ietf_encrypt(ret + NONCE_BYTES, NULL, key, KEY_BYTES,
		context, sizeof context, NULL, ret, master);
}

bool key_unwrap(const uint8_t master[KEY_BYTES], const struct uid *owner, uint32_t epoch,
	struct view wrapped, uint8_t ret[KEY_BYTES])
{
	const uint8_t *p = (const uint8_t *)wrapped.p;
	uint8_t context[UID_BYTES + 4];

	wrap_context(owner, epoch, context);
	return wrapped.n == WRAP_BYTES &&
	       crypto_aead_xchacha20poly1305_ietf_decrypt(ret, NULL, NULL, p + NONCE_BYTES,
		       WRAP_BYTES - NONCE_BYTES, context, sizeof context, p, master) == 0;
}

void key_master_id(const uint8_t master[KEY_BYTES], uint8_t ret[MASTER_ID_BYTES])
{
	static const char what[] = "kinward master key";

	/* Fails only for impossible sizes. */
	(void)crypto_generichash(
		ret, MASTER_ID_BYTES, (const uint8_t *)what, sizeof what - 1, master, KEY_BYTES);
}

/* ---- the master key ---- */

static enum rc check_private(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return fail_sys(e, "cannot look at %.80s", path);
	if (!S_ISREG(st.st_mode))
		return fail(e, RC_DENIED, "%.80s is no file", path);
	if ((st.st_mode & 077) != 0)
		return fail(e, RC_DENIED, "others can read %.80s: chmod 600, then rotate the keys",
			path);
	return RC_OK;
}

/* 64 hex digits, perhaps with a line's end. */
static enum rc read_master(int fd, const char *path, uint8_t ret[KEY_BYTES], struct err *e)
{
	char text[MASTER_TEXT + 2] = "";
	ssize_t n = read(fd, text, sizeof text);
	enum rc rc = RC_OK;

	if (n < 0)
		return fail_sys(e, "cannot read %.80s", path);
	if (n > MASTER_TEXT && text[MASTER_TEXT] == '\n')
		n = MASTER_TEXT;
	if (n != MASTER_TEXT ||
		sodium_hex2bin(ret, KEY_BYTES, text, MASTER_TEXT, NULL, NULL, NULL) != 0)
		rc = fail(e, RC_SYNTAX, "%.80s does not hold a key of %d hex digits", path,
			MASTER_TEXT);
	for (int i = 0; rc == RC_OK && i < MASTER_TEXT; i++) {
		if (ascii_hex(text[i]) < 0)
			rc = fail(e, RC_SYNTAX, "%.80s does not hold a key of %d hex digits", path,
				MASTER_TEXT);
	}
	sodium_memzero(text, sizeof text);
	return rc;
}

/* RC_NOT_FOUND when there is no such file. A credential's folder belongs to systemd, which keeps
 * others out of it. */
static enum rc load_master(
	const char *path, bool is_credential, uint8_t ret[KEY_BYTES], struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOENT)
		return fail(e, RC_NOT_FOUND, "there is no %.100s", path);
	if (fd < 0)
		return fail_sys(e, "cannot open %.80s", path);
	enum rc rc = is_credential ? RC_OK : check_private(fd, path, e);
	if (rc == RC_OK)
		rc = read_master(fd, path, ret, e);
	(void)close(fd); /* only read */
	return rc;
}

static enum rc write_whole(int fd, const void *p, size_t n, const char *path, struct err *e)
{
	ssize_t done = write(fd, p, n); /* a hundred bytes are not split */

	if (done < 0 || fsync(fd) != 0)
		return fail_sys(e, "cannot write %.80s", path);
	return (size_t)done == n ? RC_OK : fail(e, RC_IO, "cannot write all of %.80s", path);
}

enum rc key_master_write(
	const struct keyring *k, const char *name, const uint8_t master[KEY_BYTES], struct err *e)
{
	char path[KEY_PATH_MAX];
	char text[MASTER_TEXT + 1];
	enum rc rc = key_path(k, name, path, e);

	if (rc != RC_OK)
		return rc;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_sys(e, "cannot make %.80s", path);
	(void)sodium_bin2hex(text, sizeof text, master, KEY_BYTES); /* returns text */
	text[MASTER_TEXT] = '\n';
	rc = write_whole(fd, text, sizeof text, path, e);
	(void)close(fd); /* synced */
	sodium_memzero(text, sizeof text);
	if (rc == RC_OK)
		rc = key_folder_sync(k, e);
	if (rc != RC_OK)
		(void)unlink(path); /* half a key is of no use */
	return rc;
}

/* ---- the file of wrapped keys ---- */

enum rc key_fail(sqlite3 *db, int code, const char *what, struct err *e)
{
	enum rc rc = code == SQLITE_CONSTRAINT ? RC_CONFLICT
		     : code == SQLITE_NOMEM    ? RC_NOMEM
					       : RC_IO;

	return fail(e, rc, "keys: %s: %s", what, db == NULL ? "no file" : sqlite3_errmsg(db));
}

enum rc key_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret_owned, struct err *e)
{
	int code = sqlite3_prepare_v2(db, sql, -1, ret_owned, NULL);

	return code == SQLITE_OK ? RC_OK : key_fail(db, code & 0xff, "prepare", e);
}

void key_finalize(sqlite3_stmt **s)
{
	(void)sqlite3_finalize(*s); /* repeats the step's code */
}

enum rc key_script(struct keyring *k, const char *sql, struct err *e)
{
	int code = sqlite3_exec(k->writer, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? RC_OK : key_fail(k->writer, code & 0xff, "change", e);
}

enum rc key_begin(struct keyring *k, struct err *e)
{
	return key_script(k, "BEGIN IMMEDIATE", e);
}

enum rc key_end(struct keyring *k, enum rc rc, struct err *e)
{
	if (rc == RC_OK)
		rc = key_script(k, "COMMIT", e);
	if (rc != RC_OK && sqlite3_get_autocommit(k->writer) == 0)
		(void)sqlite3_exec(k->writer, "ROLLBACK", NULL, NULL, NULL); /* it has undone */
	return rc;
}

static enum rc overwrite(const char *path, struct err *e)
{
	static const uint8_t zeros[4096];
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	enum rc rc = RC_OK;

	if (fd < 0)
		return errno == ENOENT ? RC_OK : fail_sys(e, "cannot open %.80s", path);
	if (fstat(fd, &st) != 0)
		rc = fail_sys(e, "cannot look at %.80s", path);
	for (off_t at = 0; rc == RC_OK && at < st.st_size; at += (off_t)sizeof zeros) {
		size_t n = st.st_size - at < (off_t)sizeof zeros ? (size_t)(st.st_size - at)
								 : sizeof zeros;
		if (pwrite(fd, zeros, n, at) != (ssize_t)n)
			rc = fail_sys(e, "cannot overwrite %.80s", path);
	}
	if (rc == RC_OK && fsync(fd) != 0)
		rc = fail_sys(e, "cannot overwrite %.80s", path);
	(void)close(fd); /* synced */
	return rc;
}

/* With the lock of a writing transaction nobody else uses the log, and after a commit nobody needs
 * it. */
enum rc key_scrub_log(struct keyring *k, struct err *e)
{
	char path[KEY_PATH_MAX];
	enum rc rc = key_path(k, KEY_FILE_KEYS "-journal", path, e);

	if (rc == RC_OK)
		rc = key_begin(k, e);
	if (rc != RC_OK)
		return rc;
	rc = overwrite(path, e);
	return key_end(k, rc, e);
}

static enum rc open_handle(
	const char *path, const char *pragmas, sqlite3 **ret_owned, struct err *e)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
	int code = sqlite3_open_v2(path, ret_owned, flags, NULL);

	if (code != SQLITE_OK)
		return fail(e, RC_IO, "cannot open the keys %.80s: %s", path, sqlite3_errstr(code));
	(void)sqlite3_busy_timeout(*ret_owned, KEY_BUSY_MS); /* fails only without a handle */
	code = sqlite3_exec(*ret_owned, pragmas, NULL, NULL, NULL);
	return code == SQLITE_OK ? RC_OK : key_fail(*ret_owned, code & 0xff, "open", e);
}

/* The log stays as a file (and is overwritten after a key was destroyed), so that no page of the
 * past lies in freed blocks. */
static enum rc open_handles(struct keyring *k, bool may_create, struct err *e)
{
	char path[KEY_PATH_MAX];
	enum rc rc = key_path(k, KEY_FILE_KEYS, path, e);

	if (rc != RC_OK)
		return rc;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (may_create ? O_CREAT : 0), 0600);
	if (fd < 0 && errno == ENOENT)
		return fail(e, RC_NOT_FOUND, "there is no %.100s", path);
	if (fd < 0)
		return fail_sys(e, "cannot open %.80s", path);
	rc = check_private(fd, path, e);
	(void)close(fd); /* SQLite opens it anew; no lock is held yet that this would drop */
	if (rc == RC_OK)
		rc = open_handle(path,
			"PRAGMA journal_mode = PERSIST; PRAGMA synchronous = FULL;"
			"PRAGMA secure_delete = ON; PRAGMA trusted_schema = OFF;"
			"CREATE TABLE IF NOT EXISTS info ("
			" name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL);"
			"CREATE TABLE IF NOT EXISTS key ("
			" owner BLOB NOT NULL, epoch INTEGER NOT NULL, kind INTEGER NOT NULL,"
			" wrapped BLOB NOT NULL, PRIMARY KEY (owner, epoch)) WITHOUT ROWID;"
			"CREATE TABLE IF NOT EXISTS destroyed ("
			" owner_hash BLOB NOT NULL PRIMARY KEY) WITHOUT ROWID",
			&k->writer, e);
	if (rc == RC_OK)
		rc = open_handle(
			path, "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF", &k->reader, e);
	if (rc == RC_OK)
		rc = key_prepare(k->reader,
			"SELECT epoch, wrapped FROM key WHERE owner = ?1 ORDER BY epoch DESC",
			&k->find, e);
	return rc;
}

enum rc key_info_set(
	struct keyring *k, const char *name, const void *value, size_t n, struct err *e)
{
	CLEANUP(key_finalize) sqlite3_stmt *s = NULL;
	enum rc rc = key_prepare(
		k->writer, "INSERT OR REPLACE INTO info (name, value) VALUES (?1, ?2)", &s, e);

	if (rc != RC_OK)
		return rc;
	int code = sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_bind_blob64(s, 2, value, n, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	return code == SQLITE_DONE ? RC_OK : key_fail(k->writer, code & 0xff, "info", e);
}

enum rc key_info_get(struct keyring *k, const char *name, void *ret, size_t n, struct err *e)
{
	CLEANUP(key_finalize) sqlite3_stmt *s = NULL;
	enum rc rc = key_prepare(k->writer, "SELECT value FROM info WHERE name = ?1", &s, e);

	if (rc != RC_OK)
		return rc;
	int code = sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	if (code == SQLITE_DONE)
		return fail(e, RC_NOT_FOUND, "the file of the keys is empty");
	if (code != SQLITE_ROW)
		return key_fail(k->writer, code & 0xff, "info", e);
	if ((size_t)sqlite3_column_bytes(s, 0) != n)
		return fail(e, RC_SYNTAX, "the file of the keys is damaged (%s)", name);
	memcpy(ret, sqlite3_column_blob(s, 0), n);
	return RC_OK;
}

enum rc key_insert(struct keyring *k, const struct uid *owner, enum key_kind kind, uint32_t epoch,
	const uint8_t key[KEY_BYTES], struct err *e)
{
	CLEANUP(key_finalize) sqlite3_stmt *s = NULL;
	uint8_t wrapped[WRAP_BYTES];
	enum rc rc = key_prepare(k->writer,
		"INSERT INTO key (owner, epoch, kind, wrapped) VALUES (?1, ?2, ?3, ?4)", &s, e);

	if (rc != RC_OK)
		return rc;
	key_wrap(k->secrets->master, owner, epoch, key, wrapped);
	int code = sqlite3_bind_blob(s, 1, owner->b, UID_BYTES, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(s, 2, epoch);
	if (code == SQLITE_OK)
		code = sqlite3_bind_int(s, 3, (int)kind);
	if (code == SQLITE_OK)
		code = sqlite3_bind_blob(s, 4, wrapped, sizeof wrapped, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(s);
	return code == SQLITE_DONE ? RC_OK : key_fail(k->writer, code & 0xff, "a new key", e);
}

/* ---- opening ---- */

/* The one of the places that holds the master key with this id; with id NULL the first one there
 * is. */
static enum rc find_master(struct keyring *k, const uint8_t *id, struct err *e)
{
	const char *credentials = secure_getenv("CREDENTIALS_DIRECTORY");
	const char *const names[] = {NULL, KEY_FILE_MASTER, KEY_FILE_NEXT};
	char path[KEY_PATH_MAX];
	uint8_t found[MASTER_ID_BYTES];
	bool is_any = false;

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		int n = i == 0 ? snprintf(path, sizeof path, "%s/kinward.master",
					 credentials == NULL ? "" : credentials)
			       : snprintf(path, sizeof path, "%s/%s", k->folder, names[i]);
		if (n < 0 || (size_t)n >= sizeof path || (i == 0 && credentials == NULL))
			continue;
		enum rc rc = load_master(path, i == 0, k->secrets->master, e);
		if (rc == RC_NOT_FOUND)
			continue;
		if (rc != RC_OK)
			return rc;
		is_any = true;
		key_master_id(k->secrets->master, found);
		k->is_credential = i == 0;
		if (id == NULL || sodium_memcmp(found, id, sizeof found) == 0)
			return RC_OK;
	}
	return is_any ? fail(e, RC_DENIED, "the master key does not belong to the keys in %.80s",
				k->folder)
		      : fail(e, RC_NOT_FOUND, "there is no master key in %.80s", k->folder);
}

enum rc key_file_forget(const struct keyring *k, const char *name, struct err *e)
{
	char path[KEY_PATH_MAX];
	enum rc rc = key_path(k, name, path, e);

	if (rc == RC_OK)
		rc = overwrite(path, e);
	if (rc == RC_OK && unlink(path) != 0 && errno != ENOENT)
		rc = fail_sys(e, "cannot remove %.60s", path);
	return rc;
}

enum rc key_master_swap(const struct keyring *k, struct err *e)
{
	char next[KEY_PATH_MAX];
	char now[KEY_PATH_MAX];
	char last[KEY_PATH_MAX];
	enum rc rc = key_path(k, KEY_FILE_NEXT, next, e);

	if (rc == RC_OK)
		rc = key_path(k, KEY_FILE_MASTER, now, e);
	if (rc == RC_OK)
		rc = key_path(k, KEY_FILE_LAST, last, e);
	if (rc != RC_OK || access(next, F_OK) != 0)
		return rc;
	if (rename(now, last) != 0 && errno != ENOENT) /* a credential has no file here */
		return fail_sys(e, "cannot rename %.60s", now);
	if (rename(next, now) != 0)
		return fail_sys(e, "cannot rename %.60s", next);
	rc = key_folder_sync(k, e);
	return rc == RC_OK ? key_file_forget(k, KEY_FILE_LAST, e) : rc;
}

/* A change of the master key that was cut off after its commit left the new one beside the old
 * one; one that was cut off before left a key that never held, which the next change takes away. */
static enum rc finish_master_move(const struct keyring *k, struct err *e)
{
	char path[KEY_PATH_MAX];
	uint8_t key[KEY_BYTES];
	enum rc rc = key_path(k, KEY_FILE_NEXT, path, e);

	if (rc != RC_OK)
		return rc;
	bool is_ours = load_master(path, false, key, NULL) == RC_OK &&
		       sodium_memcmp(key, k->secrets->master, sizeof key) == 0;
	sodium_memzero(key, sizeof key);
	if (is_ours)
		return key_master_swap(k, e);
	rc = key_path(k, KEY_FILE_LAST, path, e);
	return rc == RC_OK && access(path, F_OK) == 0 ? key_file_forget(k, KEY_FILE_LAST, e) : rc;
}

static enum rc make_first(struct keyring *k, struct err *e)
{
	uint8_t id[MASTER_ID_BYTES];
	uint8_t wrapped[WRAP_BYTES];
	uint8_t key[KEY_BYTES];
	enum rc rc = find_master(k, NULL, e);

	if (rc == RC_NOT_FOUND) {
		randombytes_buf(k->secrets->master, KEY_BYTES);
		rc = key_master_write(k, KEY_FILE_MASTER, k->secrets->master, e);
	}
	if (rc == RC_OK)
		rc = key_begin(k, e);
	if (rc != RC_OK)
		return rc;
	key_master_id(k->secrets->master, id);
	rc = key_info_set(k, "master", id, sizeof id, e);
	randombytes_buf(k->secrets->lookup, KEY_BYTES);
	key_wrap(k->secrets->master, &keyring_system, 0, k->secrets->lookup, wrapped);
	if (rc == RC_OK)
		rc = key_info_set(k, "lookup", wrapped, sizeof wrapped, e);
	randombytes_buf(key, sizeof key);
	if (rc == RC_OK)
		rc = key_insert(k, &keyring_system, KEY_SYSTEM, 1, key, e);
	sodium_memzero(key, sizeof key);
	return key_end(k, rc, e);
}

static enum rc make_folder(const struct keyring *k, bool may_create, struct err *e)
{
	struct stat st;

	if (may_create && mkdir(k->folder, 0700) != 0 && errno != EEXIST)
		return fail_sys(e, "cannot make the folder of the keys %.80s", k->folder);
	if (stat(k->folder, &st) != 0 && errno == ENOENT)
		return fail(e, RC_NOT_FOUND, "the folder of the keys %.80s is missing", k->folder);
	if (stat(k->folder, &st) != 0)
		return fail_sys(e, "cannot look at the folder of the keys %.80s", k->folder);
	if (!S_ISDIR(st.st_mode) || (st.st_mode & 022) != 0)
		return fail(e, RC_DENIED, "others can write to %.80s: chmod 700", k->folder);
	return RC_OK;
}

enum rc key_files_open(struct keyring *k, bool may_create, struct err *e)
{
	uint8_t id[MASTER_ID_BYTES];
	uint8_t wrapped[WRAP_BYTES];
	enum rc rc = make_folder(k, may_create, e);

	if (rc == RC_OK)
		rc = open_handles(k, may_create, e);
	if (rc != RC_OK)
		return rc;
	rc = key_info_get(k, "master", id, sizeof id, e);
	if (rc == RC_NOT_FOUND && may_create)
		return make_first(k, e);
	if (rc == RC_OK)
		rc = find_master(k, id, e);
	if (rc == RC_OK)
		rc = finish_master_move(k, e);
	if (rc == RC_OK)
		rc = key_info_get(k, "lookup", wrapped, sizeof wrapped, e);
	struct view v = {.p = (const char *)wrapped, .n = sizeof wrapped};
	if (rc == RC_OK &&
		!key_unwrap(k->secrets->master, &keyring_system, 0, v, k->secrets->lookup))
		rc = fail(e, RC_SYNTAX, "the file of the keys is damaged (lookup)");
	return rc;
}

void key_files_close(struct keyring *k)
{
	(void)sqlite3_finalize(k->find);   /* repeats the step's code */
	(void)sqlite3_close_v2(k->reader); /* cannot fail: nothing of it is open */
	(void)sqlite3_close_v2(k->writer);
}
