/* The control socket of a simulator (UNIX stream, one command a line, one answer a line) and its
 * small client, `kinward sim press`. */
#pragma once

#include "base/err.h"
#include "base/loop.h"
#include "sim/simwatch.h"

struct simctl;

/* Watches are found by id or IMEI. `watches` and `world` are borrowed until simctl_free. An old
 * socket file at `path` is replaced. */
MUST_CHECK enum rc simctl_new(const char *path, struct world *world, struct simwatch *watches,
	uint32_t watches_n, struct simctl **ret_owned, struct err *e);
void simctl_free(struct simctl *c);

/* Sends the words as one line and prints the answer. Returns an exit status. */
int simctl_press(const char *path, int argc, char **argv);
const char *simctl_help(void);
