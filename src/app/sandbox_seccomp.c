#include "app/sandbox_seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static void release(scmp_filter_ctx *filter)
{
	if (*filter != NULL)
		seccomp_release(*filter);
}

/* libseccomp returns a negative errno. */
static enum rc fail_filter(const char *what, int result, struct err *e)
{
	errno = -result;
	return fail_sys(e, "seccomp: %s", what);
}

/* What a gateway still does: its sockets, memory, time, its end. */
static const int gateway_allows[] = {
	SCMP_SYS(accept4),
	SCMP_SYS(recvfrom),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(close),
	SCMP_SYS(lseek),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* What the courier does besides: names, connections, certificates, threads. */
static const int courier_allows[] = {
	SCMP_SYS(connect),
	SCMP_SYS(bind), /* of the resolver's netlink and UDP sockets */
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),
	SCMP_SYS(sendmmsg),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(shutdown),
	SCMP_SYS(fcntl),
	SCMP_SYS(pread64),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	/* Files: Landlock says which. */
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(stat),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(readlink),
	SCMP_SYS(getdents64),
	SCMP_SYS(uname),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(pipe2),
	SCMP_SYS(eventfd2),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(sysinfo),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
};

/* What the media role does: its link, its workers. */
static const int media_allows[] = {
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(close),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(getpid),
	SCMP_SYS(getppid),
	SCMP_SYS(gettid),
	SCMP_SYS(wait4),
	SCMP_SYS(prlimit64),
	SCMP_SYS(prctl), /* of a worker: dies with the role, gets its own filter */
	SCMP_SYS(seccomp),
	SCMP_SYS(set_robust_list), /* by fork */
	SCMP_SYS(rseq),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(restart_syscall),
};

static const int worker_allows[] = {
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(futex),
	SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* What the server never does. */
static const int server_forbids[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(kcmp),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(socket),
	SCMP_SYS(connect),
	SCMP_SYS(bind),
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(setns),
	SCMP_SYS(unshare),
	SCMP_SYS(open_tree),
	SCMP_SYS(move_mount),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsmount),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(bpf),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	SCMP_SYS(keyctl),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(reboot),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(personality),
	SCMP_SYS(syslog),
	SCMP_SYS(acct),
	SCMP_SYS(quotactl),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(setuid),
	SCMP_SYS(setgid),
	SCMP_SYS(setreuid),
	SCMP_SYS(setregid),
	SCMP_SYS(setresuid),
	SCMP_SYS(setresgid),
	SCMP_SYS(setgroups),
	SCMP_SYS(setfsuid),
	SCMP_SYS(setfsgid),
	SCMP_SYS(vhangup),
};

static int add_all(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
	int result = 0;

	for (size_t i = 0; i < n && result == 0; i++)
		result = seccomp_rule_add(filter, action, calls[i], 0);
	return result;
}

/* Memory may be taken, but none that can be executed; signals may be sent to this process alone. */
static int add_bounded(scmp_filter_ctx filter)
{
	int result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));

	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
			SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
			SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	return result;
}

/* Sockets of the internet, and netlink by which the resolver learns which families there are; a
 * service on this machine that is only reached by a file (a name cache) is not there. Threads, but
 * no processes. */
static int add_courier_bounded(scmp_filter_ctx filter)
{
	static const unsigned families[] = {AF_INET, AF_INET6, AF_NETLINK};
	static const unsigned requests[] = {FIONREAD, FIONBIO};
	int result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 1,
		SCMP_A0(SCMP_CMP_EQ, AF_UNIX));

	for (size_t i = 0; i < COUNT_OF(families) && result == 0; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
			SCMP_A0(SCMP_CMP_EQ, families[i]));
	for (size_t i = 0; i < COUNT_OF(requests) && result == 0; i++)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
			SCMP_A1(SCMP_CMP_EQ, requests[i]));
	if (result == 0) /* libcurl wakes itself by such a pair */
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
			SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	if (result == 0)
		result = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	if (result == 0) /* its flags cannot be seen here; the C library then takes clone */
		result = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return result;
}

/* Processes like this one, with all that is the C library's way to fork, and no other kind; they
 * may be killed, and sent nothing else. */
static int add_media_bounded(scmp_filter_ctx filter)
{
	const scmp_datum_t fork_flags = CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD;
	int result = seccomp_rule_add(
		filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_EQ, fork_flags));

	if (result == 0)
		result = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, SCMP_A1(SCMP_CMP_EQ, SIGKILL));
	return result;
}

/* The kernel takes it over; a foreign architecture's calls kill as well. */
static int load(scmp_filter_ctx filter)
{
	int result = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

	/* A binary tree instead of a long row of comparisons for each call. */
	if (result == 0)
		result = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	return result == 0 ? seccomp_load(filter) : result;
}

enum rc seccomp_enter_gateway(struct err *e)
{
	CLEANUP(release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (filter == NULL)
		return fail(e, RC_NOMEM, "seccomp: out of memory");
	int result = add_all(filter, SCMP_ACT_ALLOW, gateway_allows, COUNT_OF(gateway_allows));
	if (result == 0)
		result = add_bounded(filter);
	if (result == 0)
		result = load(filter);
	return result == 0 ? RC_OK : fail_filter("the gateway's filter", result, e);
}

enum rc seccomp_enter_courier(struct err *e)
{
	CLEANUP(release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (filter == NULL)
		return fail(e, RC_NOMEM, "seccomp: out of memory");
	int result = add_all(filter, SCMP_ACT_ALLOW, gateway_allows, COUNT_OF(gateway_allows));
	if (result == 0)
		result = add_all(filter, SCMP_ACT_ALLOW, courier_allows, COUNT_OF(courier_allows));
	if (result == 0)
		result = add_bounded(filter);
	if (result == 0)
		result = add_courier_bounded(filter);
	if (result == 0)
		result = load(filter);
	return result == 0 ? RC_OK : fail_filter("the courier's filter", result, e);
}

enum rc seccomp_enter_media(struct err *e)
{
	CLEANUP(release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (filter == NULL)
		return fail(e, RC_NOMEM, "seccomp: out of memory");
	int result = add_all(filter, SCMP_ACT_ALLOW, media_allows, COUNT_OF(media_allows));
	if (result == 0)
		result = add_all(filter, SCMP_ACT_ALLOW, worker_allows, COUNT_OF(worker_allows));
	if (result == 0)
		result = add_bounded(filter);
	if (result == 0)
		result = add_media_bounded(filter);
	if (result == 0)
		result = load(filter);
	return result == 0 ? RC_OK : fail_filter("the media role's filter", result, e);
}

enum rc seccomp_enter_worker(struct err *e)
{
	CLEANUP(release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

	if (filter == NULL)
		return fail(e, RC_NOMEM, "seccomp: out of memory");
	int result = add_all(filter, SCMP_ACT_ALLOW, worker_allows, COUNT_OF(worker_allows));
	if (result == 0)
		result = add_bounded(filter);
	if (result == 0)
		result = load(filter);
	return result == 0 ? RC_OK : fail_filter("the worker's filter", result, e);
}

enum rc limit_memory(uint64_t bytes, struct err *e)
{
	const struct rlimit data = {.rlim_cur = bytes, .rlim_max = bytes};

	return setrlimit(RLIMIT_DATA, &data) == 0 ? RC_OK : fail_sys(e, "cannot limit the memory");
}

enum rc seccomp_enter_server(struct err *e)
{
	CLEANUP(release) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (filter == NULL)
		return fail(e, RC_NOMEM, "seccomp: out of memory");
	int result =
		add_all(filter, SCMP_ACT_KILL_PROCESS, server_forbids, COUNT_OF(server_forbids));
	if (result == 0)
		result = load(filter);
	return result == 0 ? RC_OK : fail_filter("the server's filter", result, e);
}

bool seccomp_is_available(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}
