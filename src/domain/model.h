/* Known models of watches and their manners: data from share/models.json, made into a table at
 * build time. Pure. */
#pragma once

#include "base/view.h"

struct model {
	const char *id, *name;
	/* each NULL at the end */
	const char *const *vendors;  /* codes of frames */
	const char *const *versions; /* how a version begins */
	const char *const *types;    /* how CONFIG TY begins */
	const char *const *has;      /* capabilities */
	const char *const *lacks;
	const char *const *notes; /* words that the app explains */
	bool has_fall_switch;     /* FON in place of FALLDOWN */
};
extern const struct model models[];
extern const size_t models_n;

/* The first model that fits; version and type before the vendor code, which families share. NULL:
 * none. Views may be empty. */
const struct model *model_find(struct view vendor, struct view version, struct view type);
bool model_has_word(const char *const *words, const char *word);
