#include "app/admin.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "domain/audit.h"
#include "domain/pool.h"

enum { QUEUE_MAX = 8, BACKLOG = 8, ANSWER_S = 10 };

struct admin {
	struct domain *domain;
	struct loop_fd listener; /* fd -1 when it is not open */
	struct pool *pool;       /* one thread */
	char path[sizeof((struct sockaddr_un){0}).sun_path];
};

/* One client; lives in the pool. */
struct visit {
	struct admin *admin;
	int fd;
};

static void admin_freep(struct admin **a)
{
	admin_free(*a);
}

void admin_free(struct admin *a)
{
	if (a == NULL)
		return;
	if (a->listener.fd >= 0) {
		(void)close(a->listener.fd);
		(void)unlink(a->path); /* the next start makes it anew anyhow */
	}
	free(a);
}

enum rc admin_open(struct domain *d, const char *data_dir, struct admin **ret_owned, struct err *e)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	CLEANUP(admin_freep) struct admin *a = calloc(1, sizeof *a);

	if (a == NULL)
		return fail(e, RC_NOMEM, "control socket: out of memory");
	a->domain = d;
	a->listener.fd = -1;
	int n = snprintf(a->path, sizeof a->path, "%s/kinward.sock", data_dir);
	if (n < 0 || (size_t)n >= sizeof a->path)
		return fail(e, RC_LIMIT, "data_dir is too long for a socket in it");
	memcpy(name.sun_path, a->path, sizeof a->path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail_sys(e, "cannot make the control socket");
	(void)unlink(a->path); /* left by a crash; there is one server a folder */
	mode_t old = umask(0177);
	int bound = bind(fd, (const struct sockaddr *)&name, sizeof name);
	(void)umask(old);
	if (bound != 0 || listen(fd, BACKLOG) != 0) {
		enum rc rc = fail_sys(e, "cannot make the control socket %s", a->path);
		(void)close(fd);
		return rc;
	}
	a->listener.fd = fd;
	*ret_owned = STEAL(a);
	return RC_OK;
}

/* ---- one visit, in the pool ---- */

/* A line, without its end. */
static bool read_line(int fd, char line[ADMIN_LINE_MAX + 1])
{
	size_t n = 0;

	while (n < ADMIN_LINE_MAX) {
		ssize_t got = recv(fd, line + n, 1, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		if (line[n] == '\n') {
			line[n] = '\0';
			return true;
		}
		n++;
	}
	return false;
}

static unsigned cut_words(char *line, const char *words[ADMIN_WORDS_MAX + 2])
{
	unsigned n = 0;

	for (char *at = line; at != NULL && n < ADMIN_WORDS_MAX + 2; n++) {
		char *tab = strchr(at, '\t');
		words[n] = at;
		if (tab != NULL)
			*tab++ = '\0';
		at = tab;
	}
	return n;
}

static const struct admin_command *find_command(const char *const *words, unsigned n)
{
	for (size_t i = 0; i < admin_commands_n && n >= 2; i++) {
		const struct admin_command *c = &admin_commands[i];
		if (strcmp(c->group, words[0]) == 0 && strcmp(c->verb, words[1]) == 0)
			return n - 2 >= c->words_min && n - 2 <= c->words_max ? c : NULL;
	}
	return NULL;
}

static enum rc run_command(struct admin_call *call, const struct admin_command *c)
{
	struct act act = {
		.action = c->audit[0] == '\0' ? NULL : c->audit, .actor_kind = ACTOR_OPERATOR_CLI};
	struct principal who = {.is_operator = true, .act = &act};

	call->who = &who;
	enum rc rc = c->run(call);
	call->who = NULL;
	if (act.action == NULL || act.is_written)
		return rc;
	act.outcome = rc == RC_OK                  ? "done"
		      : call->problem.code != NULL ? call->problem.code
						   : rc_name(rc);
	audit_post(call->domain, &act);
	return rc;
}

static void answer(struct db *reader, struct domain *d, char *line, FILE *out)
{
	const char *words[ADMIN_WORDS_MAX + 2];
	unsigned n = cut_words(line, words);
	const struct admin_command *c = find_command(words, n);
	struct admin_call call = {.domain = d, .reader = reader};
	char *text = NULL;
	size_t text_n = 0;

	call.problem.tries_left = -1;
	if (c == NULL) {
		(void)fputs("failed\nthe running service does not know this command\n", out);
		return;
	}
	call.words_n = n - 2;
	for (unsigned i = 2; i < n; i++)
		call.words[i - 2] = words[i];
	call.out = open_memstream(&text, &text_n);
	if (call.out == NULL) {
		(void)fputs("failed\nout of memory\n", out);
		return;
	}
	enum rc rc = run_command(&call, c);
	if (fclose(call.out) != 0)
		rc = RC_NOMEM;
	if (rc == RC_OK)
		(void)fprintf(out, "ok\n%s", text);
	else
		(void)fprintf(out, "failed\n%s%s%s\n",
			call.problem.code != NULL ? call.problem.code : "",
			call.problem.code != NULL && call.err.msg[0] != '\0' ? ": " : "",
			call.err.msg[0] != '\0'     ? call.err.msg
			: call.problem.code == NULL ? rc_name(rc)
						    : "");
	free(text);
}

static void visit(struct db *reader, void *arg)
{
	struct visit *v = arg;
	char line[ADMIN_LINE_MAX + 1];
	struct timeval patience = {.tv_sec = ANSWER_S};

	/* So that a client that says nothing does not hold the others up for ever. */
	(void)setsockopt(v->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	(void)setsockopt(v->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	FILE *out = fdopen(v->fd, "w");
	if (out == NULL) {
		(void)close(v->fd);
	} else {
		if (read_line(v->fd, line))
			answer(reader, v->admin->domain, line, out);
		(void)fclose(out); /* a client that went away misses its answer */
	}
	free(v);
}

/* ---- accepting, in the main loop ---- */

/* The mode of the socket keeps others out; this holds where a file system ignores modes. */
static bool is_same_user(int fd)
{
	struct ucred peer;
	socklen_t n = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid());
}

static void on_visitor(void *owner, uint32_t epoll_events)
{
	struct admin *a = owner;
	struct err e = {.rc = RC_OK};
	struct sockaddr_un from;
	socklen_t n = sizeof from;

	(void)epoll_events;
	int fd = accept4(a->listener.fd, (struct sockaddr *)&from, &n, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct visit *v = is_same_user(fd) ? malloc(sizeof *v) : NULL;
	if (v != NULL)
		*v = (struct visit){.admin = a, .fd = fd};
	if (v == NULL || pool_post(a->pool, visit, v, &e) != RC_OK) {
		log_event(LOG_WARN, "admin.refused", "why=\"%s\"", e.msg);
		(void)close(fd);
		free(v);
	}
}

enum rc admin_start(struct admin *a, struct db *like, struct err *e)
{
	enum rc rc = pool_start(like, 1, QUEUE_MAX, &a->pool, e);

	if (rc != RC_OK)
		return rc;
	a->listener = (struct loop_fd){
		.fd = a->listener.fd, .events = EPOLLIN, .fn = on_visitor, .owner = a};
	return loop_watch(a->domain->loop, &a->listener, e);
}

void admin_stop(struct admin *a)
{
	if (a == NULL || a->pool == NULL)
		return;
	loop_forget(a->domain->loop, &a->listener);
	pool_stop(a->pool);
	a->pool = NULL;
}
