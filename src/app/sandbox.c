/* The layers that every build has, and what `kinward doctor` asks. The seccomp filters are in
 * sandbox_seccomp.c, or left out by sandbox_off.c in builds whose instruments need other system
 * calls. */
#include "app/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/sandbox_seccomp.h"
#include "base/log.h"

static void tell_missing(const char *layer, const char *why)
{
	log_event(LOG_WARN, "sandbox.missing", "layer=%s reason=\"%s\"", layer, why);
}

static void tell_missing_sys(const char *layer)
{
	struct err e;

	(void)fail_sys(&e, "the system refused it");
	tell_missing(layer, e.msg);
}

/* ---- user ---- */

enum rc sandbox_find_user(const char *user, uid_t *ret_uid, gid_t *ret_gid, struct err *e)
{
	const struct passwd *p = NULL;

	/* NOLINTBEGIN(concurrency-mt-unsafe): called before there are threads */
	if (user[0] != '\0')
		p = getpwnam(user);
	else if ((p = getpwnam("kinward")) == NULL)
		p = getpwnam("nobody");
	/* NOLINTEND(concurrency-mt-unsafe) */
	if (p == NULL)
		return fail(e, RC_NOT_FOUND, "there is no account named %.40s",
			user[0] == '\0' ? "kinward or nobody" : user);
	if (p->pw_uid == 0)
		return fail(e, RC_DENIED, "the account %.40s is root", user);
	*ret_uid = p->pw_uid;
	*ret_gid = p->pw_gid;
	return RC_OK;
}

enum rc sandbox_drop_user(const char *user, struct err *e)
{
	uid_t uid = 0;
	gid_t gid = 0;

	if (geteuid() != 0)
		return RC_OK;
	enum rc rc = sandbox_find_user(user, &uid, &gid, e);
	if (rc != RC_OK)
		return rc;
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
		setresuid(uid, uid, uid) != 0)
		return fail_sys(e, "cannot become uid %u", (unsigned)uid);
	if (setresuid(0, 0, 0) == 0)
		return fail(e, RC_BUG, "root came back");
	return RC_OK;
}

/* ---- no dump, no new privileges, no capabilities ---- */

static bool set_no_dump(void)
{
	struct rlimit none = {0};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0)
		return true;
	tell_missing_sys("no_dump");
	return false;
}

static bool set_no_new_privs(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		return true;
	tell_missing_sys("no_new_privs");
	return false;
}

/* Keeps none but `keep` (a bit mask of the first 32). */
static bool set_capabilities(uint32_t keep)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	if (syscall(SYS_capget, &header, data) != 0) {
		tell_missing_sys("no_capabilities");
		return false;
	}
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (cap < 32 && (keep & (1u << cap)) != 0)
			continue;
		/* Not allowed when we are no root: then there is nothing to lose either. */
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	}
	data[0].effective &= keep;
	data[0].permitted &= keep;
	data[0].inheritable = 0;
	data[1] = (struct __user_cap_data_struct){0};
	if (syscall(SYS_capset, &header, data) == 0)
		return true;
	tell_missing_sys("no_capabilities");
	return false;
}

/* ---- Landlock ---- */

enum { ABI_REFER = 2, ABI_TRUNCATE = 3 };

static int landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

/* Bits that this program's headers may not know. */
static const uint64_t access_refer = UINT64_C(1) << 13;
static const uint64_t access_truncate = UINT64_C(1) << 14;
static const uint64_t access_read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

static uint64_t access_all(int abi)
{
	uint64_t all = (UINT64_C(1) << 13) - 1; /* version 1 */

	if (abi >= ABI_REFER)
		all |= access_refer;
	if (abi >= ABI_TRUNCATE)
		all |= access_truncate;
	return all;
}

static bool allow_below(int ruleset, const char *path, uint64_t access)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = access};
	bool is_done = false;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return false;
	is_done =
		syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
	(void)close(rule.parent_fd);
	return is_done;
}

/* Everything may be read, and written below these two. */
static bool allow_writing(int ruleset, int abi, const char *const writable[2])
{
	uint64_t access = access_all(abi) & ~(uint64_t)LANDLOCK_ACCESS_FS_EXECUTE;

	return allow_below(ruleset, "/", access_read) &&
	       allow_below(ruleset, writable[0], access) &&
	       allow_below(ruleset, writable[1], access);
}

/* Where names are looked up and certificates found. What is not there is not needed. The account
 * may be that of the server, so neither /etc nor /run as a whole. */
static bool allow_courier(int ruleset)
{
	static const char *const files[] = {"/etc/resolv.conf", "/etc/hosts", "/etc/host.conf",
		"/etc/nsswitch.conf", "/etc/gai.conf", "/etc/services"};
	static const char *const folders[] = {"/etc/ssl", "/usr/share/ca-certificates",
		"/usr/local/share/ca-certificates", "/usr/lib/ssl", "/run/systemd/resolve"};

	for (size_t i = 0; i < COUNT_OF(files); i++) {
		if (!allow_below(ruleset, files[i], LANDLOCK_ACCESS_FS_READ_FILE) &&
			errno != ENOENT && errno != EACCES)
			return false;
	}
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		if (!allow_below(ruleset, folders[i], access_read) && errno != ENOENT &&
			errno != EACCES)
			return false;
	}
	return true;
}

typedef bool landlock_rules_fn(int ruleset, int abi, const char *const writable[2]);

static bool allow_nothing(int ruleset, int abi, const char *const writable[2])
{
	(void)ruleset;
	(void)abi;
	(void)writable;
	return true;
}

static bool allow_names(int ruleset, int abi, const char *const writable[2])
{
	(void)abi;
	(void)writable;
	return allow_courier(ruleset);
}

/* What `rules` does not allow is refused. */
static bool set_landlock(landlock_rules_fn *rules, const char *const writable[2], int *ret_abi)
{
	int abi = landlock_abi();
	struct landlock_ruleset_attr attr = {.handled_access_fs = access_all(abi)};

	*ret_abi = abi;
	if (abi == 0) {
		tell_missing("landlock", "this kernel does not have it");
		return false;
	}
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	bool is_done = ruleset >= 0;
	is_done = is_done && rules(ruleset, abi, writable);
	is_done = is_done && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	if (!is_done)
		tell_missing_sys("landlock");
	if (ruleset >= 0)
		(void)close(ruleset);
	return is_done;
}

/* ---- the ways in ---- */

enum { WORKER_FDS = 64 };

static bool set_seccomp(enum rc (*set)(struct err *e))
{
	struct err e;

	if (set(&e) == RC_OK)
		return true;
	tell_missing("seccomp", e.msg);
	return false;
}

/* For roles that need nobody's rights. */
static enum rc enter_as_nobody(const char *user, landlock_rules_fn *rules,
	enum rc (*seccomp)(struct err *e), struct sandbox_layers *ret, struct err *e)
{
	struct sandbox_layers got = {0};
	struct err why;

	if (geteuid() == 0 && sandbox_drop_user(user, &why) != RC_OK)
		tell_missing("user", why.msg);
	got.has_user = geteuid() != 0;
	got.has_no_dump = set_no_dump();
	got.has_no_capabilities = set_capabilities(0);
	got.has_no_new_privs = set_no_new_privs();
	if (!got.has_no_new_privs)
		return fail(e, RC_DENIED, "sandbox: no_new_privs is not to be had");
	got.has_landlock = set_landlock(rules, NULL, &got.landlock_abi);
	got.has_seccomp = set_seccomp(seccomp);
	*ret = got;
	return RC_OK;
}

enum rc sandbox_enter_gateway(const char *user, struct sandbox_layers *ret, struct err *e)
{
	return enter_as_nobody(user, allow_nothing, seccomp_enter_gateway, ret, e);
}

enum rc sandbox_enter_courier(const char *user, struct sandbox_layers *ret, struct err *e)
{
	return enter_as_nobody(user, allow_names, seccomp_enter_courier, ret, e);
}

enum rc sandbox_enter_media(
	const char *user, uint64_t memory_max, struct sandbox_layers *ret, struct err *e)
{
	struct err why;

	if (limit_memory(memory_max, &why) != RC_OK)
		tell_missing("memory", why.msg);
	return enter_as_nobody(user, allow_nothing, seccomp_enter_media, ret, e);
}

bool sandbox_seal_worker(bool has_seccomp)
{
	/* The role has a few, all of them low. */
	for (int fd = 0; fd < WORKER_FDS; fd++) {
		if (fd != STDERR_FILENO)
			(void)close(fd); /* most are not open */
	}
	return !has_seccomp || seccomp_enter_worker(NULL) == RC_OK;
}

enum rc sandbox_enter_server(
	const char *data_dir, const char *key_dir, struct sandbox_layers *ret, struct err *e)
{
	const char *const writable[2] = {data_dir, key_dir};
	struct sandbox_layers got = {0};

	got.has_user = geteuid() != 0;
	got.has_no_dump = set_no_dump();
	/* Started as root, the data folder may still belong to somebody else. */
	got.has_no_capabilities = set_capabilities(1u << CAP_DAC_OVERRIDE);
	got.has_no_new_privs = set_no_new_privs();
	if (!got.has_no_new_privs)
		return fail(e, RC_DENIED, "sandbox: no_new_privs is not to be had");
	got.has_landlock = set_landlock(allow_writing, writable, &got.landlock_abi);
	got.has_seccomp = set_seccomp(seccomp_enter_server);
	*ret = got;
	return RC_OK;
}

void sandbox_probe(struct sandbox_layers *ret)
{
	*ret = (struct sandbox_layers){
		.has_user = true,
		.has_no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0,
		.has_seccomp = seccomp_is_available(),
		.has_no_dump = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) >= 0,
		.has_no_capabilities = true,
		.landlock_abi = landlock_abi(),
	};
	ret->has_landlock = ret->landlock_abi > 0;
}

void sandbox_to_text(const struct sandbox_layers *layers, char ret_text[SANDBOX_TEXT])
{
	static const char *const words[] = {"no", "yes"};

	(void)snprintf(ret_text, SANDBOX_TEXT,
		"user=%s no_new_privs=%s no_capabilities=%s no_dump=%s seccomp=%s landlock=%s "
		"landlock_abi=%d",
		words[layers->has_user], words[layers->has_no_new_privs],
		words[layers->has_no_capabilities], words[layers->has_no_dump],
		words[layers->has_seccomp], words[layers->has_landlock], layers->landlock_abi);
}
