/* The server's process: database, domain, API. Opens everything, enters its sandbox, then serves
 * the links of the gateways in the main loop until the supervisor says stop. */
#pragma once

#include "app/role.h"

/* Returns the exit code. */
int role_server_main(const struct role *role);

/* `kinward setup-link`: makes a fresh one-time link for the first account, through the data folder
 * (the server may be running). Returns the exit code. */
int setup_link_main(const struct settings *settings);
