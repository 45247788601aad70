/* Only one works on a data folder: the supervisor holds the lock as long as it lives, and commands
 * that must not run beside the service take it, too. It ends with the process that holds it. */
#pragma once

#include "base/err.h"

/* Makes the folder when there is none. RC_CONFLICT: somebody else has the lock. The descriptor is
 * the caller's. */
MUST_CHECK enum rc data_lock(const char *data_dir, int *ret_fd, struct err *e);
