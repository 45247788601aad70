/* The service that the operator may have named (radio_url), asked by the courier when the house
 * does not know enough: what it may be asked, what it was asked lately, how often. Main loop;
 * inside of domain/ only. */
#pragma once

#include "domain/locate_store.h"
#include "link/message.h"
#include "locate/solve.h"

struct locate_service;

enum {
	LOCATE_ANSWERS =
		1024, /* answers that are remembered; a newer one takes an old one's place */
	LOCATE_ANSWER_LIFE_S = 24 * 3600,
	LOCATE_NO_ANSWER_LIFE_S = 3600, /* that it knows nothing */
	LOCATE_ASK_LIFE_MS = 30 * 1000, /* then the report goes on without it */
};

MUST_CHECK enum rc locate_service_new(
	struct domain *d, struct locate_service **ret_owned, struct err *e);
void locate_service_free(struct locate_service *s);

/* Whether the question may be asked at all: two access points whose owners do not mind, or a cell
 * when nothing else is known. */
bool locate_service_wants(
	const struct locate_service *s, const struct heard_list *heard, const struct solved *known);

enum asked {
	ASKED_NOT,   /* not now: no courier, or it has too much to do */
	ASKED_FULL,  /* not now: the hour is used up (radio_per_hour) */
	ASKED_KNOWN, /* asked before: *ret is the answer, SOLVED_NOT when there was none */
	ASKED_NOW,   /* the answer comes as LOCATE_TOLD with this id */
};
enum asked locate_service_ask(struct locate_service *s, const struct heard_list *heard,
	const struct uid *id, struct solved *ret);
/* Remembers the answer to what was heard, and gives it as a solution. */
void locate_service_told(struct locate_service *s, const struct heard_list *heard,
	const struct message_locate_told *told, struct solved *ret);
