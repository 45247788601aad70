/* The seccomp filters of the roles; used by sandbox.c alone. sandbox_seccomp.c has them,
 * sandbox_off.c stands in for it in builds with sanitizers or coverage. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* Everything that is not on a short list kills the process. */
MUST_CHECK enum rc seccomp_enter_gateway(struct err *e);
/* Everything on a list of calls that the server never needs kills the process. */
MUST_CHECK enum rc seccomp_enter_server(struct err *e);
/* As for a gateway, and what is needed to look names up, connect out, and have threads. */
MUST_CHECK enum rc seccomp_enter_courier(struct err *e);
/* True when this build and this kernel can do it. */
bool seccomp_is_available(void);
