#include "app/backup_job.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/backup_files.h"
#include "app/spawn.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/time_text.h"

/* kinward-20261122T144800Z.age: sorted by name is sorted by time. */
enum { NAME_LENGTH = 28, NAMES_MAX = 100000 };
#define NAME_FORM "kinward-########T######Z.age"
#define KEYS_NAME "kinward-keys.age"

_Static_assert(sizeof NAME_FORM - 1 == NAME_LENGTH, "the form of a name");

struct names {
	char (*name)[NAME_LENGTH + 1];
	size_t n, capacity;
};

static bool is_backup_name(const char *name)
{
	if (strlen(name) != NAME_LENGTH)
		return false;
	for (size_t i = 0; i < NAME_LENGTH; i++) {
		bool is_digit = NAME_FORM[i] == '#';
		if (is_digit ? !ascii_is_digit(name[i]) : name[i] != NAME_FORM[i])
			return false;
	}
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum rc add_name(struct names *names, const char *name, struct err *e)
{
	if (names->n == NAMES_MAX)
		return fail(e, RC_LIMIT, "more than %d backups", NAMES_MAX);
	if (names->n == names->capacity) {
		size_t capacity = names->capacity == 0 ? 64 : names->capacity * 2;
		void *grown = reallocarray(names->name, capacity, sizeof *names->name);
		if (grown == NULL)
			return fail(e, RC_NOMEM, "backup: out of memory");
		names->name = grown;
		names->capacity = capacity;
	}
	memcpy(names->name[names->n++], name, NAME_LENGTH + 1);
	return RC_OK;
}

/* Oldest first. The caller frees names->name. */
static enum rc list_backups(const char *backup_dir, struct names *ret, struct err *e)
{
	DIR *folder = opendir(backup_dir);
	enum rc rc = RC_OK;

	*ret = (struct names){.n = 0};
	if (folder == NULL)
		return fail_sys(e, "cannot read %.80s", backup_dir);
	for (const struct dirent *d = readdir(folder); rc == RC_OK && d != NULL;
		d = readdir(folder)) {
		if (is_backup_name(d->d_name))
			rc = add_name(ret, d->d_name, e);
	}
	(void)closedir(folder); /* only read */
	if (ret->n > 0)
		qsort(ret->name, ret->n, sizeof *ret->name, by_name);
	return rc;
}

static void path_in(const char *folder, const char *name, char ret[BACKUP_PATH])
{
	(void)snprintf(ret, BACKUP_PATH, "%s/%s", folder, name); /* a setting is shorter */
}

int64_t backup_newest_ms(const char *backup_dir)
{
	struct names names;
	struct stat st = {.st_mtime = 0};
	char path[BACKUP_PATH];

	if (list_backups(backup_dir, &names, NULL) == RC_OK && names.n > 0) {
		path_in(backup_dir, names.name[names.n - 1], path);
		(void)stat(path, &st); /* gone: as if there were none */
	}
	free(names.name);
	return (int64_t)st.st_mtime * 1000;
}

static enum rc remove_old(const struct settings *s, struct err *e)
{
	struct names names;
	enum rc rc = list_backups(s->backup_dir, &names, e);

	for (size_t i = 0; rc == RC_OK && i + s->backup_keep < names.n; i++) {
		char path[BACKUP_PATH];
		path_in(s->backup_dir, names.name[i], path);
		if (unlink(path) != 0 && errno != ENOENT)
			rc = fail_sys(e, "cannot remove %.80s", path);
	}
	free(names.name);
	return rc;
}

static enum rc write_data(const struct settings *s, struct err *e)
{
	char name[64];
	char path[BACKUP_PATH];
	struct civil c;

	civil_from_ms(clock_wall_ms(), &c);
	(void)snprintf(name, sizeof name, "kinward-%04d%02u%02uT%02u%02u%02uZ.age", c.year % 10000,
		c.month, c.day, c.hour, c.min, c.sec);
	path_in(s->backup_dir, name, path);
	return backup_write_data(s, s->backup_recipient, path, e);
}

static enum rc write_keys(const struct settings *s, struct err *e)
{
	char path[BACKUP_PATH];

	path_in(s->backup_dir, KEYS_NAME, path);
	return backup_write_keys(s, s->backup_recipient, path, e);
}

/* The data first: the keys are then at least as new. */
static enum rc run(const struct settings *s, bool is_all, struct err *e)
{
	enum rc rc = RC_OK;

	if (mkdir(s->backup_dir, 0700) != 0 && errno != EEXIST)
		return fail_sys(e, "cannot make %.80s", s->backup_dir);
	if (is_all)
		rc = write_data(s, e);
	if (rc == RC_OK)
		rc = write_keys(s, e);
	if (rc == RC_OK && is_all)
		rc = remove_old(s, e);
	return rc;
}

int backup_job_main(int argc, char **argv)
{
	struct settings settings;
	struct err e;

	settings_init(&settings);
	if (argc != 2 || settings_read_fd(&settings, SPAWN_FD_SETTINGS, &e) != RC_OK) {
		(void)fputs("kinward backup-job: only `kinward serve` starts it\n", stderr);
		return 2;
	}
	log_start(settings.log_level, "backup");
	bool is_all = strcmp(argv[1], "all") == 0;
	int64_t start_ms = clock_mono_ms();
	if (run(&settings, is_all, &e) != RC_OK) {
		log_event(LOG_ERROR, "backup.failed", "what=%s reason=\"%s\"",
			is_all ? "all" : "keys", e.msg);
		return 1;
	}
	log_event(LOG_INFO, "backup.written", "what=%s ms=%lld", is_all ? "all" : "keys",
		(long long)(clock_mono_ms() - start_ms));
	return 0;
}
