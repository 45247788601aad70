#include "unit.h"

#include "watch/keyword.h"
#include "watch/reply.h"
#include "watch/watch_kit.h"

/* What is sent back for this content; "" for nothing. Lives until the next call. */
static const char *answer(const char *content, int64_t number, bool is_other)
{
	static char text[REPLY_FRAME_MAX + 1];
	struct frame f = kit_frame(kit_wrap("3G", view_of(content)));
	struct addressee to = {.vendor = f.vendor, .id = f.id, .index = f.index};
	struct report r;
	struct reply reply;
	struct reply other;
	size_t n = 0;

	report_read(&f, &r);
	reply_for(&f, &r, &reply);
	if (is_other && !reply_other_form(&reply, &other))
		return "one form";
	if (is_other)
		reply = other;
	if (reply.kind == REPLY_NONE)
		return "";
	if (number >= 0)
		reply.number = number;
	assert_int_equal(reply_write(&reply, &to, text, sizeof text - 1, &n, NULL), RC_OK);
	text[n] = '\0';
	/* only the content, to be read easily */
	struct frame back = kit_frame((struct view){.p = text, .n = n});
	assert_true(back.is_length_ok);
	assert_true(view_is(back.id, VIEW("8800000015")) && view_is(back.vendor, VIEW("3G")));
	memmove(text, back.content.p, back.content.n);
	text[back.content.n] = '\0';
	return text;
}

#define assert_answer(content, wanted) assert_string_equal(answer(content, -1, false), wanted)

static void answers_follow_the_table(void **state)
{
	(void)state;
	assert_answer("LK,0,0,50", "LK");
	assert_answer("lk", "LK");
	assert_answer("KA,20230412,1,2,3", "KA");
	assert_answer("AL", "AL");
	assert_answer("AL_LTE,080123", "AL");
	assert_answer("ALCUSTOMER1", "AL");
	assert_answer("TKQ", "TKQ");
	assert_answer("TKQ2", "TKQ2");
	assert_answer("INIT,V1", "INIT,1");
	assert_answer("CONFIG,TY:G75", "CONFIG,1");
	assert_answer("CONFIG", "CONFIG,1");
	assert_answer("RYIMEI,863737078055392", "RYIMEI,1");
	assert_answer("CALLLOG,1,,2,2,1,0", "CALLLOG,1");
	assert_answer("calllog,1,,2,2,1,0", "calllog,1");
	assert_answer("ICCID,89860041191504366046,,,,mqtt", "ICCID");
	assert_answer("eicard", "eicard");
	assert_answer("FFZDPAYH5", "FFZDPAYH5");
	assert_answer("bphrt,120,80,72,,,,", "bphrt");
	assert_answer("oxygen,0,98", "oxygen,1");
	assert_answer("oxygen,0,0", "oxygen,1");
	assert_answer("oxygen,0,250", "oxygen,0");
	assert_answer("btemp2,1,36.5", "btemp2");
	assert_answer("WIFIINFOUP,00,00,aa:bb:cc:dd:ee:ff", "WIFIINFOUP,1");
	assert_answer("DLT", "DLT");
	assert_answer("LGZONE", "LGZONE");
	assert_answer("img,5,160429110950,x", "img");
	assert_answer("IMG,5,160429110950,x", "img");
	assert_answer("JXTK,0,n,1,2,x", "JXTKR,1");
	assert_answer("TK,#!AMR\n0123456789abc", "TK,0");
	assert_answer("TK2,77,#!AMR\n0123456789abc", "TK2,77,0");
	assert_answer("DEVPWDCHECKBIND", "DEVPWDCHECKBIND,1,0");
	assert_string_equal(answer("DEVPWDCHECKBIND", 1, false), "DEVPWDCHECKBIND,1,1");
	assert_string_equal(answer("TIME", 1700000000, false), "TIME,1700000000");
	assert_string_equal(answer("TK,#!AMR\n0123456789abc", 1, false), "TK,1");
}

static void what_wants_no_answer_gets_none(void **state)
{
	static const char *const contents[] = {"UD,080123,131944,A,51.2,N,3.1,E", "UD,bad",
		"WT,080123,131944,A,51.2,N,3.1,E", "WT", "WG,080123,131944,A,51.2,N,3.1,E",
		"GS1,1,5,206,1,2,3,4", "CCID,89882280666025486402", "HEART,72", "heart,0",
		"PULSE,70", "BLOOD,1,2", "TEMP,36.6", "SMS,a,b", "TS,ver:1", "VERNO,1", "CR",
		"UPLOAD", "FIND", "SOS1", "MONITOR", "POWEROFF", "TK,1", "TK,0", "TK", "TK2",
		"PPR,1", "wdimgq", "PHLQ", "SCHEDULEQ", "PING", "PP,1", "STK,#!AMR\n0123456789abc",
		"LSSET,5", "PHBX,1", "LANG", "rcapture", "apn", "<x>", "", ",", "CONFIG,1",
		"RYIMEI,1", "RYIMEI,0", "calllog,1", "oxygen,1", "WIFIINFOUP,-1", "INIT,1",
		"JXTKR,1", "DEVPWDCHECKBIND,1,1", "TIME,1700000000", "TK2,a b,#!AMR\n0123456789abc",
		"TK,short", "img,5", "UPVCALLAPP,1,2,SW"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(contents); i++)
		assert_answer(contents[i], "");
}

/* An answer must never be something that the watch's side, or another server, would answer again.
 */
static void our_own_answers_are_never_answered(void **state)
{
	static const char *const contents[] = {"CONFIG,TY:1", "RYIMEI,863737078055392",
		"oxygen,0,98", "oxygen,0,250", "calllog,1,,1,1,1,1", "INIT,V1", "WIFIINFOUP,1,2,3",
		"JXTK,0,n,1,2,x", "TK,#!AMR\n0123456789abc", "DEVPWDCHECKBIND",
		"TK2,77,#!AMR\n0123456789abc"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(contents); i++) {
		char back[REPLY_FRAME_MAX];
		assert_true(
			view_to_text(view_of(answer(contents[i], -1, false)), back, sizeof back));
		if (strlen(back) == 0)
			fail_msg("no answer to %s", contents[i]);
		assert_answer(back, "");
	}
}

static void commands_in_the_table_are_never_answered(void **state)
{
	size_t n = 0;
	const struct keyword *table = keyword_table(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		if (table[i].family == FAMILY_COMMAND) {
			assert_int_equal(table[i].answer, ANSWER_NONE);
			assert_answer(table[i].name, "");
		}
	}
}

static void unknown_keywords_are_echoed_once(void **state)
{
	struct frame f = kit_frame(kit_wrap("3G", VIEW("NewProbe_7,1,2")));
	struct report r;
	struct reply reply;

	(void)state;
	assert_answer("NewProbe_7,1,2", "NewProbe_7");
	report_read(&f, &r);
	reply_for(&f, &r, &reply);
	assert_true(reply.is_once);
	f = kit_frame(kit_wrap("3G", VIEW("ICCID")));
	report_read(&f, &r);
	reply_for(&f, &r, &reply);
	assert_false(reply.is_once);
}

static void repeated_frames_get_the_other_form(void **state)
{
	static const struct {
		const char *content, *wanted;
	} forms[] = {
		{"RYIMEI,863737078055392", "RYIMEI"},
		{"CONFIG,TY:1", "CONFIG"},
		{"calllog,1,,1,1,1,1", "calllog"},
		{"oxygen,0,98", "oxygen"},
		{"ICCID,1", "ICCID,1"},
		{"bphrt,1,2,3", "bphrt,1"},
		{"eicard", "eicard,1"},
		{"AL_LTE", "AL_LTE"},
		{"AL", "one form"},
		{"LK", "one form"},
		{"KA", "one form"},
		{"TKQ", "one form"},
		{"DLT", "one form"},
		{"Unknown", "one form"},
		{"JXTK,0,n,1,2,x", "one form"},
		{"img,5,160429110950,x", "one form"},
		{"UD", "one form"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(forms); i++)
		assert_string_equal(answer(forms[i].content, -1, true), forms[i].wanted);
	/* and back again */
	struct reply al = {.kind = REPLY_AL, .keyword = "AL_LTE"};
	struct reply other;
	struct reply again;
	assert_true(reply_other_form(&al, &other));
	assert_true(reply_other_form(&other, &again));
	assert_int_equal(again.kind, REPLY_AL);
}

static void an_answer_has_the_index_of_its_frame(void **state)
{
	struct frame f = kit_frame(VIEW("[ZJ*868120000000001*00Af*0002*LK]"));
	struct addressee to = {.vendor = f.vendor, .id = f.id, .index = f.index};
	struct reply lk = {.kind = REPLY_LK};
	char buf[REPLY_FRAME_MAX];
	size_t n = 0;

	(void)state;
	assert_int_equal(reply_write(&lk, &to, buf, sizeof buf, &n, NULL), RC_OK);
	assert_true(view_is(
		(struct view){.p = buf, .n = n}, VIEW("[ZJ*868120000000001*00Af*0002*LK]")));
	assert_int_equal(reply_write(&lk, &to, buf, n - 1, &n, NULL), RC_LIMIT);
}

static void incomplete_answers_are_not_written(void **state)
{
	static const struct reply bad[] = {{.kind = REPLY_NONE}, {.kind = REPLY_TIME},
		{.kind = REPLY_ECHO}, {.kind = REPLY_TK2}, {.kind = REPLY_ECHO, .keyword = "A]["},
		{.kind = REPLY_TK2, .group = "1,2"},
		{.kind = REPLY_STATUS, .keyword = "A B", .number = 1}};
	struct addressee to = {.vendor = VIEW("3G"), .id = VIEW("8800000015")};
	char buf[REPLY_FRAME_MAX];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(reply_write(&bad[i], &to, buf, sizeof buf, &n, NULL), RC_SYNTAX);
}

static void one_pack(struct prop *p)
{
	struct reply r = {.kind = (enum reply_kind)prop_below(p, REPLY_WEATHER),
		.is_once = prop_chance(p, 50),
		.number = (int64_t)prop_any_size(p)};
	struct reply again;
	uint8_t packed[REPLY_PACK_MAX];
	size_t n = 0;

	(void)prop_bytes(p, r.keyword, REPORT_KEYWORD_MAX, "abcXYZ019_", 10);
	(void)prop_bytes(p, r.group, REPLY_GROUP_MAX, "abcXYZ019_", 10);
	assert_int_equal(reply_pack(&r, packed, sizeof packed, &n, NULL), RC_OK);
	struct view v = {.p = (const char *)packed, .n = n};
	assert_int_equal(reply_unpack(v, &again, NULL), RC_OK);
	assert_int_equal(again.kind, r.kind);
	assert_int_equal(again.is_once, r.is_once);
	assert_int_equal(again.number, r.number);
	assert_string_equal(again.keyword, r.keyword);
	assert_string_equal(again.group, r.group);
	for (v.n = 0; v.n < n; v.n++)
		assert_int_equal(reply_unpack(v, &again, NULL), RC_SYNTAX);
	assert_int_equal(reply_pack(&r, packed, n - 1, &v.n, NULL), RC_LIMIT);
}

static void packed_replies_come_back(void **state)
{
	struct reply r;

	(void)state;
	prop_run("packed_replies_come_back", 2000, one_pack);
	assert_int_equal(reply_unpack(VIEW("\2\1\0\2A]\0\0"), &r, NULL), RC_SYNTAX);
	assert_int_equal(reply_unpack(VIEW("\1\1\0\0\0\0"), &r, NULL), RC_SYNTAX);
	assert_int_equal(reply_unpack(VIEW("\2\1\0\0\0\0"), &r, NULL), RC_OK);
	assert_int_equal(reply_unpack(VIEW("\2\1\0\0\0\0\0"), &r, NULL), RC_SYNTAX);
	assert_int_equal(reply_unpack(VIEW("\2\x7F\0\0\0\0"), &r, NULL), RC_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_follow_the_table),
		cmocka_unit_test(what_wants_no_answer_gets_none),
		cmocka_unit_test(our_own_answers_are_never_answered),
		cmocka_unit_test(commands_in_the_table_are_never_answered),
		cmocka_unit_test(unknown_keywords_are_echoed_once),
		cmocka_unit_test(repeated_frames_get_the_other_form),
		cmocka_unit_test(an_answer_has_the_index_of_its_frame),
		cmocka_unit_test(incomplete_answers_are_not_written),
		cmocka_unit_test(packed_replies_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
