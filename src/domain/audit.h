/* The audit log: append-only, each entry holds the BLAKE2b hash of the one before; checkpoints are
 * signed with Ed25519 every AUDIT_CHECKPOINT_ENTRIES entries and each hour; the newest stands in
 * the key folder as well, so that a cut end is found. Who, what, on whom, from where, by which
 * right, with which outcome. Details and addresses are sealed with the wearer's, else the group's,
 * else the actor's key: when that key is destroyed, the entry stays as a stub. */
#pragma once

#include "domain/domain.h"

struct audit;
struct sign_key;

enum {
	AUDIT_CHECKPOINT_ENTRIES = 1000,
	AUDIT_DETAIL_MAX = 300,
	AUDIT_FOLDS_MAX = 8192, /* refusals and looks that are remembered in an hour */
	/* Entries in an hour about refused people without an account, by network; more are counted
	   together. */
	AUDIT_STRANGERS_HOUR_MAX = 1000,
};

enum actor_kind { ACTOR_SERVER, ACTOR_ACCOUNT, ACTOR_PARTNER, ACTOR_OPERATOR_CLI, ACTOR_WATCH };
const char *actor_kind_name(enum actor_kind k); /* "server", "account" … */

/* One act as it goes into the log; a plain value. http fills it from the route's row and the
 * caller; the domain adds what it knows (subject, detail) before act_run. */
struct act {
	const char *action; /* static: "member.invite" (the route's audit word) */
	enum actor_kind actor_kind;
	struct uid actor;              /* account or partner; none for the server */
	struct uid group, wearer;      /* none when it has none */
	struct uid subject;            /* another account, device, command …; none */
	const char *right;             /* static right_name, or NULL */
	const char *outcome;           /* static: "done", "pending", or the problem's code */
	char address[ADDRESS_TEXT];    /* "" when none */
	char detail[AUDIT_DETAIL_MAX]; /* UTF-8 for people: old → new; never a secret */
	bool is_told;    /* members are told of it: a notice in the app and a live event */
	bool is_written; /* set by act_run: http writes no second entry */
};

/* In a writer job: appends. */
MUST_CHECK enum rc audit_append(
	struct db *db, const struct act *act, int64_t now_ms, struct err *e);

/* writer_run with the entry of who->act (outcome "done", or "pending" when that is set) in the same
 * commit: every change that a person or partner makes goes through here. When the entry cannot be
 * written, nothing is changed. who or who->act may be NULL (tests, the server itself). */
MUST_CHECK enum rc act_run(
	struct domain *d, const struct principal *who, writer_job_fn *fn, void *arg, struct err *e);
/* Sets the detail of who->act (NULL allowed), cut at a whole character. */
void act_detail(const struct principal *who, const char *fmt, ...) PRINTF(2, 3);
void act_subject(const struct principal *who, const struct uid *subject);
/* The members will be told of it. */
void act_told(const struct principal *who);

/* Not waited for: refusals, looks, what the server does by itself. Any thread. Refusals (an outcome
 * other than "done" and "pending") are folded: one entry at once for each (who or network, action,
 * outcome) and hour, and one with the count when the hour is over. */
void audit_post(struct domain *d, const struct act *act);
/* A look at position, history, media: one entry an hour for each (who, wearer, action). */
void audit_look(struct domain *d, const struct act *act);

/* ---- its life in the server role ---- */

/* Takes the key for checkpoints over. `key_dir` gets the newest checkpoint; kept. */
MUST_CHECK enum rc audit_new(
	const char *key_dir, struct sign_key *take_key, struct audit **ret_owned, struct err *e);
void audit_free(struct audit *a);
/* At start, when the writer runs: does the log hold what was signed last? If not (a restored
 * backup, or somebody set it back), an entry says so for ever. */
void audit_check_start(struct domain *d, struct db *reader);
/* Once a second, in the main loop: counts of the past hour, checkpoints, retention. */
void audit_tick(struct domain *d);
/* At the orderly end, before writer_stop: counts, and a last checkpoint. */
void audit_stop(struct domain *d);

struct audit_stats {
	uint64_t entries; /* appended by this process */
	uint64_t folded;  /* refusals and looks that became no entry of their own */
	uint64_t lost;    /* the writer's queue was full */
};
void audit_read_stats(struct audit *a, struct audit_stats *ret);
