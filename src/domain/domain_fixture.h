/* For the tests of this room: a whole domain on a real database in its own folder, a clock that the
 * test moves, and gateways that only write down what they are told. */
#pragma once

#include "domain/bind.h"
#include "domain/bus.h"
#include "domain/claims.h"
#include "domain/days.h"
#include "domain/ingest.h"
#include "domain/live_table.h"
#include "domain/locate.h"
#include "domain/media.h"
#include "domain/media_parts.h"
#include "domain/metrics.h"
#include "domain/outbox.h"
#include "domain/quarantine.h"
#include "domain/reapply.h"
#include "domain/settings.h"
#include "domain/tracking.h"
#include "domain/voice_in.h"
#include "domain/voice_out.h"
#include "domain/watch_guard.h"
#include "domain/wearer.h"
#include "domain/zone_clock.h"
#include "media/transcode.h"
#include "watch/report_pack.h"

enum { TOLD_MAX = 4096 };

struct told {
	enum { TOLD_ANSWER, TOLD_STANDING, TOLD_COMMAND, TOLD_CLOSE } what;
	uint64_t session;
	enum standing standing;
	enum reply_kind reply;
	int64_t number;
	struct uid id;
	struct command command;
};

struct fixture {
	char folder[64], path[96];
	struct domain d;
	struct db *reader;
	struct principal maria, eve; /* of two groups */
	unsigned told_n;
	struct told told[TOLD_MAX];
	bool is_link_full;
	const char *vendor; /* of the frames; "3G" at first */
	/* The media role, within the test: converts for real, answers in fixture_settle. */
	enum media_outcome media_ends; /* MEDIA_DONE: as it comes; else every job ends so */
	bool is_media_away;            /* takes jobs, and does not answer */
	unsigned media_restarts;       /* asked for */
	struct media_work {
		struct message_media_part job; /* its last part */
		size_t n;
		uint8_t bytes[MEDIA_INPUT_MAX];
		struct transcoded made;
	} media;
};

int fixture_set_up(void **state);
int fixture_tear_down(void **state);
/* Everything in memory is made anew from the database, as after a crash. */
void fixture_restart(struct fixture *f);

/* fn(arg) in a thread of its own, as a request that waits, while the main loop runs. */
void fixture_request(struct fixture *f, void (*fn)(void *arg), void *arg);
/* Runs the main loop until nothing is under way. */
void fixture_settle(struct fixture *f);
/* Moves the clock, and fires the timers that are due by then. */
void fixture_pass(struct fixture *f, int64_t ms);
int64_t fixture_now(void);

/* A bound watch with this wire id in Maria's group, without the first commands. */
struct uid fixture_bind(struct fixture *f, const char *wire_id);
/* A media role says hello, as a new process does. */
void fixture_media_hello(struct fixture *f, uint64_t epoch);
void fixture_open(struct fixture *f, uint64_t session, const char *wire_id);
/* … by a connection that proved to have this key. */
void fixture_open_with(struct fixture *f, uint64_t session, const char *wire_id, struct view key);
/* One frame of a watch, as a gateway would forward it; ends the turn. */
void fixture_say(struct fixture *f, uint64_t session, const char *wire_id, const char *content);
/* "UD,…" with a place, at the clock's time. `status` 8 hex digits. */
void fixture_say_place(struct fixture *f, uint64_t session, const char *wire_id,
	const char *keyword, double lat, double lon, const char *status);

/* How many of the entries since the last fixture_forget are of this kind and session. */
unsigned fixture_count(const struct fixture *f, int what, uint64_t session);
/* The last such entry; NULL when there is none. */
const struct told *fixture_last(const struct fixture *f, int what, uint64_t session);
void fixture_forget(struct fixture *f);
int64_t fixture_query(struct fixture *f, const char *sql);
