#include "app/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/settings.h"
#include "base/clock.h"
#include "domain/command_row.h"
#include "store/copy.h"

enum { EXIT_USAGE = 2, PATH_SIZE = 4096, RECIPIENT_MAX = 100, SETTINGS_ARGS_MAX = 64 };

/* What the command line asks for; texts of argv. */
struct request {
	struct settings settings;
	const char *to, *verify, *identity, *recipient, *from;
};

/* A file that goes away when the work ends, however it ends. */
struct temporary {
	char path[PATH_SIZE];
	int fd;
};

static void temporary_done(struct temporary *t)
{
	if (t->fd < 0)
		return;
	(void)close(t->fd); /* nothing of it is kept */
	(void)unlink(t->path);
}

static enum rc temporary_make(struct temporary *t, const char *folder, struct err *e)
{
	int n = snprintf(t->path, sizeof t->path, "%s/backup.XXXXXX", folder);

	if (n < 0 || (size_t)n >= sizeof t->path)
		return fail(e, RC_LIMIT, "the path of the data folder is too long");
	t->fd = mkostemp(t->path, O_CLOEXEC); /* mode 0600 */
	return t->fd < 0 ? fail_sys(e, "cannot make a file in %s", folder) : RC_OK;
}

/* ---- the command line ---- */

static const char **place_of(struct request *r, const char *flag)
{
	const struct {
		const char *flag;
		const char **place;
	} flags[] = {
		{"--to", &r->to},
		{"--verify", &r->verify},
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

/* ---- age ---- */

static bool is_recipient(struct view key)
{
	if (key.n < 10 || key.n > RECIPIENT_MAX || !view_starts_nocase(key, VIEW("age1")))
		return false;
	for (size_t i = 0; i < key.n; i++) {
		if (!ascii_is_alnum(key.p[i]))
			return false;
	}
	return true;
}

static enum rc wait_for(pid_t pid, struct err *e)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return fail_sys(e, "cannot wait for age");
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return RC_OK;
	return fail(e, RC_IO, "age failed; its own words stand above");
}

/* Runs age with these descriptors as its standard input and output. */
static enum rc run_age(char *const *argv, int in_fd, int out_fd, struct err *e)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = 0;
	int failed = posix_spawn_file_actions_init(&actions);

	if (failed == 0)
		failed = posix_spawn_file_actions_adddup2(&actions, in_fd, STDIN_FILENO);
	if (failed == 0)
		failed = posix_spawn_file_actions_adddup2(&actions, out_fd, STDOUT_FILENO);
	if (failed == 0)
		failed = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions); /* cannot fail after init */
	if (failed == ENOENT)
		return fail(e, RC_NOT_FOUND, "the program age is missing: apt install age");
	if (failed != 0) {
		errno = failed;
		return fail_sys(e, "cannot start age");
	}
	return wait_for(pid, e);
}

static enum rc encrypt_copy(const char *recipient, int in_fd, int out_fd, struct err *e)
{
	char program[] = "age";
	char flag[] = "--recipient";
	char key[RECIPIENT_MAX + 1];
	char *const argv[] = {program, flag, key, NULL};

	if (!view_to_text(view_of(recipient), key, sizeof key))
		return fail(e, RC_BUG, "the recipient was not checked");
	return run_age(argv, in_fd, out_fd, e);
}

static enum rc decrypt_copy(const char *identity, int in_fd, int out_fd, struct err *e)
{
	char program[] = "age";
	char flags[] = "--decrypt";
	char flag[] = "--identity";
	char path[PATH_SIZE];
	char *const argv[] = {program, flags, flag, path, NULL};

	if (!view_to_text(view_of(identity), path, sizeof path))
		return fail(e, RC_LIMIT, "the path of the key file is too long");
	return run_age(argv, in_fd, out_fd, e);
}

/* ---- backup ---- */

static enum rc database_path(const char *data_dir, char ret_path[PATH_SIZE], struct err *e)
{
	int n = snprintf(ret_path, PATH_SIZE, "%s/kinward.db", data_dir);

	return n < 0 || n >= PATH_SIZE
		       ? fail(e, RC_LIMIT, "the path of the data folder is too long")
		       : RC_OK;
}

/* Writes beside the target and renames: a backup is there whole or not at all. */
static enum rc encrypt_to_file(const char *recipient, int in_fd, const char *target, struct err *e)
{
	char part[PATH_SIZE];
	int n = snprintf(part, sizeof part, "%s.part", target);

	if (n < 0 || (size_t)n >= sizeof part)
		return fail(e, RC_LIMIT, "%s: the path is too long", target);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_sys(e, "cannot write %s", part);
	enum rc rc = encrypt_copy(recipient, in_fd, fd, e);
	if (rc == RC_OK && fsync(fd) != 0)
		rc = fail_sys(e, "cannot write %s", part);
	(void)close(fd); /* written and synced, or given up */
	if (rc == RC_OK && rename(part, target) != 0)
		rc = fail_sys(e, "cannot rename %s", part);
	if (rc != RC_OK)
		(void)unlink(part);
	return rc;
}

static enum rc write_backup(const struct request *r, struct err *e)
{
	const char *recipient = r->recipient != NULL ? r->recipient : r->settings.backup_recipient;
	CLEANUP(temporary_done) struct temporary copy = {.fd = -1};
	char path[PATH_SIZE];

	if (!is_recipient(view_of(recipient)))
		return fail(e, RC_DENIED,
			"backups are encrypted: set backup_recipient to a public key (age1…, made "
			"by "
			"age-keygen on another machine)");
	enum rc rc = database_path(r->settings.data_dir, path, e);
	if (rc == RC_OK)
		rc = temporary_make(&copy, r->settings.data_dir, e);
	if (rc == RC_OK)
		rc = db_copy(path, copy.path, e);
	if (rc != RC_OK)
		return rc;
	(void)unlink(copy.path); /* from here on the copy goes away with this process */
	return strcmp(r->to, "-") == 0 ? encrypt_copy(recipient, copy.fd, STDOUT_FILENO, e)
				       : encrypt_to_file(recipient, copy.fd, r->to, e);
}

/* Decrypts into `plain` and looks whether it is a whole database. */
static enum rc open_backup(const char *backup, const char *identity, const struct temporary *plain,
	int64_t *ret_schema, struct err *e)
{
	int fd = open(backup, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail_sys(e, "cannot read %s", backup);
	enum rc rc = decrypt_copy(identity, fd, plain->fd, e);
	(void)close(fd); /* only read */
	return rc == RC_OK ? db_check_file(plain->path, ret_schema, e) : rc;
}

static enum rc verify_backup(const struct request *r, struct err *e)
{
	CLEANUP(temporary_done) struct temporary plain = {.fd = -1};
	int64_t schema = 0;
	enum rc rc = temporary_make(&plain, r->settings.data_dir, e);

	if (rc == RC_OK)
		rc = open_backup(r->verify, r->identity, &plain, &schema, e);
	if (rc == RC_OK)
		(void)printf("%s is whole (schema %lld)\n", r->verify, (long long)schema);
	return rc;
}

static int tell(const char *name, enum rc rc, const struct err *e)
{
	if (rc == RC_OK)
		return 0;
	(void)fprintf(stderr, "kinward %s: %s\n", name, e->msg);
	return 1;
}

int backup_main(int argc, char **argv)
{
	struct request r = {.to = NULL};
	struct err e = {.rc = RC_OK};
	bool is_usage = read_request(&r, argc, argv, &e) != RC_OK || r.from != NULL ||
			(r.to == NULL) == (r.verify == NULL) ||
			(r.verify != NULL && r.identity == NULL);

	if (is_usage) {
		(void)fprintf(stderr,
			"%s%susage: kinward backup --to FILE|- [--recipient age1…]\n"
			"       kinward backup --verify FILE --identity KEYFILE\n"
			"       and --config FILE, --set NAME=VALUE as for serve\n",
			e.msg, e.msg[0] == '\0' ? "" : "\n");
		return EXIT_USAGE;
	}
	enum rc rc = r.to != NULL ? write_backup(&r, &e) : verify_backup(&r, &e);
	return tell("backup", rc, &e);
}

/* ---- restore ---- */

static enum rc make_empty_folder(const char *path, struct err *e)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return fail_sys(e, "cannot make the data folder %s", path);
	DIR *folder = opendir(path);
	if (folder == NULL)
		return fail_sys(e, "cannot read the data folder %s", path);
	bool is_empty = true;
	for (const struct dirent *d = readdir(folder); d != NULL; d = readdir(folder))
		is_empty =
			is_empty && (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0);
	(void)closedir(folder); /* only read */
	return is_empty ? RC_OK
			: fail(e, RC_CONFLICT,
				  "%s is not empty: a backup is only restored into an empty folder",
				  path);
}

static void db_closep(struct db **db)
{
	db_close(*db);
}

/* The past may have gone on without this copy: nothing of it is done again. */
static enum rc settle_past(const char *path, int64_t *ret_commands, struct err *e)
{
	CLEANUP(db_closep) struct db *db = NULL;
	enum rc rc = db_open(path, DB_WRITER, NULL, &db, e); /* migrates, too */

	if (rc == RC_OK)
		rc = db_begin(db, e);
	if (rc != RC_OK)
		return rc;
	rc = command_rows_end_restored(db, clock_wall_ms(), ret_commands, e);
	if (rc == RC_OK)
		rc = db_script(db, "DELETE FROM web_session; DELETE FROM setup_token", e);
	if (rc == RC_OK)
		rc = db_commit(db, e);
	if (rc != RC_OK)
		db_rollback(db);
	return rc;
}

static enum rc restore(const struct request *r, struct err *e)
{
	CLEANUP(temporary_done) struct temporary plain = {.fd = -1};
	char path[PATH_SIZE];
	int64_t schema = 0;
	int64_t commands = 0;
	enum rc rc = database_path(r->settings.data_dir, path, e);

	if (rc == RC_OK)
		rc = make_empty_folder(r->settings.data_dir, e);
	if (rc == RC_OK)
		rc = temporary_make(&plain, r->settings.data_dir, e);
	if (rc == RC_OK)
		rc = open_backup(r->from, r->identity, &plain, &schema, e);
	if (rc == RC_OK)
		rc = settle_past(plain.path, &commands, e);
	if (rc == RC_OK && (fsync(plain.fd) != 0 || link(plain.path, path) != 0))
		rc = fail_sys(e, "cannot make %s", path);
	if (rc != RC_OK)
		return rc;
	(void)printf("restored into %s: everybody signs in again", r->settings.data_dir);
	if (commands > 0)
		(void)printf("; %lld open commands count as unknown, give them anew if needed",
			(long long)commands);
	(void)puts("");
	return RC_OK;
}

int restore_main(int argc, char **argv)
{
	struct request r = {.to = NULL};
	struct err e = {.rc = RC_OK};

	if (read_request(&r, argc, argv, &e) != RC_OK || r.from == NULL || r.identity == NULL ||
		r.to != NULL || r.verify != NULL) {
		(void)fprintf(stderr,
			"%s%susage: kinward restore FILE --identity KEYFILE\n"
			"       and --config FILE, --set NAME=VALUE as for serve (data_dir: an "
			"empty folder)\n",
			e.msg, e.msg[0] == '\0' ? "" : "\n");
		return EXIT_USAGE;
	}
	return tell("restore", restore(&r, &e), &e);
}
