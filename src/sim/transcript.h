/* The transcript: one JSON line for each frame that a watch sent or received and for what happened
 * to it (rang, rebooted …). Goes to a file and to those who follow by the control socket. Written
 * in pieces at the end of the loop's turn; one thread. */
#pragma once

#include "base/err.h"
#include "base/view.h"

struct transcript;

typedef void transcript_line_fn(void *owner, struct view id, struct view line);

/* path NULL: no file. An existing file is continued. */
MUST_CHECK enum rc transcript_open(const char *path, struct transcript **ret_owned, struct err *e);
void transcript_close(struct transcript *t);

/* Each line without its line end, as long as fn is set; NULL ends it. */
void transcript_follow(struct transcript *t, transcript_line_fn *fn, void *owner);

enum transcript_dir { TRANSCRIPT_UP, TRANSCRIPT_DOWN, TRANSCRIPT_BAD };

/* A frame; `text` is what the wearer reads, or NULL. BAD: bytes from the server that no watch
 * takes. */
void transcript_frame(struct transcript *t, const char *id, enum transcript_dir dir,
	struct view frame, const char *text);
void transcript_event(struct transcript *t, const char *id, const char *event, const char *detail);

/* Writes what is waiting. What the file does not take is lost and counted in the next line. */
void transcript_flush(struct transcript *t);
