/* One frame that a server sent to a watch, as one JSON object. Used by decode.c only. */
#pragma once

#include "base/json_out.h"
#include "watch/frame.h"

/* Passwords and other secrets are not shown. */
void decode_json_command(struct json_out *j, const struct frame *f);
