/* What the bench programs share: options, time, loopback sockets, frames of simulated watches and
 * percentiles. Single-threaded programs use it; bench/run starts them and reads their lines of
 * JSON. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* One "name=value" argument, 0..max. */
struct option {
	const char *name;
	uint32_t max;
	uint32_t *value;
};

/* Reads argv[1…] by the table. False, and a message on standard error, for anything else. */
MUST_CHECK bool options_read(int argc, char **argv, const struct option *options, size_t n);

int64_t mono_ns(void);

/* Raises the limit of descriptors to the hard limit and ends the process by SIGALRM after
 * `seconds`, so that no bench program outlives its run. */
void process_bound(unsigned seconds);

/* A TCP socket bound to 127.<net>.0.x, one source address for each 15,000 values
 * of i, with a port chosen at connect, no Nagle, and a reset instead of TIME_WAIT at close. -1:
 * errno. */
int socket_from(unsigned net, uint32_t i, bool is_nonblocking);
/* connect() to 127.0.0.1:port; 0, or -1 with errno (EINPROGRESS when non-blocking). */
int socket_connect(int fd, uint32_t port);

enum { FRAME_MAX = 256, LK_BYTES = 23 };

/* A frame whose ID, time and place are written anew for each send. */
struct stencil {
	char text[FRAME_MAX];
	size_t n;
	size_t time_at; /* "DDMMYY,HHMMSS"; 0: none */
	size_t lat_at;  /* the last four decimals */
};

/* "LK"; "UD" or "AL" with a position, four cells and the given status word. False when it is too
 * long. */
MUST_CHECK bool stencil_make(struct stencil *s, const char *keyword, const char *status);
/* Writes the ten digits of id, the device time and the last decimals of the place. */
void stencil_fill(struct stencil *s, uint64_t id, int64_t time_ms, uint32_t place);

/* The p-th part (0..1) of n values; sorts them. 0 when n is 0. */
uint32_t percentile(uint32_t *values, size_t n, double p);
