/* When scheduled backups are made: part of the supervisor, which starts a process for each
 * (backup_job.h), one at a time. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "app/settings.h"
#include "base/loop.h"

struct backup_schedule {
	const struct settings *settings;
	struct loop *loop;
	int settings_fd;
	/* "on MS", "good MS", "bad MS": for the server (domain/backup_state.h). */
	void (*tell)(void *owner, const char *words);
	void *owner;
	struct timer timer;
	pid_t pid;       /* 0: none runs */
	bool is_all;     /* the one that runs */
	bool wants_keys; /* a key was destroyed since */
	int64_t next_ms; /* wall clock */
	int64_t good_ms;
};

/* Nothing happens when backup_dir is not set. All pointers are kept. */
void backup_schedule_init(struct backup_schedule *b, const struct settings *settings,
	struct loop *loop, int settings_fd);
/* The server is ready (again): it is told how things are; the first time the schedule begins. */
void backup_schedule_server_ready(struct backup_schedule *b);
/* A key was destroyed: the file of the keys is written anew at once. */
void backup_schedule_keys(struct backup_schedule *b);
/* True when it was ours. */
bool backup_schedule_reaped(struct backup_schedule *b, pid_t pid, int status);
/* No more; one that runs is ended, its file is not there then. */
void backup_schedule_stop(struct backup_schedule *b);
