/* The seccomp filters of the roles, and the limit on memory; used by sandbox.c alone.
 * sandbox_seccomp.c has them, sandbox_off.c stands in for it in builds with sanitizers or coverage.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* Everything that is not on a short list kills the process. */
MUST_CHECK enum rc seccomp_enter_gateway(struct err *e);
/* Everything on a list of calls that the server never needs kills the process. */
MUST_CHECK enum rc seccomp_enter_server(struct err *e);
/* As for a gateway, and what is needed to look names up, connect out, and have threads. */
MUST_CHECK enum rc seccomp_enter_courier(struct err *e);
/* For the media role: its link, memory, and workers: processes like itself, which it may wait for
 * and kill. No program can be executed, no file opened, no socket made. */
MUST_CHECK enum rc seccomp_enter_media(struct err *e);
/* For a worker of it, on top of that: memory and its own end, nothing else. */
MUST_CHECK enum rc seccomp_enter_worker(struct err *e);
/* This process, and those that it starts, get no more data memory than that, each. */
MUST_CHECK enum rc limit_memory(uint64_t bytes, struct err *e);
/* True when this build and this kernel can do it. */
bool seccomp_is_available(void);
