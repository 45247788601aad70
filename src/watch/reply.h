/* Which answer the protocol wants for a frame (section 2.1), as a plain value, and its bytes.
 * reply_for is called by the gateway for each frame; who knows the value that the answer carries
 * (stored or not, bound or not, the time) sets reply.number before reply_write. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "watch/report.h"

enum reply_kind {
	REPLY_NONE,
	REPLY_ECHO,   /* the keyword of the report, alone */
	REPLY_STATUS, /* KEYWORD,<number>; reply_for sets 1, or 0 for a value that cannot be used */
	REPLY_LK,
	REPLY_KA,
	REPLY_AL,
	REPLY_TIME,  /* TIME,<unix seconds>; reply_for sets 0, which reply_write refuses */
	REPLY_BOUND, /* DEVPWDCHECKBIND,1,<1 bound, 0 not>; reply_for sets 0 */
	REPLY_JXTKR, /* JXTKR,1 */
	REPLY_TK,    /* TK,<1 stored, 0 not>; reply_for sets 0 */
	REPLY_TK2,   /* TK2,<group>,<1 stored, 0 not>; reply_for sets 0 */
	/* Built by whoever has the data (watch/reply_data.h); never set by reply_for. */
	REPLY_WEATHER,  /* WT,… */
	REPLY_FORECAST, /* WT_FUTR,… */
	REPLY_PLACE,    /* RG,BASE,lat,N,lon,E */
	REPLY_ADDRESS,  /* RAD,GPS or BASE,text */
	REPLY_FRIEND,   /* the answer to PP: bare, pp,result or PP,id,name,number */
	REPLY_KIND_COUNT,
};

struct reply_data;

enum { REPLY_GROUP_MAX = 24, REPLY_PACK_MAX = 768, REPLY_FRAME_MAX = 1024 };

struct reply {
	enum reply_kind kind;
	bool is_once; /* unknown keyword: answer it once on a connection, not again */
	char keyword[REPORT_KEYWORD_MAX + 1]; /* in the case received */
	char group[REPLY_GROUP_MAX + 1];      /* TK2 */
	int64_t number;
	const struct reply_data *data; /* borrowed: of the kinds that need it */
	struct view packed; /* the same when the reply was unpacked; points into the pack */
};

/* Whom a frame is for: echoed from the device's last frame, byte for byte. Views are borrowed. */
struct addressee {
	struct view vendor, id, index;
};

/* Always fills *ret; REPLY_NONE when nothing is due: acknowledgements and answers to our own
 * commands, positions, unusable content. An alarm always gets its AL. */
void reply_for(const struct frame *frame, const struct report *report, struct reply *ret);

/* Rule (b) of section 2.1: the form to use after a device sent the same frame three times although
 * it was answered (KEYWORD <-> KEYWORD,1; AL <-> AL_LTE). False, and *ret = *r, when there is only
 * one form. */
bool reply_other_form(const struct reply *r, struct reply *ret);

/* Writes exactly one frame to buf; *ret_n is its length. RC_SYNTAX when there is nothing to send or
 * a field is not allowed, RC_LIMIT when buf is too small (REPLY_FRAME_MAX is always enough). */
MUST_CHECK enum rc reply_write(const struct reply *r, const struct addressee *to, char *buf,
	size_t buf_size, size_t *ret_n, struct err *e);

/* For links between roles: bounded, versioned; unpack treats its input as hostile and rejects
 * left-over bytes. */
MUST_CHECK enum rc reply_pack(
	const struct reply *r, uint8_t *buf, size_t buf_size, size_t *ret_n, struct err *e);
MUST_CHECK enum rc reply_unpack(struct view in, struct reply *ret, struct err *e);

/* What the server answers, for the reference: data rows alone; what is sent is decided by reply_for
 * and its callers. */
struct reply_definition {
	const char *keyword; /* of the answer */
	const char *answers; /* to what */
	const char *form, *meaning;
};
const struct reply_definition *reply_definitions(size_t *ret_n);
