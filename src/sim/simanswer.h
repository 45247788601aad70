/* How a simulated watch takes what the server sends: answers to its own reports, and commands, each
 * with the acknowledgement of its family. Part of one watch, see simwatch.h. */
#pragma once

#include "sim/downlink.h"
#include "sim/simwatch.h"

void simanswer_receive(struct simwatch *w, const struct downlink *d);
/* Says content, now or as late as this family is. */
void simanswer_say(struct simwatch *w, const char *content);
/* Says the keyword of d. */
void simanswer_acknowledge(struct simwatch *w, const struct downlink *d);
/* Sends the acknowledgements of a slow watch that are due. */
void simanswer_send_acks(struct simwatch *w);
