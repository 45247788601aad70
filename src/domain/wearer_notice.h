/* The text on the watch that tells its wearer who can see where they are: after the claim, after
 * each new member, and every 7 days. For adults always; for children the operator may turn the
 * weekly one off where the law lets him (wearer_notice). A message of the server, by the outbox.
 * One timer; the index on the due time finds the watches, a few in each transaction. Main loop, but
 * for what is said otherwise. */
#pragma once

#include "domain/domain.h"

struct wearer_notices;

enum {
	NOTICE_DELAY_MS = 10 * 1000, /* after a new member: several become one text */
	NOTICE_EVERY_DAYS = 7,
	NOTICE_STEP = 16,        /* watches in one transaction */
	NOTICE_TEXT_CHARS = 100, /* watches show no more at once; the rest of the names is "…" */
	NOTICE_TEXT = NOTICE_TEXT_CHARS * 4 + 1,
};

MUST_CHECK enum rc wearer_notices_new(
	struct domain *d, struct wearer_notices **ret_owned, struct err *e);
void wearer_notices_free(struct wearer_notices *ns);
/* Looks soon, and from then on whenever one is due. Any thread. */
void wearer_notices_wake(struct domain *d);

/* In a writer job: all wearers of the group are told soon. */
MUST_CHECK enum rc wearer_notice_soon(
	struct db *db, const struct uid *group, int64_t now_ms, struct err *e);

/* "3 people can see where you are: Anna, Ben, …" in de, es or else en. Pure. */
void wearer_notice_text(struct view language, const char *const *names, size_t names_n, size_t n,
	char ret[NOTICE_TEXT]);
