/* What a watch said to a command, for the people who gave it: networks, version, status, as JSON.
 * What is secret or says who the watch is stays out. Pure. */
#pragma once

#include "domain/commands.h"
#include "watch/report.h"

enum { ANSWER_TEXT_MAX = COMMAND_ANSWER_TEXT - 1 };

/* {"networks":[{"id","ssid","bssid"}]} or {"text":"…"}; malloc'ed, the caller frees. NULL: nothing
 * to tell. */
char *answer_text_new(enum command_kind kind, const struct report *r);
