/* How a simulated watch takes what the server sends: answers to its own reports, and commands, each
 * with the acknowledgement of its family. Part of one watch, see simwatch.h. */
#pragma once

#include "sim/downlink.h"
#include "sim/simwatch.h"

void simanswer_receive(struct simwatch *w, const struct downlink *d);
/* Sends the acknowledgements of a slow watch that are due. */
void simanswer_send_acks(struct simwatch *w);
