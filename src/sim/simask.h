/* What a simulated watch asks for, and what it does with the answers: weather, addresses, friends,
 * its own settings, the clock; and calls that it tells of. Part of one watch, see simwatch.h. */
#pragma once

#include "sim/downlink.h"
#include "sim/simwatch.h"

/* The questions of this family after its first login. */
void simask_login(struct simwatch *w);
/* weather, forecast, address, place, friend, friends, unfriend, book, sos, alarms, timetable,
 * voice, pictures, time, zone, bound, unbind. False when it is none of these. */
bool simask_ask(struct simwatch *w, struct view what);
/* A call that is over. */
void simask_tell_call(struct simwatch *w, bool is_outgoing, struct view number, uint32_t seconds,
	struct view name);
/* True when d is an answer to one of them: it was read. */
bool simask_receive(struct simwatch *w, const struct downlink *d);
