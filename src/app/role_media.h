/* The media role's process: settings, nothing but its link, the sandbox, the loop
 * (media/media_role.h). Holds no key and no data; a worker of it sees one file. */
#pragma once

#include "app/role.h"

/* Returns the exit code. */
int role_media_main(const struct role *role);
