/* Sounds and pictures for everybody in the server: a queue of jobs for the media role
 * (src/media/), which alone decodes. What comes back has been decoded, made anew, and checked once
 * more by our own strict readers; nothing else may be stored as a sound or a picture. The queue is
 * bounded; a job whose worker crashed, or took too long, fails and is never tried again, those that
 * wait stay. Made by app/server_media.c. */
#pragma once

#include "domain/domain.h"
#include "media/result.h"

enum { MEDIA_LANE_MAX = 32 /* jobs that wait: of watches, and as many of people */ };

/* In the main loop, later. RC_OK: `out` and `info`, borrowed for the call. RC_SYNTAX: it cannot be
 * decoded (or its worker died of it), and never will be. RC_LIMIT: the same, because it is too long
 * or too large. RC_IO: the role was not there, or ended with it; the same bytes may be given
 * again by whoever has them. */
typedef void media_done_fn(
	void *ctx, enum rc rc, struct view out, const struct media_info *info, const struct err *e);

/* Main loop. Copies `in`. fn is called exactly once when this returned RC_OK, never before it
 * returns; not at all else. RC_LIMIT: too many jobs wait, or `in` is larger than any job may be. */
MUST_CHECK enum rc media_convert(struct domain *d, enum media_job job, struct view in,
	media_done_fn *fn, void *ctx, struct err *e);

/* Any thread but the main loop; waits for the end of the job. `in` is borrowed until it returns.
 * RC_SYNTAX and RC_LIMIT as above, both of the file: the caller says in *p what that means. RC_IO
 * with the code `busy`: too many jobs wait, or the role is away. *ret_owned is malloc'ed. */
MUST_CHECK enum rc media_convert_wait(struct domain *d, enum media_job job, struct view in,
	uint8_t **ret_owned, size_t *ret_n, struct media_info *ret, struct problem *p,
	struct err *e);

struct media_stats {
	uint64_t ended[MEDIA_OUTCOME_COUNT]; /* jobs, by how they ended */
	uint64_t lost;                       /* the role ended with them */
	uint64_t lied;                       /* what came back was not what the job makes */
	uint64_t refused;                    /* too many were waiting */
	uint32_t waiting;
	bool has_current; /* the role has one */
};
/* Any thread. */
void media_read_stats(struct domain *d, struct media_stats *ret);

/* ---- for app/server_media.c, and tests in its place; main loop ---- */

enum { MEDIA_JOB_MS = 30000 /* from its last part to its end; then the role is restarted */ };

struct media_config {
	struct domain *domain;
	bool (*send)(void *owner, const struct message *m); /* false: it cannot now */
	void (*restart)(void *owner);                       /* the role */
	void *owner;
};

/* Makes domain->media. */
MUST_CHECK enum rc media_new(const struct media_config *config, struct err *e);
/* Ends every job with RC_IO, and refuses new ones; before the threads that wait are joined. */
void media_stop(struct domain *d);
void media_free(struct domain *d);

/* What the role says. */
void media_on_hello(struct domain *d, const struct message_media_hello *m);
void media_on_output(struct domain *d, const struct message_media_part *m);
void media_on_done(struct domain *d, const struct message_media_done *m);
