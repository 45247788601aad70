/* The typed messages between gateway and server, server and courier, server and media, and their
 * bytes. Used on both ends of every link.
 * One packet of the link holds many messages: type u8, length u16 (of the body), body; numbers are
 * little endian, texts have a length byte. The reader treats the other role as hostile: only the
 * types of the sender's side, each field bounded and checked, left-over bytes rejected, nothing
 * allocated. Pure: no I/O, no clock. Views of a message that was read borrow from the packet. */
#pragma once

#include <stdint.h>

#include "base/uid.h"
#include "base/view.h"
#include "watch/command.h"
#include "watch/frame.h"
#include "watch/media_part.h"
#include "watch/reply.h"

enum {
	MESSAGE_PACKET_MAX = 65536, /* one packet */
	MESSAGE_HEADER = 3,
	MESSAGE_BODY_MAX = 16384,    /* one message */
	MESSAGE_PAYLOAD_MAX = 16000, /* packed report or command */
	MESSAGE_COUNTERS_MAX = 96,
	MESSAGE_INDEX_MAX = 4,
	MESSAGE_PART_MAX = 12000,     /* bytes of a picture or voice in one message */
	MESSAGE_BLOB_MAX = 66 * 1024, /* … and of all its parts */
	MESSAGE_KEY_SIZE = 32,        /* SHA-256 of a public key */
};

enum message_side {
	MESSAGE_FROM_GATEWAY,
	MESSAGE_FROM_SERVER, /* to a gateway */
	MESSAGE_FROM_COURIER,
	MESSAGE_TO_COURIER, /* from the server */
	MESSAGE_FROM_MEDIA,
	MESSAGE_TO_MEDIA, /* from the server */
	MESSAGE_SIDE_COUNT,
};
/* Who sends at the other end of a link. */
enum message_side message_side_opposite(enum message_side side);

enum message_type {
	/* gateway to server */
	MESSAGE_HELLO = 1, /* first of all, and again after a WELCOME with a new epoch */
	MESSAGE_OPENED, /* first valid frame of a connection; again after a WELCOME with a new epoch
			 */
	MESSAGE_ANNOUNCED, /* every open session was told after HELLO */
	MESSAGE_REPORT,
	MESSAGE_CLOSED,
	MESSAGE_SENT,   /* the command's bytes are with the kernel */
	MESSAGE_UNSENT, /* they are not, and will not be: no such session, or its send buffer is
			   full */
	MESSAGE_FOREIGN,
	MESSAGE_STATS,
	MESSAGE_BYE,  /* clean stop: nothing follows */
	MESSAGE_BLOB, /* one part of a picture or voice, in order; its REPORT follows the last */
	/* server to gateway */
	MESSAGE_WELCOME = 32, /* at the server's start on every link, and in answer to HELLO */
	MESSAGE_STANDING,
	MESSAGE_ANSWER,
	MESSAGE_COMMAND,
	MESSAGE_CLOSE,
	MESSAGE_FAREWELL, /* after BYE: all that came before it is committed and answered */
	/* courier to server */
	MESSAGE_COURIER_HELLO = 64, /* first of all, and in answer to COURIER_WELCOME */
	MESSAGE_RESULT,             /* how one try ended */
	MESSAGE_WEATHER_TOLD,       /* what a service says, or that it says nothing */
	MESSAGE_LOCATE_TOLD,        /* what radio_url says, or that it says nothing */
	/* server to courier */
	/* At the server's start with its own epoch; in answer to COURIER_HELLO with the courier's:
	   only then what follows is meant for this courier process. */
	MESSAGE_COURIER_WELCOME = 80,
	MESSAGE_WEBHOOK, /* try this once */
	MESSAGE_MAIL,    /* the same */
	MESSAGE_WEATHER_ASK,
	MESSAGE_LOCATE_ASK,
	/* media to server */
	MESSAGE_MEDIA_HELLO = 96, /* first of all, and in answer to MEDIA_WELCOME of a new server */
	MESSAGE_MEDIA_OUTPUT,     /* one part of what a job has made, in order */
	MESSAGE_MEDIA_DONE,       /* the job ended; behind its parts */
	/* server to media */
	/* As COURIER_WELCOME: only what follows the process's own epoch is meant for it. */
	MESSAGE_MEDIA_WELCOME = 112,
	MESSAGE_MEDIA_INPUT, /* one part of a job, in order; the last begins it */
};

/* How a try to deliver ended. */
enum courier_outcome {
	COURIER_NONE,       /* not tried yet */
	COURIER_DONE,       /* the receiver has taken it */
	COURIER_BAD_URL,    /* https_url_read refuses it */
	COURIER_NO_NAME,    /* the name has no address */
	COURIER_FORBIDDEN,  /* an address of the name may not be called */
	COURIER_CONNECT,    /* no connection */
	COURIER_TLS,        /* no trusted TLS */
	COURIER_TIMEOUT,    /* too slow */
	COURIER_STATUS,     /* answered, but did not take it: see the code */
	COURIER_SIGN_IN,    /* the mail server did not take user and password */
	COURIER_NOT_SET_UP, /* no mail server */
	COURIER_QUOTA,      /* mail_per_hour is used up: later */
	COURIER_BUSY,       /* the courier has enough to do: later */
	COURIER_LOST,       /* the courier ended meanwhile */
	COURIER_BROKEN,     /* anything else */
	COURIER_OUTCOME_COUNT,
};

enum weather_code { WEATHER_CLEAR, WEATHER_CLOUDY, WEATHER_RAIN, WEATHER_SNOW, WEATHER_CODE_COUNT };
enum { WEATHER_DAYS = 4, WEATHER_DEGREES_MAX = 60 };

/* What the media role makes of what. */
enum media_job {
	MEDIA_AMR_TO_WAV, /* as media/amr.h takes it → 44 bytes of header, PCM of 16 bits, 8 kHz */
	MEDIA_WAV_TO_AMR, /* as media/wav.h takes it, 0.1 to 15 s → AMR of 4.75 kbit/s */
	MEDIA_JPEG,       /* as watch/jpeg.h takes it → baseline, at most MEDIA_SIDE_MAX points a
			     side and MEDIA_JPEG_MAX bytes, without any note */
	MEDIA_JOB_COUNT,
};

enum {
	MEDIA_INPUT_MAX = 256 * 1024, /* bytes of a job */
	MEDIA_OUTPUT_MAX = 256 * 1024,
	MEDIA_JPEG_MAX = 66 * 1024, /* of the picture that comes out */
	MEDIA_SIDE_MAX = 1280,
	MEDIA_DURATION_MAX_MS = 16000,
};

/* How a job ended. */
enum media_outcome {
	MEDIA_DONE,
	MEDIA_UNREADABLE, /* it cannot be decoded */
	MEDIA_LIMIT,      /* too long, or too many points */
	MEDIA_CRASHED,    /* its worker was killed, by itself or by the system-call filter */
	MEDIA_TOO_SLOW,   /* its worker used up its time */
	MEDIA_NO_MEMORY,  /* … or its memory */
	MEDIA_BROKEN,     /* no worker could be started */
	MEDIA_OUTCOME_COUNT,
};

enum standing {
	STANDING_PENDING,  /* not told yet: everything is forwarded */
	STANDING_UNKNOWN,  /* LK and KA are answered, nothing is forwarded */
	STANDING_CLAIMING, /* everything is forwarded */
	STANDING_BOUND,    /* everything is forwarded */
	STANDING_COUNT,
};

enum close_reason {
	CLOSE_PEER,        /* the watch closed, or the network did */
	CLOSE_IDLE,        /* nothing came for idle_s */
	CLOSE_FIRST_FRAME, /* no valid frame within first_frame_s */
	CLOSE_SLOW_HEADER,
	CLOSE_SLOW_FRAME,
	CLOSE_SLOW_BYTES, /* an unfinished frame below bytes_per_s_min */
	CLOSE_JUNK,
	CLOSE_FOREIGN,
	CLOSE_OVERSIZE,
	CLOSE_ID_CHANGED,  /* a frame with another ID on the same connection */
	CLOSE_SLOW_READER, /* its send buffer is full */
	CLOSE_BUFFERS,     /* the gateway's pool of read buffers is used up */
	CLOSE_BY_SERVER,
	CLOSE_STOP,      /* the gateway stops */
	CLOSE_MADE_ROOM, /* unclaimed, and the gateway was full */
	CLOSE_REASON_COUNT,
};

/* Address of the other end; IPv4 as ::ffff:a.b.c.d. */
struct peer {
	uint8_t address[16];
	uint16_t port;
};

struct message_hello {
	uint8_t gateway;
	uint64_t epoch; /* of this gateway process; never 0 */
};

struct message_opened {
	uint64_t session;
	struct peer peer;
	struct view vendor, id;
	struct view key; /* of TLS, whose possession was proved: MESSAGE_KEY_SIZE bytes, or none */
};

struct message_report {
	uint64_t session;
	int64_t received_ms; /* UTC */
	struct view id;      /* of the session: a new server can use it before OPENED came */
	struct view index;   /* to be given back in the answer; empty or 4 hex digits */
	struct reply reply;  /* wanted after the commit; REPLY_NONE: none. LK and KA were answered
				already */
	struct view report;  /* packed: report_unpack */
};

struct message_closed {
	uint64_t session;
	enum close_reason reason;
	uint32_t frames; /* valid frames of this session */
};

struct message_sent { /* SENT, UNSENT */
	uint64_t session;
	struct uid command;
};

struct message_foreign {
	enum foreign kind;
	struct peer peer;
};

struct message_stats {
	uint8_t n;
	uint64_t counters[MESSAGE_COUNTERS_MAX]; /* by enum counter of link/counters.h, since the
						    start */
};

struct message_blob {
	uint64_t session;
	enum media_part_kind kind;
	uint8_t origin;         /* PICTURE: a digit, as the watch said; else 0 */
	uint8_t chunk, chunks;  /* CHUNK: 1..chunks; else 0 */
	struct view name;       /* CHUNK: 1..CHUNK_NAME_MAX bytes, any; else empty */
	uint32_t offset, total; /* total: bytes of the frame's whole payload, not escaped */
	struct view bytes;      /* 1..MESSAGE_PART_MAX, offset + n <= total */
};

struct message_welcome {
	uint64_t epoch; /* of this server process; never 0 */
};

struct message_standing {
	uint64_t session;
	enum standing standing; /* not PENDING */
};

struct message_answer {
	uint64_t session;
	struct view index;
	struct reply reply; /* not REPLY_NONE */
};

struct message_command {
	uint64_t session;
	struct uid command;
	struct view packed; /* command_unpack */
};

struct message_close {
	uint64_t session;
	enum close_reason reason;
};

struct message_courier_hello {
	uint64_t epoch; /* of this courier process; never 0 */
	uint16_t busy;  /* tries that it has not told the end of */
};

struct message_result {
	struct uid item;
	uint32_t attempt;
	enum courier_outcome outcome; /* not COURIER_NONE */
	uint16_t code;                /* of HTTP or SMTP; 0: none */
};

enum {
	COURIER_URL_MAX = 1000,
	COURIER_HEADER_MAX = 600, /* each of the three signature headers */
	COURIER_TO_MAX = 254,
	COURIER_SUBJECT_MAX = 200,
	COURIER_BODY_MAX = 12000,
};

/* Texts without control characters. */
struct message_webhook {
	struct uid item;
	uint32_t attempt;
	struct uid event;
	struct view url, digest, signature_input, signature;
	struct view body; /* JSON */
};

struct message_mail {
	struct uid item;
	uint32_t attempt;
	struct view to, subject;
	struct view text; /* UTF-8 with \n */
};

struct message_media_hello {
	uint64_t epoch; /* of this media process; never 0 */
};

struct message_media_part { /* INPUT, OUTPUT */
	uint64_t job;
	enum media_job kind;    /* INPUT alone */
	uint32_t offset, total; /* total: bytes of the whole input or output */
	struct view bytes;      /* 1..MESSAGE_PART_MAX, offset + n <= total */
};

struct message_media_done {
	uint64_t job;
	enum media_outcome outcome;
};

/* Tenths of a degree: nothing more exact leaves the house. */
struct message_weather_ask {
	int16_t lat_d, lon_d;
};

struct weather_day {
	uint8_t code;     /* enum weather_code */
	int8_t low, high; /* degrees Celsius */
};

struct message_weather_told {
	int16_t lat_d, lon_d; /* as asked */
	bool is_good;         /* else nothing of the rest is known */
	uint8_t code;
	int8_t now;
	uint8_t days_n; /* today first; 1..WEATHER_DAYS */
	struct weather_day days[WEATHER_DAYS];
};

/* Where are these? Nothing says whose watch heard them. */
enum { LOCATE_ASK_POINTS = 8, LOCATE_ASK_CELLS = 7 };
struct locate_point {
	uint8_t mac[6];
	int8_t rssi_dbm; /* 0: not known */
};
struct locate_cell {
	uint16_t mcc, mnc;
	uint32_t lac, cid;
};
struct message_locate_ask {
	struct uid item;
	uint8_t points_n, cells_n;
	struct locate_point points[LOCATE_ASK_POINTS];
	struct locate_cell cells[LOCATE_ASK_CELLS];
};

struct message_locate_told {
	struct uid item;
	bool is_known; /* else the rest says nothing */
	int32_t lat_e7, lon_e7;
	uint32_t accuracy_m;
};

struct message {
	enum message_type type;
	union {
		struct message_hello hello;
		struct message_opened opened;
		struct message_report report;
		struct message_closed closed;
		struct message_sent sent;
		struct message_foreign foreign;
		struct message_stats stats;
		struct message_blob blob;
		struct message_welcome welcome;
		struct message_standing standing;
		struct message_answer answer;
		struct message_command command;
		struct message_close close;
		struct message_courier_hello courier_hello;
		struct message_result result;
		struct message_webhook webhook;
		struct message_mail mail;
		struct message_weather_ask weather_ask;
		struct message_weather_told weather_told;
		struct message_locate_ask locate_ask;
		struct message_locate_told locate_told;
		struct message_media_hello media_hello;
		struct message_media_part media_part;
		struct message_media_done media_done;
	};
};

/* Appends one message to buf; *ret_n is its length with header. RC_LIMIT when buf is too small,
 * RC_BUG when a field is out of its bounds. */
MUST_CHECK enum rc message_write(
	const struct message *m, uint8_t *buf, size_t size, size_t *ret_n, struct err *e);

/* Takes the next message from the front of *in. RC_SYNTAX for anything that `from` may not send;
 * then the rest of the packet must not be read. */
MUST_CHECK enum rc message_read(
	struct view *in, enum message_side from, struct message *ret, struct err *e);

/* "hello", "opened" … */
const char *message_name(enum message_type type);
const char *standing_name(enum standing standing);
const char *close_reason_name(enum close_reason reason);
/* "done", "bad_url" … */
const char *courier_outcome_name(enum courier_outcome o);
/* "done", "unreadable" … */
const char *media_outcome_name(enum media_outcome o);
const char *media_job_name(enum media_job job);

enum { PEER_TEXT = 56 }; /* "[2001:db8::1]:65535" and NUL */
void peer_to_text(const struct peer *peer, char ret_text[PEER_TEXT]);
