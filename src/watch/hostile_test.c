/* A million frames that no watch would send: what is read stays within its bounds, an alarm stays
 * an alarm, and whatever is answered is one good frame. */
#include "unit.h"

#include "watch/reply.h"
#include "watch/report_pack.h"
#include "watch/watch_kit.h"

enum { ROUNDS = 1000000, STREAM_MAX = 512 };

static const struct view seeds[] = {
	VIEW("[3G*8800000015*000D*LK,50,100,100]"),
	VIEW("[3G*8800000015*00CD*UD,180916,025723,A,22.570733,N,113.8626083,E,0.00,249.5,0.0,6,"
	     "100,60,0,0,"
	     "00000010,7,255,460,1,9529,21809,158,9529,63555,133,9529,63554,129,9529,21405,126,"
	     "9529,21242,"
	     "124,9529,21151,120,9529,63556,119,0,40.7]"),
	VIEW("[3G*4504816162*010A*AL_LTE,241020,085353,V,0.0,N,0.0,E,22.0,0,-1,1,100,35,0,0,"
	     "00200000,1,1,460,"
	     "11,30602,125639728,100,5,4P-Touch,bc:5f:f6:1e:07:be,-55,ChinaNet-a9Ld,c4:b8:b5:c4:14:"
	     "79,-53,"
	     "ChinaNet-CX9r,f0:92:b4:95:3d:b9,-57,5B,08:31:8b:ae:ef:c8,-66,TP-LINK_274E,50:bd:5f:"
	     "80:27:4e,"
	     "-63,0.0]"),
	VIEW("[SG*9403094122*005E*AL_CDMA,180916,064153,A,22.570512,N,113.8623267,E,0.00,154.8,0.0,"
	     "11,100,100,"
	     "0,0,00100018,,,,70]"),
	VIEW("[SG*867959034049568*0087*UD,141019,001316,V,00.000000,N,000.000000,E,0,0,0,0,0,98,0,"
	     "0,0,1,1,293,"
	     "410,11,10421,-63]"),
	VIEW("[ZJ*868120000000001*0034*0018*JXTK,0,rec_7_2,1,2,ab}\5c]"),
	VIEW("[3G*8800000015*0018*bphrt,120,80,72,170,1,70,]"),
	VIEW("[0123456789abcdef0123456789abcdefYS*801001234567891*0009*LK,0,0,87]"),
};

static const char signs[] = "[]*,}0123456789ABCDEFVNSEW.-:\0\r\n\xFF";

/* One to eight changes: another byte, one less, one more, a piece twice. */
static size_t mutate(struct prop *p, char *text, size_t n)
{
	for (size_t k = 1 + prop_below(p, 8); k > 0 && n > 1; k--) {
		size_t at = prop_below(p, n);
		size_t rest = n - at;
		switch (prop_below(p, 4)) {
		case 0:
			text[at] = (char)prop_u64(p);
			break;
		case 1:
			text[at] = signs[prop_below(p, sizeof signs)];
			break;
		case 2:
			memmove(text + at, text + at + 1, rest - 1);
			n--;
			break;
		default:
			if (n + rest > STREAM_MAX)
				break;
			memmove(text + at + rest, text + at, rest);
			n += rest;
			break;
		}
	}
	return n;
}

static void check_answer(const struct frame *f, const struct report *r)
{
	struct addressee to = {.vendor = f->vendor, .id = f->id, .index = f->index};
	struct reply reply;
	char text[REPLY_FRAME_MAX];
	size_t n = 0;

	reply_for(f, r, &reply);
	assert_true(r->kind != REPORT_ALARM || reply.kind == REPLY_AL);
	if (reply.kind == REPLY_NONE)
		return;
	reply.number = 1;
	if (reply_write(&reply, &to, text, sizeof text, &n, NULL) != RC_OK)
		fail_msg("no answer %d to %.*s", (int)reply.kind, (int)f->whole.n, f->whole.p);
	struct frame back = kit_frame((struct view){.p = text, .n = n});
	assert_true(back.is_length_ok && view_is(back.id, f->id));
}

static void check_frame(const struct frame *f)
{
	static struct report r;
	static struct report again;
	static uint8_t packed[REPORT_PACK_MAX];
	size_t n = 0;

	report_read(f, &r);
	assert_true(r.cells_n <= REPORT_CELLS_MAX && r.wifi_n <= REPORT_WIFI_MAX);
	assert_true((r.has & ~(uint32_t)REPORT_HAS_ALL) == 0 && r.text.n <= REPORT_TEXT_MAX);
	assert_true((r.has & REPORT_HAS_POINT) == 0 ||
		    (r.lat_e7 >= -900000000 && r.lat_e7 <= 900000000 && r.lon_e7 >= -1800000000 &&
			    r.lon_e7 <= 1800000000));
	if (f->keyword.n >= 2 && view_starts_nocase(f->keyword, VIEW("AL")))
		assert_true(r.kind == REPORT_ALARM && r.alarms != 0);
	assert_true((r.error != REPORT_FINE) == (r.kind == REPORT_ERROR || r.is_partial));
	assert_int_equal(report_pack(&r, packed, sizeof packed, &n, NULL), RC_OK);
	assert_int_equal(
		report_unpack((struct view){.p = (const char *)packed, .n = n}, &again, NULL),
		RC_OK);
	assert_int_equal(again.kind, r.kind);
	check_answer(f, &r);
}

static void one_hostile_stream(struct prop *p)
{
	static char text[STREAM_MAX * 2];
	struct frame_scan scan = {.junk = 0};
	struct view seed = seeds[prop_below(p, COUNT_OF(seeds))];
	struct frame f;

	memcpy(text, seed.p, seed.n);
	struct view in = {.p = text, .n = mutate(p, text, seed.n)};
	size_t total = in.n;
	size_t taken = 0;
	enum rc rc = RC_OK;
	while (rc == RC_OK || rc == RC_LIMIT) {
		rc = frame_read(&in, true, &f, &scan, NULL);
		if (rc == RC_OK) {
			taken += f.whole.n;
			assert_true(f.id.n >= FRAME_ID_MIN && f.id.n <= FRAME_ID_MAX);
			assert_true(f.whole.p >= text && f.whole.p + f.whole.n <= text + total);
			assert_true(f.content.n <= FRAME_MEDIA_MAX);
			check_frame(&f);
		}
	}
	/* no byte is counted twice */
	assert_true(taken + scan.junk + in.n <= total);
}

static void a_million_hostile_streams_do_no_harm(void **state)
{
	(void)state;
	prop_run("a_million_hostile_streams_do_no_harm", ROUNDS, one_hostile_stream);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_million_hostile_streams_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
