#include "domain/model.h"

static bool begins(const char *const *words, struct view text)
{
	for (; *words != NULL; words++) {
		if (view_starts_nocase(text, view_of(*words)))
			return true;
	}
	return false;
}

static bool is_one(const char *const *words, struct view text)
{
	for (; *words != NULL; words++) {
		if (view_is_nocase(text, view_of(*words)))
			return true;
	}
	return false;
}

const struct model *model_find(struct view vendor, struct view version, struct view type)
{
	for (size_t i = 0; i < models_n; i++) {
		if (begins(models[i].versions, version) || begins(models[i].types, type))
			return &models[i];
	}
	for (size_t i = 0; i < models_n; i++) {
		if (is_one(models[i].vendors, vendor))
			return &models[i];
	}
	return NULL;
}

bool model_has_word(const char *const *words, const char *word)
{
	return is_one(words, view_of(word));
}
