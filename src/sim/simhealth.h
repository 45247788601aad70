/* The sensors of a simulated watch: pulse, blood pressure, oxygen and temperature, measured when
 * asked and as its schedules say, in the messages of its family. Part of one watch, see simwatch.h.
 */
#pragma once

#include "base/json_out.h"
#include "sim/simwatch.h"
#include "watch/command.h"

/* Commands that measure once, or change a schedule (then it is also to be kept). True: it was a
 * single measurement and nothing is to be kept. */
bool simhealth_act(struct simwatch *w, const struct command *c);
/* A list of set times was kept: when is the next? */
void simhealth_plan(struct simwatch *w);
/* PULSE,bpm at once. */
void simhealth_say_pulse(struct simwatch *w);
/* DUE_MEASURE: what was asked for is ready, or a schedule is due. */
void simhealth_measure(struct simwatch *w);
/* A measurement at the watch itself: heart, pressure, oxygen, temperature; value in the unit of the
 * report, or "" for what this person has. False when it is none of these. */
bool simhealth_tell(struct simwatch *w, struct view what, struct view value);
void simhealth_wipe(struct simwatch *w);
