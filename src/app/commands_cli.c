#include "app/commands_cli.h"

#include <getopt.h>
#include <stdio.h>

#include "watch/command.h"

enum { HOUR_S = 3600, DAY_S = 86400, MIN_S = 60, EXIT_USAGE = 2 };

static const char help[] =
	"NAME\n"
	"  kinward commands - what a watch can be told, and what it is never told\n"
	"\n"
	"SYNOPSIS\n"
	"  kinward commands [--markdown] [NAME]\n"
	"\n"
	"DESCRIPTION\n"
	"  Shows each command with the bytes that are sent, its values and limits, the answers "
	"that\n"
	"  are taken, how long it is kept and waited for, and whether it may be repeated. With a\n"
	"  NAME (such as quiet_times) or a keyword (such as SILENCETIME2) only that one.\n"
	"\n"
	"OPTIONS\n"
	"  --markdown  The whole reference as docs/commands.md.\n"
	"  --help      This text.\n"
	"\n"
	"EXIT STATUS\n"
	"  0; 1 when there is no such command; 2 for a wrong option.\n";

/* ---- pieces ---- */

static void print_text(const char *text, bool is_markdown)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (is_markdown && *p == '|')
			(void)putchar('\\');
		(void)putchar(*p);
	}
}

/* What stands for one value: {name}. */
static void print_value(const struct command_field *f)
{
	static const char *const forms[PARAM_TYPE_COUNT] = {
		[PARAM_ENTRY] = "{number},{name}",
		[PARAM_WINDOW] = "{HH:MM}-{HH:MM}",
		[PARAM_WINDOW_DAYS] = "{HH:MM}-{HH:MM}-{SMTWTFS}",
		[PARAM_ALARM] = "{HH:MM}-{on}-{repeat}[-{SMTWTFS}]",
		[PARAM_POINT] = "{HH:MM}-{once}",
		[PARAM_APP] = "{app}-{on}",
		[PARAM_MAC] = "{n},{mac}",
		[PARAM_PERIODS] = "{HHMMHHMM}-… x8",
	};

	if (f->type == PARAM_FIXED)
		(void)fputs(f->fixed, stdout);
	else if (forms[f->type] != NULL)
		(void)fputs(forms[f->type], stdout);
	else
		(void)printf("{%s}", f->name);
}

static void print_form(const struct command_definition *d)
{
	(void)fputs(d->keyword, stdout);
	for (size_t i = 0; i < d->fields_n; i++) {
		const struct command_field *f = &d->fields[i];
		if (f->is_last)
			(void)putchar('[');
		(void)putchar(f->joint == 0 ? ',' : f->joint);
		print_value(f);
		if (f->is_last)
			(void)putchar(']');
		if (f->repeat_max > 1 && f->type != PARAM_PERIODS && f->type != PARAM_LESSONS)
			(void)printf(f->repeat_min == f->repeat_max ? " x%u" : ",… to %u",
				(unsigned)f->repeat_max);
	}
}

static void print_seconds(uint32_t s)
{
	if (s % DAY_S == 0)
		(void)printf("%u d", (unsigned)(s / DAY_S));
	else if (s % HOUR_S == 0)
		(void)printf("%u h", (unsigned)(s / HOUR_S));
	else if (s % MIN_S == 0)
		(void)printf("%u min", (unsigned)(s / MIN_S));
	else
		(void)printf("%u s", (unsigned)s);
}

static void print_answers(const struct command_definition *d)
{
	if (d->silence == SILENCE_ALL) {
		(void)fputs("none", stdout);
		return;
	}
	for (size_t i = 0; i < COMMAND_ANSWERS_MAX && d->answers[i] != NULL; i++)
		(void)printf("%s%s%s", i == 0 ? "" : ", ", d->answers[i],
			d->has_status ? " (1 yes, 0 no)" : "");
	if (d->silence == SILENCE_YISAI)
		(void)fputs("; none of yisai", stdout);
	if (d->later != NULL)
		(void)printf("; then %s", d->later);
}

static void print_only(const struct command_definition *d)
{
	const char *between = "";

	if (d->vendors != VENDORS_ALL) {
		(void)fputs(d->vendors == VENDORS_YISAI ? "yisai" : "not yisai", stdout);
		between = ", ";
	}
	if (d->needs != NULL)
		(void)printf("%sCONFIG %s", between, d->needs);
}

/* Parts of a line, with ; between them. */
struct line {
	bool has_part;
};

static void print_part(struct line *l, const char *text)
{
	(void)printf("%s%s", l->has_part ? "; " : "", text);
	l->has_part = true;
}

/* What the type alone allows. */
static const char *limit_of(enum command_param type)
{
	static const char *const limits[PARAM_TYPE_COUNT] = {
		[PARAM_FLAG] = "0 or 1",
		[PARAM_LANGUAGE] = "a number of the protocol's table of languages",
		[PARAM_ZONE] = "-12 to 14 h in quarters of an hour; yisai: whole hours",
		[PARAM_PHONE] = "3 to 20 digits, + first",
		[PARAM_ENTRY] = "3 to 20 digits, and 1 to 10 characters",
		[PARAM_MAC] = "xx:xx:xx:xx:xx:xx",
		[PARAM_HHMM] = "00:00 to 23:59",
		[PARAM_DAYS] = "seven digits 0 or 1, Sunday first",
		[PARAM_WINDOW] = "00:00 to 23:59, may go over midnight",
		[PARAM_WINDOW_DAYS] = "the same, and the days it begins on; yisai: a 1 before them",
		[PARAM_ALARM] = "repeat 1 once, 2 daily, 3 on days",
		[PARAM_POINT] = "0 daily, 1 once",
		[PARAM_PERIODS] = "an unused one is 00000000",
		[PARAM_LESSONS] = "UTF-16 of day_period_name joined with -, Monday is 1",
		[PARAM_AUDIO] = "an AMR-NB file, escaped",
		[PARAM_PICTURE] = "a JPEG, escaped",
	};

	return limits[type];
}

static void print_numbers(struct line *l, const struct command_field *f)
{
	char text[80];
	const char *unit = f->unit == NULL ? "" : f->unit;
	const char *blank = f->unit == NULL ? "" : " ";

	if (f->type == PARAM_DECIMAL)
		(void)snprintf(text, sizeof text, "%d.%d to %d.%d%s%s", (int)(f->min / 10),
			(int)(f->min % 10), (int)(f->max / 10), (int)(f->max % 10), blank, unit);
	else if (f->type == PARAM_AUDIO || f->type == PARAM_PICTURE)
		(void)snprintf(text, sizeof text, "%d to %d bytes before that", (int)f->min,
			COMMAND_PAYLOAD_MAX);
	else if (f->max > 0 && f->type != PARAM_ENTRY)
		(void)snprintf(text, sizeof text, "%s%d to %d%s%s", f->has_zero ? "0, or " : "",
			(int)f->min, (int)f->max, blank, unit);
	else
		return;
	print_part(l, text);
}

static void print_range(const struct command_field *f)
{
	struct line l = {.has_part = false};
	char text[80];

	if (limit_of(f->type) != NULL)
		print_part(&l, limit_of(f->type));
	for (const struct command_value *v = f->values; v != NULL && v->name != NULL; v++) {
		(void)snprintf(text, sizeof text, "%d %s", (int)v->number, v->name);
		print_part(&l, text);
	}
	print_numbers(&l, f);
	if (f->repeat_max > 0 && f->repeat_min == f->repeat_max)
		(void)snprintf(text, sizeof text, "%u of them", (unsigned)f->repeat_max);
	else if (f->repeat_max > 0)
		(void)snprintf(text, sizeof text, "%u to %u of them", (unsigned)f->repeat_min,
			(unsigned)f->repeat_max);
	if (f->repeat_max > 0)
		print_part(&l, text);
	if (f->is_optional)
		print_part(&l, "may be empty");
	if (f->is_secret)
		print_part(&l, "never shown");
}

/* ---- for people ---- */

static void print_command(const struct command_definition *d)
{
	(void)printf("%s - %s\n  sends    ", d->name, d->meaning);
	print_form(d);
	if (d->keyword_yisai != NULL)
		(void)printf(" (yisai: %s)", d->keyword_yisai);
	(void)printf("\n  class    %s%s\n  answer   ", command_class_name(d->class),
		d->is_sensitive ? ", only to a session that is not in doubt" : "");
	print_answers(d);
	(void)fputs("\n  kept     ", stdout);
	print_seconds(d->life_s);
	(void)fputs(", answer within ", stdout);
	print_seconds(d->timeout_s);
	(void)printf("; %s\n", d->may_repeat ? "repeated without an answer" : "never repeated");
	if (d->vendors != VENDORS_ALL || d->needs != NULL) {
		(void)fputs("  only     ", stdout);
		print_only(d);
		(void)putchar('\n');
	}
	for (size_t i = 0; i < d->fields_n; i++) {
		const struct command_field *f = &d->fields[i];
		if (f->type == PARAM_FIXED || f->type == PARAM_COUNT)
			continue;
		(void)printf("  {%s} %s: ", f->name, command_param_name(f->type));
		print_range(f);
		(void)putchar('\n');
	}
}

static int print_for_people(const char *wanted)
{
	unsigned shown = 0;

	for (unsigned i = 0; i < COMMAND_KIND_COUNT; i++) {
		const struct command_definition *d = command_definition((enum command_kind)i);
		if (wanted != NULL && !view_is_nocase(view_of(wanted), view_of(d->name)) &&
			!view_is_nocase(view_of(wanted), view_of(d->keyword)))
			continue;
		if (shown++ > 0)
			(void)putchar('\n');
		print_command(d);
	}
	if (shown > 0)
		return 0;
	size_t n = 0;
	const struct command_never *never = command_never(&n);
	for (size_t i = 0; i < n; i++) {
		if (!view_is_nocase(view_of(wanted), view_of(never[i].keyword)))
			continue;
		(void)printf("%s is never sent: %s\n", never[i].keyword, never[i].reason);
		return 0;
	}
	(void)fprintf(stderr, "commands: there is no %s\n", wanted);
	return 1;
}

/* ---- docs/commands.md ---- */

static const char head[] = "# What a watch can be told\n"
			   "\n"
			   "Made by `kinward commands --markdown` from the tables of the program; "
			   "a test compares the two. "
			   "`kinward commands NAME`\n"
			   "shows one of them, `kinward decode --down` reads such frames.\n"
			   "\n"
			   "Classes: *harmless*; *private*: needs the right and stands in the log; "
			   "*safety*: may stop alarms, "
			   "calls or locating;\n"
			   "*destructive*: needs a second person or a waiting time in which every "
			   "member is told. *Kept*: how "
			   "long a command waits\n"
			   "for the watch. *Within*: how long it waits for the answer after that. "
			   "*Again*: it is repeated "
			   "without an answer, because\n"
			   "twice does no more than once. Yisai is the firmware behind the vendor "
			   "codes YS, XT, TL, BK and "
			   "RL.\n";

static void print_commands_table(void)
{
	(void)fputs(
		"\n## Commands\n\n"
		"| Name | Sent as | What it does | Class | Answer | Kept | Within | Again | Only "
		"|\n"
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
		stdout);
	for (unsigned i = 0; i < COMMAND_KIND_COUNT; i++) {
		const struct command_definition *d = command_definition((enum command_kind)i);
		(void)printf("| %s | `", d->name);
		print_form(d);
		(void)putchar('`');
		if (d->keyword_yisai != NULL)
			(void)printf(" (yisai `%s`)", d->keyword_yisai);
		(void)printf(" | %s | %s | ", d->meaning, command_class_name(d->class));
		print_answers(d);
		(void)fputs(" | ", stdout);
		print_seconds(d->life_s);
		(void)fputs(" | ", stdout);
		print_seconds(d->timeout_s);
		(void)printf(" | %s | ", d->may_repeat ? "yes" : "no");
		print_only(d);
		(void)fputs(" |\n", stdout);
	}
}

static void print_fields_table(void)
{
	(void)fputs(
		"\n## Values\n\n| Command | Value | Type | Range |\n| --- | --- | --- | --- |\n",
		stdout);
	for (unsigned i = 0; i < COMMAND_KIND_COUNT; i++) {
		const struct command_definition *d = command_definition((enum command_kind)i);
		for (size_t k = 0; k < d->fields_n; k++) {
			const struct command_field *f = &d->fields[k];
			if (f->type == PARAM_FIXED || f->type == PARAM_COUNT)
				continue;
			(void)printf(
				"| %s | %s | %s | ", d->name, f->name, command_param_name(f->type));
			print_range(f);
			(void)fputs(" |\n", stdout);
		}
	}
}

static void print_replies_table(void)
{
	size_t n = 0;
	const struct reply_definition *replies = reply_definitions(&n);

	(void)fputs("\n## Answers to what a watch says\n\n| To | Sent as | What it means |\n"
		    "| --- | --- | --- |\n",
		stdout);
	for (size_t i = 0; i < n; i++) {
		(void)printf("| %s | `", replies[i].answers);
		print_text(replies[i].form, true);
		(void)printf("` | %s |\n", replies[i].meaning);
	}
}

static void print_never_table(void)
{
	size_t n = 0;
	const struct command_never *never = command_never(&n);

	(void)fputs("\n## Never sent\n\nNo build holds a way to make these bytes. Of ACALL, AUTO "
		    "and CPSMS "
		    "only the value that switches them off exists,\nand of UPGRADE only the form "
		    "without an address.\n\n| Keyword | Why not |\n| --- | --- |\n",
		stdout);
	for (size_t i = 0; i < n; i++)
		(void)printf("| %s | %s |\n", never[i].keyword, never[i].reason);
}

static int print_markdown(void)
{
	(void)fputs(head, stdout);
	print_commands_table();
	print_fields_table();
	print_replies_table();
	print_never_table();
	return 0;
}

int commands_main(int argc, char **argv)
{
	static const struct option options[] = {
		{"markdown", no_argument, NULL, 'm'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	bool is_markdown = false;

	optind = 1;
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	for (int c = 0; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'h') {
			(void)fputs(help, stdout);
			return 0;
		}
		if (c != 'm') {
			(void)fputs("commands: see kinward commands --help\n", stderr);
			return EXIT_USAGE;
		}
		is_markdown = true;
	}
	if (argc - optind > 1 || (is_markdown && optind < argc)) {
		(void)fputs("commands: see kinward commands --help\n", stderr);
		return EXIT_USAGE;
	}
	int code = is_markdown ? print_markdown() : print_for_people(argv[optind]);
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return code;
	(void)fputs("commands: the output cannot be written\n", stderr);
	return 1;
}
