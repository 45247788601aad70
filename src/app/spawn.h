/* Starts this same program again as a role, with exactly the descriptors that it is to have. */
#pragma once

#include <sys/types.h>

#include "base/err.h"

enum {
	SPAWN_FD_SETTINGS = 3, /* numbers in the new process */
	SPAWN_FD_CONTROL = 4,
	SPAWN_FD_LISTEN = 5,
	SPAWN_FD_TLS = 7,   /* of a gateway that has one: behind its link */
	SPAWN_FD_LINKS = 6, /* behind them those of courier and media */
	SPAWN_FDS_MAX = 80,
	SPAWN_ARGS_MAX = 32,
};

struct spawn {
	const char *const
		*argv;  /* argv[0] is the program's name; NULL-ended; at most SPAWN_ARGS_MAX */
	const int *fds; /* become 3, 4, 5 …; all others are closed by exec */
	unsigned fds_n;
	const char *drop_user; /* account to become when root; NULL: none */
};

/* Moves a descriptor above all numbers that roles use, so that none is overwritten on the way. */
MUST_CHECK enum rc spawn_lift_fd(int *fd, struct err *e);

MUST_CHECK enum rc spawn_start(const struct spawn *spawn, pid_t *ret_pid, struct err *e);
