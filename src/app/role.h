/* What every role gets from the supervisor: settings, and inherited descriptors. Made by app/main.c
 * from the hidden command line `kinward role NAME --…`; a role is one process and its main returns
 * the exit code. */
#pragma once

#include <stdint.h>

#include "app/settings.h"

enum { ROLE_LINKS_MAX = 64 };

struct role {
	const struct settings *settings;
	unsigned index;   /* of this gateway; 0 for the server */
	int control_fd;   /* to the supervisor: app/control.h; end of file there means: stop */
	int tls_fd;       /* of a gateway: the same for watches with TLS; -1: none */
	int listen_fd;    /* bound and listening: watches for a gateway, web for the server;
			     non-blocking; none for the others */
	int courier_fd;   /* the link between server and courier; only these two have it */
	int media_fd;     /* the link between server and media; the same */
	unsigned links_n; /* 1 for a gateway; one a gateway for the server; 0 for the others */
	int link_fds[ROLE_LINKS_MAX];
};
