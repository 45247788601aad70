/* The media role's work: takes jobs from its link to the server, one at a time, and starts a
 * process for each, a worker, which decodes and ends. The worker is sealed before it sees the first
 * byte: it has no descriptor, may ask the system for memory and its end and nothing else, and lives
 * on limited memory and time. So whatever a file does to the decoder is done to a process that
 * knows this one file; the files of others are not even in its memory: what passed before is
 * overwritten. The role's own process reads messages, and never the inside of a file. One thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "media/transcode.h"

struct media_role;

enum {
	WORKER_CPU_S = 2,
	WORKER_WALL_MS = 20000,
	WORKER_MEMORY_MAX = 64 * 1024 * 1024, /* data, for the role and for a worker */
	MEDIA_BAD_MAX = 3,                    /* malformed packets of the server: then it stops */
};

struct media_role_config {
	struct loop *loop;
	int link_fd;
	uint64_t epoch; /* of this process; not 0 */
	unsigned cpu_s; /* of a worker: WORKER_CPU_S, but for tests */
	int wall_ms;    /* WORKER_WALL_MS */
	/* In the worker, before the file is looked at: closes every descriptor but what is needed
	 * to fail loudly, and gives up everything else. False: the worker ends. */
	bool (*seal)(void *owner);
	/* In the worker; `transcode`, but for tests. */
	void (*work)(enum media_job job, struct view in, struct transcoded *ret);
	void (*on_stopped)(void *owner);
	void *owner;
};

/* Makes what it needs of the system: call before the sandbox is entered. SIGCHLD must be this
 * object's alone. */
MUST_CHECK enum rc media_role_new(
	const struct media_role_config *config, struct media_role **ret_owned, struct err *e);
/* Says hello. */
void media_role_start(struct media_role *m);
/* A worker that runs is killed. Calls on_stopped. */
void media_role_stop(struct media_role *m);
void media_role_free(struct media_role *m);
