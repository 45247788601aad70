#include "app/backup_schedule.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "app/backup_job.h"
#include "app/spawn.h"
#include "base/clock.h"
#include "base/log.h"

enum {
	LOOK_MS = 60 * 1000,       /* between looks at the clock */
	RETRY_MS = 10 * 60 * 1000, /* after one that failed */
	FIRST_LOOK_MS = 1000,
};

static bool is_on(const struct backup_schedule *b)
{
	return b->settings->backup_dir[0] != '\0';
}

static int64_t interval_ms(const struct backup_schedule *b)
{
	return (int64_t)b->settings->backup_every_h * 3600 * 1000;
}

static void tell(struct backup_schedule *b, const char *word, int64_t ms)
{
	char words[40];

	(void)snprintf(words, sizeof words, "%s %lld", word, (long long)ms);
	b->tell(b->owner, words);
}

static void start(struct backup_schedule *b, bool is_all)
{
	const char *const argv[] = {"kinward", "backup-job", is_all ? "all" : "keys", NULL};
	const struct spawn spawn = {.argv = argv, .fds = &b->settings_fd, .fds_n = 1};
	struct err e;

	if (spawn_start(&spawn, &b->pid, &e) != RC_OK) {
		b->pid = 0;
		b->next_ms = clock_wall_ms() + RETRY_MS;
		log_event(LOG_ERROR, "supervisor.cannot_start", "role=backup reason=\"%s\"", e.msg);
		tell(b, "bad", clock_wall_ms());
		return;
	}
	b->is_all = is_all;
	b->wants_keys = false; /* either kind writes them */
}

static void look(struct backup_schedule *b)
{
	if (b->pid != 0)
		return;
	if (clock_wall_ms() >= b->next_ms)
		start(b, true);
	else if (b->wants_keys)
		start(b, false);
}

static void on_timer(struct timer *t, void *context)
{
	struct backup_schedule *b = CONTAINER_OF(t, struct backup_schedule, timer);

	(void)context;
	look(b);
	timer_set(loop_wheel(b->loop), &b->timer, loop_now_ms(b->loop) + LOOK_MS);
}

void backup_schedule_init(struct backup_schedule *b, const struct settings *settings,
	struct loop *loop, int settings_fd)
{
	b->settings = settings;
	b->loop = loop;
	b->settings_fd = settings_fd;
	timer_init(&b->timer, on_timer);
}

void backup_schedule_server_ready(struct backup_schedule *b)
{
	if (!is_on(b))
		return;
	if (!timer_is_set(&b->timer)) {
		b->good_ms = backup_newest_ms(b->settings->backup_dir);
		b->next_ms = b->good_ms + interval_ms(b);
		/* What was erased while the service ended may not have reached the file. */
		b->wants_keys = true;
		timer_set(loop_wheel(b->loop), &b->timer, loop_now_ms(b->loop) + FIRST_LOOK_MS);
	}
	tell(b, "on", b->good_ms);
}

void backup_schedule_keys(struct backup_schedule *b)
{
	if (!is_on(b) || !timer_is_set(&b->timer))
		return;
	b->wants_keys = true;
	look(b);
}

bool backup_schedule_reaped(struct backup_schedule *b, pid_t pid, int status)
{
	int64_t now_ms = clock_wall_ms();

	if (pid != b->pid || pid == 0)
		return false;
	b->pid = 0;
	if (!timer_is_set(&b->timer))
		return true; /* stopping */
	bool is_good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (!is_good) {
		b->wants_keys = true;
		b->next_ms = now_ms + RETRY_MS;
		tell(b, "bad", now_ms);
		return true;
	}
	if (b->is_all) {
		b->good_ms = now_ms;
		b->next_ms = now_ms + interval_ms(b);
		tell(b, "good", now_ms);
	}
	look(b); /* a key may have been destroyed meanwhile */
	return true;
}

void backup_schedule_stop(struct backup_schedule *b)
{
	timer_cancel(&b->timer);
	if (b->pid > 0)
		(void)kill(b->pid, SIGKILL); /* its locked files are removed by the next one */
}
