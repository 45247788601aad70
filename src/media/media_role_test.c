/* The role with workers that misbehave on purpose: the test is the server at the other end of the
 * link, and the first byte of a job says what its worker does. */
#include "media/media_role.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "link/link.h"

enum { EPOCH = 4711, CPU_S = 1, SMALL_MEMORY = 8 * 1024 * 1024 };

struct table {
	struct loop *loop;
	struct media_role *role;
	struct link *server;
	int fds[2];
	unsigned hellos, dones, bad, stopped;
	enum media_outcome outcome;
	uint64_t job; /* of the last done */
	size_t n;
	uint8_t bytes[MEDIA_OUTPUT_MAX];
};

static void spin(void)
{
	for (volatile unsigned i = 0;; i++)
		;
}

/* Memory that the process may really have, page by page. */
static void eat(struct transcoded *ret)
{
	enum { PIECE = 1024 * 1024 };

	for (size_t i = 0; i < 1000; i++) {
		char *p = mmap(
			NULL, PIECE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED) {
			ret->outcome = MEDIA_NO_MEMORY;
			ret->bytes[0] = (uint8_t)i;
			return;
		}
		memset(p, 1, PIECE);
	}
	ret->outcome = MEDIA_DONE;
}

static void work(enum media_job kind, struct view in, struct transcoded *ret)
{
	(void)kind;
	switch (in.p[0]) {
	case 'a':
		abort();
	case 'k':
		(void)raise(SIGKILL);
		break;
	case 's':
		spin();
		break;
	case 'm':
		eat(ret);
		return;
	case 'x':
		_exit(3);
	case 'o': /* an outcome that there is not */
		ret->outcome = (enum media_outcome)200;
		return;
	case 'l': /* more than there is room for */
		ret->outcome = MEDIA_DONE;
		ret->n = MEDIA_OUTPUT_MAX + 1;
		return;
	case 'n': /* success without anything */
		ret->outcome = MEDIA_DONE;
		ret->n = 0;
		return;
	case 'p': /* waits for ever, without using time */
		for (;;)
			(void)pause();
	case 'r': /* what another job left in the memory that is shared */
		ret->n = 1;
		for (size_t i = 0; i < sizeof ret->bytes; i++)
			ret->bytes[0] |= ret->bytes[i];
		ret->bytes[0] = ret->bytes[0] == 0 ? '0' : '1';
		ret->outcome = MEDIA_DONE;
		return;
	default:
		memcpy(ret->bytes, in.p, in.n);
		ret->n = (uint32_t)in.n;
		ret->outcome = MEDIA_DONE;
	}
}

static bool seal(void *owner)
{
	const struct rlimit data = {.rlim_cur = SMALL_MEMORY, .rlim_max = SMALL_MEMORY};
	const struct rlimit core = {0};

	(void)owner;
	return setrlimit(RLIMIT_DATA, &data) == 0 && setrlimit(RLIMIT_CORE, &core) == 0;
}

static void on_stopped(void *owner)
{
	struct table *t = owner;

	t->stopped++;
	loop_stop(t->loop);
}

static void on_message(void *owner, const struct message *m)
{
	struct table *t = owner;

	if (m->type == MESSAGE_MEDIA_HELLO) {
		assert_int_equal(m->media_hello.epoch, EPOCH);
		t->hellos++;
		loop_stop(t->loop);
	} else if (m->type == MESSAGE_MEDIA_OUTPUT) {
		assert_int_equal(m->media_part.offset, t->n);
		memcpy(t->bytes + t->n, m->media_part.bytes.p, m->media_part.bytes.n);
		t->n += m->media_part.bytes.n;
	} else if (m->type == MESSAGE_MEDIA_DONE) {
		t->outcome = m->media_done.outcome;
		t->job = m->media_done.job;
		t->dones++;
		loop_stop(t->loop);
	}
}

static void on_bad(void *owner, const struct err *e)
{
	struct table *t = owner;

	(void)e;
	t->bad++;
}

static const struct link_events events = {.on_message = on_message, .on_bad = on_bad};

static void run(struct table *t)
{
	link_flush(t->server);
	assert_int_equal(loop_run(t->loop, t, NULL), RC_OK);
}

static void welcome(struct table *t, uint64_t epoch)
{
	struct message m = {.type = MESSAGE_MEDIA_WELCOME, .welcome = {.epoch = epoch}};

	assert_int_equal(link_send(t->server, &m, NULL), RC_OK);
}

static void post_part(struct table *t, struct message_media_part part)
{
	struct message m = {.type = MESSAGE_MEDIA_INPUT, .media_part = part};

	assert_int_equal(link_send(t->server, &m, NULL), RC_OK);
}

static void post(struct table *t, uint64_t job, struct view in)
{
	for (size_t at = 0; at < in.n; at += MESSAGE_PART_MAX) {
		size_t n = in.n - at < MESSAGE_PART_MAX ? in.n - at : MESSAGE_PART_MAX;
		post_part(t, (struct message_media_part){.job = job,
				     .kind = MEDIA_JPEG,
				     .offset = (uint32_t)at,
				     .total = (uint32_t)in.n,
				     .bytes = {.p = in.p + at, .n = n}});
	}
}

static enum media_outcome convert(struct table *t, uint64_t job, struct view in)
{
	unsigned dones = t->dones;

	t->n = 0;
	post(t, job, in);
	while (t->dones == dones)
		run(t);
	assert_int_equal(t->job, job);
	return t->outcome;
}

static int set_up_with(void **state, int wall_ms)
{
	struct table *t = calloc(1, sizeof *t);
	int size = 1024 * 1024;

	assert_non_null(t);
	assert_int_equal(loop_new(&t->loop, NULL), RC_OK);
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, t->fds), 0);
	for (int i = 0; i < 2; i++)
		(void)setsockopt(t->fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	struct link_config link = {.loop = t->loop,
		.fd = t->fds[0],
		.side = MESSAGE_TO_MEDIA,
		.queue_high_bytes = 1024 * 1024,
		.events = &events,
		.owner = t};
	assert_int_equal(link_new(&link, &t->server, NULL), RC_OK);
	struct media_role_config role = {.loop = t->loop,
		.link_fd = t->fds[1],
		.epoch = EPOCH,
		.cpu_s = CPU_S,
		.wall_ms = wall_ms,
		.seal = seal,
		.work = work,
		.on_stopped = on_stopped,
		.owner = t};
	assert_int_equal(media_role_new(&role, &t->role, NULL), RC_OK);
	media_role_start(t->role);
	run(t);
	assert_int_equal(t->hellos, 1);
	welcome(t, EPOCH);
	*state = t;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, WORKER_WALL_MS);
}

static int set_up_hasty(void **state)
{
	return set_up_with(state, 100);
}

static int tear_down(void **state)
{
	struct table *t = *state;

	media_role_free(t->role);
	link_free(t->server);
	loop_free(t->loop);
	(void)close(t->fds[0]);
	(void)close(t->fds[1]);
	free(t);
	return 0;
}

static void jobs_of_every_size_come_back(void **state)
{
	static char large[MEDIA_INPUT_MAX];
	static const size_t sizes[] = {1, 2, MESSAGE_PART_MAX - 1, MESSAGE_PART_MAX,
		MESSAGE_PART_MAX + 1, MEDIA_INPUT_MAX};
	struct table *t = *state;

	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (char)('A' + i % 26);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct view in = {.p = large, .n = sizes[i]};
		assert_int_equal(convert(t, i, in), MEDIA_DONE);
		assert_int_equal(t->n, in.n);
		assert_memory_equal(t->bytes, large, in.n);
	}
}

static void a_worker_that_dies_takes_nothing_with_it(void **state)
{
	static const struct {
		struct view in;
		enum media_outcome outcome;
	} rows[] = {
		{VIEW("abort"), MEDIA_CRASHED},
		{VIEW("kill"), MEDIA_CRASHED},
		{VIEW("xit"), MEDIA_CRASHED},
		{VIEW("outcome"), MEDIA_CRASHED},
		{VIEW("long"), MEDIA_CRASHED},
		{VIEW("nothing"), MEDIA_CRASHED},
		{VIEW("Good"), MEDIA_DONE},
	};
	struct table *t = *state;

	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < COUNT_OF(rows); i++)
			assert_int_equal(convert(t, 10 * round + i, rows[i].in), rows[i].outcome);
	}
	assert_memory_equal(t->bytes, "Good", 4);
}

static void a_worker_that_uses_up_its_time_is_killed(void **state)
{
	struct table *t = *state;
	struct rusage used;

	assert_int_equal(convert(t, 1, VIEW("spin")), MEDIA_TOO_SLOW);
	assert_int_equal(getrusage(RUSAGE_CHILDREN, &used), 0);
	/* By its time on the processor, which the kernel counts for the limit more coarsely. */
	int64_t used_us = (int64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
			  used.ru_utime.tv_usec + used.ru_stime.tv_usec;
	assert_true(used_us >= CPU_S * 1000000 / 2);
	assert_int_equal(convert(t, 2, VIEW("Good")), MEDIA_DONE);
}

static void a_worker_that_waits_is_killed_as_well(void **state)
{
	struct table *t = *state;

	post(t, 1, VIEW("pause"));
	post(t, 2, VIEW("Good")); /* not taken: one at a time */
	while (t->dones == 0)
		run(t);
	assert_int_equal(t->job, 1);
	assert_int_equal(t->outcome, MEDIA_TOO_SLOW);
	assert_int_equal(t->dones, 1);
}

static void a_worker_gets_only_so_much_memory(void **state)
{
	struct table *t = *state;

	assert_int_equal(convert(t, 1, VIEW("memory")), MEDIA_NO_MEMORY);
	assert_int_equal(convert(t, 2, VIEW("Good")), MEDIA_DONE);
}

static void nothing_of_a_job_is_left_for_the_next(void **state)
{
	struct table *t = *state;

	assert_int_equal(convert(t, 1, VIEW("Secret of a family")), MEDIA_DONE);
	assert_int_equal(convert(t, 2, VIEW("rest")), MEDIA_DONE);
	assert_int_equal(t->n, 1);
	assert_int_equal(t->bytes[0], '0');
}

static void a_new_server_makes_the_role_forget_its_job(void **state)
{
	struct table *t = *state;

	post(t, 1, VIEW("spin"));
	welcome(t, EPOCH + 1);
	post(t, 2, VIEW("Good")); /* not meant for this process */
	while (t->hellos == 1)
		run(t);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD); /* its worker is gone */
	welcome(t, EPOCH);
	assert_int_equal(convert(t, 3, VIEW("Good")), MEDIA_DONE);
	assert_int_equal(t->dones, 1);
}

static void parts_that_do_not_fit_are_dropped(void **state)
{
	static const struct message_media_part parts[] = {
		{.job = 1, .offset = 3, .total = 9, .bytes = VIEW("abc")}, /* no beginning */
		{.job = 2, .offset = 0, .total = 9, .bytes = VIEW("abc")},
		{.job = 2, .offset = 4, .total = 9, .bytes = VIEW("abcde")}, /* a hole */
		{.job = 3, .offset = 0, .total = 9, .bytes = VIEW("abc")},
		{.job = 4, .offset = 3, .total = 9, .bytes = VIEW("abcdef")}, /* of another job */
		{.job = 5, .offset = 0, .total = 9, .bytes = VIEW("abc")},
		{.job = 5, .offset = 3, .total = 8, .bytes = VIEW("abcde")}, /* another length */
		{.job = 6, .kind = MEDIA_JPEG, .offset = 0, .total = 9, .bytes = VIEW("abc")},
		{.job = 6,
			.kind = MEDIA_AMR_TO_WAV,
			.offset = 3,
			.total = 9,
			.bytes = VIEW("abcdef")},
	};
	struct table *t = *state;

	for (size_t i = 0; i < COUNT_OF(parts); i++)
		post_part(t, parts[i]);
	assert_int_equal(convert(t, 7, VIEW("Good")), MEDIA_DONE);
	assert_int_equal(t->dones, 1);
}

static void a_server_that_sends_nonsense_is_left(void **state)
{
	struct table *t = *state;

	for (unsigned i = 0; i < MEDIA_BAD_MAX; i++)
		assert_int_equal(send(t->fds[0], "nonsense", 8, MSG_NOSIGNAL), 8);
	run(t);
	assert_int_equal(t->stopped, 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(jobs_of_every_size_come_back),
		CASE(a_worker_that_dies_takes_nothing_with_it),
		CASE(a_worker_that_uses_up_its_time_is_killed),
		cmocka_unit_test_setup_teardown(
			a_worker_that_waits_is_killed_as_well, set_up_hasty, tear_down),
		CASE(a_worker_gets_only_so_much_memory),
		CASE(nothing_of_a_job_is_left_for_the_next),
		CASE(a_new_server_makes_the_role_forget_its_job),
		CASE(parts_that_do_not_fit_are_dropped),
		CASE(a_server_that_sends_nonsense_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
