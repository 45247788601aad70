#include "app/supervisor.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/age.h"
#include "app/backup_schedule.h"
#include "app/control.h"
#include "app/courier_settings.h"
#include "app/data_lock.h"
#include "app/role.h"
#include "app/sandbox.h"
#include "app/sockets.h"
#include "app/spawn.h"
#include "app/watch_tls.h"
#include "base/loop.h"

enum {
	BACKOFF_FIRST_MS = 100,
	BACKOFF_MAX_MS = 10000,
	HEALTHY_MS = 60000,  /* a role that lived so long starts with the first back-off again */
	STOP_MS = 20000,     /* of all roles together; then they are killed */
	NEVER_READY_MAX = 4, /* the server died so often without having been ready: give up */
	CHILDREN_MAX = ROLE_LINKS_MAX + 4,
	DEMO_ID_MIN = 5,
	DEMO_ID_MAX = 20,
};

enum child_kind { CHILD_SERVER, CHILD_GATEWAY, CHILD_COURIER, CHILD_MEDIA, CHILD_DEMO };

struct child {
	struct supervisor *supervisor;
	enum child_kind kind;
	unsigned index; /* of a gateway */
	pid_t pid;      /* 0: does not run */
	bool is_wanted; /* is started again when it ends */
	int64_t started_ms;
	int64_t backoff_ms;
	unsigned never_ready; /* times that it ended before it was ready */
	bool was_ready;
	unsigned starts;        /* that became ready */
	struct timer restart;   /* set while it waits for its back-off */
	struct loop_fd control; /* our end; fd -1 when it does not run */
	char demo_id[DEMO_ID_MAX + 1];
};

struct supervisor {
	struct settings settings; /* with the real ports */
	struct loop *loop;
	struct loop_fd signals;
	int lock_fd;
	int settings_fd;
	int web_fd;
	unsigned gateways_n;
	int watch_fds[ROLE_LINKS_MAX];
	int tls_fds[ROLE_LINKS_MAX];         /* when watch_tls_listen is set */
	int gateway_ends[ROLE_LINKS_MAX];    /* of the links: both stay open as long as we live, */
	int server_ends[ROLE_LINKS_MAX];     /* so that nothing queued is lost with a role */
	int courier_end, server_courier_end; /* the same */
	int media_end, server_media_end;
	unsigned children_n;
	struct child children[CHILDREN_MAX];
	bool is_stopping;
	bool is_server_told; /* to stop */
	bool has_failed;
	struct timer stop_deadline;
	struct backup_schedule backups;
};

static const char *child_name(const struct child *c, char text[24])
{
	switch (c->kind) {
	case CHILD_SERVER:
		return "server";
	case CHILD_GATEWAY:
		(void)snprintf(text, 24, "gateway-%u", c->index);
		return text;
	case CHILD_COURIER:
		return "courier";
	case CHILD_MEDIA:
		return "media";
	case CHILD_DEMO:
		return "demo";
	}
	return "unknown";
}

static void begin_stop(struct supervisor *s);

/* ---- what roles say ---- */

static void start_demo(struct supervisor *s, const char *id);

static void answer_demo(struct supervisor *s, const char *id, bool is_started)
{
	struct err e;
	const struct child *server = &s->children[0];
	enum control_type type = is_started ? CONTROL_DEMO_STARTED : CONTROL_DEMO_FAILED;

	if (server->control.fd >= 0 &&
		control_send(server->control.fd, type, view_of(id), &e) != RC_OK)
		log_event(LOG_WARN, "supervisor.not_told", "reason=\"%s\"", e.msg);
}

/* The server shows the operator which roles run. */
static void tell_role(const struct supervisor *s, const struct child *c)
{
	const struct child *server = &s->children[0];
	char name[24];
	char text[64];
	struct err e;

	if (server->control.fd < 0 || !server->was_ready)
		return;
	int n = snprintf(text, sizeof text, "%s %s %u", child_name(c, name),
		c->pid > 0 && c->was_ready ? "up" : "down", c->starts);
	if (n > 0 && (size_t)n < sizeof text &&
		control_send(server->control.fd, CONTROL_ROLE, view_of(text), &e) != RC_OK)
		log_event(LOG_WARN, "supervisor.not_told", "reason=\"%s\"", e.msg);
}

static void tell_ready(const struct child *c)
{
	const struct supervisor *s = c->supervisor;

	if (c->kind != CHILD_SERVER) {
		tell_role(s, c);
		return;
	}
	for (unsigned i = 0; i < s->children_n; i++) {
		if (s->children[i].kind != CHILD_DEMO)
			tell_role(s, &s->children[i]);
	}
}

static void on_ready(struct child *c, const char *text)
{
	char name[24];

	c->was_ready = true;
	c->starts++;
	tell_ready(c);
	c->never_ready = 0;
	log_event(LOG_INFO, "supervisor.role_ready", "role=%s pid=%d", child_name(c, name),
		(int)c->pid);
	if (c->kind != CHILD_SERVER || text[0] == '\0')
		return;
	(void)printf("%s\n", text);
	(void)fflush(stdout); /* nobody reads it: the line is in vain, the service is not */
}

static void restart_gateway(struct supervisor *s, const char *number)
{
	for (unsigned i = 0; i < s->children_n; i++) {
		struct child *c = &s->children[i];
		char text[16];
		(void)snprintf(text, sizeof text, "%u", c->index);
		if (c->kind == CHILD_GATEWAY && c->pid > 0 && strcmp(text, number) == 0) {
			log_event(LOG_ERROR, "supervisor.bad_gateway", "gateway=%u", c->index);
			(void)kill(c->pid, SIGKILL);
		}
	}
}

/* Of which there is one. */
static void restart_role(struct supervisor *s, enum child_kind kind)
{
	char name[24];

	for (unsigned i = 0; i < s->children_n; i++) {
		struct child *c = &s->children[i];
		if (c->kind == kind && c->pid > 0) {
			log_event(LOG_ERROR, "supervisor.bad_role", "role=%s pid=%d",
				child_name(c, name), (int)c->pid);
			(void)kill(c->pid, SIGKILL);
		}
	}
}

static void on_word(struct child *c, const struct control *m)
{
	struct supervisor *s = c->supervisor;

	if (m->type == CONTROL_READY) {
		on_ready(c, m->text);
		if (c->kind == CHILD_SERVER)
			backup_schedule_server_ready(&s->backups);
	} else if (m->type == CONTROL_DEMO && c->kind == CHILD_SERVER) {
		start_demo(s, m->text);
	} else if (m->type == CONTROL_BAD_GATEWAY && c->kind == CHILD_SERVER) {
		restart_gateway(s, m->text);
	} else if (m->type == CONTROL_BAD_COURIER && c->kind == CHILD_SERVER) {
		restart_role(s, CHILD_COURIER);
	} else if (m->type == CONTROL_BAD_MEDIA && c->kind == CHILD_SERVER) {
		restart_role(s, CHILD_MEDIA);
	} else if (m->type == CONTROL_KEY_GONE && c->kind == CHILD_SERVER) {
		backup_schedule_keys(&s->backups);
	} else {
		log_event(LOG_WARN, "supervisor.bad_word", "type=%u pid=%d", (unsigned)m->type,
			(int)c->pid);
	}
}

static void drop_control(struct child *c)
{
	if (c->control.fd < 0)
		return;
	loop_forget(c->supervisor->loop, &c->control);
	(void)close(c->control.fd);
	c->control.fd = -1;
}

static void on_control(void *owner, uint32_t epoll_events)
{
	struct child *c = owner;
	struct control m;
	struct err e;

	(void)epoll_events;
	enum rc rc = control_receive(c->control.fd, &m, &e);
	if (rc == RC_OK)
		on_word(c, &m);
	else if (rc == RC_SYNTAX)
		log_event(LOG_WARN, "supervisor.bad_word", "pid=%d reason=\"%s\"", (int)c->pid,
			e.msg);
	else if (rc != RC_MORE)
		drop_control(c); /* its end is told by SIGCHLD */
}

/* ---- starting ---- */

static unsigned fds_of(const struct child *c, int role_control, int fds[SPAWN_FDS_MAX])
{
	const struct supervisor *s = c->supervisor;
	unsigned n = 0;

	if (c->kind == CHILD_DEMO)
		return 0;
	fds[n++] = s->settings_fd;
	fds[n++] = role_control;
	if (c->kind == CHILD_COURIER || c->kind == CHILD_MEDIA) {
		fds[n++] = c->kind == CHILD_COURIER ? s->courier_end : s->media_end;
		return n;
	}
	fds[n++] = c->kind == CHILD_SERVER ? s->web_fd : s->watch_fds[c->index];
	if (c->kind == CHILD_GATEWAY) {
		fds[n++] = s->gateway_ends[c->index];
		if (s->settings.watch_tls_listen[0] != '\0')
			fds[n++] = s->tls_fds[c->index];
		return n;
	}
	for (unsigned i = 0; i < s->gateways_n; i++)
		fds[n++] = s->server_ends[i];
	fds[n++] = s->server_courier_end;
	fds[n++] = s->server_media_end;
	return n;
}

/* Starts the process with role_control as its end of the control pair. */
static enum rc spawn_child(struct child *c, int role_control, struct err *e)
{
	struct supervisor *s = c->supervisor;
	int fds[SPAWN_FDS_MAX];
	char index[12];
	char links[12];
	char name[24];
	char server[SETTING_TEXT_MAX + 16];
	char host[SETTING_TEXT_MAX];
	uint16_t port = 0;

	enum rc rc = settings_split_address(s->settings.watch_listen, host, sizeof host, &port, e);
	if (rc != RC_OK)
		return rc;
	bool is_any = strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
	(void)snprintf(server, sizeof server,
		strchr(host, ':') != NULL && !is_any ? "[%s]:%u" : "%s:%u",
		is_any ? "127.0.0.1" : host, (unsigned)port);
	(void)snprintf(index, sizeof index, "%u", c->index);
	(void)snprintf(links, sizeof links, "%u",
		c->kind == CHILD_SERVER    ? s->gateways_n
		: c->kind == CHILD_GATEWAY ? 1
					   : 0);
	const char *const role_argv[] = {"kinward", "role",
		c->kind == CHILD_GATEWAY ? "gateway" : child_name(c, name), "--index", index,
		"--links", links, NULL};
	const char *const demo_argv[] = {"kinward", "sim", "--server", server, "--watches", "1",
		"--id", c->demo_id, "--seed", "1", "--begin", "busy", "--speed", "3", "--upload",
		"6", "--blind", "0", "--heartbeat", "60", "--manners", "eager", NULL};
	struct spawn spawn = {
		.argv = c->kind == CHILD_DEMO ? demo_argv : role_argv,
		.fds = fds,
		.fds_n = fds_of(c, role_control, fds),
		.drop_user = c->kind == CHILD_DEMO ? s->settings.user : NULL,
	};
	return spawn_start(&spawn, &c->pid, e);
}

static enum rc start_child(struct child *c, struct err *e)
{
	struct supervisor *s = c->supervisor;
	int pair[2] = {-1, -1};
	char name[24];
	enum rc rc = sockets_pair(pair, e);

	if (rc != RC_OK)
		return rc;
	rc = spawn_lift_fd(&pair[1], e);
	if (rc == RC_OK)
		rc = spawn_child(c, pair[1], e);
	(void)close(pair[1]);
	if (rc != RC_OK) {
		(void)close(pair[0]);
		return rc;
	}
	c->started_ms = loop_now_ms(s->loop);
	c->was_ready = false;
	c->control =
		(struct loop_fd){.fd = pair[0], .events = EPOLLIN, .fn = on_control, .owner = c};
	log_event(LOG_INFO, "supervisor.role_started", "role=%s pid=%d", child_name(c, name),
		(int)c->pid);
	if (loop_watch(s->loop, &c->control, e) == RC_OK)
		return RC_OK;
	(void)close(pair[0]);
	c->control.fd = -1;
	(void)kill(c->pid, SIGKILL); /* SIGCHLD starts it again */
	return RC_OK;
}

static void start_later(struct child *c)
{
	struct supervisor *s = c->supervisor;
	char name[24];

	log_event(LOG_INFO, "supervisor.role_waits", "role=%s ms=%lld", child_name(c, name),
		(long long)c->backoff_ms);
	timer_set(loop_wheel(s->loop), &c->restart, loop_now_ms(s->loop) + c->backoff_ms);
	c->backoff_ms = c->backoff_ms * 2 > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : c->backoff_ms * 2;
}

static void start_or_wait(struct child *c)
{
	struct err e;
	char name[24];

	if (start_child(c, &e) == RC_OK)
		return;
	log_event(LOG_ERROR, "supervisor.cannot_start", "role=%s reason=\"%s\"",
		child_name(c, name), e.msg);
	start_later(c);
}

static void on_restart(struct timer *t, void *context)
{
	struct child *c = CONTAINER_OF(t, struct child, restart);

	(void)context;
	if (c->is_wanted && c->pid == 0)
		start_or_wait(c);
}

static struct child *add_child(struct supervisor *s, enum child_kind kind, unsigned index)
{
	assert(s->children_n < CHILDREN_MAX);
	struct child *c = &s->children[s->children_n++];

	*c = (struct child){.supervisor = s,
		.kind = kind,
		.index = index,
		.is_wanted = true,
		.backoff_ms = BACKOFF_FIRST_MS};
	c->control.fd = -1;
	timer_init(&c->restart, on_restart);
	return c;
}

static bool is_demo_id(const char *id)
{
	size_t n = strlen(id);

	for (size_t i = 0; i < n; i++) {
		if (!ascii_is_alnum(id[i]))
			return false;
	}
	return n >= DEMO_ID_MIN && n <= DEMO_ID_MAX;
}

static void start_demo(struct supervisor *s, const char *id)
{
	struct child *c = NULL;

	for (unsigned i = 0; i < s->children_n; i++) {
		if (s->children[i].kind == CHILD_DEMO)
			c = &s->children[i];
	}
	if (!s->settings.demo_watch || s->is_stopping || !is_demo_id(id) ||
		(c != NULL && strcmp(c->demo_id, id) != 0)) {
		log_event(LOG_WARN, "supervisor.demo_refused", "allowed=%s",
			s->settings.demo_watch ? "yes" : "no");
		answer_demo(s, id, false);
		return;
	}
	if (c == NULL) {
		c = add_child(s, CHILD_DEMO, 0);
		(void)snprintf(c->demo_id, sizeof c->demo_id, "%s", id);
		start_or_wait(c);
	}
	answer_demo(s, id, true);
}

/* ---- ends ---- */

static void tell_stop(struct child *c)
{
	struct err e;

	c->is_wanted = false;
	timer_cancel(&c->restart);
	if (c->pid == 0)
		return;
	if (c->kind == CHILD_DEMO) {
		(void)kill(c->pid, SIGTERM);
	} else if (c->control.fd < 0 ||
		   control_send(c->control.fd, CONTROL_STOP, (struct view){0}, &e) != RC_OK) {
		(void)kill(c->pid, SIGKILL);
	}
}

static bool has_running(const struct supervisor *s, bool is_server)
{
	for (unsigned i = 0; i < s->children_n; i++) {
		const struct child *c = &s->children[i];
		if (c->pid > 0 && (c->kind == CHILD_SERVER) == is_server)
			return true;
	}
	return false;
}

/* Gateways first; when none is left the server, which has then all that they read. */
static void go_on_stopping(struct supervisor *s)
{
	if (has_running(s, false))
		return;
	if (!s->is_server_told) {
		s->is_server_told = true;
		tell_stop(&s->children[0]);
	}
	if (!has_running(s, true))
		loop_stop(s->loop);
}

static void begin_stop(struct supervisor *s)
{
	if (s->is_stopping)
		return;
	s->is_stopping = true;
	backup_schedule_stop(&s->backups);
	log_event(LOG_INFO, "supervisor.stopping", "deadline_ms=%d", STOP_MS);
	timer_set(loop_wheel(s->loop), &s->stop_deadline, loop_now_ms(s->loop) + STOP_MS);
	for (unsigned i = 1; i < s->children_n; i++)
		tell_stop(&s->children[i]);
	go_on_stopping(s);
}

static void kill_all(struct supervisor *s)
{
	s->has_failed = true;
	for (unsigned i = 0; i < s->children_n; i++) {
		struct child *c = &s->children[i];
		c->is_wanted = false;
		if (c->pid > 0)
			(void)kill(c->pid, SIGKILL);
	}
}

static void on_stop_deadline(struct timer *t, void *context)
{
	struct supervisor *s = CONTAINER_OF(t, struct supervisor, stop_deadline);

	(void)context;
	log_event(LOG_ERROR, "supervisor.stop_late", "ms=%d", STOP_MS);
	kill_all(s);
}

static void log_end(const struct child *c, pid_t pid, int status)
{
	char name[24];

	if (WIFSIGNALED(status))
		log_event(LOG_ERROR, "supervisor.role_killed", "role=%s pid=%d signal=%d core=%s",
			child_name(c, name), (int)pid, WTERMSIG(status),
			WCOREDUMP(status) ? "yes" : "no");
	else
		log_event(c->is_wanted ? LOG_ERROR : LOG_INFO, "supervisor.role_ended",
			"role=%s pid=%d status=%d", child_name(c, name), (int)pid,
			WEXITSTATUS(status));
}

static void on_end(struct child *c, int status)
{
	struct supervisor *s = c->supervisor;
	pid_t pid = c->pid;

	log_end(c, pid, status);
	c->pid = 0;
	while (c->control.fd >= 0) {
		struct control m;
		struct err e;
		if (control_receive(c->control.fd, &m, &e) != RC_OK)
			break;
		on_word(c, &m);
	}
	drop_control(c);
	if (s->is_stopping) {
		if (c->is_wanted || status != 0)
			s->has_failed |= c->kind != CHILD_DEMO;
		go_on_stopping(s);
		return;
	}
	if (c->kind == CHILD_SERVER && !c->was_ready && ++c->never_ready >= NEVER_READY_MAX) {
		log_event(LOG_ERROR, "supervisor.gave_up", "role=server starts=%u", c->never_ready);
		s->has_failed = true;
		begin_stop(s);
		return;
	}
	if (c->kind != CHILD_SERVER && c->kind != CHILD_DEMO)
		tell_role(s, c);
	if (loop_now_ms(s->loop) - c->started_ms >= HEALTHY_MS)
		c->backoff_ms = BACKOFF_FIRST_MS;
	start_later(c);
}

static void reap(struct supervisor *s)
{
	int status = 0;

	for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0;
		pid = waitpid(-1, &status, WNOHANG)) {
		if (backup_schedule_reaped(&s->backups, pid, status))
			continue;
		for (unsigned i = 0; i < s->children_n; i++) {
			if (s->children[i].pid == pid)
				on_end(&s->children[i], status);
		}
	}
}

static void on_signal(void *owner, uint32_t epoll_events)
{
	struct supervisor *s = owner;
	struct signalfd_siginfo info;

	(void)epoll_events;
	while (read(s->signals.fd, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo == SIGCHLD)
			reap(s);
		else if (info.ssi_signo == SIGHUP)
			log_event(LOG_INFO, "supervisor.hangup", "nothing to do");
		else if (s->is_stopping)
			kill_all(s); /* asked twice */
		else
			begin_stop(s);
	}
}

/* ---- setting up ---- */

static enum rc watch_signals(struct supervisor *s, struct err *e)
{
	static const int wanted[] = {SIGTERM, SIGINT, SIGCHLD, SIGHUP};
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		(void)sigaddset(&set, wanted[i]); /* all are valid */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return fail_sys(e, "cannot block signals");
	s->signals = (struct loop_fd){.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
		.events = EPOLLIN,
		.fn = on_signal,
		.owner = s};
	if (s->signals.fd < 0)
		return fail_sys(e, "cannot make a signal descriptor");
	return loop_watch(s->loop, &s->signals, e);
}

static enum rc open_link(int *ret_role_end, int *ret_server_end, struct err *e)
{
	int pair[2];
	enum rc rc = sockets_pair(pair, e);

	if (rc != RC_OK)
		return rc;
	*ret_role_end = pair[0];
	*ret_server_end = pair[1];
	rc = spawn_lift_fd(ret_role_end, e);
	return rc == RC_OK ? spawn_lift_fd(ret_server_end, e) : rc;
}

/* The port for watches with TLS, when there is to be one. */
static enum rc open_tls_sockets(struct supervisor *s, struct err *e)
{
	char address[SOCKETS_ADDRESS_TEXT];

	if (s->settings.watch_tls_listen[0] == '\0')
		return RC_OK;
	enum rc rc = watch_tls_prepare(&s->settings, e);
	if (rc == RC_OK)
		rc = sockets_listen(
			s->settings.watch_tls_listen, s->gateways_n, s->tls_fds, address, e);
	if (rc == RC_OK)
		rc = settings_set(&s->settings, VIEW("watch_tls_listen"), view_of(address), e);
	for (unsigned i = 0; i < s->gateways_n && rc == RC_OK; i++) {
		rc = sockets_bound_buffers(s->tls_fds[i], e);
		if (rc == RC_OK)
			rc = spawn_lift_fd(&s->tls_fds[i], e);
	}
	if (rc == RC_OK)
		log_event(LOG_INFO, "supervisor.listening_tls", "watch=%s",
			s->settings.watch_tls_listen);
	return rc;
}

static enum rc open_sockets(struct supervisor *s, struct err *e)
{
	char address[SOCKETS_ADDRESS_TEXT];
	enum rc rc =
		sockets_listen(s->settings.watch_listen, s->gateways_n, s->watch_fds, address, e);

	if (rc == RC_OK)
		rc = settings_set(&s->settings, VIEW("watch_listen"), view_of(address), e);
	if (rc == RC_OK)
		rc = open_tls_sockets(s, e);
	if (rc == RC_OK)
		rc = sockets_listen(s->settings.web_listen, 1, &s->web_fd, address, e);
	if (rc == RC_OK)
		rc = settings_set(&s->settings, VIEW("web_listen"), view_of(address), e);
	if (rc == RC_OK)
		rc = open_link(&s->courier_end, &s->server_courier_end, e);
	if (rc == RC_OK)
		rc = open_link(&s->media_end, &s->server_media_end, e);
	for (unsigned i = 0; i < s->gateways_n && rc == RC_OK; i++) {
		rc = sockets_bound_buffers(s->watch_fds[i], e);
		if (rc == RC_OK)
			rc = spawn_lift_fd(&s->watch_fds[i], e);
		if (rc == RC_OK)
			rc = open_link(&s->gateway_ends[i], &s->server_ends[i], e);
	}
	if (rc == RC_OK)
		rc = spawn_lift_fd(&s->web_fd, e);
	if (rc == RC_OK)
		log_event(LOG_INFO, "supervisor.listening", "watch=%s web=%s gateways=%u",
			s->settings.watch_listen, s->settings.web_listen, s->gateways_n);
	return rc;
}

/* The effective settings in memory, for roles to read. */
static enum rc write_settings(struct supervisor *s, struct err *e)
{
	s->settings_fd = memfd_create("kinward-settings", MFD_CLOEXEC);
	if (s->settings_fd < 0)
		return fail_sys(e, "cannot make room for the settings");
	enum rc rc = spawn_lift_fd(&s->settings_fd, e);
	if (rc != RC_OK)
		return rc;
	int fd = dup(s->settings_fd);
	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	if (out == NULL)
		return fail_sys(e, "cannot write the settings");
	rc = settings_write(&s->settings, out, e);
	if (fclose(out) != 0 && rc == RC_OK)
		rc = fail_sys(e, "cannot write the settings");
	return rc;
}

static void raise_descriptors(void)
{
	struct rlimit files = {0};

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)setrlimit(
		RLIMIT_NOFILE, &files); /* else gateways take fewer connections and say so */
}

static unsigned gateways_of(const struct settings *settings)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (settings->gateways > 0)
		return settings->gateways;
	return cores < 1 ? 1 : cores > ROLE_LINKS_MAX ? ROLE_LINKS_MAX : (unsigned)cores;
}

/* Started as root, gateways must have somebody else to be. */
static enum rc check_user(const struct settings *settings, struct err *e)
{
	struct err why;
	uid_t uid = 0;
	gid_t gid = 0;

	if (geteuid() != 0 || sandbox_find_user(settings->user, &uid, &gid, &why) == RC_OK)
		return RC_OK;
	return fail(e, why.rc, "setting user: %s", why.msg);
}

static void tell_backup(void *owner, const char *words)
{
	struct supervisor *s = owner;
	const struct child *server = &s->children[0];
	struct err e;

	if (server->control.fd >= 0 &&
		control_send(server->control.fd, CONTROL_BACKUP, view_of(words), &e) != RC_OK)
		log_event(LOG_WARN, "supervisor.not_told", "reason=\"%s\"", e.msg);
}

/* Scheduled backups that nobody could read, or that anybody could, are none. */
static enum rc check_backups(const struct settings *settings, struct err *e)
{
	return settings->backup_dir[0] == '\0' ||
			       age_is_recipient(view_of(settings->backup_recipient))
		       ? RC_OK
		       : fail(e, RC_SYNTAX,
				 "backup_dir is set, but backup_recipient is no public key "
				 "(age1…)");
}

static enum rc set_up(struct supervisor *s, struct err *e)
{
	s->gateways_n = gateways_of(&s->settings);
	raise_descriptors();
	enum rc rc = check_user(&s->settings, e);
	if (rc == RC_OK)
		rc = courier_settings_check(&s->settings, e);
	if (rc == RC_OK)
		rc = check_backups(&s->settings, e);
	if (rc == RC_OK)
		rc = loop_new(&s->loop, e);
	if (rc == RC_OK)
		rc = watch_signals(s, e);
	if (rc == RC_OK)
		rc = data_lock(s->settings.data_dir, &s->lock_fd, e);
	if (rc == RC_OK)
		rc = open_sockets(s, e);
	if (rc == RC_OK)
		rc = write_settings(s, e);
	if (rc != RC_OK)
		return rc;
	timer_init(&s->stop_deadline, on_stop_deadline);
	backup_schedule_init(&s->backups, &s->settings, s->loop, s->settings_fd);
	s->backups.tell = tell_backup;
	s->backups.owner = s;
	start_or_wait(add_child(s, CHILD_SERVER, 0));
	start_or_wait(add_child(s, CHILD_COURIER, 0));
	start_or_wait(add_child(s, CHILD_MEDIA, 0));
	for (unsigned i = 0; i < s->gateways_n; i++)
		start_or_wait(add_child(s, CHILD_GATEWAY, i));
	return RC_OK;
}

int supervisor_main(const struct settings *settings)
{
	struct err e = {0};
	struct supervisor *s = calloc(1, sizeof *s);

	if (s == NULL)
		return 1;
	s->settings = *settings;
	enum rc rc = set_up(s, &e);
	if (rc == RC_OK)
		rc = loop_run(s->loop, s, &e);
	if (rc != RC_OK) {
		log_event(LOG_ERROR, "supervisor.failed", "reason=\"%s\"", e.msg);
		(void)fprintf(stderr, "kinward: %s\n", e.msg);
	}
	bool is_clean = rc == RC_OK && !s->has_failed;
	if (is_clean)
		log_event(LOG_INFO, "supervisor.stopped", "clean=yes");
	loop_free(s->loop);
	free(s); /* descriptors and the lock end with the process */
	return is_clean ? 0 : 1;
}
