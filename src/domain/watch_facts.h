/* What a watch tells about itself and what follows from it: CONFIG (what it can do), its SIM, that
 * its wearer unbound it, and its questions for settings that the server keeps. Only from a session
 * that is not in doubt. Main loop; written by jobs, and only when something is new. */
#pragma once

#include "domain/domain.h"
#include "watch/report.h"

/* True when the report was of that kind. */
bool watch_facts_on_report(struct domain *d, const struct uid *wearer, uint32_t number,
	uint64_t session, const struct report *r);
