/* The sockets that the supervisor opens before anything else, and keeps open for as long as it
 * lives. */
#pragma once

#include <stdint.h>

#include "base/err.h"

enum { SOCKETS_ADDRESS_TEXT = 300 };

/* n listening sockets on "host:port", non-blocking, close-on-exec; with SO_REUSEPORT when n > 1, so
 * that the kernel spreads connections over them. Port 0 takes a free one; the address with the real
 * port is written to ret_address. RC_CONFLICT when somebody listens there already. */
MUST_CHECK enum rc sockets_listen(const char *address, unsigned n, int *ret_fds,
	char ret_address[SOCKETS_ADDRESS_TEXT], struct err *e);

/* Bounds what the kernel holds for one watch that is not read, or does not read. For a listening
 * socket: its connections inherit it. */
MUST_CHECK enum rc sockets_bound_buffers(int fd, struct err *e);

/* Two ends of a SEQPACKET pair with buffers for several packets; close-on-exec. */
MUST_CHECK enum rc sockets_pair(int ret_fds[2], struct err *e);

/* True when nobody listens on the address; for `kinward doctor`. */
MUST_CHECK enum rc sockets_check_free(const char *address, struct err *e);
