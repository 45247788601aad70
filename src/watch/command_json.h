/* The values of a command as members of a JSON object, named as in its definition: for kinward
 * decode and simulated watches. Times are HH:MM, days ISO numbers (Monday is 1), sounds and
 * pictures their size. */
#pragma once

#include "base/json_out.h"
#include "watch/command.h"

/* Into the open object. The command checks; passwords and other secrets are left out. */
void command_json_fields(struct json_out *j, const struct command *c);
