/* Known models as simulated watches: manners, what CONFIG says, what they do not have. A table;
 * used by the files of this room. Pure. */
#pragma once

#include "sim/uplink.h"

struct sim_model {
	const char *name;
	const char *manners; /* words of manners.h */
	const char *config;  /* after "CONFIG,"; NULL: it says none. %s is its IMEI */
	const char *lacks;   /* keywords that it does not know, with blanks between */
	const char *probes;  /* what it says before the first heartbeat, with blanks between */
};

/* NULL when there is none. */
const struct sim_model *simmodel_find(struct view name);
/* model may be NULL: then it lacks nothing. */
bool simmodel_lacks(const struct sim_model *model, struct view keyword);
/* CONFIG,…; nothing when this model says none. */
void simmodel_add_config(const struct sim_model *model, const char *imei, struct wire *t);
/* The next probe of *rest; false behind the last. */
bool simmodel_next_probe(struct view *rest, struct view *ret);
