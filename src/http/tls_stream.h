/* Event streams on connections that libmicrohttpd itself encrypts: their socket cannot be taken
 * over, so the stream writes to one end of a socket pair, and libmicrohttpd's reader sends on what
 * comes out of the other. The connection sleeps while there is nothing. Costs a connection of
 * libmicrohttpd and two descriptors more. */
#pragma once

#include <microhttpd.h>
#include <stdatomic.h>

#include "base/loop.h"

/* The response for `connection`, and in *ret_fd the end to write to (owned by the caller; closing
 * it ends the answer). *open counts such answers until they are freed. */
MUST_CHECK enum rc tls_stream_new(struct MHD_Connection *connection, struct loop *loop,
	_Atomic(unsigned) *open, struct MHD_Response **ret_owned, int *ret_fd, struct err *e);
