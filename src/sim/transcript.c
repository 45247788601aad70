#include "sim/transcript.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_out.h"

enum { WAITING_MAX = 256 * 1024, LINE_MAX_BYTES = 64 * 1024 };

struct transcript {
	int fd; /* -1: no file */
	char *waiting;
	size_t waiting_n;
	unsigned lost;
	struct json_out line;
	transcript_line_fn *follow;
	void *owner;
};

enum rc transcript_open(const char *path, struct transcript **ret_owned, struct err *e)
{
	struct transcript *t = calloc(1, sizeof *t);

	if (t == NULL)
		return fail(e, RC_NOMEM, "transcript: out of memory");
	t->fd = -1;
	json_out_init(&t->line, LINE_MAX_BYTES);
	t->waiting = malloc(WAITING_MAX);
	if (t->waiting == NULL) {
		transcript_close(t);
		return fail(e, RC_NOMEM, "transcript: out of memory");
	}
	if (path != NULL) {
		t->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (t->fd < 0) {
			enum rc rc = fail_sys(e, "transcript: cannot open %s", path);
			transcript_close(t);
			return rc;
		}
	}
	*ret_owned = t;
	return RC_OK;
}

void transcript_close(struct transcript *t)
{
	if (t == NULL)
		return;
	transcript_flush(t);
	if (t->fd >= 0)
		(void)close(t->fd); /* append only; a failed write was seen by write */
	json_out_done(&t->line);
	free(t->waiting);
	free(t);
}

void transcript_follow(struct transcript *t, transcript_line_fn *fn, void *owner)
{
	t->follow = fn;
	t->owner = owner;
}

void transcript_flush(struct transcript *t)
{
	size_t done = 0;

	while (t->fd >= 0 && done < t->waiting_n) {
		ssize_t n = write(t->fd, t->waiting + done, t->waiting_n - done);
		if (n <= 0) {
			t->lost++;
			break;
		}
		done += (size_t)n;
	}
	t->waiting_n = 0;
}

static bool is_wanted(const struct transcript *t)
{
	return t->fd >= 0 || t->follow != NULL;
}

static void begin(struct transcript *t, const char *id, const char *dir)
{
	json_out_reset(&t->line);
	json_object(&t->line, NULL);
	json_time(&t->line, "t", clock_wall_ms());
	json_text(&t->line, "id", view_of(id));
	json_text(&t->line, "dir", view_of(dir));
	if (t->lost > 0)
		json_int(&t->line, "lines_lost", t->lost);
}

static void end(struct transcript *t, const char *id)
{
	struct view line;

	json_end(&t->line);
	if (json_out_finish(&t->line, &line, NULL) != RC_OK) {
		t->lost++;
		return;
	}
	t->lost = 0;
	if (t->follow != NULL)
		t->follow(t->owner, view_of(id), line);
	if (t->fd < 0)
		return;
	if (t->waiting_n + line.n + 1 > WAITING_MAX)
		transcript_flush(t);
	memcpy(t->waiting + t->waiting_n, line.p, line.n); /* a line is shorter than the buffer */
	t->waiting_n += line.n;
	t->waiting[t->waiting_n++] = '\n';
}

static bool is_plain(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < 0x20 || (unsigned char)v.p[i] > 0x7e)
			return false;
	return true;
}

static void add_hex(struct transcript *t, struct view frame)
{
	static const char digits[] = "0123456789abcdef";
	char hex[2048];
	size_t n = 0;

	for (size_t i = 0; i < frame.n && n + 2 <= sizeof hex; i++) {
		hex[n++] = digits[(unsigned char)frame.p[i] >> 4];
		hex[n++] = digits[(unsigned char)frame.p[i] & 15];
	}
	json_text(&t->line, "hex", (struct view){.p = hex, .n = n});
}

void transcript_frame(struct transcript *t, const char *id, enum transcript_dir dir,
	struct view frame, const char *text)
{
	static const char *const names[] = {
		[TRANSCRIPT_UP] = "up", [TRANSCRIPT_DOWN] = "down", [TRANSCRIPT_BAD] = "bad"};

	if (!is_wanted(t))
		return;
	begin(t, id, names[dir]);
	json_text(&t->line, "frame", frame);
	if (!is_plain(frame))
		add_hex(t, frame);
	if (text != NULL)
		json_text(&t->line, "text", view_of(text));
	end(t, id);
}

void transcript_event(struct transcript *t, const char *id, const char *event, const char *detail)
{
	if (!is_wanted(t))
		return;
	begin(t, id, "event");
	json_text(&t->line, "event", view_of(event));
	if (detail != NULL)
		json_text(&t->line, "detail", view_of(detail));
	end(t, id);
}
