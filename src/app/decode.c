#include "app/decode.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/decode_command.h"
#include "app/decode_json.h"
#include "base/clock.h"
#include "base/time_text.h"

enum {
	BUFFER_BYTES = 256 * 1024, /* a line of hex digits of the longest frame, and more */
	JSON_BYTES = 256 * 1024,
};

enum mode { MODE_UNDECIDED, MODE_RAW, MODE_LINES };

struct decoder {
	enum mode mode, wanted_mode;
	int64_t at_ms;
	char *buffer;
	size_t n;              /* bytes in it */
	bool is_line_too_long; /* its beginning was dropped: drop all of it */
	size_t objects;        /* written for this input */
	struct frame_scan scan;
	struct json_out json;
	bool is_down; /* what a server sent */
};

static const char help[] =
	"NAME\n"
	"  kinward decode - show what a watch said, as JSON\n"
	"\n"
	"SYNOPSIS\n"
	"  kinward decode [--down] [--lines | --raw] [--at TIME] [FILE...]\n"
	"\n"
	"DESCRIPTION\n"
	"  Reads frames of the watch protocol from the files, or from standard input (also: -), "
	"and\n"
	"  writes one JSON object a frame, each on its own line. It never stops at a bad frame: "
	"what\n"
	"  cannot be read gives an object with \"kind\":\"error\" and the reason in \"error\".\n"
	"  \"reply\" is the frame that a server must send back, for a watch that it knows and "
	"whose\n"
	"  messages it keeps; it is absent when nothing is to be sent.\n"
	"  Coordinates of a record without GPS fix (\"valid\":false) are the last known ones or "
	"the\n"
	"  factory's, never a place where the watch is now.\n"
	"\n"
	"OPTIONS\n"
	"  --down     The frames are what a server sent to a watch: shows the command that each "
	"holds\n"
	"             (see kinward commands), without passwords.\n"
	"  --lines    Each line is for itself: text, or hex digits behind \"hex:\". A frame that\n"
	"             stands alone in its line is read even when its length field is wrong.\n"
	"  --raw      The bytes as a watch sent them, for example a capture of the TCP stream.\n"
	"             Without either, the first block of each input decides: raw when it holds\n"
	"             control bytes other than line ends and tabs and no line begins with "
	"\"hex:\".\n"
	"  --at TIME  When the frames were received, such as 2026-11-22T10:55:00Z; default: now.\n"
	"             Decides between two readings of a date, and gives the answer to TIME.\n"
	"  --help     This text.\n"
	"\n"
	"EXIT STATUS\n"
	"  0, also with bad frames; 1 when an input cannot be read; 2 for a wrong option.\n"
	"\n"
	"EXAMPLE\n"
	"  echo '[3G*8800000015*000D*LK,50,100,100]' | kinward decode\n";

/* ---- output ---- */

static void write_object(struct decoder *d)
{
	struct view text;
	struct err e;

	d->objects++;
	if (json_out_finish(&d->json, &text, &e) != RC_OK) {
		(void)fprintf(stderr, "decode: %s\n", e.msg);
	} else {
		(void)fwrite(text.p, 1, text.n, stdout); /* failures are seen once, at the end */
		(void)putchar('\n');
	}
	json_out_reset(&d->json);
}

static void write_error(struct decoder *d, struct view raw, struct view error)
{
	decode_json_error(&d->json, raw, error);
	write_object(d);
}

static void write_foreign(struct decoder *d, struct view raw)
{
	char text[512];

	(void)snprintf(text, sizeof text, "not the watch protocol (%s): %s",
		foreign_name(d->scan.foreign),
		foreign_advice(d->scan.foreign)); /* texts are short */
	write_error(d, raw, view_of(text));
}

/* ---- frames ---- */

/* What frame_read dropped before the frame or the end, when it looked like a frame. */
static void write_dropped(
	struct decoder *d, struct view before, const char *until, uint32_t bad_frames)
{
	if (d->scan.bad_frames == bad_frames)
		return;
	write_error(d, (struct view){.p = before.p, .n = (size_t)(until - before.p)},
		VIEW("no frame: [vendor*id*length*content] expected; a part is missing or of a "
		     "wrong "
		     "form"));
}

/* frame_read wants the connection closed; here it goes on behind what it did not like. */
static void go_on(struct decoder *d, struct view *in)
{
	if (d->scan.foreign != FOREIGN_NONE) {
		write_foreign(d, *in);
		frame_skip(in, &d->scan);
		d->scan.foreign = FOREIGN_NONE;
	}
	d->scan.junk_run = 0;
}

/* Takes what can be taken from the front of *in. Without is_final an unfinished frame stays there.
 */
static void decode_bytes(struct decoder *d, struct view *in, bool is_final)
{
	struct frame f;
	struct err e;

	while (in->n > 0) {
		struct view before = *in;
		uint32_t bad_frames = d->scan.bad_frames;
		enum rc rc = frame_read(in, is_final, &f, &d->scan, &e);
		if (rc == RC_OK) {
			write_dropped(d, before, f.whole.p, bad_frames);
			if (d->is_down)
				decode_json_command(&d->json, &f);
			else
				decode_json_frame(&d->json, &f, d->at_ms);
			write_object(d);
		} else if (rc == RC_LIMIT) {
			write_error(d, (struct view){.p = before.p, .n = before.n - in->n},
				view_of(e.msg));
		} else if (rc == RC_MORE && is_final && in->n > 0) {
			write_error(d, before, VIEW("the frame is cut: its end is missing"));
			frame_skip(in, &d->scan);
		} else {
			write_dropped(d, before, in->p, bad_frames);
			if (rc == RC_SYNTAX)
				go_on(d, in);
			else if (!is_final)
				return;
		}
	}
}

/* ---- lines ---- */

/* Hex digits, blanks between them allowed, in place. */
static bool unhex(struct view v, char *dst, size_t *ret_n)
{
	int high = -1;
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++) {
		int digit = ascii_hex(v.p[i]);
		if (v.p[i] == ' ' || v.p[i] == '\t')
			continue;
		if (digit < 0)
			return false;
		if (high >= 0)
			dst[n++] = (char)(high << 4 | digit);
		high = high >= 0 ? -1 : digit;
	}
	*ret_n = n;
	return high < 0;
}

static void decode_line(struct decoder *d, char *line, size_t n)
{
	struct view in = {.p = line, .n = n};
	size_t objects = d->objects;

	if (in.n > 0 && in.p[in.n - 1] == '\r')
		in.n--;
	struct view whole = in;
	if (view_trim(in).n == 0)
		return;
	if (view_starts_nocase(in, VIEW("hex:"))) {
		in.p += 4;
		in.n -= 4;
		if (!unhex(in, line, &in.n)) {
			write_error(d, whole, VIEW("hex digits in pairs expected behind hex:"));
			return;
		}
		in.p = line;
	}
	whole = in;
	d->scan = (struct frame_scan){.junk = 0};
	decode_bytes(d, &in, true);
	if (d->objects == objects)
		write_error(d, whole,
			VIEW("no frame in this line: [vendor*id*length*content] expected"));
}

/* Drops the first n bytes of the buffer. */
static void shift(struct decoder *d, size_t n)
{
	memmove(d->buffer, d->buffer + n, d->n - n);
	d->n -= n;
}

static void decode_lines(struct decoder *d, bool is_final)
{
	size_t at = 0;
	char *end = NULL;

	while ((end = memchr(d->buffer + at, '\n', d->n - at)) != NULL) {
		size_t n = (size_t)(end - d->buffer) - at;
		if (!d->is_line_too_long)
			decode_line(d, d->buffer + at, n);
		d->is_line_too_long = false;
		at += n + 1;
	}
	shift(d, at);
	if (is_final && !d->is_line_too_long) {
		decode_line(d, d->buffer, d->n);
		d->n = 0;
	} else if (d->n == BUFFER_BYTES || d->is_line_too_long) {
		if (!d->is_line_too_long)
			write_error(d, (struct view){.p = d->buffer, .n = d->n},
				VIEW("the line is too long"));
		d->is_line_too_long = true;
		d->n = 0;
	}
}

/* ---- inputs ---- */

static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7F;
}

static enum mode mode_of(struct view block)
{
	struct view line;
	bool has_control = false;

	for (size_t i = 0; i < block.n && !has_control; i++)
		has_control = is_control(block.p[i]);
	while (has_control && view_cut_field(&block, '\n', &line)) {
		if (view_starts_nocase(line, VIEW("hex:")))
			return MODE_LINES;
	}
	return has_control ? MODE_RAW : MODE_LINES;
}

static void decode_block(struct decoder *d, bool is_final)
{
	if (d->mode == MODE_UNDECIDED)
		d->mode = mode_of((struct view){.p = d->buffer, .n = d->n});
	if (d->mode == MODE_LINES) {
		decode_lines(d, is_final);
		return;
	}
	struct view in = {.p = d->buffer, .n = d->n};
	decode_bytes(d, &in, is_final);
	shift(d, d->n - in.n);
}

/* Tells errno; false. */
static bool complain(const char *name)
{
	struct err e;

	(void)fail_sys(&e, "decode: %s", name);
	(void)fprintf(stderr, "%s\n", e.msg);
	return false;
}

static bool decode_fd(struct decoder *d, int fd, const char *name)
{
	d->mode = d->wanted_mode;
	d->n = 0;
	d->objects = 0;
	d->is_line_too_long = false;
	d->scan = (struct frame_scan){.junk = 0};
	for (;;) {
		ssize_t got = read(fd, d->buffer + d->n, BUFFER_BYTES - d->n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return complain(name);
		d->n += (size_t)got;
		decode_block(d, got == 0);
		(void)fflush(stdout); /* so that a live capture is shown as it comes */
		if (got == 0)
			return true;
	}
}

static bool decode_file(struct decoder *d, const char *name)
{
	if (strcmp(name, "-") == 0)
		return decode_fd(d, STDIN_FILENO, "standard input");
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return complain(name);
	bool is_read = decode_fd(d, fd, name);
	(void)close(fd); /* only read */
	return is_read;
}

/* ---- command line ---- */

static const struct option options[] = {
	{"down", no_argument, NULL, 'd'},
	{"lines", no_argument, NULL, 'l'},
	{"raw", no_argument, NULL, 'r'},
	{"at", required_argument, NULL, 'a'},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

/* The exit code, or -1 to go on. */
static int read_options(struct decoder *d, int argc, char **argv)
{
	struct err e;

	optind = 1;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	for (int c = 0; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (c) {
		case 'd':
			d->is_down = true;
			break;
		case 'l':
			d->wanted_mode = MODE_LINES;
			break;
		case 'r':
			d->wanted_mode = MODE_RAW;
			break;
		case 'a':
			if (time_from_text(view_of(optarg), &d->at_ms, &e) == RC_OK)
				break;
			(void)fprintf(stderr, "decode: --at: %s\n", e.msg);
			return 2;
		case 'h':
			(void)fputs(help, stdout);
			return 0;
		default:
			(void)fputs("decode: see kinward decode --help\n", stderr);
			return 2;
		}
	}
	return -1;
}

int decode_main(int argc, char **argv)
{
	struct decoder d = {.at_ms = clock_wall_ms()};
	bool is_good = true;
	int code = read_options(&d, argc, argv);

	if (code >= 0)
		return code;
	d.buffer = malloc(BUFFER_BYTES);
	if (d.buffer == NULL) {
		(void)fputs("decode: out of memory\n", stderr);
		return 1;
	}
	json_out_init(&d.json, JSON_BYTES);
	if (optind == argc)
		is_good = decode_file(&d, "-");
	for (int i = optind; i < argc; i++)
		is_good = decode_file(&d, argv[i]) && is_good;
	if (fflush(stdout) != 0 || ferror(stdout) != 0) {
		(void)fputs("decode: the output cannot be written\n", stderr);
		is_good = false;
	}
	json_out_done(&d.json);
	free(d.buffer);
	return is_good ? 0 : 1;
}
