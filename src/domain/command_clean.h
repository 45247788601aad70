/* Finished commands are deleted when they are older than `command_keep_days`: some at a time, found
 * by an index. Main loop. */
#pragma once

#include "domain/domain.h"

struct command_clean;

enum {
	CLEAN_STEP = 200, /* rows in one transaction */
	CLEAN_PAUSE_MS = 1000,
	CLEAN_EVERY_MS = 60 * 60 * 1000,
};

MUST_CHECK enum rc command_clean_new(
	struct domain *d, struct command_clean **ret_owned, struct err *e);
void command_clean_free(struct command_clean *c);
void command_clean_start(struct command_clean *c);
