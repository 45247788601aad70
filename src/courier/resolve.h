/* Finds the addresses of a host, once for each delivery: what is found is judged and then called,
 * and nobody asks a second time. Blocks as long as the system's resolver does; for the courier's
 * worker threads. */
#pragma once

#include "base/address.h"

enum { RESOLVE_MAX = 16, HOSTS_FILE_MAX = 65536 };

struct addresses {
	size_t n; /* 0: the host has none */
	struct address items[RESOLVE_MAX];
};

/* An IP address is itself. A name is looked up in the open file hosts_fd (the form of /etc/hosts;
 * -1 for none), then by the system. More than RESOLVE_MAX addresses are cut. */
void resolve_host(struct view host, int hosts_fd, struct addresses *ret);

/* Of the process, before threads start: only files and DNS, short waits, no search domains. */
void resolve_set_up(void);

/* The addresses that a text in the form of /etc/hosts has for the name. Pure. */
void resolve_in_text(struct view text, struct view host, struct addresses *ret);
