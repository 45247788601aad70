/* The settings of a simulated watch that simmemory.h does not hold: whatever the table of commands
 * knows is read strictly, kept as it came, shown by the control socket and acknowledged as this
 * family does. Also what a factory reset leaves. Part of one watch, see simwatch.h. */
#pragma once

#include "base/json_out.h"
#include "sim/downlink.h"
#include "sim/simwatch.h"
#include "watch/command.h"

struct sim_settings;

/* True when the keyword is one of the table: it was done and answered, or refused as malformed. */
bool simsettings_receive(struct simwatch *w, const struct downlink *d);
/* {"alarm_clocks": {…}, …}: every setting that was ever accepted, with its values. */
void simsettings_describe(struct simwatch *w, struct json_out *j);
/* The values of a kind as the watch has them. False when it was never set. */
bool simsettings_have(struct simwatch *w, enum command_kind kind, struct command *ret);
/* As from the factory: nothing is left but the server's address. */
void simsettings_wipe(struct simwatch *w);
void simsettings_free(struct sim_settings *s);

/* Models that have less: `what` is lack (says nothing), refuse (says KEYWORD,0) or has (again). */
bool simsettings_limit(struct simwatch *w, struct view what, struct view keyword);
/* True when the watch does not take this keyword; it has answered as it does. */
bool simsettings_refuses(struct simwatch *w, const struct downlink *d);
