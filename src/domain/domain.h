/* What every part of the domain hangs from: one per server role, made by app/role_server.c, read by
 * http. The members are set before threads start and do not change. Functions of this room that
 * change something take it and wait until the change is durable (so call them from a pool or
 * request thread, never from the main loop); functions that only read take a reader connection of
 * the calling thread. Ids, times (UTC ms) and coordinates (degrees × 10⁷) are plain values; texts
 * are UTF-8, NUL-terminated. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "domain/backup_state.h"
#include "domain/problem.h"
#include "domain/rights.h"
#include "history/history.h"
#include "link/message.h"
#include "store/writer.h"

struct live;
struct partner_meter;
struct bus;
struct pool;
struct web_sessions;
struct outbox;
struct claims;
struct ingest;
struct locate;
struct radio_job;
struct quarantine;
struct passkeys;
struct sign_in_limits;
struct media_parts;
struct voices_in;
struct voices_out;
struct watch_guard;
struct zone_clock;
struct tracking;
struct reapply;
struct command_clean;
struct approvals;
struct wearer_notices;
struct days;
struct weather;
struct friends;
struct health_sweep;
struct gateway_metrics;
struct media;
struct courier_dispatch;
struct keyring;
struct audit;
struct bans;
struct roles;
struct watch_keys;

enum {
	NAME_MAX_BYTES = 200, /* a name of a person or group: 1..80 characters */
	NAME_TEXT = NAME_MAX_BYTES + 1,
	LOGIN_TEXT = 129,   /* 3..64 characters, at most 128 bytes */
	LANGUAGE_TEXT = 12, /* "de", "es", "en", BCP 47 as given */
	ZONE_TEXT = 48,     /* IANA name */
	WIRE_ID_TEXT = 21,
	SIM_NUMBER_TEXT = 22, /* +?[0-9]{1,20} */
	ADDRESS_TEXT = 46,    /* of a client, without port */
};

/* From kinward.conf; texts are kept by the caller for the life of the process. */
struct domain_settings {
	const char *data_dir;
	const char *public_host;
	const char *public_url; /* "" when not set */
	const char *app_url;    /* the same, or what was made up for it; no slash at its end */
	uint16_t watch_port;
	uint16_t watch_tls_port;           /* 0: none */
	const char *watch_tls_fingerprint; /* SHA-256 of the certificate there, hex; "" */
	bool is_demo_watch_on;
	bool are_photos_forbidden;
	bool is_weather_on;       /* weather_url is set */
	bool has_mail;            /* smtp_url is set */
	const char *mail_from;    /* may be NULL */
	bool is_radio_service_on; /* radio_url is set */
	uint32_t radio_per_hour;
	uint32_t locate_lessons_per_s; /* at most LOCATE_LESSONS_MAX */
	bool is_wearer_notice_on;      /* the weekly text on the watches of children */
	uint32_t unknown_ids_max;
	uint32_t unknown_ids_per_address_max;
	uint32_t sign_in_account_max; /* attempts of one account in the window before delays grow */
	uint32_t sign_in_address_max; /* attempts from one address in the window */
	uint32_t sign_in_total_max;   /* attempts from strange networks in the window */
	uint32_t sign_in_window_s;
	uint32_t recovery_wait_h;       /* from opening the link to a new password */
	bool is_second_factor_required; /* before anything but the own account */
	uint32_t audit_keep_days;       /* 0: for ever */
	uint32_t commit_linger_ms;      /* plain reports wait this long for company */
	uint32_t claim_code_s;          /* life of a code on the watch */
	uint32_t claim_life_s;          /* life of a claim */
	uint32_t command_unanswered_s;  /* sent and never acknowledged: unknown */
	int64_t thread_max_bytes;       /* of texts, voices and photos of one group */
	uint32_t locate_life_s, find_life_s, message_life_s, settings_life_s;
	uint32_t command_keep_days; /* finished commands; 0: for ever */
};

/* How the main loop reaches the gateways, and the supervisor; set by role_server, replaced in
 * tests. Main loop only. A session is known by one number here: role_server adds the gateway's. */
struct domain_out {
	void *owner;
	void (*answer)(void *owner, uint64_t session, struct view index, const struct reply *reply);
	void (*standing)(void *owner, uint64_t session, enum standing standing);
	/* False when the link's queue is full: try later. */
	bool (*command)(
		void *owner, uint64_t session, const struct uid *id, const struct command *c);
	void (*close)(void *owner, uint64_t session);
	/* Asks the supervisor for a simulated watch with this wire id. False when it cannot. Any
	 * thread. */
	bool (*start_demo_watch)(void *demo_owner, const char *wire_id);
	void *demo_owner;
};

struct domain {
	struct domain_settings settings;
	struct loop *loop;
	struct keyring *keyring;
	struct backup_state backups;
	struct roles *roles; /* NULL in tests */
	struct bans *bans;   /* networks; NULL: none */
	struct audit *audit; /* NULL in most tests: nothing is written then but by act_run */
	struct writer *writer;
	struct history *history;
	struct live *live;
	struct bus *bus;
	struct partner_meter *partner_meter;
	struct pool *pool;
	struct web_sessions *web_sessions;
	struct sign_in_limits *sign_in_limits; /* passwords */
	struct sign_in_limits *code_limits;    /* codes, behind a right password */
	struct passkeys *passkeys;
	struct outbox *outbox; /* main loop only */
	struct claims *claims; /* main loop only */
	struct quarantine *quarantine;
	struct gateway_metrics *gateway_metrics;
	struct courier_dispatch *courier; /* main loop only, but for courier_knock; may be NULL */
	struct ingest *ingest;            /* main loop only */
	struct locate *locate;            /* main loop only; NULL in some tests */
	struct media *media;              /* jobs of the media role; NULL: none */
	struct watch_keys *watch_keys;
	struct radio_job *radio_job;           /* any thread; NULL in tests */
	struct media_parts *media_parts;       /* main loop only */
	struct voices_in *voices_in;           /* main loop only */
	struct voices_out *voices_out;         /* main loop only */
	struct watch_guard *watch_guard;       /* main loop only */
	struct zone_clock *zone_clock;         /* main loop only */
	struct tracking *tracking;             /* main loop only, but for tracking_post_change */
	struct reapply *reapply;               /* main loop only */
	struct command_clean *command_clean;   /* main loop only */
	struct approvals *approvals;           /* main loop only */
	struct wearer_notices *wearer_notices; /* main loop only */
	struct days *days;                     /* NULL in some tests */
	struct health_sweep *health_sweep;     /* main loop only */
	struct weather *weather;               /* main loop only; NULL in some tests */
	struct friends *friends;               /* the same */
	struct domain_out out;
	/* Grows after each change of who may do what: rights that somebody remembers are old. */
	_Atomic uint64_t rights_generation;
	int64_t (*wall_ms)(void); /* clock_wall_ms; tests move it */
};
