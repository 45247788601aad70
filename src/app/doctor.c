#include "app/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/courier_settings.h"
#include "app/sandbox.h"
#include "app/sockets.h"
#include "media/media_role.h"

enum verdict { GOOD, WEAK, BAD };

static void say(enum verdict verdict, const char *what, const char *words)
{
	static const char *const marks[] = {"ok  ", "weak", "BAD "};

	(void)printf("%s  %-16s %s\n", marks[verdict], what, words);
}

static void check_layer(const char *what, bool has_it, const char *why_not)
{
	say(has_it ? GOOD : WEAK, what, has_it ? "available" : why_not);
}

static void check_sandbox(const struct settings *s)
{
	struct sandbox_layers layers;
	struct err e;
	uid_t uid = 0;
	gid_t gid = 0;
	char words[ERR_MSG_MAX];

	sandbox_probe(&layers);
	check_layer("no_new_privs", layers.has_no_new_privs, "this kernel does not have it");
	check_layer("seccomp", layers.has_seccomp,
		"this kernel or this build does not have it: a gateway that is taken over could "
		"make system calls");
	check_layer("landlock", layers.has_landlock,
		"this kernel does not have it (5.13 or newer, security=landlock)");
	check_layer("no core dump", layers.has_no_dump, "refused by the system");
	if (geteuid() != 0) {
		say(GOOD, "user", "not started as root");
		return;
	}
	bool is_found = sandbox_find_user(s->user, &uid, &gid, &e) == RC_OK;
	(void)snprintf(words, sizeof words, "gateways run as uid %u", (unsigned)uid);
	say(is_found ? GOOD : WEAK, "user", is_found ? words : e.msg);
}

static bool check_port(const char *what, const char *address)
{
	struct err e;
	char words[ERR_MSG_MAX];
	bool is_free = sockets_check_free(address, &e) == RC_OK;

	(void)snprintf(words, sizeof words, "%.100s is free", address);
	say(is_free ? GOOD : BAD, what, is_free ? words : e.msg);
	return is_free;
}

static bool check_folder(const char *what, const char *path)
{
	struct stat st;
	char words[ERR_MSG_MAX];

	if (stat(path, &st) != 0 && errno == ENOENT) {
		(void)snprintf(words, sizeof words, "%.100s will be made at the first start", path);
		say(GOOD, what, words);
		return true;
	}
	if (!S_ISDIR(st.st_mode) || access(path, R_OK | W_OK | X_OK) != 0) {
		(void)snprintf(
			words, sizeof words, "%.100s is no folder that can be written", path);
		say(BAD, what, words);
		return false;
	}
	bool is_open = (st.st_mode & 077) != 0;
	(void)snprintf(words, sizeof words, "%.80s%s", path,
		is_open ? " can be read by others: chmod 700" : " belongs to this user alone");
	say(is_open ? WEAK : GOOD, what, words);
	return true;
}

static void check_descriptors(const struct settings *s)
{
	struct rlimit files = {0};
	char words[ERR_MSG_MAX];

	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return;
	bool is_enough = files.rlim_max > s->connections_max;
	(void)snprintf(words, sizeof words, "%llu a process%s", (unsigned long long)files.rlim_max,
		is_enough ? "" : ": gateways will take fewer connections than connections_max");
	say(is_enough ? GOOD : WEAK, "descriptors", words);
}

/* Whether mails and webhooks can leave, as far as the settings say. */
static bool check_courier(const struct settings *s)
{
	struct err e;
	char words[ERR_MSG_MAX];

	if (courier_settings_check(s, &e) != RC_OK) {
		say(BAD, "courier", e.msg);
		return false;
	}
	(void)snprintf(words, sizeof words, "mail by %.100s", s->smtp_url);
	bool has_mail = s->smtp_url[0] != '\0';
	say(has_mail ? GOOD : WEAK, "mail",
		has_mail ? words : "none (smtp_url): accounts are recovered by the operator alone");
	if (s->courier_allow[0] != '\0') {
		(void)snprintf(words, sizeof words, "may also go to %.100s", s->courier_allow);
		say(WEAK, "webhooks", words);
	}
	return true;
}

/* Whether the decoders are there and work, and under which limits. */
static void check_media(void)
{
	char words[ERR_MSG_MAX];

	(void)snprintf(words, sizeof words,
		"sounds and pictures can be decoded, each in %d MB and %d s of its own",
		WORKER_MEMORY_MAX / 1024 / 1024, WORKER_CPU_S);
	bool does_work = transcode_warm_up();
	say(does_work ? GOOD : WEAK, "media",
		does_work ? words : "the decoders do not work: voices and photos are refused");
}

int doctor_main(const struct settings *settings)
{
	struct utsname system;
	char words[ERR_MSG_MAX];
	char key_dir[SETTINGS_KEY_DIR_MAX];

	if (uname(&system) == 0) {
		(void)snprintf(words, sizeof words, "%.40s %.60s", system.sysname, system.release);
		say(GOOD, "system", words);
	}
	check_sandbox(settings);
	check_descriptors(settings);
	check_media();
	bool is_well = check_port("watch port", settings->watch_listen);
	is_well &= check_port("web port", settings->web_listen);
	is_well &= check_folder("data folder", settings->data_dir);
	is_well &= check_courier(settings);
	if (settings_key_dir(settings, key_dir, NULL) == RC_OK)
		is_well &= check_folder("key folder", key_dir);
	return is_well ? 0 : 1;
}
