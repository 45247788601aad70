#include "media/media_role.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "link/link.h"

enum {
	EXIT_NOT_SEALED = 77,
	/* One job at a time goes out: it always fits. */
	QUEUE_BYTES = 2 * MEDIA_OUTPUT_MAX,
};

/* The job that is being collected or worked on. */
struct job {
	bool is_there;
	uint64_t id;
	enum media_job kind;
	uint32_t have, total;
	uint8_t bytes[MEDIA_INPUT_MAX];
};

struct media_role {
	struct media_role_config config;
	struct link *link;
	struct loop_fd signals;
	struct timer deadline;
	bool is_welcome; /* what comes now is meant for this process */
	bool is_stopped;
	unsigned bad;
	pid_t worker;            /* 0: none */
	bool is_late;            /* we killed it */
	struct transcoded *made; /* shared with the worker; read when that is gone */
	struct job job;
};

/* Nothing of a job may stay where the next worker, a copy of this process, could see it. */
static void forget_job(struct media_role *m)
{
	explicit_bzero(&m->job, sizeof m->job);
	explicit_bzero(m->made, sizeof *m->made);
}

static void send(struct media_role *m, const struct message *message)
{
	struct err e;

	/* The server counts what it gets, and has a deadline. */
	if (link_send(m->link, message, &e) != RC_OK)
		log_event(LOG_WARN, "media.not_sent", "type=%s why=\"%s\"",
			message_name(message->type), e.msg);
}

static void say_hello(struct media_role *m)
{
	struct message hello = {
		.type = MESSAGE_MEDIA_HELLO, .media_hello = {.epoch = m->config.epoch}};

	send(m, &hello);
	link_flush(m->link);
}

static void send_output(struct media_role *m)
{
	uint32_t total = m->made->n;

	for (uint32_t at = 0; at < total;) {
		uint32_t n = total - at < MESSAGE_PART_MAX ? total - at : MESSAGE_PART_MAX;
		struct message part = {.type = MESSAGE_MEDIA_OUTPUT,
			.media_part = {.job = m->job.id,
				.offset = at,
				.total = total,
				.bytes = {.p = (const char *)m->made->bytes + at, .n = n}}};
		send(m, &part);
		at += n;
	}
}

static void end_job(struct media_role *m, enum media_outcome outcome)
{
	struct message done = {
		.type = MESSAGE_MEDIA_DONE, .media_done = {.job = m->job.id, .outcome = outcome}};

	if (outcome == MEDIA_DONE)
		send_output(m);
	send(m, &done);
	link_flush(m->link);
	forget_job(m);
}

/* ---- the worker ---- */

/* In the child; never returns. */
static void be_worker(const struct media_role *m, pid_t parent)
{
	const struct rlimit cpu = {
		.rlim_cur = m->config.cpu_s, .rlim_max = (rlim_t)m->config.cpu_s + 1};
	struct view in = {.p = (const char *)m->job.bytes, .n = m->job.total};

	/* It must not outlive the role, which alone can kill it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent ||
		setrlimit(RLIMIT_CPU, &cpu) != 0 || !m->config.seal(m->config.owner))
		_exit(EXIT_NOT_SEALED);
	link_wipe(m->link);
	m->config.work(m->job.kind, in, m->made);
	_exit(0);
}

static void begin_job(struct media_role *m)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid == 0)
		be_worker(m, parent);
	if (pid < 0) {
		log_event(LOG_ERROR, "media.no_worker", "errno=%d", errno);
		end_job(m, MEDIA_BROKEN);
		return;
	}
	m->worker = pid;
	m->is_late = false;
	timer_set(loop_wheel(m->config.loop), &m->deadline,
		loop_now_ms(m->config.loop) + m->config.wall_ms);
}

static void on_deadline(struct timer *t, void *context)
{
	struct media_role *m = CONTAINER_OF(t, struct media_role, deadline);

	(void)context;
	m->is_late = true;
	(void)kill(m->worker, SIGKILL); /* its end is told by SIGCHLD */
}

/* How it ended; what it wrote is not believed beyond its bounds. */
static enum media_outcome outcome_of(const struct media_role *m, int status)
{
	if (WIFSIGNALED(status))
		return m->is_late || WTERMSIG(status) == SIGXCPU ? MEDIA_TOO_SLOW : MEDIA_CRASHED;
	if (WEXITSTATUS(status) == EXIT_NOT_SEALED)
		return MEDIA_BROKEN;
	if (WEXITSTATUS(status) != 0 || m->made->outcome >= MEDIA_OUTCOME_COUNT)
		return MEDIA_CRASHED;
	bool has_bytes = m->made->n >= 1 && m->made->n <= sizeof m->made->bytes;
	return m->made->outcome == MEDIA_DONE && !has_bytes ? MEDIA_CRASHED : m->made->outcome;
}

static void on_worker_end(struct media_role *m, int status)
{
	enum media_outcome outcome = outcome_of(m, status);

	timer_cancel(&m->deadline);
	m->worker = 0;
	if (outcome != MEDIA_DONE)
		log_event(
			outcome == MEDIA_UNREADABLE || outcome == MEDIA_LIMIT ? LOG_INFO : LOG_WARN,
			"media.job_failed", "job=%s outcome=%s signal=%d",
			media_job_name(m->job.kind), media_outcome_name(outcome),
			WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	end_job(m, outcome);
}

static void on_signal(void *owner, uint32_t epoll_events)
{
	struct media_role *m = owner;
	struct signalfd_siginfo info;
	int status = 0;

	(void)epoll_events;
	while (read(m->signals.fd, &info, sizeof info) == sizeof info)
		;
	if (m->worker > 0 && waitpid(m->worker, &status, WNOHANG) == m->worker)
		on_worker_end(m, status);
}

/* The job is nobody's any more. */
static void drop_job(struct media_role *m)
{
	int status = 0;

	timer_cancel(&m->deadline);
	if (m->worker > 0) {
		(void)kill(m->worker, SIGKILL);
		(void)waitpid(m->worker, &status, 0); /* it cannot refuse */
		m->worker = 0;
	}
	forget_job(m);
}

/* ---- the link ---- */

/* A part that does not continue the job is dropped with it: the server has a deadline. */
static void take_part(struct media_role *m, const struct message_media_part *p)
{
	struct job *job = &m->job;

	if (m->worker > 0 || !m->is_welcome)
		return;
	if (p->offset == 0) {
		job->is_there = true;
		job->id = p->job;
		job->kind = p->kind;
		job->have = 0;
		job->total = p->total;
	}
	if (!job->is_there || p->job != job->id || p->kind != job->kind || p->offset != job->have ||
		p->total != job->total) {
		log_event(LOG_WARN, "media.bad_part", "offset=%u have=%u", p->offset, job->have);
		forget_job(m);
		return;
	}
	memcpy(job->bytes + job->have, p->bytes.p, p->bytes.n); /* message_read bounds it */
	job->have += (uint32_t)p->bytes.n;
	if (job->have == job->total)
		begin_job(m);
}

static void on_message(void *owner, const struct message *message)
{
	struct media_role *m = owner;

	/* message_read lets nothing else through */
	if (message->type == MESSAGE_MEDIA_INPUT) {
		take_part(m, &message->media_part);
	} else if (message->type == MESSAGE_MEDIA_WELCOME) {
		m->is_welcome = message->welcome.epoch == m->config.epoch;
		if (!m->is_welcome) { /* of a new server, which knows nothing of the job */
			drop_job(m);
			say_hello(m);
		}
	}
}

static void on_bad(void *owner, const struct err *e)
{
	struct media_role *m = owner;

	log_event(LOG_ERROR, "media.bad_packet", "why=\"%s\"", e->msg);
	if (++m->bad >= MEDIA_BAD_MAX)
		media_role_stop(m);
}

static void on_broken(void *owner, const struct err *e)
{
	struct media_role *m = owner;

	log_event(LOG_ERROR, "media.link_broken", "why=\"%s\"", e->msg);
	media_role_stop(m);
}

static const struct link_events events = {
	.on_message = on_message, .on_bad = on_bad, .on_broken = on_broken};

/* ---- set up, and the end ---- */

static enum rc watch_children(struct media_role *m, struct err *e)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD); /* valid */
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return fail_sys(e, "media: cannot block SIGCHLD");
	m->signals = (struct loop_fd){.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC),
		.events = EPOLLIN,
		.fn = on_signal,
		.owner = m};
	if (m->signals.fd < 0)
		return fail_sys(e, "media: cannot make a signal descriptor");
	enum rc rc = loop_watch(m->config.loop, &m->signals, e);
	if (rc != RC_OK) {
		(void)close(m->signals.fd);
		m->signals.fd = -1;
	}
	return rc;
}

static void media_role_freep(struct media_role **m)
{
	media_role_free(*m);
}

enum rc media_role_new(
	const struct media_role_config *config, struct media_role **ret_owned, struct err *e)
{
	CLEANUP(media_role_freep) struct media_role *m = calloc(1, sizeof *m);
	struct link_config link = {.loop = config->loop,
		.fd = config->link_fd,
		.side = MESSAGE_FROM_MEDIA,
		.queue_high_bytes = QUEUE_BYTES,
		.is_wiped = true,
		.events = &events,
		.owner = m};

	assert(config->epoch != 0);
	if (m == NULL)
		return fail(e, RC_NOMEM, "media: out of memory");
	m->config = *config;
	m->signals.fd = -1;
	timer_init(&m->deadline, on_deadline);
	m->made = mmap(
		NULL, sizeof *m->made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m->made == MAP_FAILED) {
		m->made = NULL;
		return fail_sys(e, "media: no memory to share");
	}
	enum rc rc = watch_children(m, e);
	if (rc == RC_OK)
		rc = link_new(&link, &m->link, e);
	if (rc == RC_OK)
		*ret_owned = STEAL(m);
	return rc;
}

void media_role_start(struct media_role *m)
{
	say_hello(m);
}

void media_role_stop(struct media_role *m)
{
	if (m->is_stopped)
		return;
	m->is_stopped = true;
	drop_job(m);
	m->config.on_stopped(m->config.owner);
}

void media_role_free(struct media_role *m)
{
	if (m == NULL)
		return;
	timer_cancel(&m->deadline);
	link_free(m->link);
	if (m->signals.fd >= 0) {
		loop_forget(m->config.loop, &m->signals);
		(void)close(m->signals.fd);
	}
	if (m->made != NULL)
		(void)munmap(m->made, sizeof *m->made);
	free(m);
}
