#include "app/backup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/backup_files.h"
#include "base/clock.h"
#include "crypto/keyring_copy.h"
#include "crypto/token.h"
#include "domain/backup_rows.h"
#include "domain/erase_keyless.h"
#include "store/db.h"

enum { EXIT_USAGE = 2, SETTINGS_ARGS_MAX = 64 };

/* What the command line asks for; texts of argv. */
struct request {
	struct settings settings;
	const char *to, *keys_to, *verify, *keys, *identity, *recipient, *from;
};

/* ---- the command line ---- */

static const char **place_of(struct request *r, const char *flag)
{
	const struct {
		const char *flag;
		const char **place;
	} flags[] = {
		{"--to", &r->to},
		{"--keys-to", &r->keys_to},
		{"--verify", &r->verify},
		{"--keys", &r->keys},
		{"--identity", &r->identity},
		{"--recipient", &r->recipient},
	};

	for (size_t i = 0; i < COUNT_OF(flags); i++) {
		if (strcmp(flags[i].flag, flag) == 0)
			return flags[i].place;
	}
	return NULL;
}

/* Takes our own flags out; the rest are settings. */
static enum rc read_request(struct request *r, int argc, char **argv, struct err *e)
{
	char *rest[SETTINGS_ARGS_MAX];
	int rest_n = 0;

	settings_init(&r->settings);
	for (int i = 1; i < argc; i++) {
		const char **place = place_of(r, argv[i]);
		if (place != NULL && i + 1 == argc)
			return fail(e, RC_SYNTAX, "%s wants a value", argv[i]);
		if (place != NULL) {
			*place = argv[++i];
		} else if (argv[i][0] != '-' && r->from == NULL) {
			r->from = argv[i];
		} else {
			if (rest_n + 2 > SETTINGS_ARGS_MAX)
				return fail(e, RC_LIMIT, "too many arguments");
			rest[rest_n++] = argv[i];
			if (i + 1 < argc)
				rest[rest_n++] = argv[++i];
		}
	}
	return settings_read_args(&r->settings, rest_n, rest, e);
}

static int tell(const char *name, enum rc rc, const struct err *e)
{
	if (rc == RC_OK)
		return 0;
	(void)fprintf(stderr, "kinward %s: %s\n", name, e->msg);
	return 1;
}

/* ---- backup ---- */

/* The data first: the keys are then at least as new, so that all of it opens with them. */
static enum rc write_backup(const struct request *r, struct err *e)
{
	const char *recipient = r->recipient != NULL ? r->recipient : r->settings.backup_recipient;
	enum rc rc = RC_OK;

	if (r->to != NULL)
		rc = backup_write_data(&r->settings, recipient, r->to, e);
	if (rc == RC_OK && r->keys_to != NULL)
		rc = backup_write_keys(&r->settings, recipient, r->keys_to, e);
	return rc;
}

/* Whether the keys are whole: unpacked beside the data, opened, and forgotten. */
static enum rc verify_keys(const struct request *r, const char *folder, struct err *e)
{
	char path[BACKUP_PATH];
	int n = snprintf(path, sizeof path, "%s.keys", folder);

	if (n < 0 || (size_t)n >= sizeof path)
		return fail(e, RC_LIMIT, "the path of the data folder is too long");
	enum rc rc = backup_open_keys(r->keys, r->identity, path, e);
	if (rc == RC_OK)
		rc = key_folder_forget(path, e);
	if (rc == RC_OK)
		(void)printf("%s is whole\n", r->keys);
	return rc;
}

static enum rc verify_backup(const struct request *r, struct err *e)
{
	CLEANUP(temporary_done) struct temporary plain = {.fd = -1};
	int64_t schema = 0;
	enum rc rc = temporary_make(&plain, r->settings.data_dir, e);

	if (rc == RC_OK)
		rc = backup_open_data(r->verify, r->identity, &plain, &schema, e);
	if (rc == RC_OK)
		(void)printf("%s is whole (schema %lld)\n", r->verify, (long long)schema);
	return rc == RC_OK && r->keys != NULL ? verify_keys(r, plain.path, e) : rc;
}

int backup_main(int argc, char **argv)
{
	struct request r = {.to = NULL};
	struct err e = {.rc = RC_OK};
	bool is_usage = read_request(&r, argc, argv, &e) != RC_OK || r.from != NULL;

	is_usage |= (r.to == NULL && r.keys_to == NULL) == (r.verify == NULL) ||
		    (r.verify != NULL && r.identity == NULL);
	if (is_usage) {
		(void)fprintf(stderr,
			"%s%susage: kinward backup --to FILE|- [--keys-to FILE|-] [--recipient "
			"age1…]\n"
			"       kinward backup --keys-to FILE|-\n"
			"       kinward backup --verify FILE [--keys FILE] --identity KEYFILE\n"
			"       and --config FILE, --set NAME=VALUE as for serve\n",
			e.msg, e.msg[0] == '\0' ? "" : "\n");
		return EXIT_USAGE;
	}
	enum rc rc = r.verify == NULL ? write_backup(&r, &e) : verify_backup(&r, &e);
	return tell("backup", rc, &e);
}

/* ---- restore ---- */

static enum rc make_empty_folder(const char *path, struct err *e)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fail_sys(e, "cannot make the data folder %.80s", path);
	DIR *folder = opendir(path);
	if (folder == NULL)
		return fail_sys(e, "cannot read the data folder %.80s", path);
	bool is_empty = true;
	for (const struct dirent *d = readdir(folder); d != NULL; d = readdir(folder))
		is_empty =
			is_empty && (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0);
	(void)closedir(folder); /* only read */
	return is_empty ? RC_OK
			: fail(e, RC_CONFLICT,
				  "%.80s is not empty: a backup is only restored into an empty "
				  "folder",
				  path);
}

static void db_closep(struct db **db)
{
	db_close(*db);
}

static void keyring_freep(struct keyring **k)
{
	keyring_free(*k);
}

/* Nothing of the past is done again. */
static enum rc settle_past(
	const char *path, const char *key_dir, struct restored *ret, struct err *e)
{
	CLEANUP(keyring_freep) struct keyring *keyring = NULL;
	CLEANUP(db_closep) struct db *db = NULL; /* closed before the keyring is freed */
	enum rc rc = crypto_start(e);

	if (rc == RC_OK)
		rc = keyring_open(key_dir, false, &keyring, e);
	if (rc == RC_OK)
		rc = db_open(path, DB_WRITER, keyring, &db, e); /* migrates, too */
	if (rc == RC_OK)
		rc = erase_keyless_check(db, e);
	if (rc == RC_OK)
		rc = backup_rows_restored(db, clock_wall_ms(), ret, e);
	if (rc == RC_OK)
		rc = db_script(db, "PRAGMA journal_mode = DELETE", e);
	return rc;
}

/* With --keys the folder of the keys is made of that file; without, it must be there already. */
static enum rc restore_keys(const struct request *r, const char *key_dir, struct err *e)
{
	if (r->keys != NULL)
		return backup_open_keys(r->keys, r->identity, key_dir, e);
	return access(key_dir, F_OK) == 0
		       ? RC_OK
		       : fail(e, RC_NOT_FOUND,
				 "the folder of the keys %.60s is missing: give --keys FILE",
				 key_dir);
}

static enum rc put_data(const struct request *r, struct temporary *plain, const char *key_dir,
	struct restored *ret, struct err *e)
{
	char path[BACKUP_PATH];
	enum rc rc = backup_database_path(r->settings.data_dir, path, e);

	if (rc == RC_OK)
		rc = settle_past(plain->path, key_dir, ret, e);
	if (rc == RC_OK && (fsync(plain->fd) != 0 || link(plain->path, path) != 0))
		rc = fail_sys(e, "cannot make %.80s", path);
	return rc;
}

static void tell_restored(const struct request *r, const struct restored *past)
{
	(void)printf("restored into %s: everybody signs in again, invitations are given anew",
		r->settings.data_dir);
	if (past->commands > 0)
		(void)printf("; %lld open commands count as unknown, give them anew if needed",
			(long long)past->commands);
	if (past->approvals > 0)
		(void)printf("; %lld proposals that waited for others are expired",
			(long long)past->approvals);
	if (past->consents > 0)
		(void)printf(
			"; %lld consents for partners are withdrawn, grant them anew if wanted",
			(long long)past->consents);
	(void)puts("\nwho left a group after the backup was made is a member again: look at the "
		   "members before others sign in");
}

static enum rc restore(const struct request *r, struct err *e)
{
	CLEANUP(temporary_done) struct temporary plain = {.fd = -1};
	char key_dir[SETTINGS_KEY_DIR_MAX];
	struct restored past;
	int64_t schema = 0;
	enum rc rc = settings_key_dir(&r->settings, key_dir, e);

	if (rc == RC_OK)
		rc = make_empty_folder(r->settings.data_dir, e);
	if (rc == RC_OK)
		rc = temporary_make(&plain, r->settings.data_dir, e);
	if (rc == RC_OK)
		rc = backup_open_data(r->from, r->identity, &plain, &schema, e);
	if (rc == RC_OK)
		rc = restore_keys(r, key_dir, e);
	if (rc != RC_OK)
		return rc;
	rc = put_data(r, &plain, key_dir, &past, e);
	if (rc != RC_OK) {
		if (r->keys != NULL)
			(void)!key_folder_forget(key_dir, NULL); /* the first failure is told */
		return rc;
	}
	tell_restored(r, &past);
	return RC_OK;
}

int restore_main(int argc, char **argv)
{
	struct request r = {.to = NULL};
	struct err e = {.rc = RC_OK};

	if (read_request(&r, argc, argv, &e) != RC_OK || r.from == NULL || r.identity == NULL ||
		r.to != NULL || r.keys_to != NULL || r.verify != NULL) {
		(void)fprintf(stderr,
			"%s%susage: kinward restore FILE [--keys FILE] --identity KEYFILE\n"
			"       and --config FILE, --set NAME=VALUE as for serve (data_dir: an "
			"empty folder)\n",
			e.msg, e.msg[0] == '\0' ? "" : "\n");
		return EXIT_USAGE;
	}
	return tell("restore", restore(&r, &e), &e);
}
