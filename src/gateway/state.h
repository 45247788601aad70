/* The gateway's own structures, private to this room: the connection of a watch and the gateway
 * that holds them all. Nothing outside src/gateway includes this. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sys/types.h>

#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "gateway/addresses.h"
#include "gateway/buffers.h"
#include "gateway/gateway.h"
#include "link/counters.h"
#include "link/link.h"
#include "watch/report.h"
#include "watch/report_pack.h"

enum {
	READ_CHUNK =
		4096, /* from one connection in one turn, so that none keeps the others waiting */
	PEEK_CHUNK = 16384,
	COMMANDS_PENDING_MAX = 8, /* commands whose bytes wait in a send buffer */
	SLOT_BITS = 20,           /* of a session's number; the rest is its generation */
};

enum connection_state {
	CONNECTION_FREE,
	CONNECTION_NEW,   /* no valid frame yet */
	CONNECTION_READY, /* has a session */
	CONNECTION_DYING, /* closed; its slot is free again at the turn's end */
	CONNECTION_STATE_COUNT,
};

enum {
	CONNECTION_HAS_INDEX = 1u << 0,  /* the device's frames carry an INDEX */
	CONNECTION_OTHER_FORM = 1u << 1, /* gets the other form of answers, section 2.1 (b) */
	CONNECTION_FINAL_TRIED = 1u
				 << 2, /* the silence after the last bytes was told to frame_read */
	CONNECTION_STARTED = 1u << 3,  /* frame_scan.is_started */
	CONNECTION_RATE_PAUSED = 1u << 4, /* not read until its timer fires */
	CONNECTION_LINK_PAUSED = 1u << 5, /* on `paused`: only peeked while the link is blocked */
	CONNECTION_ENDING = 1u << 6,      /* the other end sends no more: read to its end */
	CONNECTION_SECURE = 1u << 7,      /* TLS: `secure` holds what it needs besides */
};

struct secure;

/* One connection: 192 bytes, and nothing else while it is idle. */
struct connection {
	struct loop_fd handle;
	struct timer timer; /* the next deadline; set late rather than for each frame */
	struct gateway *gateway;
	struct list node;  /* free, ready, paused or dying */
	struct buffer *in; /* unfinished frame, or NULL */
	union {
		struct send_buffer *out; /* see connection_out */
		struct secure *secure;
	};
	uint64_t session;  /* 0 before the first valid frame */
	uint32_t in_ms;    /* last bytes; low bits of the monotonic time, as all *_ms here */
	uint32_t since_ms; /* NEW: accepted; READY: when the budgets were last filled */
	uint32_t frames;
	uint32_t answered_bytes; /* of what is not read yet: heartbeats up to here are answered */
	uint32_t once_bits;      /* unknown keywords that got their one answer */
	uint32_t repeat_hash;    /* of the last frame that was answered with one of two forms */
	uint16_t repeat_s;       /* when it came first */
	uint16_t reports_left;   /* budgets of the device */
	uint16_t replays_left;
	uint16_t junk_run;
	uint16_t second; /* frames are counted by the second */
	uint16_t second_frames;
	struct peer peer;
	char id[FRAME_ID_MAX];
	char vendor[FRAME_VENDOR_MAX];
	uint8_t id_n, vendor_n;
	uint8_t state;    /* enum connection_state */
	uint8_t standing; /* enum standing */
	uint8_t flags;
	uint8_t welcome; /* gateway.welcome when the session was announced */
	uint8_t repeat_n;
	uint8_t answers_due; /* commands written whose answer did not come yet: it costs no budget
			      */
};

_Static_assert(sizeof(struct connection) <= 200, "a connection costs at most 200 bytes");

struct gateway {
	struct gateway_config config;
	struct loop *loop;
	struct wheel *wheel;
	struct link *link;

	struct loop_fd listen, secure_listen;
	bool is_listen_watched, is_secure_watched;
	bool is_blocked;  /* the link's queue is over its mark */
	bool is_stopping; /* watches are read no more */
	bool is_link_broken;
	struct timer accept_timer;
	uint32_t accept_tokens;
	int64_t accept_ms;

	struct connection *slots; /* limits.connections_max of them; untouched ones cost nothing */
	uint32_t slots_touched;
	struct list free, paused, dying;
	struct list ready; /* have more to be read: edges tell only of what is new */
	struct addresses *addresses;
	uint32_t secure_n; /* connections with TLS */
	struct buffers read_buffers;
	size_t send_buffer_bytes;
	uint64_t generation;
	uint64_t random; /* chooses which slots are looked at when all are taken */

	uint64_t server_epoch; /* 0: no WELCOME yet */
	uint8_t welcome;       /* counts WELCOMEs with a new epoch */
	bool is_announcing;
	uint32_t announce_next; /* slot */

	bool must_flush; /* something urgent is in the link's packet */
	int64_t flushed_ms;
	struct timer flush_timer;
	struct timer stats_timer;
	struct timer stop_timer;
	bool has_news; /* a counter changed since the last STATS */
	unsigned turn_reads;
	int64_t busy_ms;      /* the last turn that read something */
	int64_t wall_turn_ms; /* turn for which wall_ms was asked */
	int64_t wall_ms;

	uint64_t counters[COUNTER_COUNT];

	/* Work space of one frame, here because clearing large locals costs more than using them.
	 */
	struct report report;
	struct reply reply;
	struct message message;
	uint8_t packed[REPORT_PACK_MAX];
	char command_bytes[COMMAND_FRAME_MAX];
	char media[MESSAGE_BLOB_MAX]; /* not escaped any more */
	char chunk[READ_CHUNK];
	char peeked[BUFFER_SIZE_MAX + PEEK_CHUNK];
};

/* gateway.c */
static inline void count(struct gateway *g, enum counter c, uint64_t n)
{
	g->counters[c] += n;
	g->has_news = true;
}
int64_t gateway_wall_ms(struct gateway *g);
/* Sends g->message. False: refused, the queue is full or the link is gone. */
bool gateway_tell(struct gateway *g, bool is_urgent);
struct connection *gateway_find(struct gateway *g, uint64_t session);

/* secure.c: the TLS of connections to the second port. The other end proves that it has a key;
 * whose key it is says the server. */
enum { SECURE_KEY_SIZE = 32 };
struct secure {
	struct ssl_st *ssl;
	struct send_buffer *out;
	bool must_write; /* TLS itself has something to send before it can go on */
};
/* False: no memory. */
MUST_CHECK bool secure_start(struct connection *c);
void secure_done(struct connection *c);
/* As recv and send: -1 with errno EAGAIN when nothing more can be had now; any other errno: the
 * connection cannot go on. */
ssize_t secure_receive(struct connection *c, char *buf, size_t size, bool is_peek);
ssize_t secure_send(struct connection *c, const char *bytes, size_t n);
/* SHA-256 of the public key (SubjectPublicKeyInfo) whose possession the other end proved; false for
 * connections without TLS. */
bool secure_key(const struct connection *c, uint8_t ret[SECURE_KEY_SIZE]);

/* Where the bytes wait that the socket did not take. */
static inline struct send_buffer **connection_out(struct connection *c)
{
	return (c->flags & CONNECTION_SECURE) != 0 ? &c->secure->out : &c->out;
}
/* recv without waiting. */
ssize_t connection_receive(struct connection *c, char *buf, size_t size, bool is_peek);

/* listener.c */
MUST_CHECK enum rc listener_start(struct gateway *g, struct err *e);
void listener_stop(struct gateway *g);

/* connection.c */
void connection_set_state(struct connection *c, enum connection_state next);
void connection_start(struct gateway *g, int fd, const struct peer *peer, bool is_secure);
void connection_close(struct connection *c, enum close_reason reason);
bool connection_has_room(const struct gateway *g);
/* All slots are taken: closes some connections that nobody has claimed, so that watches with a
 * wearer are never kept out by strangers. Their slots are free at the turn's end. False: found
 * none. */
MUST_CHECK bool connection_make_room(struct gateway *g);
/* After the link is unblocked: reads again as usual. */
void connection_resume(struct connection *c);
/* Reads on where a chunk was not the end. False: some have still more. */
bool connection_read_ready(struct gateway *g);
struct connection *connection_of_slot(struct gateway *g, uint32_t slot);

/* session.c */
void session_take_frame(struct connection *c, const struct frame *f, bool is_heartbeat_answered);
/* Answers LK and KA only, without taking the frame. */
void session_answer_heartbeat(struct connection *c, const struct frame *f);
bool session_announce(struct connection *c);
void session_answer(struct connection *c, const struct message_answer *m);
void session_command(struct connection *c, const struct message_command *m);

/* sending.c */
/* Sends, or keeps what the socket does not take. False: the connection was closed. `command` (may
 * be NULL) is told as SENT when its last byte is with the kernel. */
bool sending_write(struct connection *c, const char *bytes, size_t n, const struct uid *command);
void sending_go_on(struct connection *c);
void sending_done(struct connection *c);
