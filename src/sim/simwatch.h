/* One simulated watch: its connection, its deadlines and its memory. simwatch.c connects, reads,
 * writes and keeps time; simtalk.c decides what is said. All in one loop's thread. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"
#include "base/json_out.h"
#include "base/loop.h"
#include "base/view.h"
#include "sim/life.h"
#include "sim/manners.h"
#include "sim/transcript.h"

/* What holds for all watches of a process. */
struct world_options {
	struct sockaddr_storage server;
	socklen_t server_n;
	struct sockaddr_in from; /* own address, when sin_family is AF_INET */
	double speed;            /* seconds of life in a second */
	uint32_t heartbeat_s;    /* 0: each minute for half an hour, then every five */
	uint32_t upload_s;       /* at start; UPLOAD changes it */
	uint32_t answer_timeout_s, alarm_retry_s, locate_every_s;
	unsigned blind_percent;
	uint32_t backlog_s; /* life before the start that is told as UD2 */
	bool is_busy, begins_moving;
	unsigned mcc, mnc;
	int zone_min; /* of the town */
	uint64_t seed;
};

struct world_counts {
	uint64_t connects, closes, lk_sent, lk_answered, lk_missed, reboots, ud_sent, ud2_sent;
	uint64_t al_sent, al_answered, commands, unknown, forbidden, bad;
};

struct world {
	struct world_options options;
	struct world_counts counts;
	struct loop *loop;
	struct transcript *transcript;
	struct town *towns;
	int64_t start_mono_ms;
	double start_local_s;
	void (*start)(struct world *world); /* connects all that are off */
	char input[16384];                  /* shared: a watch keeps only what is not whole yet */
};

enum simwatch_state {
	SIMWATCH_OFF,     /* told to be off line */
	SIMWATCH_BLIND,   /* no network here; the old connection hangs half open */
	SIMWATCH_WAITING, /* connects again later */
	SIMWATCH_CONNECTING,
	SIMWATCH_LOGIN, /* the first heartbeat is not answered yet: nothing else is sent */
	SIMWATCH_ONLINE,
	SIMWATCH_STATE_COUNT,
};

enum simwatch_due {
	DUE_CONNECT,
	DUE_CONNECTED, /* the connection must stand by now */
	DUE_HEARTBEAT,
	DUE_ANSWER, /* the heartbeat must be answered by now */
	DUE_MOVE,
	DUE_LOCATE,
	DUE_ALARM,
	DUE_ACK,
	DUE_FLUSH,
	DUE_STALE,
	DUE_PHOTO,
	DUE_POWER_OFF,
	DUE_RESTART,
	DUE_MEASURE,
	DUE_COUNT,
};

enum {
	SIMWATCH_STORED_MAX = 20, /* positions kept while off line */
	SIMWATCH_ALARMS_MAX = 4,
	SIMWATCH_ACKS_MAX = 16,
	SIMWATCH_SHOWN_MAX = 256,
	SIMWATCH_IN_MAX = 10240 + 128,
	SIMWATCH_OUT_MAX = 128 * 1024,
	SIMWATCH_MISSES_MAX = 5,
	SIMWATCH_BOOT_MS = 8000,
	SIMWATCH_REBOOT_MS = 1500, /* told by the server: settings wiped, new firmware */
	SIMWATCH_SENSORS = 3,      /* with a schedule: pulse, temperature, oxygen */
};

struct simwatch_ack {
	int64_t due_ms;
	char *content;
};

struct sim_memory;
struct sim_settings;
struct sim_voice;

struct simwatch {
	struct world *world;
	struct loop_fd io; /* fd is -1 when not connected */
	int stale_fd;
	struct timer timer;
	int64_t due_ms[DUE_COUNT]; /* monotonic; 0: not set */
	enum simwatch_state state;
	struct manners manners;
	struct person person;
	char id[21], imei[16];
	uint16_t index;
	uint8_t misses, retries;
	bool is_config_answered, is_imei_answered, has_low_battery_told, was_moving, has_fix;
	bool is_backlog_told;
	double life_offset_s;
	double battery_offset;
	uint32_t upload_s;
	int zone_min; /* as shown by the watch */
	int64_t online_since_ms, locate_until_ms, bits_until_ms;
	uint32_t alarm_bits;
	int32_t last_lat_e7, last_lon_e7;
	char *in, *out;
	size_t in_n, out_n;
	size_t stored_n, alarms_n, acks_n;
	char *stored[SIMWATCH_STORED_MAX];
	char *alarms[SIMWATCH_ALARMS_MAX];
	struct simwatch_ack acks[SIMWATCH_ACKS_MAX];
	char *shown;               /* the last message */
	struct sim_memory *memory; /* NULL: as from the factory */
	struct sim_settings *settings;
	struct sim_voice *voice;
	unsigned updates_n;     /* of its firmware */
	unsigned health_wanted; /* measurements that were asked for */
	int64_t health_every_ms[SIMWATCH_SENSORS], health_due_ms[SIMWATCH_SENSORS];
	int64_t health_point_ms; /* the next of the set times of the day */
	bool has_asked;          /* after the first login */
};

/* digits: the ten digits of the id (IMEI digits 5 to 14). */
void simwatch_init(struct simwatch *w, struct world *world, uint32_t n, uint64_t digits,
	const struct manners *manners);
void simwatch_done(struct simwatch *w);

/* The life clock of this watch. */
double simwatch_local_s(const struct simwatch *w);

void simwatch_set_due(struct simwatch *w, enum simwatch_due due, int64_t at_ms);
void simwatch_clear_due(struct simwatch *w, enum simwatch_due due);

/* Connects after delay_ms. */
void simwatch_connect_later(struct simwatch *w, int64_t delay_ms);
/* The first heartbeat was answered. */
void simwatch_set_online(struct simwatch *w);
/* Ends the connection; next is OFF, BLIND (the socket stays half open) or WAITING. */
void simwatch_drop(struct simwatch *w, enum simwatch_state next);
/* Writes one frame with this content. Lost when not connected. */
void simwatch_send(struct simwatch *w, struct view content);

const char *simwatch_state_name(enum simwatch_state s);
