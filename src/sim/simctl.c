#include "sim/simctl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/num.h"
#include "sim/simask.h"
#include "sim/simhealth.h"
#include "sim/simmemory.h"
#include "sim/simsettings.h"
#include "sim/simtalk.h"
#include "sim/simvoice.h"

enum {
	CLIENTS_MAX = 32,
	LINE_BYTES_MAX = 4096,
	OUT_BYTES_MAX = 4 * 1024 * 1024,
	LISTEN_BACKLOG = 16,
	PAST_MAX_S = 7 * 86400,
};

/* Status words of what a wearer can do (watch.md section 3.2). */
enum { BITS_SOS = 0x10000, BITS_REMOVED = 0x100000, BITS_FALL = 0x200000 };

struct client {
	struct simctl *ctl;
	struct loop_fd io; /* fd is -1: free */
	char in[LINE_BYTES_MAX];
	size_t in_n;
	char *out;
	size_t out_n;
	bool is_following;
	char follows[24]; /* id, or empty for all */
};

struct simctl {
	struct world *world;
	struct simwatch *watches;
	uint32_t watches_n;
	struct loop_fd listener;
	struct sockaddr_un address;
	struct client clients[CLIENTS_MAX];
	struct json_out json;
};

static const char help[] =
	"sos ID, fall ID, takeoff ID   the wearer presses SOS, falls, takes the watch off\n"
	"battery ID PERCENT            the battery is at so much now\n"
	"offline ID, online ID         the network goes away and comes back\n"
	"hangup ID                     ends the connection properly; it connects again\n"
	"past ID SECONDS               tells so much life before now as stored positions\n"
	"say ID CONTENT                sends one frame with this content\n"
	"where ID                      place, state and numbers, as JSON\n"
	"shown ID                      the last message on its display\n"
	"memory ID                     phone book, numbers, switches, as JSON\n"
	"tamper ID WHAT [VALUE]        somebody changes center, slave or password by SMS\n"
	"settings ID                   every setting that it took, voice and rewards, as JSON\n"
	"voice ID SECONDS [parts|broken]   the wearer speaks (1 to 15 s)\n"
	"call ID in|out NUMBER SECONDS [NAME]   a call is over (0 seconds: not answered)\n"
	"measure ID heart|pressure|oxygen|temperature [VALUE]   the watch measures\n"
	"ask ID WHAT                   weather, forecast, address, place, friend, friends, "
	"unfriend,\n"
	"                              book, entries, sos, alarms, timetable, voice, pictures, "
	"time,\n"
	"                              zone, bound, unbind\n"
	"lack ID KEYWORD, refuse ID KEYWORD, has ID KEYWORD   a command that this one does not "
	"know,\n"
	"                              refuses, knows again\n"
	"snap ID                       the wearer takes a picture and sends it\n"
	"list, stats                   all watches; counters; as JSON\n"
	"follow [ID]                   every line of the transcript from now on\n"
	"start                         connects all watches that are off line\n"
	"quit                          ends the simulator\n";

const char *simctl_help(void)
{
	return help;
}

static void client_close(struct client *c)
{
	if (c->io.fd >= 0) {
		loop_forget(c->ctl->world->loop, &c->io);
		(void)close(c->io.fd); /* a reader that is gone gets nothing */
	}
	free(c->out);
	*c = (struct client){.ctl = c->ctl, .io = {.fd = -1}};
}

static void client_flush(struct client *c)
{
	while (c->out_n > 0) {
		ssize_t n = send(c->io.fd, c->out, c->out_n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		c->out_n -= (size_t)n;
		memmove(c->out, c->out + n, c->out_n);
	}
	uint32_t events = c->out_n > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN;
	if (events != c->io.events &&
		loop_rewatch(c->ctl->world->loop, &c->io, events, NULL) != RC_OK)
		c->out_n = 0; /* it will be closed when it is read next */
}

/* One line; a client that does not read loses lines beyond OUT_BYTES_MAX. */
static void client_write(struct client *c, const char *head, struct view text)
{
	struct view parts[] = {view_of(head), text, VIEW("\n")};

	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		if (parts[i].n == 0)
			continue;
		if (c->out_n + parts[i].n > OUT_BYTES_MAX)
			return;
		char *out = realloc(c->out, c->out_n + parts[i].n);
		if (out == NULL)
			return;
		memcpy(out + c->out_n, parts[i].p, parts[i].n);
		c->out = out;
		c->out_n += parts[i].n;
	}
	client_flush(c);
}

static void on_transcript_line(void *owner, struct view id, struct view line)
{
	struct simctl *ctl = owner;

	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &ctl->clients[i];
		bool is_for = c->io.fd >= 0 && c->is_following &&
			      (c->follows[0] == '\0' || view_is(id, view_of(c->follows)));
		if (is_for)
			client_write(c, "event ", line);
	}
}

static bool is_name(const char *name, size_t size, struct view id)
{
	return view_is(id, (struct view){.p = name, .n = strnlen(name, size)});
}

static struct simwatch *find_watch(struct simctl *ctl, struct view id)
{
	for (uint32_t i = 0; i < ctl->watches_n; i++) {
		struct simwatch *w = &ctl->watches[i];
		if (is_name(w->id, sizeof w->id, id) || is_name(w->imei, sizeof w->imei, id))
			return w;
	}
	return NULL;
}

static void answer_json(struct client *c)
{
	struct view text;

	if (json_out_finish(&c->ctl->json, &text, NULL) != RC_OK)
		client_write(c, "error ", VIEW("the answer is too long"));
	else
		client_write(c, "ok ", text);
}

static void run_list(struct client *c, struct simwatch *w, struct view rest)
{
	struct simctl *ctl = c->ctl;

	(void)w;
	(void)rest;
	json_out_reset(&ctl->json);
	json_array(&ctl->json, NULL);
	for (uint32_t i = 0; i < ctl->watches_n; i++) {
		json_object(&ctl->json, NULL);
		json_text(&ctl->json, "id", view_of(ctl->watches[i].id));
		json_text(&ctl->json, "imei", view_of(ctl->watches[i].imei));
		json_text(&ctl->json, "state", view_of(simwatch_state_name(ctl->watches[i].state)));
		json_end(&ctl->json);
	}
	json_end(&ctl->json);
	answer_json(c);
}

static void run_stats(struct client *c, struct simwatch *w, struct view rest)
{
	struct simctl *ctl = c->ctl;
	const struct world_counts *n = &ctl->world->counts;
	unsigned states[SIMWATCH_STATE_COUNT] = {0};
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{"connects", n->connects},
		{"closes", n->closes},
		{"lk_sent", n->lk_sent},
		{"lk_answered", n->lk_answered},
		{"lk_missed", n->lk_missed},
		{"reboots", n->reboots},
		{"ud_sent", n->ud_sent},
		{"ud2_sent", n->ud2_sent},
		{"al_sent", n->al_sent},
		{"al_answered", n->al_answered},
		{"commands", n->commands},
		{"unknown", n->unknown},
		{"forbidden", n->forbidden},
		{"bad", n->bad},
	};

	(void)w;
	(void)rest;
	for (uint32_t i = 0; i < ctl->watches_n; i++)
		states[ctl->watches[i].state]++;
	json_out_reset(&ctl->json);
	json_object(&ctl->json, NULL);
	for (size_t i = 0; i < SIMWATCH_STATE_COUNT; i++)
		json_int(&ctl->json, simwatch_state_name((enum simwatch_state)i), states[i]);
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		json_int(&ctl->json, rows[i].name, (int64_t)rows[i].value);
	json_end(&ctl->json);
	answer_json(c);
}

static void run_where(struct client *c, struct simwatch *w, struct view rest)
{
	(void)rest;
	json_out_reset(&c->ctl->json);
	json_object(&c->ctl->json, NULL);
	simtalk_describe(w, &c->ctl->json);
	json_end(&c->ctl->json);
	answer_json(c);
}

static void run_shown(struct client *c, struct simwatch *w, struct view rest)
{
	(void)rest;
	client_write(c, "ok ", view_of(w->shown == NULL ? "" : w->shown));
}

static void run_memory(struct client *c, struct simwatch *w, struct view rest)
{
	(void)rest;
	json_out_reset(&c->ctl->json);
	json_object(&c->ctl->json, NULL);
	simmemory_describe(w, &c->ctl->json);
	json_end(&c->ctl->json);
	answer_json(c);
}

static void run_tamper(struct client *c, struct simwatch *w, struct view rest)
{
	struct view what = {0};

	if (view_cut_field(&rest, ' ', &what) && simmemory_tamper(w, what, rest))
		client_write(c, "ok", (struct view){0});
	else
		client_write(c, "error ", VIEW("tamper ID center|slave|password [VALUE]"));
}

static void run_snap(struct client *c, struct simwatch *w, struct view rest)
{
	(void)rest;
	if (w->state != SIMWATCH_ONLINE) {
		client_write(c, "error ", VIEW("not connected"));
		return;
	}
	simmemory_snap(w);
	client_write(c, "ok", (struct view){0});
}

static void answer_done(struct client *c, bool is_done, const char *usage)
{
	if (is_done)
		client_write(c, "ok", (struct view){0});
	else
		client_write(c, "error ", view_of(usage));
}

static void run_settings(struct client *c, struct simwatch *w, struct view rest)
{
	(void)rest;
	json_out_reset(&c->ctl->json);
	json_object(&c->ctl->json, NULL);
	simsettings_describe(w, &c->ctl->json);
	simvoice_describe(w, &c->ctl->json);
	json_end(&c->ctl->json);
	answer_json(c);
}

static void run_voice(struct client *c, struct simwatch *w, struct view rest)
{
	struct view number = {0};
	uint32_t seconds = 0;
	enum voice_way way = VOICE_WHOLE;

	bool is_good =
		view_cut_field(&rest, ' ', &number) && num_u32(number, 15, &seconds, NULL) == RC_OK;
	if (rest.p != NULL && view_is(rest, VIEW("parts")))
		way = VOICE_PARTS;
	else if (rest.p != NULL && view_is(rest, VIEW("broken")))
		way = VOICE_BROKEN;
	else
		is_good = is_good && rest.n == 0;
	answer_done(c, is_good && simvoice_speak(w, seconds, way),
		"voice ID 1..15 [parts|broken], of a watch on line");
}

static void run_call(struct client *c, struct simwatch *w, struct view rest)
{
	struct view f[3] = {{0}};
	uint32_t seconds = 0;
	bool is_good = w->io.fd >= 0;

	for (size_t i = 0; i < COUNT_OF(f); i++)
		is_good = is_good && view_cut_field(&rest, ' ', &f[i]);
	bool is_out = view_is(f[0], VIEW("out"));
	is_good = is_good && (is_out || view_is(f[0], VIEW("in"))) && f[1].n <= 24 &&
		  num_u32(f[2], 86400, &seconds, NULL) == RC_OK;
	if (is_good)
		simask_tell_call(w, is_out, f[1], seconds, rest);
	answer_done(c, is_good, "call ID in|out NUMBER SECONDS [NAME], of a watch on line");
}

static void run_measure(struct client *c, struct simwatch *w, struct view rest)
{
	struct view what = {0};

	bool is_done = w->state == SIMWATCH_ONLINE && view_cut_field(&rest, ' ', &what) &&
		       simhealth_tell(w, what, rest);
	answer_done(c, is_done, "measure ID heart|pressure|oxygen|temperature [VALUE]");
}

static void run_ask(struct client *c, struct simwatch *w, struct view rest)
{
	answer_done(c, w->io.fd >= 0 && simask_ask(w, rest), "ask ID WHAT, of a watch on line");
}

static void run_lack(struct client *c, struct simwatch *w, struct view rest)
{
	answer_done(c, simsettings_limit(w, VIEW("lack"), rest), "lack ID KEYWORD");
}

static void run_refuse(struct client *c, struct simwatch *w, struct view rest)
{
	answer_done(c, simsettings_limit(w, VIEW("refuse"), rest), "refuse ID KEYWORD");
}

static void run_has(struct client *c, struct simwatch *w, struct view rest)
{
	answer_done(c, simsettings_limit(w, VIEW("has"), rest), "has ID KEYWORD");
}

static void run_sos(struct client *c, struct simwatch *w, struct view rest)
{
	(void)rest;
	simtalk_alarm(w, BITS_SOS);
	client_write(c, "ok", (struct view){0});
}

static void run_fall(struct client *c, struct simwatch *w, struct view rest)
{
	(void)rest;
	simtalk_alarm(w, BITS_FALL);
	client_write(c, "ok", (struct view){0});
}

static void run_takeoff(struct client *c, struct simwatch *w, struct view rest)
{
	(void)rest;
	simtalk_alarm(w, BITS_REMOVED);
	client_write(c, "ok", (struct view){0});
}

static void run_battery(struct client *c, struct simwatch *w, struct view rest)
{
	uint32_t percent = 0;

	if (num_u32(rest, 100, &percent, NULL) != RC_OK) {
		client_write(c, "error ", VIEW("battery ID 0..100"));
		return;
	}
	simtalk_set_battery(w, (int)percent);
	client_write(c, "ok", (struct view){0});
}

static void run_past(struct client *c, struct simwatch *w, struct view rest)
{
	uint32_t past_s = 0;

	if (num_u32(rest, PAST_MAX_S, &past_s, NULL) != RC_OK || w->state != SIMWATCH_ONLINE) {
		client_write(c, "error ", VIEW("past ID 0..604800, of a watch on line"));
		return;
	}
	simtalk_tell_past(w, past_s);
	client_write(c, "ok", (struct view){0});
}

static void run_offline(struct client *c, struct simwatch *w, struct view rest)
{
	(void)rest;
	if (w->state != SIMWATCH_OFF)
		simwatch_drop(w, SIMWATCH_OFF);
	client_write(c, "ok", (struct view){0});
}

static void run_online(struct client *c, struct simwatch *w, struct view rest)
{
	(void)rest;
	if (w->state == SIMWATCH_OFF)
		simwatch_connect_later(w, 0);
	client_write(c, "ok", (struct view){0});
}

static void run_hangup(struct client *c, struct simwatch *w, struct view rest)
{
	(void)rest;
	if (w->io.fd >= 0) {
		simwatch_drop(w, SIMWATCH_WAITING);
		simwatch_connect_later(w, 200);
	}
	client_write(c, "ok", (struct view){0});
}

static void run_say(struct client *c, struct simwatch *w, struct view rest)
{
	if (w->io.fd < 0) {
		client_write(c, "error ", VIEW("not connected"));
		return;
	}
	simwatch_send(w, rest);
	client_write(c, "ok", (struct view){0});
}

static void run_quit(struct client *c, struct simwatch *w, struct view rest)
{
	(void)w;
	(void)rest;
	client_write(c, "ok", (struct view){0});
	loop_stop(c->ctl->world->loop);
}

static void run_start(struct client *c, struct simwatch *w, struct view rest)
{
	(void)w;
	(void)rest;
	c->ctl->world->start(c->ctl->world);
	client_write(c, "ok", (struct view){0});
}

static void run_follow(struct client *c, struct simwatch *w, struct view rest)
{
	(void)rest;
	c->is_following = true;
	(void)snprintf(c->follows, sizeof c->follows, "%s", w == NULL ? "" : w->id);
	client_write(c, "ok", (struct view){0});
}

enum need { NEED_NOTHING, NEED_WATCH, MAY_WATCH };

struct verb {
	const char *name;
	enum need need;
	void (*run)(struct client *c, struct simwatch *w, struct view rest);
};

static const struct verb verbs[] = {
	{"ask", NEED_WATCH, run_ask},
	{"battery", NEED_WATCH, run_battery},
	{"call", NEED_WATCH, run_call},
	{"fall", NEED_WATCH, run_fall},
	{"follow", MAY_WATCH, run_follow},
	{"hangup", NEED_WATCH, run_hangup},
	{"has", NEED_WATCH, run_has},
	{"lack", NEED_WATCH, run_lack},
	{"list", NEED_NOTHING, run_list},
	{"measure", NEED_WATCH, run_measure},
	{"memory", NEED_WATCH, run_memory},
	{"offline", NEED_WATCH, run_offline},
	{"online", NEED_WATCH, run_online},
	{"past", NEED_WATCH, run_past},
	{"quit", NEED_NOTHING, run_quit},
	{"refuse", NEED_WATCH, run_refuse},
	{"say", NEED_WATCH, run_say},
	{"settings", NEED_WATCH, run_settings},
	{"shown", NEED_WATCH, run_shown},
	{"snap", NEED_WATCH, run_snap},
	{"sos", NEED_WATCH, run_sos},
	{"start", NEED_NOTHING, run_start},
	{"stats", NEED_NOTHING, run_stats},
	{"takeoff", NEED_WATCH, run_takeoff},
	{"tamper", NEED_WATCH, run_tamper},
	{"voice", NEED_WATCH, run_voice},
	{"where", NEED_WATCH, run_where},
};

static void run_line(struct client *c, struct view line)
{
	struct view rest = view_trim(line);
	struct view word = {0};
	struct view id = {0};
	struct simwatch *w = NULL;

	if (!view_cut_field(&rest, ' ', &word) || word.n == 0)
		return;
	for (size_t i = 0; i < COUNT_OF(verbs); i++) {
		if (!view_is(word, view_of(verbs[i].name)))
			continue;
		if (verbs[i].need != NEED_NOTHING && view_cut_field(&rest, ' ', &id))
			w = find_watch(c->ctl, id);
		if (w == NULL && (verbs[i].need == NEED_WATCH || id.n > 0)) {
			client_write(c, "error ", VIEW("no such watch"));
			return;
		}
		verbs[i].run(c, w, rest);
		return;
	}
	client_write(c, "error ", VIEW("unknown command; see kinward sim --help"));
}

static void on_client(void *owner, uint32_t events)
{
	struct client *c = owner;

	if ((events & EPOLLOUT) != 0)
		client_flush(c);
	if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0)
		return;
	ssize_t n = recv(c->io.fd, c->in + c->in_n, sizeof c->in - c->in_n, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_close(c);
		return;
	}
	c->in_n += (size_t)n;
	size_t done = 0;
	const char *end = NULL;
	while ((end = memchr(c->in + done, '\n', c->in_n - done)) != NULL) {
		size_t line_n = (size_t)(end - (c->in + done));
		run_line(c, (struct view){.p = c->in + done, .n = line_n});
		done += line_n + 1;
	}
	if (done == 0 && c->in_n == sizeof c->in) {
		client_close(c); /* a line longer than the buffer */
		return;
	}
	c->in_n -= done;
	memmove(c->in, c->in + done, c->in_n);
}

static void on_listener(void *owner, uint32_t events)
{
	struct simctl *ctl = owner;
	struct sockaddr_un peer;
	socklen_t peer_n = sizeof peer;

	(void)events;
	int fd = accept4(
		ctl->listener.fd, (struct sockaddr *)&peer, &peer_n, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &ctl->clients[i];
		if (c->io.fd >= 0)
			continue;
		c->io = (struct loop_fd){.fd = fd, .events = EPOLLIN, .fn = on_client, .owner = c};
		if (loop_watch(ctl->world->loop, &c->io, NULL) == RC_OK)
			return;
		c->io.fd = -1;
		break;
	}
	(void)close(fd); /* all places are taken */
}

static enum rc set_address(const char *path, struct sockaddr_un *ret, struct err *e)
{
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (!view_to_text(view_of(path), ret->sun_path, sizeof ret->sun_path))
		return fail(e, RC_LIMIT, "control: the path is longer than %zu bytes: %s",
			sizeof ret->sun_path - 1, path);
	return RC_OK;
}

static enum rc listen_at(struct simctl *ctl, struct err *e)
{
	const char *path = ctl->address.sun_path;
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		(void)unlink(path); /* of an earlier run; bind tells when it is still there */
	ctl->listener.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (ctl->listener.fd < 0)
		return fail_sys(e, "control: socket");
	mode_t before = umask(0077);
	int bound = bind(ctl->listener.fd, (struct sockaddr *)&ctl->address, sizeof ctl->address);
	(void)umask(before);
	if (bound != 0)
		return fail_sys(e, "control: cannot listen at %s", path);
	if (listen(ctl->listener.fd, LISTEN_BACKLOG) != 0)
		return fail_sys(e, "control: listen");
	return loop_watch(ctl->world->loop, &ctl->listener, e);
}

enum rc simctl_new(const char *path, struct world *world, struct simwatch *watches,
	uint32_t watches_n, struct simctl **ret_owned, struct err *e)
{
	struct simctl *ctl = calloc(1, sizeof *ctl);

	if (ctl == NULL)
		return fail(e, RC_NOMEM, "control: out of memory");
	ctl->world = world;
	ctl->watches = watches;
	ctl->watches_n = watches_n;
	ctl->listener =
		(struct loop_fd){.fd = -1, .events = EPOLLIN, .fn = on_listener, .owner = ctl};
	json_out_init(&ctl->json, OUT_BYTES_MAX / 2);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		ctl->clients[i] = (struct client){.ctl = ctl, .io = {.fd = -1}};
	enum rc rc = set_address(path, &ctl->address, e);
	if (rc == RC_OK)
		rc = listen_at(ctl, e);
	if (rc != RC_OK) {
		simctl_free(ctl);
		return rc;
	}
	transcript_follow(world->transcript, on_transcript_line, ctl);
	*ret_owned = ctl;
	return RC_OK;
}

void simctl_free(struct simctl *ctl)
{
	if (ctl == NULL)
		return;
	transcript_follow(ctl->world->transcript, NULL, NULL);
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		client_close(&ctl->clients[i]);
	if (ctl->listener.fd >= 0) {
		loop_forget(ctl->world->loop, &ctl->listener);
		(void)close(ctl->listener.fd);
		(void)unlink(ctl->address.sun_path);
	}
	json_out_done(&ctl->json);
	free(ctl);
}

static int press_line(int fd, int argc, char **argv)
{
	char line[LINE_BYTES_MAX];
	size_t n = 0;

	for (int i = 0; i < argc; i++) {
		int more = snprintf(line + n, sizeof line - n, i == 0 ? "%s" : " %s", argv[i]);
		if (more < 0 || (size_t)more + 2 > sizeof line - n)
			return -1;
		n += (size_t)more;
	}
	line[n++] = '\n';
	return send(fd, line, n, MSG_NOSIGNAL) == (ssize_t)n ? 0 : -1;
}

/* Prints the answer, and with `follow` all that comes after it. */
static int press_print(int fd, bool is_following)
{
	char buf[4096];
	char first = '\0';
	ssize_t n = 0;
	bool is_done = false;

	while (!is_done && (n = recv(fd, buf, sizeof buf, 0)) > 0) {
		if (first == '\0')
			first = buf[0];
		is_done = !is_following && memchr(buf, '\n', (size_t)n) != NULL;
		if (fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			return 1;
		(void)fflush(stdout); /* a reader that left is seen by the next write */
	}
	return first == 'o' ? 0 : 1;
}

int simctl_press(const char *path, int argc, char **argv)
{
	struct sockaddr_un address;
	struct err e = {0};

	if (set_address(path, &address, &e) != RC_OK) {
		(void)fprintf(stderr, "kinward sim: %s\n", e.msg);
		return 2;
	}
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
		(void)fprintf(stderr, "kinward sim: no simulator listens at %s\n", path);
		if (fd >= 0)
			(void)close(fd);
		return 1;
	}
	int status = 1;
	if (press_line(fd, argc, argv) == 0)
		status = press_print(fd, argc > 0 && view_is(view_of(argv[0]), VIEW("follow")));
	(void)close(fd);
	return status;
}
