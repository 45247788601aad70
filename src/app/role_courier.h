/* The courier's process: what goes out to the internet. Reads its settings, certificates and the
 * mail server's password, enters its sandbox, then serves its link until the supervisor says stop.
 */
#pragma once

#include "app/role.h"

/* Returns the exit code. */
int role_courier_main(const struct role *role);
