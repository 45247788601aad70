/* What a simulated watch says of itself: start-up, heartbeats, positions, alarms. Part of one
 * watch, see simwatch.h. */
#pragma once

#include "base/err.h"
#include "base/json_out.h"
#include "sim/simwatch.h"
#include "sim/uplink.h"

/* The connection stands: start-up probes and the first heartbeat. */
void simtalk_login(struct simwatch *w);
void simtalk_heartbeat(struct simwatch *w);
/* The heartbeat was not answered in time. */
void simtalk_missed(struct simwatch *w);
/* Looks where the wearer is, reports when moving, sets the next look. */
void simtalk_move(struct simwatch *w);
/* A position because somebody asked. */
void simtalk_locate(struct simwatch *w);
/* Life of the last past_s seconds as stored positions: of a watch that was long without network. */
void simtalk_tell_past(struct simwatch *w, uint32_t past_s);
/* Sends the oldest alarm that is not answered. */
void simtalk_repeat_alarm(struct simwatch *w);
void simtalk_heartbeat_answered(struct simwatch *w);
void simtalk_alarm_answered(struct simwatch *w);
int simtalk_battery_percent(const struct simwatch *w);

/* keyword and a position record of now: WT, WG, PP … */
void simtalk_record(struct simwatch *w, const char *keyword, struct wire *t);

/* The wearer presses the button, falls …; bits of the status word. */
void simtalk_alarm(struct simwatch *w, uint32_t bits);
void simtalk_set_battery(struct simwatch *w, int percent);
/* Where and how the watch is, into the open object. */
void simtalk_describe(const struct simwatch *w, struct json_out *j);
