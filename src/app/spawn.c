#include "app/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "app/sandbox.h"

enum { LIFTED = SPAWN_FD_SETTINGS + SPAWN_FDS_MAX, EXIT_CANNOT_EXEC = 127 };

enum rc spawn_lift_fd(int *fd, struct err *e)
{
	int lifted = fcntl(*fd, F_DUPFD_CLOEXEC, LIFTED);

	if (lifted < 0)
		return fail_sys(e, "cannot move descriptor %d", *fd);
	(void)close(*fd);
	*fd = lifted;
	return RC_OK;
}

/* In the child; never returns. */
static void become(const struct spawn *spawn)
{
	sigset_t none;
	char *args[SPAWN_ARGS_MAX + 1] = {NULL};

	/* execv wants char *, and changes none of them. */
	for (size_t i = 0; i < SPAWN_ARGS_MAX && spawn->argv[i] != NULL; i++)
		memcpy(&args[i], &spawn->argv[i], sizeof args[i]);
	for (unsigned i = 0; i < spawn->fds_n; i++) {
		if (dup2(spawn->fds[i], SPAWN_FD_SETTINGS + (int)i) < 0)
			_exit(EXIT_CANNOT_EXEC);
	}
	(void)sigemptyset(&none);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	(void)sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail with these values */
	if (spawn->drop_user == NULL || sandbox_drop_user(spawn->drop_user, NULL) == RC_OK)
		(void)execv("/proc/self/exe", args);
	_exit(EXIT_CANNOT_EXEC);
}

enum rc spawn_start(const struct spawn *spawn, pid_t *ret_pid, struct err *e)
{
	pid_t pid = fork();

	if (pid < 0)
		return fail_sys(e, "cannot fork");
	if (pid == 0)
		become(spawn);
	*ret_pid = pid;
	return RC_OK;
}
