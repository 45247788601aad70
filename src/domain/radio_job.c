#include "domain/radio_job.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

struct radio_job {
	const char *data_dir; /* kept until radio_job_free */
	char folder[RADIO_PATH_MAX];
	_Atomic(bool) is_stopping;
	pthread_mutex_t lock; /* guards what follows */
	pthread_t thread;
	bool has_thread; /* to be joined */
	bool is_running;
	int fd;
	char name[RADIO_NAME_MAX];
};

enum rc radio_job_new(const char *data_dir, struct radio_job **ret_owned, struct err *e)
{
	struct radio_job *j = calloc(1, sizeof *j);

	if (j == NULL)
		return fail(e, RC_NOMEM, "radio: out of memory");
	j->data_dir = data_dir;
	(void)snprintf(j->folder, sizeof j->folder, "%s/radio-import", data_dir);
	(void)pthread_mutex_init(&j->lock, NULL); /* cannot fail with default attributes */
	if (mkdir(j->folder, 0700) != 0 && errno != EEXIST) {
		enum rc rc = fail_sys(e, "cannot make %s", j->folder);
		radio_job_free(j);
		return rc;
	}
	*ret_owned = j;
	return RC_OK;
}

void radio_job_stop(struct radio_job *j)
{
	if (j == NULL)
		return;
	atomic_store(&j->is_stopping, true);
	(void)pthread_mutex_lock(&j->lock); /* the default mutex does not fail here */
	bool has_thread = j->has_thread;
	j->has_thread = false;
	(void)pthread_mutex_unlock(&j->lock);
	if (has_thread)
		(void)pthread_join(j->thread, NULL); /* ours and joinable */
}

void radio_job_free(struct radio_job *j)
{
	if (j == NULL)
		return;
	radio_job_stop(j);
	(void)pthread_mutex_destroy(&j->lock);
	free(j);
}

void radio_job_files(struct radio_job *j, radio_file_fn *fn, void *ctx)
{
	DIR *dir = opendir(j->folder);
	unsigned n = 0;

	if (dir == NULL)
		return;
	for (const struct dirent *d = NULL; n < RADIO_FILES_MAX && (d = readdir(dir)) != NULL;) {
		struct stat st;
		if (d->d_name[0] == '.' || strlen(d->d_name) >= RADIO_NAME_MAX ||
			fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
			!S_ISREG(st.st_mode))
			continue;
		fn(ctx, d->d_name, st.st_size);
		n++;
	}
	(void)closedir(dir); /* it was only read */
}

/* A file of the folder itself: no path, no link, nothing that blocks. */
static int open_named(const struct radio_job *j, struct view file, char name[RADIO_NAME_MAX])
{
	struct stat st;

	if (!view_to_text(file, name, RADIO_NAME_MAX) || name[0] == '\0' || name[0] == '.' ||
		view_find(file, '/') < file.n)
		return -1;
	int folder = open(j->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int fd = folder < 0 ? -1
			    : openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (folder >= 0)
		(void)close(folder); /* it was only read */
	if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		(void)close(fd); /* as above */
		return -1;
	}
	return fd;
}

static bool goes_on(void *ctx, const struct radio_import *now)
{
	struct radio_job *j = ctx;

	log_event(LOG_INFO, "radio.import", "lines=%lld bad=%lld", (long long)now->lines,
		(long long)now->bad);
	return !atomic_load(&j->is_stopping);
}

static void *run(void *arg)
{
	struct radio_job *j = arg;
	struct radio_import *now = calloc(1, sizeof *now);
	struct err e = {.msg = "out of memory"};
	enum rc rc = RC_NOMEM;

	if (now != NULL)
		rc = radio_import_run(j->data_dir, j->fd, j->name, goes_on, j, now, &e);
	else
		(void)close(j->fd); /* it was only read */
	if (rc == RC_OK)
		log_event(LOG_INFO, "radio.imported", "cells=%lld points=%lld bad=%lld",
			(long long)now->cells, (long long)now->points, (long long)now->bad);
	else
		log_event(LOG_WARN, "radio.not_imported", "why=\"%s\"", e.msg);
	free(now);
	(void)pthread_mutex_lock(&j->lock); /* the default mutex does not fail here */
	j->is_running = false;
	(void)pthread_mutex_unlock(&j->lock);
	return NULL;
}

/* Under the lock. */
static enum rc start(struct radio_job *j, int fd, const char *name, struct err *e)
{
	if (j->has_thread)
		(void)pthread_join(j->thread, NULL); /* it has ended, but for its last lines */
	j->fd = fd;
	memcpy(j->name, name, sizeof j->name);
	j->has_thread = false;
	errno = pthread_create(&j->thread, NULL, run, j);
	if (errno != 0)
		return fail_sys(e, "radio: no thread");
	j->has_thread = true;
	j->is_running = true;
	return RC_OK;
}

enum rc radio_job_start(struct radio_job *j, struct view file, struct problem *p, struct err *e)
{
	char name[RADIO_NAME_MAX] = "";
	int fd = open_named(j, file, name);
	enum rc rc = RC_OK;

	if (fd < 0)
		return refuse(p, RC_NOT_FOUND, "file_unknown", "file",
			"the name of a file in the folder radio-import of the data folder");
	(void)pthread_mutex_lock(&j->lock); /* the default mutex does not fail here */
	if (j->is_running || atomic_load(&j->is_stopping))
		rc = refuse(p, RC_CONFLICT, "import_running", NULL, NULL);
	else
		rc = start(j, fd, name, e);
	(void)pthread_mutex_unlock(&j->lock);
	if (rc != RC_OK)
		(void)close(fd); /* it was only read */
	return rc;
}
