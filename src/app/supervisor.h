/* `kinward serve`: opens sockets and links, starts every role as a process of its own, starts dead
 * ones again, and stops all in order. Reads nothing from the network and holds no data. */
#pragma once

#include "app/settings.h"

/* Returns the exit code: 0 after a clean stop. Blocks until then. */
int supervisor_main(const struct settings *settings);
