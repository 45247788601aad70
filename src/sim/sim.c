#include "sim/sim.h"

#include <getopt.h>
#include <math.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>

#include "base/clock.h"
#include "base/num.h"
#include "sim/chance.h"
#include "sim/simctl.h"
#include "sim/simtalk.h"

enum { WATCHES_MAX = 15000, TOWN_WATCHES = 300, DESCRIPTORS_SPARE = 100 };

static const char DEFAULT_CONTROL[] = "data-demo/sim.sock";

struct arguments {
	struct world_options world;
	struct manners manners;
	struct view server;
	const char *control, *transcript;
	uint32_t watches, ramp_s, duration_s;
	uint64_t id;
	double lat_deg, lon_deg;
	bool has_id, has_zone;
	int64_t begin_min; /* minute of the day, or -1: as the clock says */
	bool is_help;
	bool is_held; /* the watches wait for `start` on the control socket */
};

struct sim {
	struct world world;
	struct arguments args;
	struct simwatch *watches;
	uint32_t watches_n;
	struct simctl *ctl;
	struct loop_fd signals;
	struct timer end;
};

static const char usage[] =
	"kinward sim --server HOST:PORT [options]      simulated watches\n"
	"kinward sim press [--control SOCKET] COMMAND  tells a running simulator what to do\n"
	"\n"
	"  --server HOST:PORT   where the watches connect\n"
	"  --watches N          how many, 1 to 15000 (1); more by several processes\n"
	"  --id DIGITS          the first id: ten digits, or an IMEI; the others follow (made from "
	"the seed)\n"
	"  --seed S             the same seed gives the same town and lives (1)\n"
	"  --place LAT,LON      where the made-up town lies (50.9795,11.3235)\n"
	"  --zone MINUTES       the town's time zone (from the longitude)\n"
	"  --speed X            seconds of life in a second, 0.01 to 1000 (1)\n"
	"  --begin WHEN         now, moving, busy (round and round), or HH:MM (now)\n"
	"  --manners FILE|LIST  how the firmware behaves, see below\n"
	"  --heartbeat S        seconds between LK (60 for half an hour, then 300)\n"
	"  --upload S           seconds between positions while moving (60)\n"
	"  --answer-timeout S   how long an answer to LK is waited for (10)\n"
	"  --alarm-retry S      an alarm that is not answered comes again (30)\n"
	"  --locate-every S     positions after CR (20)\n"
	"  --blind PERCENT      part of the town without network (3)\n"
	"  --backlog S          so much life before the start is told as stored positions (0)\n"
	"  --mcc MCC --mnc MNC  mobile network (262, 1)\n"
	"  --from ADDRESS       own IPv4 address\n"
	"  --ramp S             spreads the first connections over S seconds (watches / 500)\n"
	"  --hold               the watches connect when told `start` on the control socket\n"
	"  --duration S         ends after S seconds (never)\n"
	"  --control SOCKET     listens there for commands\n"
	"  --transcript FILE    writes every frame there, as JSON lines\n";

static void print_help(void)
{
	(void)printf("%s\nManners:\n%s\nCommands of the control socket and of `press`:\n%s", usage,
		manners_help(), simctl_help());
}

typedef enum rc option_fn(struct arguments *a, struct view v, struct err *e);

static enum rc set_server(struct arguments *a, struct view v, struct err *e)
{
	(void)e;
	a->server = v;
	return RC_OK;
}

static enum rc set_watches(struct arguments *a, struct view v, struct err *e)
{
	enum rc rc = num_u32(v, WATCHES_MAX, &a->watches, e);

	if (rc == RC_OK && a->watches == 0)
		return fail(e, RC_LIMIT, "--watches: at least 1");
	return rc;
}

static enum rc set_seed(struct arguments *a, struct view v, struct err *e)
{
	return num_u64(v, UINT64_MAX, &a->world.seed, e);
}

static enum rc set_id(struct arguments *a, struct view v, struct err *e)
{
	if (v.n == 15)
		v = (struct view){.p = v.p + 4, .n = 10};
	if (v.n != 10)
		return fail(e, RC_SYNTAX, "--id: ten digits, or an IMEI of fifteen");
	a->has_id = true;
	return num_u64(v, 9999999999, &a->id, e);
}

static enum rc read_degrees(struct view v, int64_t max, double *ret, struct err *e)
{
	int64_t e7 = 0;
	enum rc rc = num_decimal(v, 7, -max * 10000000, max * 10000000, &e7, e);

	if (rc == RC_OK)
		*ret = (double)e7 / 1e7;
	return rc;
}

static enum rc set_place(struct arguments *a, struct view v, struct err *e)
{
	struct view lat;

	if (!view_cut_field(&v, ',', &lat) || v.p == NULL)
		return fail(e, RC_SYNTAX, "--place: LAT,LON");
	enum rc rc = read_degrees(lat, 84, &a->lat_deg, e);
	return rc != RC_OK ? rc : read_degrees(v, 180, &a->lon_deg, e);
}

static enum rc set_zone(struct arguments *a, struct view v, struct err *e)
{
	int64_t minutes = 0;
	enum rc rc = num_i64(v, -720, 840, &minutes, e);

	if (rc == RC_OK) {
		a->world.zone_min = (int)minutes;
		a->has_zone = true;
	}
	return rc;
}

static enum rc set_speed(struct arguments *a, struct view v, struct err *e)
{
	int64_t percent = 0;
	enum rc rc = num_decimal(v, 2, 1, 100000, &percent, e);

	if (rc == RC_OK)
		a->world.speed = (double)percent / 100;
	return rc;
}

static enum rc set_begin(struct arguments *a, struct view v, struct err *e)
{
	struct view rest = v;
	struct view hour;
	uint32_t h = 0;
	uint32_t m = 0;

	if (view_is(v, VIEW("now")))
		return RC_OK;
	if (view_is(v, VIEW("busy"))) {
		a->world.is_busy = true;
		a->world.begins_moving = true;
		return RC_OK;
	}
	if (view_is(v, VIEW("moving"))) {
		a->world.begins_moving = true;
		return RC_OK;
	}
	if (!view_cut_field(&rest, ':', &hour) || num_u32(hour, 23, &h, e) != RC_OK ||
		num_u32(rest, 59, &m, e) != RC_OK)
		return fail(e, RC_SYNTAX, "--begin: now, moving, busy, or HH:MM");
	a->begin_min = h * 60 + m;
	return RC_OK;
}

static enum rc set_manners(struct arguments *a, struct view v, struct err *e)
{
	if (access(v.p, R_OK) == 0) /* arguments end with NUL */
		return manners_load(v.p, &a->manners, e);
	return manners_read(v, &a->manners, e);
}

static enum rc set_heartbeat(struct arguments *a, struct view v, struct err *e)
{
	return num_u32(v, 86400, &a->world.heartbeat_s, e);
}

static enum rc set_upload(struct arguments *a, struct view v, struct err *e)
{
	enum rc rc = num_u32(v, 65535, &a->world.upload_s, e);

	return rc == RC_OK && a->world.upload_s == 0 ? fail(e, RC_LIMIT, "--upload: at least 1")
						     : rc;
}

static enum rc set_answer_timeout(struct arguments *a, struct view v, struct err *e)
{
	return num_u32(v, 3600, &a->world.answer_timeout_s, e);
}

static enum rc set_alarm_retry(struct arguments *a, struct view v, struct err *e)
{
	return num_u32(v, 3600, &a->world.alarm_retry_s, e);
}

static enum rc set_locate_every(struct arguments *a, struct view v, struct err *e)
{
	return num_u32(v, 3600, &a->world.locate_every_s, e);
}

static enum rc set_blind(struct arguments *a, struct view v, struct err *e)
{
	uint32_t percent = 0;
	enum rc rc = num_u32(v, 100, &percent, e);

	a->world.blind_percent = percent;
	return rc;
}

static enum rc set_backlog(struct arguments *a, struct view v, struct err *e)
{
	return num_u32(v, 7 * 86400, &a->world.backlog_s, e);
}

static enum rc set_mcc(struct arguments *a, struct view v, struct err *e)
{
	return num_u32(v, 999, &a->world.mcc, e);
}

static enum rc set_mnc(struct arguments *a, struct view v, struct err *e)
{
	return num_u32(v, 999, &a->world.mnc, e);
}

static enum rc set_from(struct arguments *a, struct view v, struct err *e)
{
	a->world.from.sin_family = AF_INET;
	if (inet_pton(AF_INET, v.p, &a->world.from.sin_addr) != 1) /* arguments end with NUL */
		return fail(e, RC_SYNTAX, "--from: an IPv4 address");
	return RC_OK;
}

static enum rc set_ramp(struct arguments *a, struct view v, struct err *e)
{
	return num_u32(v, 86400, &a->ramp_s, e);
}

static enum rc set_duration(struct arguments *a, struct view v, struct err *e)
{
	return num_u32(v, 100 * 86400, &a->duration_s, e);
}

static enum rc set_control(struct arguments *a, struct view v, struct err *e)
{
	(void)e;
	a->control = v.p;
	return RC_OK;
}

static enum rc set_transcript(struct arguments *a, struct view v, struct err *e)
{
	(void)e;
	a->transcript = v.p;
	return RC_OK;
}

/* In the order of `long_options`. */
static option_fn *const setters[] = {set_server, set_watches, set_id, set_seed, set_place, set_zone,
	set_speed, set_begin, set_manners, set_heartbeat, set_upload, set_answer_timeout,
	set_alarm_retry, set_locate_every, set_blind, set_backlog, set_mcc, set_mnc, set_from,
	set_ramp, set_duration, set_control, set_transcript};

enum { OPTION_FIRST = 256, OPTION_HELP = OPTION_FIRST + (int)COUNT_OF(setters), OPTION_HOLD };

static const struct option long_options[] = {
	{"server", required_argument, NULL, OPTION_FIRST + 0},
	{"watches", required_argument, NULL, OPTION_FIRST + 1},
	{"id", required_argument, NULL, OPTION_FIRST + 2},
	{"seed", required_argument, NULL, OPTION_FIRST + 3},
	{"place", required_argument, NULL, OPTION_FIRST + 4},
	{"zone", required_argument, NULL, OPTION_FIRST + 5},
	{"speed", required_argument, NULL, OPTION_FIRST + 6},
	{"begin", required_argument, NULL, OPTION_FIRST + 7},
	{"manners", required_argument, NULL, OPTION_FIRST + 8},
	{"heartbeat", required_argument, NULL, OPTION_FIRST + 9},
	{"upload", required_argument, NULL, OPTION_FIRST + 10},
	{"answer-timeout", required_argument, NULL, OPTION_FIRST + 11},
	{"alarm-retry", required_argument, NULL, OPTION_FIRST + 12},
	{"locate-every", required_argument, NULL, OPTION_FIRST + 13},
	{"blind", required_argument, NULL, OPTION_FIRST + 14},
	{"backlog", required_argument, NULL, OPTION_FIRST + 15},
	{"mcc", required_argument, NULL, OPTION_FIRST + 16},
	{"mnc", required_argument, NULL, OPTION_FIRST + 17},
	{"from", required_argument, NULL, OPTION_FIRST + 18},
	{"ramp", required_argument, NULL, OPTION_FIRST + 19},
	{"duration", required_argument, NULL, OPTION_FIRST + 20},
	{"control", required_argument, NULL, OPTION_FIRST + 21},
	{"transcript", required_argument, NULL, OPTION_FIRST + 22},
	{"hold", no_argument, NULL, OPTION_HOLD},
	{"help", no_argument, NULL, OPTION_HELP},
	{NULL, 0, NULL, 0},
};

static void arguments_init(struct arguments *a)
{
	*a = (struct arguments){
		.watches = 1, .begin_min = -1, .lat_deg = 50.9795, .lon_deg = 11.3235};
	a->world = (struct world_options){.speed = 1,
		.upload_s = 60,
		.answer_timeout_s = 10,
		.alarm_retry_s = 30,
		.locate_every_s = 20,
		.blind_percent = 3,
		.mcc = 262,
		.mnc = 1,
		.seed = 1};
	manners_init(&a->manners);
}

static enum rc read_arguments(int argc, char **argv, struct arguments *a, struct err *e)
{
	int c = 0;

	arguments_init(a);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (c == OPTION_HELP) {
			a->is_help = true;
			return RC_OK;
		}
		if (c == OPTION_HOLD) {
			a->is_held = true;
			continue;
		}
		if (c < OPTION_FIRST)
			return fail(e, RC_SYNTAX, "see kinward sim --help");
		enum rc rc = setters[c - OPTION_FIRST](a, view_of(optarg), e);
		if (rc != RC_OK)
			return rc;
	}
	if (optind < argc)
		return fail(e, RC_SYNTAX, "unknown argument \"%s\"", argv[optind]);
	if (a->server.n == 0 && !a->is_help)
		return fail(e, RC_SYNTAX, "--server HOST:PORT is wanted");
	if (!a->has_zone)
		a->world.zone_min = (int)lround(a->lon_deg / 15) * 60;
	if (!a->has_id)
		a->id = 1000000000 + chance_mix(a->world.seed, 4711) % 8000000000u;
	return RC_OK;
}

static enum rc resolve(struct view server, struct world_options *o, struct err *e)
{
	char host[256];
	struct addrinfo *found = NULL;
	size_t colon = server.n;

	while (colon > 0 && server.p[colon - 1] != ':')
		colon--;
	struct view name = {.p = server.p, .n = colon == 0 ? 0 : colon - 1};
	if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
		name = (struct view){.p = name.p + 1, .n = name.n - 2};
	if (colon == 0 || !view_to_text(name, host, sizeof host))
		return fail(e, RC_SYNTAX, "--server: HOST:PORT");
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	int bad =
		getaddrinfo(host, server.p + colon, &hints, &found); /* an argument ends with NUL */
	if (bad != 0)
		return fail(e, RC_IO, "--server: %s: %s", host, gai_strerror(bad));
	memcpy(&o->server, found->ai_addr, found->ai_addrlen);
	o->server_n = found->ai_addrlen;
	freeaddrinfo(found);
	return RC_OK;
}

static enum rc make_towns(struct sim *s, struct err *e)
{
	uint32_t n = (s->args.watches - 1) / TOWN_WATCHES + 1;

	s->world.towns = calloc(n, sizeof *s->world.towns);
	s->watches = calloc(s->args.watches, sizeof *s->watches);
	if (s->world.towns == NULL || s->watches == NULL)
		return fail(e, RC_NOMEM, "out of memory");
	for (uint32_t i = 0; i < n; i++)
		town_init(&s->world.towns[i], s->args.world.seed, i, s->args.lat_deg,
			s->args.lon_deg);
	return RC_OK;
}

/* Local time of the town at the start: by the clock, or a Monday at the wanted hour. */
static double start_local_s(const struct arguments *a)
{
	if (a->begin_min >= 0)
		return 20780.0 * 86400 + (double)a->begin_min * 60;
	return (double)clock_wall_ms() / 1000 + a->world.zone_min * 60.0;
}

static void raise_descriptors(uint32_t watches)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* what is missing is told below */
	if (limit.rlim_cur < watches + DESCRIPTORS_SPARE)
		(void)fprintf(stderr, "kinward sim: only %llu descriptors for %u watches\n",
			(unsigned long long)limit.rlim_cur, watches);
}

static void make_watches(struct sim *s)
{
	const struct arguments *a = &s->args;

	for (uint32_t i = 0; i < a->watches; i++) {
		simwatch_init(&s->watches[i], &s->world, i, a->id + i, &a->manners);
		s->watches_n++;
	}
}

static void start_watches(struct world *world)
{
	struct sim *s = CONTAINER_OF(world, struct sim, world);
	uint32_t n = s->watches_n;
	int64_t ramp_ms = s->args.ramp_s > 0 ? (int64_t)s->args.ramp_s * 1000 : (int64_t)n * 2;

	for (uint32_t i = 0; i < n; i++)
		if (s->watches[i].state == SIMWATCH_OFF)
			simwatch_connect_later(&s->watches[i], ramp_ms * i / n);
}

static void on_signal(void *owner, uint32_t events)
{
	struct sim *s = owner;

	(void)events;
	loop_stop(s->world.loop);
}

static void on_end(struct timer *t, void *context)
{
	struct sim *s = CONTAINER_OF(t, struct sim, end);

	(void)context;
	loop_stop(s->world.loop);
}

static void on_turn_end(void *arg)
{
	struct sim *s = arg;

	transcript_flush(s->world.transcript);
}

static enum rc catch_signals(struct sim *s, struct err *e)
{
	sigset_t set;

	(void)sigemptyset(&set); /* cannot fail with a set of our own */
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	/* NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread */
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return fail_sys(e, "signals");
	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return fail_sys(e, "signalfd");
	s->signals = (struct loop_fd){.fd = fd, .events = EPOLLIN, .fn = on_signal, .owner = s};
	return loop_watch(s->world.loop, &s->signals, e);
}

static enum rc prepare(struct sim *s, struct err *e)
{
	enum rc rc = resolve(s->args.server, &s->args.world, e);

	if (rc == RC_OK)
		rc = loop_new(&s->world.loop, e);
	if (rc == RC_OK)
		rc = transcript_open(s->args.transcript, &s->world.transcript, e);
	if (rc == RC_OK)
		rc = catch_signals(s, e);
	if (rc == RC_OK)
		rc = make_towns(s, e);
	if (rc != RC_OK)
		return rc;
	s->world.options = s->args.world;
	s->world.start_mono_ms = loop_now_ms(s->world.loop);
	s->world.start_local_s = start_local_s(&s->args);
	timer_init(&s->end, on_end);
	raise_descriptors(s->args.watches);
	make_watches(s);
	s->world.start = start_watches;
	if (!s->args.is_held)
		start_watches(&s->world);
	if (s->args.control != NULL)
		rc = simctl_new(s->args.control, &s->world, s->watches, s->watches_n, &s->ctl, e);
	return rc;
}

static void release(struct sim *s)
{
	for (uint32_t i = 0; i < s->watches_n; i++)
		simwatch_done(&s->watches[i]);
	simctl_free(s->ctl);
	transcript_close(s->world.transcript);
	if (s->signals.fn != NULL)
		(void)close(s->signals.fd);
	loop_free(s->world.loop);
	free(s->watches);
	free(s->world.towns);
	free(s);
}

static int run(struct sim *s)
{
	struct err e = {0};
	enum rc rc = prepare(s, &e);

	if (rc == RC_OK) {
		(void)printf("sim ready watches=%u id=%s\n", s->watches_n, s->watches[0].id);
		(void)fflush(stdout); /* scripts wait for this line */
		loop_on_turn_end(s->world.loop, on_turn_end, s);
		if (s->args.duration_s > 0)
			timer_set(loop_wheel(s->world.loop), &s->end,
				s->world.start_mono_ms + (int64_t)s->args.duration_s * 1000);
		rc = loop_run(s->world.loop, s, &e);
	}
	if (rc != RC_OK)
		(void)fprintf(stderr, "kinward sim: %s\n", e.msg);
	release(s);
	return rc == RC_OK ? 0 : 1;
}

static int press(int argc, char **argv)
{
	const char *path = DEFAULT_CONTROL;
	int first = 1;

	if (argc > 2 && view_is(view_of(argv[1]), VIEW("--control"))) {
		path = argv[2];
		first = 3;
	}
	if (first >= argc) {
		(void)fprintf(
			stderr, "kinward sim press [--control SOCKET] COMMAND\n%s", simctl_help());
		return 2;
	}
	return simctl_press(path, argc - first, argv + first);
}

int sim_main(int argc, char **argv)
{
	struct err e = {0};

	if (argc > 1 && view_is(view_of(argv[1]), VIEW("press")))
		return press(argc - 1, argv + 1);
	struct sim *s = calloc(1, sizeof *s);
	if (s == NULL)
		return 1;
	if (read_arguments(argc, argv, &s->args, &e) != RC_OK) {
		(void)fprintf(stderr, "kinward sim: %s\n", e.msg);
		free(s);
		return 2;
	}
	if (s->args.is_help) {
		print_help();
		free(s);
		return 0;
	}
	return run(s);
}
