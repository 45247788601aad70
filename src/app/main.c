/* The command line: finds the subcommand in a table and runs it. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "app/admin.h"
#include "app/audit_cli.h"
#include "app/backup.h"
#include "app/backup_job.h"
#include "app/commands_cli.h"
#include "app/decode.h"
#include "app/doctor.h"
#include "app/radio_cli.h"
#include "app/role.h"
#include "app/role_courier.h"
#include "app/role_gateway.h"
#include "app/role_media.h"
#include "app/role_server.h"
#include "app/rotate.h"
#include "app/settings.h"
#include "app/spawn.h"
#include "app/supervisor.h"
#include "base/num.h"
#include "http/server.h"
#include "sim/sim.h"

enum { EXIT_USAGE = 2 };

typedef int subcommand_fn(int argc, char **argv);

struct subcommand {
	const char *name;
	const char *help; /* NULL: not shown */
	subcommand_fn *run;
};

static int run_help(int argc, char **argv);

static int run_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)puts("kinward " KINWARD_VERSION);
	return 0;
}

/* Defaults, then --config and --set. False: the reason was told. */
static bool read_settings(int argc, char **argv, struct settings *ret)
{
	struct err e;

	settings_init(ret);
	if (settings_read_args(ret, argc - 1, argv + 1, &e) == RC_OK)
		return true;
	(void)fprintf(stderr, "kinward %s: %s\n", argv[0], e.msg);
	return false;
}

static int run_serve(int argc, char **argv)
{
	struct settings settings;

	if (!read_settings(argc, argv, &settings))
		return EXIT_USAGE;
	log_start(settings.log_level, "supervisor");
	return supervisor_main(&settings);
}

static int run_settings(int argc, char **argv)
{
	struct settings settings;
	struct err e;

	if (!read_settings(argc, argv, &settings))
		return EXIT_USAGE;
	if (settings_print_table(&settings, stdout, &e) == RC_OK)
		return 0;
	(void)fprintf(stderr, "kinward settings: %s\n", e.msg);
	return 1;
}

static int run_doctor(int argc, char **argv)
{
	struct settings settings;

	return read_settings(argc, argv, &settings) ? doctor_main(&settings) : EXIT_USAGE;
}

/* ---- roles: started by the supervisor alone ---- */

static bool read_count(const char *text, uint32_t max, unsigned *ret)
{
	uint32_t n = 0;

	if (num_u32(view_of(text), max, &n, NULL) != RC_OK)
		return false;
	*ret = n;
	return true;
}

/* role NAME --index N --links N */
static bool read_role(int argc, char **argv, struct role *ret)
{
	if (argc != 6 || strcmp(argv[2], "--index") != 0 || strcmp(argv[4], "--links") != 0 ||
		!read_count(argv[3], ROLE_LINKS_MAX - 1, &ret->index) ||
		!read_count(argv[5], ROLE_LINKS_MAX, &ret->links_n))
		return false;
	bool is_alone = strcmp(argv[1], "courier") == 0 || strcmp(argv[1], "media") == 0;
	if ((ret->links_n == 0) != is_alone)
		return false;
	ret->control_fd = SPAWN_FD_CONTROL;
	ret->listen_fd = is_alone ? -1 : SPAWN_FD_LISTEN;
	ret->courier_fd = is_alone ? SPAWN_FD_LISTEN : SPAWN_FD_LINKS + (int)ret->links_n;
	ret->media_fd = is_alone ? SPAWN_FD_LISTEN : ret->courier_fd + 1;
	bool is_secure =
		strcmp(argv[1], "gateway") == 0 && ret->settings->watch_tls_listen[0] != '\0';
	ret->tls_fd = is_secure ? SPAWN_FD_TLS : -1;
	for (unsigned i = 0; i < ret->links_n; i++)
		ret->link_fds[i] = SPAWN_FD_LINKS + (int)i;
	return true;
}

static int run_role(int argc, char **argv)
{
	struct settings settings;
	struct role role = {.settings = &settings};
	struct err e;

	settings_init(&settings);
	if (settings_read_fd(&settings, SPAWN_FD_SETTINGS, &e) != RC_OK ||
		!read_role(argc, argv, &role)) {
		(void)fputs("kinward role: only `kinward serve` starts roles\n", stderr);
		return EXIT_USAGE;
	}
	/* A terminal's ^C reaches every process; only the supervisor acts on it. */
	if (signal(SIGINT, SIG_IGN) == SIG_ERR || signal(SIGTERM, SIG_IGN) == SIG_ERR ||
		signal(SIGHUP, SIG_IGN) == SIG_ERR || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	static const struct {
		const char *name, *process;
		int (*run)(const struct role *role);
	} roles[] = {
		{"server", "kinward-server", role_server_main},
		{"gateway", "kinward-gateway", role_gateway_main},
		{"courier", "kinward-courier", role_courier_main},
		{"media", "kinward-media", role_media_main},
	};
	for (size_t i = 0; i < COUNT_OF(roles); i++) {
		if (strcmp(argv[1], roles[i].name) != 0)
			continue;
		(void)prctl(PR_SET_NAME, roles[i].process, 0, 0, 0);
		log_start(settings.log_level, roles[i].name);
		return roles[i].run(&role);
	}
	return EXIT_USAGE;
}

static int run_setup_link(int argc, char **argv)
{
	struct settings settings;

	return read_settings(argc, argv, &settings) ? setup_link_main(&settings) : EXIT_USAGE;
}

/* For the test that compares them with the API's description. */
static int run_routes(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return http_routes_main();
}

/* clang-format off */
static const struct subcommand subcommands[] = {
	{"serve", "run the service: --config FILE, --set NAME=VALUE", run_serve},
	{"setup-link", "make a new one-time link for the first account", run_setup_link},
	{"decode", "show what a watch says, one JSON object a frame", decode_main},
	{"commands", "show what a watch can be told", commands_main},
	{"sim", "run simulated watches", sim_main},
	{"backup", "write an encrypted backup while the service runs, or verify one", backup_main},
	{"restore", "make a data folder from a backup", restore_main},
	{"audit", "look whether the audit log is whole (verify), or print it (export)", audit_main},
	{"rotate", "change exposed secrets after an incident, with the service stopped", rotate_main},
	{"doctor", "say what this system gives and what is in the way", run_doctor},
	{"user", "list accounts, ban and let in, end sessions, make operators", admin_main},
	{"device", "list watches that nobody owns", admin_main},
	{"partner", "list, stop, start and delete other companies' servers", admin_main},
	{"radio", "import public tables of cells and access points, show or empty them", radio_main},
	{"settings", "print all settings with their limits and defaults", run_settings},
	{"version", "print the version", run_version},
	{"help", "print this", run_help},
	{"backup-job", NULL, backup_job_main},
	{"routes", NULL, run_routes},
	{"role", NULL, run_role},
};
/* clang-format on */

static void print_help(FILE *out)
{
	(void)fputs("usage: kinward COMMAND …\n\n", out);
	for (size_t i = 0; i < COUNT_OF(subcommands); i++) {
		if (subcommands[i].help != NULL)
			(void)fprintf(
				out, "  %-12s %s\n", subcommands[i].name, subcommands[i].help);
	}
}

static int run_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	print_help(stdout);
	return 0;
}

/* Every process of this program may hold keys or what they open: none leaves a core, and only root
 * may look into one. Nothing else depends on it, so that a system without goes on. */
static void forbid_core(void)
{
	const struct rlimit none = {0};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		(void)fputs("kinward: cores cannot be forbidden here\n", stderr);
}

int main(int argc, char **argv)
{
	forbid_core();
	/* Started by /proc/self/exe it would be called "exe" in lists of processes. */
	(void)prctl(PR_SET_NAME, "kinward", 0, 0, 0);
	for (size_t i = 0; argc > 1 && i < COUNT_OF(subcommands); i++) {
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return subcommands[i].run(argc - 1, argv + 1);
	}
	print_help(stderr);
	return EXIT_USAGE;
}
