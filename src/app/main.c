/* The command line: finds the subcommand in a table and runs it. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"

typedef int subcommand_fn(int argc, char **argv);

struct subcommand {
	const char *name;
	const char *help;
	subcommand_fn *run;
};

static int run_version(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	(void)puts("kinward " KINWARD_VERSION);
	return 0;
}

static const struct subcommand subcommands[] = {
	{"version", "print the version", run_version},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < COUNT_OF(subcommands); i++) {
		if (strcmp(argv[1], subcommands[i].name) == 0)
			return subcommands[i].run(argc - 1, argv + 1);
	}
	(void)fputs("usage: kinward COMMAND …\n\n", stderr);
	for (size_t i = 0; i < COUNT_OF(subcommands); i++)
		(void)fprintf(stderr, "  %-12s %s\n", subcommands[i].name, subcommands[i].help);
	return 2;
}
