#include "app/age.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RECIPIENT_MAX = 100, PATH_SIZE = 4096 };

bool age_is_recipient(struct view key)
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

enum rc age_encrypt(const char *recipient, int in_fd, int out_fd, struct err *e)
{
	char program[] = "age";
	char flag[] = "--recipient";
	char key[RECIPIENT_MAX + 1];
	char *const argv[] = {program, flag, key, NULL};

	if (!age_is_recipient(view_of(recipient)) ||
		!view_to_text(view_of(recipient), key, sizeof key))
		return fail(e, RC_DENIED,
			"backups are encrypted: set backup_recipient to a public key (age1…, made "
			"by "
			"age-keygen on another machine)");
	return run_age(argv, in_fd, out_fd, e);
}

/* The new name is on disk, too. */
static enum rc sync_folder_of(const char *path, struct err *e)
{
	char folder[PATH_SIZE];
	const char *slash = strrchr(path, '/');
	struct view head = {.p = path, .n = slash == NULL ? 0 : (size_t)(slash - path)};

	if (slash == NULL)
		head = VIEW(".");
	else if (head.n == 0)
		head = VIEW("/");
	if (!view_to_text(head, folder, sizeof folder))
		return fail(e, RC_LIMIT, "%.80s: the path is too long", path);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0) {
		enum rc rc = fail_sys(e, "cannot write the folder %.80s", folder);
		if (fd >= 0)
			(void)close(fd); /* only synced */
		return rc;
	}
	(void)close(fd); /* only synced */
	return RC_OK;
}

enum rc age_encrypt_to_file(const char *recipient, int in_fd, const char *target, struct err *e)
{
	char part[PATH_SIZE];
	int n = snprintf(part, sizeof part, "%s.part", target);

	if (n < 0 || (size_t)n >= sizeof part)
		return fail(e, RC_LIMIT, "%.80s: the path is too long", target);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail_sys(e, "cannot write %.80s", part);
	enum rc rc = age_encrypt(recipient, in_fd, fd, e);
	if (rc == RC_OK && fsync(fd) != 0)
		rc = fail_sys(e, "cannot write %.80s", part);
	(void)close(fd); /* written and synced, or given up */
	if (rc == RC_OK && rename(part, target) != 0)
		rc = fail_sys(e, "cannot rename %.80s", part);
	if (rc == RC_OK)
		rc = sync_folder_of(target, e);
	if (rc != RC_OK)
		(void)unlink(part);
	return rc;
}

enum rc age_decrypt_file(const char *identity, const char *path, int out_fd, struct err *e)
{
	char program[] = "age";
	char flags[] = "--decrypt";
	char flag[] = "--identity";
	char key[PATH_SIZE];
	char *const argv[] = {program, flags, flag, key, NULL};

	if (!view_to_text(view_of(identity), key, sizeof key))
		return fail(e, RC_LIMIT, "the path of the key file is too long");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_sys(e, "cannot read %.80s", path);
	enum rc rc = run_age(argv, fd, out_fd, e);
	(void)close(fd); /* only read */
	return rc;
}
