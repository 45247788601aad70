/* The server's half of sending: takes due rows (courier_store.h), gives them to the courier over
 * its link, writes down how each try ended. Main loop, except where told. One object a server role,
 * made by app/role_server.c. */
#pragma once

#include <stdatomic.h>

#include "crypto/sign.h"
#include "domain/courier_outbox.h"

struct courier_dispatch;

/* Where the webhooks of a partner go now. RC_NOT_FOUND: nowhere; what waits for it is dropped. */
typedef enum rc courier_url_fn(
	struct db *reader, const struct uid *partner, char *dst, size_t size, struct err *e);

struct courier_dispatch_config {
	struct domain *domain;
	struct db *reader;          /* of the main loop's thread */
	const struct sign_key *key; /* for webhooks */
	courier_url_fn *url;
	/* To the courier; false: its link is full or there is none. */
	bool (*send)(void *owner, const struct message *m);
	void *owner;
};

MUST_CHECK enum rc courier_dispatch_new(const struct courier_dispatch_config *config,
	struct courier_dispatch **ret_owned, struct err *e);
void courier_dispatch_free(struct courier_dispatch *c);
/* Before the writer stops: takes nothing more out of the queue. */
void courier_dispatch_stop(struct courier_dispatch *c);

/* A courier is there; with another epoch it is another process. */
void courier_dispatch_hello(struct courier_dispatch *c, const struct message_courier_hello *m);
void courier_dispatch_result(struct courier_dispatch *c, const struct message_result *m);

/* The public half of the key that webhooks are signed with. Any thread. */
struct courier_key {
	char x[48];  /* base64url */
	char id[24]; /* what "keyid" of a signature says */
};
void courier_read_key(const struct domain *d, struct courier_key *ret);

/* Any thread. */
struct courier_stats {
	uint64_t outcomes[COURIER_OUTCOME_COUNT];
	uint64_t dropped;
	int64_t waiting, dead;
	bool is_connected;
};
void courier_dispatch_read_stats(struct courier_dispatch *c, struct courier_stats *ret);
/* A question to a service (link/message.h); its answer comes as a message of its own, or never.
 * False: there is no courier now, or it is busy. c NULL: false. Main loop. */
bool courier_dispatch_ask(struct courier_dispatch *c, const struct message *m);
