/* Each forbidden act is tried by a process of its own that has entered the sandbox: the kernel must
 * kill it. What a role needs must go on. Not built with sanitizers: those builds have no filter. */
#include "app/sandbox.h"

#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "courier/resolve.h"

enum { DONE = 0, NO_SANDBOX = 3, WRONG = 4 };

typedef int act_fn(void);
typedef enum rc enter_fn(void);

static char data_dir[] = "/tmp/kinward-sandbox-XXXXXX";
static char key_dir[] = "/tmp/kinward-sandbox-keys-XXXXXX";

static enum rc enter_gateway(void)
{
	struct sandbox_layers layers;
	enum rc rc = sandbox_enter_gateway("", &layers, NULL);

	return rc == RC_OK && !layers.has_seccomp ? RC_DENIED : rc;
}

static enum rc enter_courier(void)
{
	struct sandbox_layers layers;

	resolve_set_up();
	enum rc rc = sandbox_enter_courier("", &layers, NULL);
	return rc == RC_OK && !layers.has_seccomp ? RC_DENIED : rc;
}

static enum rc enter_server(void)
{
	struct sandbox_layers layers;
	enum rc rc = sandbox_enter_server(data_dir, key_dir, &layers, NULL);

	return rc == RC_OK && !layers.has_seccomp ? RC_DENIED : rc;
}

enum { MEMORY_MAX = 32 * 1024 * 1024 };

static enum rc enter_media(void)
{
	struct sandbox_layers layers;
	enum rc rc = sandbox_enter_media("", MEMORY_MAX, &layers, NULL);

	return rc == RC_OK && !layers.has_seccomp ? RC_DENIED : rc;
}

/* As the role's fork does, but that there is no other process. */
static enum rc enter_worker(void)
{
	enum rc rc = enter_media();

	return rc == RC_OK && !sandbox_seal_worker(true) ? RC_DENIED : rc;
}

/* The wait status of a child that enters and then acts. */
static int status_of(enter_fn *enter, act_fn *act)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)alarm(20);
		_exit(enter() == RC_OK ? act() : NO_SANDBOX);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void assert_killed(enter_fn *enter, act_fn *act, const char *name)
{
	int status = status_of(enter, act);

	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
		fail_msg("%s: status %x, not killed by SIGSYS", name, (unsigned)status);
}

static void assert_done(enter_fn *enter, act_fn *act, const char *name)
{
	int status = status_of(enter, act);

	if (!WIFEXITED(status) || WEXITSTATUS(status) != DONE)
		fail_msg("%s: status %x", name, (unsigned)status);
}

static int act_execve(void)
{
	char name[] = "true";
	char *argv[] = {name, NULL};

	(void)execve("/bin/true", argv, NULL);
	return WRONG;
}

static int act_open(void)
{
	(void)open("/etc/hostname", O_RDONLY | O_CLOEXEC);
	return WRONG;
}

static int act_create(void)
{
	(void)open("/tmp/kinward-must-not-be", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return WRONG;
}

static int act_socket(void)
{
	(void)socket(AF_INET, SOCK_STREAM, 0);
	return WRONG;
}

static int act_unix_socket(void)
{
	(void)socket(AF_UNIX, SOCK_STREAM, 0);
	return WRONG;
}

static int connect_with(int fd)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	(void)connect(fd, (struct sockaddr *)&to, sizeof to);
	return WRONG;
}

/* The descriptor need not be a socket: the filter looks at the call alone. */
static int act_connect(void)
{
	return connect_with(0);
}

static int act_fork(void)
{
	(void)fork();
	return WRONG;
}

static int act_ptrace(void)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	return WRONG;
}

static int act_executable_memory(void)
{
	(void)mmap(
		NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return WRONG;
}

static int act_kill_parent(void)
{
	(void)kill(getppid(), 0);
	return WRONG;
}

static int act_setuid(void)
{
	(void)!setuid(0); /* killed before it returns */
	return WRONG;
}

static int act_mkdir(void)
{
	(void)mkdir("/tmp/kinward-must-not-be", 0700);
	return WRONG;
}

static void gateway_is_killed_for_what_it_must_not_do(void **state)
{
	(void)state;
	assert_killed(enter_gateway, act_execve, "execve");
	assert_killed(enter_gateway, act_open, "open");
	assert_killed(enter_gateway, act_create, "create");
	assert_killed(enter_gateway, act_socket, "socket");
	assert_killed(enter_gateway, act_unix_socket, "unix socket");
	assert_killed(enter_gateway, act_connect, "connect");
	assert_killed(enter_gateway, act_fork, "fork");
	assert_killed(enter_gateway, act_ptrace, "ptrace");
	assert_killed(enter_gateway, act_executable_memory, "executable memory");
	assert_killed(enter_gateway, act_kill_parent, "kill");
	assert_killed(enter_gateway, act_setuid, "setuid");
	assert_killed(enter_gateway, act_mkdir, "mkdir");
}

static void server_is_killed_for_what_it_must_not_do(void **state)
{
	(void)state;
	assert_killed(enter_server, act_execve, "execve");
	assert_killed(enter_server, act_socket, "socket");
	assert_killed(enter_server, act_unix_socket, "unix socket");
	assert_killed(enter_server, act_connect, "connect");
	assert_killed(enter_server, act_ptrace, "ptrace");
	assert_killed(enter_server, act_setuid, "setuid");
}

/* Memory of all sizes, time, the log, and a clean end. */
static int act_as_gateway(void)
{
	struct timespec pause = {.tv_nsec = 1000000};

	for (size_t n = 16; n < (size_t)8 * 1024 * 1024; n *= 2) {
		char *p = malloc(n);
		if (p == NULL)
			return WRONG;
		memset(p, 1, n);
		char *larger = realloc(p, n * 2);
		if (larger == NULL)
			return WRONG;
		free(larger);
	}
	log_event(LOG_INFO, "sandbox.test", "time=%lld", (long long)clock_wall_ms());
	(void)clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	return DONE;
}

static void gateway_can_still_work(void **state)
{
	(void)state;
	assert_done(enter_gateway, act_as_gateway, "work");
}

static void *thread_main(void *arg)
{
	return arg;
}

static bool can_write_in(const char *folder)
{
	char path[128];

	(void)snprintf(path, sizeof path, "%s/file", folder);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 && ftruncate(fd, 0) == 0 &&
	       close(fd) == 0 && unlink(path) == 0;
}

static int act_as_server(void)
{
	pthread_t thread;

	if (!can_write_in(data_dir) || !can_write_in(key_dir))
		return WRONG;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || close(fd) != 0)
		return WRONG;
	if (pthread_create(&thread, NULL, thread_main, NULL) != 0 ||
		pthread_join(thread, NULL) != 0)
		return WRONG;
	return DONE;
}

static int act_write_outside(void)
{
	if (mkdir("/tmp/kinward-must-not-be", 0700) == 0) {
		(void)rmdir("/tmp/kinward-must-not-be");
		return WRONG;
	}
	return errno == EACCES ? DONE : WRONG;
}

static void server_can_still_work(void **state)
{
	(void)state;
	assert_done(enter_server, act_as_server, "work");
}

static void server_writes_only_in_its_data_folder(void **state)
{
	struct sandbox_layers layers;

	(void)state;
	sandbox_probe(&layers);
	if (layers.has_landlock)
		assert_done(enter_server, act_write_outside, "write outside");
	else
		print_message("this kernel has no Landlock: nothing to prove\n");
}

static int act_look_at_itself(void)
{
	struct rlimit core = {.rlim_cur = 1, .rlim_max = 1};

	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 ||
		prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1 || getrlimit(RLIMIT_CORE, &core) != 0)
		return WRONG;
	return core.rlim_cur == 0 && core.rlim_max == 0 ? DONE : WRONG;
}

static void courier_is_killed_for_what_it_must_not_do(void **state)
{
	(void)state;
	assert_killed(enter_courier, act_execve, "execve");
	assert_killed(enter_courier, act_fork, "fork");
	assert_killed(enter_courier, act_ptrace, "ptrace");
	assert_killed(enter_courier, act_executable_memory, "executable memory");
	assert_killed(enter_courier, act_kill_parent, "kill");
	assert_killed(enter_courier, act_setuid, "setuid");
	assert_killed(enter_courier, act_mkdir, "mkdir");
}

/* A name, a connection, a thread. */
static int act_as_courier(void)
{
	struct addresses found;
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	pthread_t thread;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	resolve_host(VIEW("localhost"), -1, &found);
	if (found.n == 0 || fd < 0)
		return WRONG;
	bool is_connected = connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
	if (!is_connected && errno != ECONNREFUSED)
		return WRONG;
	if (pthread_create(&thread, NULL, thread_main, NULL) != 0 ||
		pthread_join(thread, NULL) != 0)
		return WRONG;
	return DONE;
}

static void courier_can_still_work(void **state)
{
	(void)state;
	assert_done(enter_courier, act_as_courier, "work");
}

/* Files that everybody may read, and a folder of the server. */
static int act_read_files(void)
{
	int refused = 0;

	refused += open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES;
	refused += open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0 && errno == EACCES;
	refused += open("/tmp/kinward-must-not-be", O_WRONLY | O_CREAT | O_CLOEXEC, 0600) < 0 &&
		   errno == EACCES;
	return refused == 3 ? DONE : WRONG;
}

static void courier_reads_no_data(void **state)
{
	struct sandbox_layers layers;

	(void)state;
	sandbox_probe(&layers);
	if (layers.has_landlock)
		assert_done(enter_courier, act_read_files, "read files");
	else
		print_message("this kernel has no Landlock: nothing to prove\n");
}

static int act_thread(void)
{
	pthread_t thread;

	(void)pthread_create(&thread, NULL, thread_main, NULL);
	return WRONG;
}

static int act_terminate_child(void)
{
	(void)kill(getpid(), SIGTERM);
	return WRONG;
}

static void media_role_is_killed_for_what_it_must_not_do(void **state)
{
	(void)state;
	assert_killed(enter_media, act_execve, "execve");
	assert_killed(enter_media, act_open, "open");
	assert_killed(enter_media, act_create, "create");
	assert_killed(enter_media, act_socket, "socket");
	assert_killed(enter_media, act_unix_socket, "unix socket");
	assert_killed(enter_media, act_connect, "connect");
	assert_killed(enter_media, act_ptrace, "ptrace");
	assert_killed(enter_media, act_executable_memory, "executable memory");
	assert_killed(enter_media, act_thread, "thread");
	assert_killed(enter_media, act_terminate_child, "another signal than SIGKILL");
	assert_killed(enter_media, act_setuid, "setuid");
	assert_killed(enter_media, act_mkdir, "mkdir");
}

static int act_write(void)
{
	(void)!write(STDERR_FILENO, "x", 1); /* killed before it returns */
	return WRONG;
}

static int act_read(void)
{
	char byte = 0;

	(void)!read(STDIN_FILENO, &byte, 1);
	return WRONG;
}

static int act_limit(void)
{
	struct rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};

	(void)setrlimit(RLIMIT_CPU, &none);
	return WRONG;
}

static int act_outlive(void)
{
	(void)prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	return WRONG;
}

static void worker_is_killed_for_all_but_memory_and_its_end(void **state)
{
	(void)state;
	assert_killed(enter_worker, act_execve, "execve");
	assert_killed(enter_worker, act_open, "open");
	assert_killed(enter_worker, act_create, "create");
	assert_killed(enter_worker, act_socket, "socket");
	assert_killed(enter_worker, act_connect, "connect");
	assert_killed(enter_worker, act_fork, "fork");
	assert_killed(enter_worker, act_ptrace, "ptrace");
	assert_killed(enter_worker, act_executable_memory, "executable memory");
	assert_killed(enter_worker, act_kill_parent, "kill");
	assert_killed(enter_worker, act_setuid, "setuid");
	assert_killed(enter_worker, act_mkdir, "mkdir");
	assert_killed(enter_worker, act_write, "write");
	assert_killed(enter_worker, act_read, "read");
	assert_killed(enter_worker, act_limit, "a higher limit");
	assert_killed(enter_worker, act_outlive, "outliving the role");
}

/* Starts processes, waits for them, kills them. */
static int act_as_media(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(sandbox_seal_worker(true) ? 7 : WRONG);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
		WEXITSTATUS(status) != 7)
		return WRONG;
	pid = fork();
	if (pid == 0) {
		for (;;)
			(void)poll(NULL, 0, -1);
	}
	return kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid ? DONE : WRONG;
}

static int act_as_worker(void)
{
	for (size_t n = 16; n < (size_t)8 * 1024 * 1024; n *= 2) {
		char *p = malloc(n);
		if (p == NULL)
			return WRONG;
		memset(p, 1, n);
		char *larger = realloc(p, n * 2);
		if (larger == NULL)
			return WRONG;
		free(larger);
	}
	return DONE;
}

static int act_take_too_much_memory(void)
{
	for (size_t n = 0; n < MEMORY_MAX; n += 1024 * 1024) {
		char *volatile p = malloc(1024 * 1024); /* kept, so that it is really taken */
		if (p == NULL)
			return DONE;
	}
	return WRONG;
}

static void media_role_and_its_workers_can_still_work(void **state)
{
	(void)state;
	assert_done(enter_media, act_as_media, "work");
	assert_done(enter_worker, act_as_worker, "work");
}

static void media_role_and_its_workers_have_little_memory(void **state)
{
	(void)state;
	assert_done(enter_media, act_take_too_much_memory, "memory");
	assert_done(enter_worker, act_take_too_much_memory, "memory");
}

static void roles_leave_no_core_and_gain_no_rights(void **state)
{
	(void)state;
	assert_done(enter_server, act_look_at_itself, "look");
}

static void account_that_is_missing_or_root_is_refused(void **state)
{
	uid_t uid = 0;
	gid_t gid = 0;
	struct err e = {0};

	(void)state;
	assert_int_equal(sandbox_find_user("", &uid, &gid, NULL), RC_OK);
	assert_true(uid != 0 && gid != 0);
	assert_int_equal(sandbox_find_user("no-such-account-here", &uid, &gid, &e), RC_NOT_FOUND);
	assert_int_equal(sandbox_find_user("root", &uid, &gid, &e), RC_DENIED);
}

static void layers_are_told_in_words(void **state)
{
	struct sandbox_layers layers = {.has_user = true, .has_seccomp = true, .landlock_abi = 3};
	char text[SANDBOX_TEXT];

	(void)state;
	sandbox_to_text(&layers, text);
	assert_string_equal(text, "user=yes no_new_privs=no no_capabilities=no no_dump=no "
				  "seccomp=yes landlock=no landlock_abi=3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gateway_is_killed_for_what_it_must_not_do),
		cmocka_unit_test(server_is_killed_for_what_it_must_not_do),
		cmocka_unit_test(gateway_can_still_work),
		cmocka_unit_test(server_can_still_work),
		cmocka_unit_test(server_writes_only_in_its_data_folder),
		cmocka_unit_test(courier_is_killed_for_what_it_must_not_do),
		cmocka_unit_test(courier_can_still_work),
		cmocka_unit_test(courier_reads_no_data),
		cmocka_unit_test(media_role_is_killed_for_what_it_must_not_do),
		cmocka_unit_test(worker_is_killed_for_all_but_memory_and_its_end),
		cmocka_unit_test(media_role_and_its_workers_can_still_work),
		cmocka_unit_test(media_role_and_its_workers_have_little_memory),
		cmocka_unit_test(roles_leave_no_core_and_gain_no_rights),
		cmocka_unit_test(account_that_is_missing_or_root_is_refused),
		cmocka_unit_test(layers_are_told_in_words),
	};

	if (mkdtemp(data_dir) == NULL || mkdtemp(key_dir) == NULL)
		return 1;
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(data_dir);
	(void)rmdir(key_dir);
	return failed;
}
