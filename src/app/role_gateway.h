/* The gateway's process: enters its sandbox, then runs gateway/gateway.h on the listening socket
 * and the link that it inherited, until the supervisor says stop. */
#pragma once

#include "app/role.h"

/* Returns the exit code. */
int role_gateway_main(const struct role *role);
