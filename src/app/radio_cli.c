#include "app/radio_cli.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/settings.h"
#include "domain/radio_import.h"

enum { USAGE = 2 };

static int usage(void)
{
	(void)fputs("usage: kinward radio import FILE…   cells as OpenCelliD and Mozilla export\n"
		    "                                    them, or access points (CSV, also .gz)\n"
		    "       kinward radio status         what the table holds\n"
		    "       kinward radio clear          empties it\n"
		    "with --config FILE and --set NAME=VALUE before the files\n",
		stderr);
	return USAGE;
}

static bool show_progress(void *ctx, const struct radio_import *i)
{
	(void)ctx;
	(void)fprintf(stderr, "%s: %lld of %lld bytes, %lld lines, %lld bad\n", i->name,
		(long long)i->bytes, (long long)i->bytes_total, (long long)i->lines,
		(long long)i->bad);
	return true;
}

static void print_import(void *ctx, const struct radio_import *i)
{
	(void)ctx;
	(void)printf("%s: %s, %lld lines: %lld cells, %lld access points, %lld skipped, %lld bad\n",
		i->name, radio_import_state_name(i->state), (long long)i->lines,
		(long long)i->cells, (long long)i->points, (long long)i->skipped,
		(long long)i->bad);
	for (size_t k = 0; k < i->shown; k++)
		(void)printf(
			"  line %lld: %s\n", (long long)i->first_bad[k].line, i->first_bad[k].why);
	if (i->message[0] != '\0')
		(void)printf("  %s\n", i->message);
}

/* Started as root: what is written belongs to whom the data folder belongs to, or the service could
 * not read it. */
static bool become_owner(const char *data_dir)
{
	struct stat st;

	return geteuid() != 0 ||
	       (stat(data_dir, &st) == 0 && setegid(st.st_gid) == 0 && seteuid(st.st_uid) == 0);
}

static bool become_self(void)
{
	return seteuid(getuid()) == 0 && setegid(getgid()) == 0;
}

static int import_file(const struct settings *s, const char *path)
{
	char copy[4096];
	struct radio_import i = {.id = 0};
	struct err e = {.msg = "the path is too long"};

	if (!view_to_text(view_of(path), copy, sizeof copy)) {
		(void)fprintf(stderr, "kinward radio: %s\n", e.msg);
		return 1;
	}
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		(void)fail_sys(&e, "cannot open %s", path);
		(void)fprintf(stderr, "kinward radio: %s\n", e.msg);
		return 1;
	}
	if (!become_owner(s->data_dir)) {
		(void)fprintf(
			stderr, "kinward radio: cannot act for the owner of %s\n", s->data_dir);
		(void)close(fd); /* it was only read */
		return 1;
	}
	enum rc rc = radio_import_run(s->data_dir, fd, basename(copy), show_progress, NULL, &i, &e);
	if (!become_self())
		return 1;
	if (i.id != 0)
		print_import(NULL, &i);
	if (rc != RC_OK)
		(void)fprintf(stderr, "kinward radio: %s: %s\n", path, e.msg);
	return rc == RC_OK ? 0 : 1;
}

static int import(const struct settings *s, int argc, char **argv)
{
	int result = 0;

	if (argc == 0)
		return usage();
	if (mkdir(s->data_dir, 0700) != 0 && errno != EEXIST) {
		(void)fprintf(stderr, "kinward radio: cannot make %s\n", s->data_dir);
		return 1;
	}
	for (int i = 0; i < argc && result == 0; i++)
		result = import_file(s, argv[i]);
	return result;
}

static int status(const struct settings *s)
{
	struct radio_counts counts;
	struct err e;

	if (radio_table_read(s->data_dir, &counts, print_import, NULL, &e) != RC_OK) {
		(void)fprintf(stderr, "kinward radio: %s\n", e.msg);
		return 1;
	}
	(void)printf("in the table: %lld cells, %lld access points\n", (long long)counts.cells,
		(long long)counts.points);
	return 0;
}

static int clear(const struct settings *s)
{
	struct err e;

	if (radio_table_clear(s->data_dir, &e) == RC_OK)
		return 0;
	(void)fprintf(stderr, "kinward radio: %s\n", e.msg);
	return 1;
}

/* --config and --set with their values to the front, the rest behind; returns how many are options.
 */
static int options_first(int argc, char **argv, char **ret)
{
	int options = 0;
	int rest = argc;

	for (int i = 0; i < argc; i++) {
		bool is_option = strcmp(argv[i], "--config") == 0 || strcmp(argv[i], "--set") == 0;
		for (int n = 0; is_option && n < 2 && i + n < argc; n++)
			ret[options++] = argv[i + n];
		i += is_option;
	}
	for (int i = argc - 1; i >= 0; i--) {
		bool is_value = i > 0 && (strcmp(argv[i - 1], "--config") == 0 ||
						 strcmp(argv[i - 1], "--set") == 0);
		if (!is_value && strcmp(argv[i], "--config") != 0 && strcmp(argv[i], "--set") != 0)
			ret[--rest] = argv[i];
	}
	return options;
}

static int run_verb(const struct settings *s, const char *verb, int rest_n, char **rest)
{
	if (strcmp(verb, "import") == 0)
		return import(s, rest_n, rest);
	if (strcmp(verb, "status") == 0 && rest_n == 0)
		return status(s);
	if (strcmp(verb, "clear") == 0 && rest_n == 0)
		return clear(s);
	return usage();
}

int radio_main(int argc, char **argv)
{
	struct settings *s = malloc(sizeof *s);
	char **args = calloc((size_t)argc, sizeof *args);
	struct err e;
	int result = USAGE;

	if (s == NULL || args == NULL || argc < 2) {
		result = usage();
	} else {
		settings_init(s);
		int options = options_first(argc - 2, argv + 2, args);
		if (settings_read_args(s, options, args, &e) == RC_OK)
			result = run_verb(s, argv[1], argc - 2 - options, args + options);
		else
			(void)fprintf(stderr, "kinward radio: %s\n", e.msg);
	}
	free(args);
	free(s);
	return result;
}
