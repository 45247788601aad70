/* Voice of a simulated watch: sounds that the wearer speaks (real AMR frames), sent as one TK or as
 * JXTK parts; sounds from the server, read strictly and played. Part of one watch, see simwatch.h.
 */
#pragma once

#include "base/json_out.h"
#include "sim/downlink.h"
#include "sim/simwatch.h"
#include "watch/command.h"

enum voice_way { VOICE_WHOLE, VOICE_PARTS, VOICE_BROKEN };

/* The wearer speaks for so long. False: not connected, or too long. */
bool simvoice_speak(struct simwatch *w, uint32_t seconds, enum voice_way way);
/* A sound of the server: played and confirmed, or refused. */
void simvoice_receive(struct simwatch *w, const struct command *c);
/* TK,1 and TK,0 about a sound of the wearer; JXTKR,1. */
void simvoice_answered(struct simwatch *w, const struct downlink *d);
void simvoice_part_answered(struct simwatch *w);
/* Asks for stored sounds. */
void simvoice_ask(struct simwatch *w);
void simvoice_describe(const struct simwatch *w, struct json_out *j);
void simvoice_forget(struct simwatch *w);
