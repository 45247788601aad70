/* What a simulated watch remembers of its settings (phone book, numbers, switches, password), its
 * camera and its power key; and how it answers the commands about them. Part of one watch, see
 * simwatch.h. */
#pragma once

#include "base/json_out.h"
#include "sim/downlink.h"
#include "sim/simwatch.h"
#include "sim/uplink.h"

enum {
	SIM_BOOK_MAX = 30,
	SIM_NUMBER_TEXT = 22,
	SIM_NAME_TEXT = 48,
	SIM_SOS_MAX = 3,
	SIM_CALLS_MAX = 8,
	SIM_PASSWORD_TEXT = 10,
};

struct sim_contact {
	char number[SIM_NUMBER_TEXT];
	char name[SIM_NAME_TEXT];
};

struct sim_memory {
	struct sim_contact book[SIM_BOOK_MAX];
	char sos[SIM_SOS_MAX][SIM_NUMBER_TEXT];
	char center[SIM_NUMBER_TEXT], slave[SIM_NUMBER_TEXT];
	char password[SIM_PASSWORD_TEXT];
	char calls[SIM_CALLS_MAX][SIM_NUMBER_TEXT]; /* the last ones it dialled */
	unsigned calls_n, photos_n;
	bool refuses_strangers, sos_sms, battery_sms, removed_sms;
};

/* True when the keyword is one of these commands: it was done and answered. */
bool simmemory_receive(struct simwatch *w, const struct downlink *d);
/* The picture that was asked for is ready. */
void simmemory_send_photo(struct simwatch *w);
/* A picture that the wearer takes and sends. */
void simmemory_snap(struct simwatch *w);
/* What TS tells besides, with the manner "tellall". */
void simmemory_add_status(struct simwatch *w, struct wire *t);
void simmemory_describe(struct simwatch *w, struct json_out *j);
/* "center", "slave" or "password": somebody changed it by SMS. False when it is none of these. */
bool simmemory_tamper(struct simwatch *w, struct view what, struct view value);
