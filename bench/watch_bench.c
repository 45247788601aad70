/* Frames a second that src/watch turns into typed values on one core: bytes in, frame_read,
 * report_read, and the same with report_pack. The frames are the real ones of
 * tests/data/frames.jsonl in the shape of position reports. Prints one JSON object a case.
 *
 *   watch_bench [--quick] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "watch/report_pack.h"

enum { COPIES = 512, ROUNDS = 4000, ROUNDS_QUICK = 200, REPEATS = 5 };

struct work {
	const char *name;
	const char *frame;
	bool is_target; /* must reach 1,000,000 a second */
	enum depth { READ, PACK, UNPACK } depth;
};

#define UD_CELLS                                                                                   \
	"[3G*8800000015*0093*UD,220414,134652,A,22.571707,N,113.8613968,E,0.1,0.0,100,7,60,90,"    \
	"1000,50,00000000,4,1,460,0,9360,4082,131,9360,4092,148,9360,4091,143,9360,4153,141]"
#define UD_7_CELLS                                                                                 \
	"[3G*8800000015*00CD*UD,180916,025723,A,22.570733,N,113.8626083,E,0.00,249.5,0.0,6,100,"   \
	"60,"                                                                                      \
	"0,0,00000010,7,255,460,1,9529,21809,158,9529,63555,133,9529,63554,129,9529,21405,126,"    \
	"9529,"                                                                                    \
	"21242,124,9529,21151,120,9529,63556,119,0,40.7]"
#define UD_WIFI                                                                                    \
	"[3G*2016001000*0152*UD_LTE,120118,070625,A,22.570720,N,113.8620167,E,0.00,188.6,0.0,9,"   \
	"100,"                                                                                     \
	"51,14188,0,00000010,6,255,460,0,9360,5081,156,9360,4081,129,9360,4151,128,9360,5082,127," \
	"9360,4723,122,9360,4082,120,5,buyaoxialian,a0:c5:f2:b0:74:d0,-34,3gtc-5g,92:76:9f:48:4f:" \
	"20"                                                                                       \
	",-48,726,38:37:8b:07:cf:99,-54,3gtc,d0:ae:ec:96:10:54,-63,ceshi,d0:ae:ec:96:10:55,-64,"   \
	"22.4]"
#define UD_SHORT                                                                                   \
	"[3G*9032074659*004A*UD,080123,131944,A,51.219992,N,003.190249,E,0,0,7,9,64,90,0,0,"       \
	"00000008,"                                                                                \
	"0,0]"

static const struct work works[] = {
	{"UD without cells", UD_SHORT, true, READ},
	{"UD with 4 cells", UD_CELLS, true, READ},
	{"UD with 7 cells and accuracy", UD_7_CELLS, true, READ},
	{"UD_LTE with 6 cells and 5 Wi-Fi", UD_WIFI, false, READ},
	{"LK,50,100,100", "[3G*8800000015*000D*LK,50,100,100]", false, READ},
	{"UD with 4 cells, packed", UD_CELLS, false, PACK},
	{"UD with 4 cells, packed and unpacked", UD_CELLS, false, UNPACK},
};

static double now_s(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* our core only: others may be busy */
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Many frames one behind the other, as a busy connection's buffer; the IDs differ. */
static size_t fill(const struct work *w, char *buf)
{
	size_t n = strlen(w->frame);

	for (size_t i = 0; i < COPIES; i++) {
		memcpy(buf + i * n, w->frame, n);
		buf[i * n + 13] = (char)('0' + i % 10);
	}
	return COPIES * n;
}

/* One frame as deep as wanted; false when it is not what it should be. */
static bool read_one(const struct frame *f, enum depth depth, size_t *ret_bytes)
{
	static struct report r;
	static struct report again;
	static uint8_t packed[REPORT_PACK_MAX];
	struct view v = {.p = (const char *)packed, .n = 0};

	report_read(f, &r);
	if (depth >= PACK && report_pack(&r, packed, sizeof packed, &v.n, NULL) != RC_OK)
		return false;
	if (depth >= UNPACK && report_unpack(v, &again, NULL) != RC_OK)
		return false;
	*ret_bytes += v.n;
	return r.error == REPORT_FINE;
}

/* Reads all frames once; returns how many were good, so that nothing is left out. */
static size_t read_all(struct view in, enum depth depth, size_t *ret_bytes)
{
	struct frame_scan scan = {.junk = 0};
	struct frame f;
	size_t good = 0;

	while (frame_read(&in, false, &f, &scan, NULL) == RC_OK)
		good += read_one(&f, depth, ret_bytes) ? 1 : 0;
	return good;
}

static double best_of(const struct work *w, struct view in, unsigned rounds, size_t *ret_bytes)
{
	double best = 0;

	for (unsigned repeat = 0; repeat < REPEATS; repeat++) {
		double start = now_s();
		for (unsigned i = 0; i < rounds; i++) {
			*ret_bytes = 0;
			if (read_all(in, w->depth, ret_bytes) != COPIES) {
				(void)fprintf(stderr, "watch_bench: %s is not read\n", w->name);
				exit(1);
			}
		}
		double rate = (double)COPIES * rounds / (now_s() - start);
		best = rate > best ? rate : best;
	}
	return best;
}

int main(int argc, char **argv)
{
	bool is_quick = argc == 2 && strcmp(argv[1], "--quick") == 0;

	if (argc > 1 && !is_quick) {
		(void)fputs("usage: watch_bench [--quick]\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < COUNT_OF(works); i++) {
		static char buf[COPIES * 512];
		struct view in = {.p = buf, .n = fill(&works[i], buf)};
		size_t bytes = 0;
		double rate = best_of(&works[i], in, is_quick ? ROUNDS_QUICK : ROUNDS, &bytes);
		(void)printf("{\"what\": \"%s\", \"frames_per_s\": %.1f, \"ns\": %.1f, "
			     "\"frame_bytes\": %zu, \"packed_bytes\": %zu, \"target\": %s}\n",
			works[i].name, rate, 1e9 / rate, strlen(works[i].frame), bytes / COPIES,
			works[i].is_target ? "true" : "false");
		(void)fflush(stdout);
	}
	return 0;
}
