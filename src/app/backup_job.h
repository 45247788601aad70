/* One scheduled backup: a process that the supervisor starts with the settings at
 * SPAWN_FD_SETTINGS. `all` writes kinward-<time>.age and kinward-keys.age into backup_dir and
 * removes what is over backup_keep; `keys` writes only the keys, of which there is always one file
 * alone: a key that was destroyed is in none of them any more. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/settings.h"

/* Returns the exit code. */
int backup_job_main(int argc, char **argv);

/* Time of the newest backup of data in the folder; 0 when there is none. */
int64_t backup_newest_ms(const char *backup_dir);
