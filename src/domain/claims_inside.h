/* What claims.c (main loop) and claim.c (API) share. Inside of domain/ only. */
#pragma once

#include <pthread.h>

#include "base/list.h"
#include "domain/bind.h"
#include "domain/claims.h"

enum {
	CLAIM_CODE_DIGITS = 6,
	IMEI_DIGITS = 15,
	SHORT_ID_DIGITS = 10,
	SHORT_ID_AT = 4,
	/* Wrong codes for one watch in 24 hours, all claims together. A guess hits once in a
	 * million: that is a chance of 1 in 100,000 a day. */
	CLAIM_WRONG_PER_WATCH_DAY = 10,
};

/* What an IMEI and its ten digits have in common, by which the tries of a watch are counted. It is
 * kept sealed beside its look-up; when a claim has ended, only the look-up stays. */
void claim_wire_key(const char *watch, char ret[WIRE_ID_TEXT]);
#define CLAIM_LABEL_WATCH "claim.watch"
#define CLAIM_LABEL_KEY "claim.wire_key"
#define CLAIM_LABEL_NAME "claim.name"
#define CLAIM_LABEL_SIM "claim.sim_number"
/* For an UPDATE that ends a claim: nothing of the person stays in its row. */
#define CLAIM_FORGET "watch = NULL, wire_key = NULL, name = NULL, sim_number = NULL"

struct claim {
	struct list node;
	struct claims *claims;
	struct uid id, group;
	char watch[WIRE_ID_TEXT]; /* as entered: IMEI, or the id itself */
	char name[NAME_TEXT];
	char sim_number[SIM_NUMBER_TEXT];
	char language[LANGUAGE_TEXT];
	char zone[ZONE_TEXT];
	bool is_sos_proof;
	enum claim_state state;
	enum claim_hint hint;
	int64_t hint_ms, expires_ms, ended_ms;
	uint8_t tries, sends;             /* wrong codes, codes sent */
	int64_t watch_tries;              /* wrong codes for its watch, all claims together */
	char code[CLAIM_CODE_DIGITS + 1]; /* "" when none is out */
	int64_t code_expires_ms, sent_ms;
	bool is_code_answered, is_binding;
	uint64_t session; /* 0: the watch is not connected */
	char wire_id[WIRE_ID_TEXT];
	struct uid wearer;
};

struct claims {
	pthread_mutex_t lock; /* guards everything but tick */
	struct domain *domain;
	struct list all;
	struct timer tick; /* main loop */
	struct claims_stats stats;
};

/* All of these under claims_lock, but for claims_keep_ticking (main loop, without). */
void claims_lock(struct claims *cs);
void claims_unlock(struct claims *cs);
struct claim *claim_find(struct claims *cs, const struct uid *id);
void claim_free(struct claim *c);
void claims_adopt(struct claims *cs, struct claim *c);
bool claim_is_open(const struct claim *c);
bool claim_matches(const struct claim *c, struct view wire_id);
void claim_set_state(struct claim *c, enum claim_state state, enum claim_hint hint);
void claim_tell(const struct claim *c);
/* A fresh code (or a fresh time to press SOS); claim_show_code sends it and needs the main loop. */
void claim_new_code(struct claim *c, int64_t now_ms);
void claim_show_code(struct claim *c);
void claim_connected(struct claim *c, uint64_t session, struct view wire_id, int64_t now_ms);
void claim_fill_work(const struct claim *c, struct bind_work *w);
void claims_keep_ticking(void *claims);
