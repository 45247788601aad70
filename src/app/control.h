/* The few words between the supervisor and a role: one SEQPACKET packet is one message, a type byte
 * and up to CONTROL_TEXT_MAX bytes of text. The supervisor treats roles as hostile: unknown types,
 * texts that are too long or not printable are refused and logged. */
#pragma once

#include "base/err.h"
#include "base/view.h"

enum { CONTROL_TEXT_MAX = 1000 };

enum control_type {
	/* role to supervisor */
	CONTROL_READY =
		1, /* text: what the supervisor prints, e.g. "set-up link: http://…"; or empty */
	CONTROL_DEMO,        /* server: start the simulated watch with this ID */
	CONTROL_BAD_GATEWAY, /* server: gateway number TEXT sends malformed messages; restart it */
	CONTROL_BAD_COURIER, /* server: the courier does */
	CONTROL_KEY_GONE,    /* server: a key was destroyed */
	CONTROL_BAD_MEDIA,   /* server: the media role sends nonsense, or nothing; restart it */
	/* supervisor to role */
	CONTROL_STOP = 64,
	CONTROL_DEMO_STARTED, /* text: the ID */
	CONTROL_DEMO_FAILED,  /* text: the ID */
	CONTROL_BACKUP,       /* to the server; text: domain/backup_state.h */
	CONTROL_ROLE,         /* to the server; text: "gateway-0 up 3", the number of its starts */
};

struct control {
	enum control_type type;
	char text[CONTROL_TEXT_MAX + 1]; /* printable, NUL-terminated */
};

/* Does not block; RC_LIMIT when the socket is full. */
MUST_CHECK enum rc control_send(int fd, enum control_type type, struct view text, struct err *e);

/* Does not block. RC_MORE: nothing there. RC_NOT_FOUND: the other end is gone. RC_SYNTAX:
 * malformed. */
MUST_CHECK enum rc control_receive(int fd, struct control *ret, struct err *e);
