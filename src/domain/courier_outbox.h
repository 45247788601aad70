/* What leaves this server by itself: mails and webhooks. They are rows, written in the same commit
 * as their cause; the courier (a role of its own, which may connect out and reads no database)
 * gets them from domain/courier_dispatch.h and tries until the receiver has taken them, at most
 * COURIER_LIFE_MS; then they are dead letters that the operator sees. A crash loses nothing; what
 * may come twice comes with the same event id. Contents are sealed with the key of the person or
 * partner that they are about: erasing that key erases what waits here. */
#pragma once

#include "base/https_url.h"
#include "base/mail_address.h"
#include "domain/domain.h"

enum {
	WEBHOOK_BODY_MAX = 8192,
	MAIL_LINK_MAX = 400,
	COURIER_WAITING_MAX = 20000, /* all together */
	COURIER_WAITING_PER_DESTINATION_MAX = 2000,
	COURIER_DEAD_PER_DESTINATION_MAX = 500, /* more push out the oldest */
};
#define COURIER_LIFE_MS (INT64_C(3) * 24 * 3600 * 1000)
#define COURIER_DEAD_LIFE_MS (INT64_C(30) * 24 * 3600 * 1000)

enum mail_template {
	MAIL_EMAIL_CONFIRM,    /* link */
	MAIL_RECOVERY,         /* link, hours: how long the waiting time is */
	MAIL_RECOVERY_STARTED, /* time_ms: when it may be finished; link: the app, to stop it */
	MAIL_PASSKEY_SUSPECT,  /* a passkey seems to have been copied; link: the app */
	MAIL_SECURITY_CHANGED, /* what; link: the app */
	MAIL_TEST,             /* of the operator */
	MAIL_TEMPLATE_COUNT,
};

/* With MAIL_SECURITY_CHANGED: what was changed. */
enum mail_what {
	MAIL_WHAT_PASSWORD,
	MAIL_WHAT_EMAIL,
	MAIL_WHAT_PASSKEY_ADDED,
	MAIL_WHAT_PASSKEY_REMOVED,
	MAIL_WHAT_TOTP_ON,
	MAIL_WHAT_TOTP_OFF,
	MAIL_WHAT_RECOVERY_CODES,
	MAIL_WHAT_ACCOUNT_DELETED,
	MAIL_WHAT_COUNT,
};

struct mail {
	enum mail_template template;
	struct uid owner;     /* whose key seals it: the account; none: the system */
	struct view to;       /* is_mail_address */
	const char *language; /* "de…", "es…", else English */
	struct view link;     /* https:// or http:// address of the app, or empty */
	int64_t hours;
	int64_t time_ms;
	enum mail_what what;
	int64_t expires_ms; /* not sent after that; 0: COURIER_LIFE_MS from now */
};

/* In a writer job, then courier_knock after the commit. Ask courier_has_mail before: without a mail
 * server it would wait in vain. RC_LIMIT: too many wait; RC_SYNTAX: no address or link. Mails hold
 * no name, login, place or health: what has happened, and a link. */
MUST_CHECK enum rc courier_mail(struct db *db, const struct mail *m, int64_t now_ms, struct err *e);

struct webhook {
	struct uid partner; /* whose key seals it, and the destination */
	struct uid event;   /* a fresh one for each (event, partner), also in the body: the receiver
			       folds repeats by it */
	struct view body;   /* JSON, 1..WEBHOOK_BODY_MAX bytes */
};

/* In a writer job. When the queue of the partner or of all is full the event is dropped and
 * counted (struct courier_state), and this is RC_OK: a partner that does not listen never stops
 * what the event is about. RC_CONFLICT: this event was queued before. */
MUST_CHECK enum rc courier_webhook(
	struct db *db, const struct webhook *w, int64_t now_ms, struct err *e);

/* In a writer job: a partner or account goes or is stopped; nothing more is sent for it, and its
 * dead letters are gone. */
MUST_CHECK enum rc courier_forget(struct db *db, const struct uid *owner, struct err *e);

/* After the commit: there is something to send. Any thread. */
void courier_knock(struct domain *d);

/* The operator's test: queues m and returns when that is durable. */
MUST_CHECK enum rc courier_test_mail(struct domain *d, const struct principal *who,
	const struct mail *m, struct problem *p, struct err *e);

/* Is a mail server set up (smtp_url)? */
bool courier_has_mail(const struct domain *d);

/* ---- how it goes ---- */

/* One destination: a partner, or all mail (the none id). */
struct courier_state {
	int64_t waiting, dead, dropped, delivered;
	int64_t failures; /* in a row */
	int64_t rests_until_ms;
	enum courier_outcome last_outcome;
	unsigned last_code; /* of HTTP or SMTP */
	int64_t last_ms;    /* of the last try; 0: none */
};
MUST_CHECK enum rc courier_read_state(
	struct db *reader, const struct uid *destination, struct courier_state *ret, struct err *e);

struct dead_letter {
	struct uid id;
	struct uid partner; /* none: a mail */
	int64_t created_ms, ended_ms;
	int64_t tries;
	enum courier_outcome outcome;
	unsigned code;
};
typedef void dead_letter_fn(void *ctx, const struct dead_letter *l);
/* Newest first, at most 100; `before_ms` pages (0: from the newest). `partner` NULL: all. */
MUST_CHECK enum rc courier_each_dead(struct db *reader, const struct uid *partner,
	int64_t before_ms, dead_letter_fn *fn, void *ctx, struct err *e);
/* Puts a dead letter into the queue again, with COURIER_LIFE_MS from now. RC_NOT_FOUND: there is
 * none. Waits until it is durable. */
MUST_CHECK enum rc courier_retry(
	struct domain *d, const struct principal *who, const struct uid *id, struct err *e);
