/* What this watch can do, and how that is known: what a member said goes before what the watch
 * showed by its answers, that before its CONFIG, that before the known models. An acknowledgement
 * proves receipt only, so it does not outweigh a model that is known not to do it. Names are those
 * of settings and of acts, and some more (voice, text …). */
#pragma once

#include "domain/command_row.h"
#include "domain/model.h"
#include "domain/wearer.h"

enum capability_has { CAPABILITY_UNKNOWN, CAPABILITY_YES, CAPABILITY_NO };
/* The numbers stand in the database. */
enum capability_source {
	CAPABILITY_FROM_NOTHING,
	CAPABILITY_FROM_CONFIG,
	CAPABILITY_FROM_MODEL,
	CAPABILITY_FROM_ANSWERS,
	CAPABILITY_FROM_MEMBER,
};
const char *capability_has_name(enum capability_has has);          /* "yes" … */
const char *capability_source_name(enum capability_source source); /* "config" …; NULL: none */

enum { CAPABILITIES_MAX = 80, CAPABILITY_NAME_TEXT = 33, CAPABILITY_MISSES_MAX = 2 };

struct capability {
	const char *name; /* static */
	enum capability_has has;
	enum capability_source from;
	const char *missing; /* static word with NO; else NULL */
};

struct capabilities {
	unsigned n;
	struct capability items[CAPABILITIES_MAX];
	const struct model *model; /* NULL: none that is known */
	char vendor[8], version[MODEL_TEXT], type[MODEL_TEXT];
	int64_t iccid_changed_ms; /* another SIM; 0: never */
};

/* RC_CONFLICT no_device. */
MUST_CHECK enum rc capabilities_read(struct db *reader, const struct uid *wearer,
	struct capabilities *ret, struct problem *p, struct err *e);
/* Why the watch has it not; NULL: it has, or nobody knows. */
const char *capability_missing(const struct capabilities *able, const char *name);
bool capability_is_name(struct view name);

/* A member knows better; UNKNOWN: as it is learned again. Codes: no_device (RC_CONFLICT). */
MUST_CHECK enum rc capability_set(struct domain *d, const struct principal *who,
	const struct uid *wearer, struct view name, enum capability_has has, struct problem *p,
	struct err *e);

/* In a writer job: how a command ended that the watch got. */
enum capability_lesson { LESSON_ANSWERED, LESSON_REFUSED, LESSON_SILENT };
MUST_CHECK enum rc capability_learn(struct db *db, const struct uid *wearer, enum command_kind kind,
	enum capability_lesson lesson, int64_t now_ms, struct err *e);
