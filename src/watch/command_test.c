#include "unit.h"

#include "watch/command.h"
#include "watch/utf16.h"
#include "watch/watch_kit.h"

static const struct addressee watch = {
	.vendor = {.p = "3G", .n = 2}, .id = {.p = "8800000015", .n = 10}};

static struct command message_of(struct view text)
{
	struct command c = {.kind = COMMAND_MESSAGE, .text_n = (uint16_t)text.n};

	assert_true(text.n <= sizeof c.text);
	memcpy(c.text, text.p, text.n);
	return c;
}

static void assert_written(const struct command *c, const struct addressee *to, const char *wanted)
{
	char buf[COMMAND_FRAME_MAX];
	struct err e = {.msg = ""};
	size_t n = 0;

	if (command_write(c, to, buf, sizeof buf, &n, &e) != RC_OK)
		fail_msg("%s: %s", wanted, e.msg);
	if (!view_is((struct view){.p = buf, .n = n}, view_of(wanted)))
		fail_msg("%.*s instead of %s", (int)n, buf, wanted);
}

static void each_command_has_its_bytes(void **state)
{
	struct command c;

	(void)state;
	c = (struct command){.kind = COMMAND_LOCATE};
	assert_written(&c, &watch, "[3G*8800000015*0002*CR]");
	c = (struct command){.kind = COMMAND_FIND};
	assert_written(&c, &watch, "[3G*8800000015*0004*FIND]");
	c = (struct command){.kind = COMMAND_LANGUAGE_ZONE, .language = 1, .zone_min = 480};
	assert_written(&c, &watch, "[3G*8800000015*0006*LZ,1,8]");
	c = (struct command){.kind = COMMAND_LANGUAGE_ZONE, .language = 5, .zone_min = 570};
	assert_written(&c, &watch, "[3G*8800000015*0008*LZ,5,9.5]");
	c = (struct command){.kind = COMMAND_LANGUAGE_ZONE, .zone_min = -210};
	assert_written(&c, &watch, "[3G*8800000015*0009*LZ,0,-3.5]");
	c = (struct command){.kind = COMMAND_LANGUAGE_ZONE, .zone_min = 345};
	assert_written(&c, &watch, "[3G*8800000015*0009*LZ,0,5.75]");
	c = (struct command){.kind = COMMAND_LANGUAGE_ZONE, .zone_min = -15};
	assert_written(&c, &watch, "[3G*8800000015*000A*LZ,0,-0.25]");
	c = (struct command){.kind = COMMAND_LANGUAGE_ZONE, .zone_min = 0};
	assert_written(&c, &watch, "[3G*8800000015*0006*LZ,0,0]");
	c = (struct command){.kind = COMMAND_LANGUAGE, .language = 36};
	assert_written(&c, &watch, "[3G*8800000015*0007*LANG,36]");
	c = (struct command){.kind = COMMAND_ZONE, .zone_min = 480};
	assert_written(&c, &watch, "[3G*8800000015*0006*ZONE,8]");
	c = (struct command){.kind = COMMAND_UPLOAD_INTERVAL, .interval_s = 600};
	assert_written(&c, &watch, "[3G*8800000015*000A*UPLOAD,600]");
	c = (struct command){.kind = COMMAND_VERSION};
	assert_written(&c, &watch, "[3G*8800000015*0005*VERNO]");
	c = (struct command){.kind = COMMAND_STATUS};
	assert_written(&c, &watch, "[3G*8800000015*0002*TS]");
	c = (struct command){.kind = COMMAND_PASSWORD, .digits = "111111"};
	assert_written(&c, &watch, "[3G*8800000015*0009*PW,111111]");
	c = (struct command){.kind = COMMAND_AUTO_ANSWER_OFF};
	assert_written(&c, &watch, "[3G*8800000015*0007*ACALL,0]");
	c = (struct command){.kind = COMMAND_AUTO_PICKUP_OFF};
	assert_written(&c, &watch, "[3G*8800000015*0006*AUTO,0]");
	c = (struct command){.kind = COMMAND_SMS_FORWARD_OFF};
	assert_written(&c, &watch, "[3G*8800000015*0007*CPSMS,0]");
	c = (struct command){.kind = COMMAND_CENTER_CLEAR};
	assert_written(&c, &watch, "[3G*8800000015*0007*CENTER,]");
	c = (struct command){.kind = COMMAND_SLAVE_CLEAR};
	assert_written(&c, &watch, "[3G*8800000015*0006*SLAVE,]");
	c = (struct command){.kind = COMMAND_BOOK_1, .entries_n = 5};
	c.entries[0] = (struct command_entry){"+491701234567", "Oma"};
	c.entries[1] = (struct command_entry){"112", "Ä"};
	assert_written(
		&c, &watch, "[3G*8800000015*002D*PHB,+491701234567,004F006D0061,112,00C4,,,,,,]");
	c = (struct command){.kind = COMMAND_BOOK_3, .entries_n = 5};
	assert_written(&c, &watch, "[3G*8800000015*000E*PHB3,,,,,,,,,,]");
	c = (struct command){.kind = COMMAND_BOOK_WHOLE, .entries_n = 2};
	c.entries[0] = (struct command_entry){"112", "A"};
	c.entries[1] = (struct command_entry){"113", "B"};
	assert_written(&c, &watch, "[3G*8800000015*0015*PHL,112,0041,113,0042]");
	c = (struct command){.kind = COMMAND_BOOK_ENTRY, .slot = 7, .entries_n = 1};
	c.entries[0] = (struct command_entry){"112", "A"};
	assert_written(&c, &watch, "[3G*8800000015*0010*PHBX,7,0041,112,]");
	c = (struct command){.kind = COMMAND_BOOK_REMOVE, .slot = 30};
	assert_written(&c, &watch, "[3G*8800000015*0008*DPHBX,30]");
	c = (struct command){.kind = COMMAND_SOS_2, .entries_n = 1, .entries = {{.number = "112"}}};
	assert_written(&c, &watch, "[3G*8800000015*0008*SOS2,112]");
	c = (struct command){.kind = COMMAND_SOS_1, .entries_n = 1};
	assert_written(&c, &watch, "[3G*8800000015*0005*SOS1,]");
	c = (struct command){
		.kind = COMMAND_SOS_ALL, .entries_n = 3, .entries = {{.number = "112"}}};
	assert_written(&c, &watch, "[3G*8800000015*0009*SOS,112,,]");
	c = (struct command){
		.kind = COMMAND_CALL, .entries_n = 1, .entries = {{.number = "+4930"}}};
	assert_written(&c, &watch, "[3G*8800000015*000A*CALL,+4930]");
	c = (struct command){.kind = COMMAND_PHOTO};
	assert_written(&c, &watch, "[3G*8800000015*0008*rcapture]");
	c = (struct command){.kind = COMMAND_SOS_SMS, .is_on = true};
	assert_written(&c, &watch, "[3G*8800000015*0008*SOSSMS,1]");
	c = (struct command){.kind = COMMAND_BATTERY_SMS};
	assert_written(&c, &watch, "[3G*8800000015*0008*LOWBAT,0]");
	c = (struct command){.kind = COMMAND_REMOVED_SMS};
	assert_written(&c, &watch, "[3G*8800000015*000B*REMOVESMS,0]");
	c = (struct command){.kind = COMMAND_POWER_OFF};
	assert_written(&c, &watch, "[3G*8800000015*0008*POWEROFF]");
	c = (struct command){.kind = COMMAND_RESET};
	assert_written(&c, &watch, "[3G*8800000015*0005*RESET]");
	c = (struct command){.kind = COMMAND_REFUSE_STRANGERS, .is_on = true};
	assert_written(&c, &watch, "[3G*8800000015*0016*DEVREFUSEPHONESWITCH,1]");
	c = (struct command){.kind = COMMAND_REFUSE_STRANGERS_2, .is_on = true};
	assert_written(&c, &watch, "[3G*8800000015*0008*REJECT,1]");
	c = message_of(VIEW("\xE5\xA5\xBD"
			    "123"));
	assert_written(&c, &watch, "[3G*8800000015*0018*MESSAGE,597D003100320033]");
	c = message_of(VIEW("\xF0\x9F\x98\x80,]"));
	assert_written(&c, &watch, "[3G*8800000015*0018*MESSAGE,D83DDE00002C005D]");
}

static void yisai_watches_get_whole_hours(void **state)
{
	struct addressee to = watch;
	struct command c = {.kind = COMMAND_LANGUAGE_ZONE, .zone_min = 345};

	(void)state;
	to.vendor = VIEW("ys");
	assert_written(&c, &to, "[ys*8800000015*0006*LZ,0,6]");
	c.zone_min = 330;
	assert_written(&c, &to, "[ys*8800000015*0006*LZ,0,6]");
	c.zone_min = -15;
	assert_written(&c, &to, "[ys*8800000015*0006*LZ,0,0]");
	c.zone_min = -225;
	assert_written(&c, &to, "[ys*8800000015*0007*LZ,0,-4]");
}

static void an_index_is_sent_to_those_who_use_it(void **state)
{
	struct addressee to = {
		.vendor = VIEW("ZJ"), .id = VIEW("868120000000001"), .index = VIEW("0034")};
	struct command c = {.kind = COMMAND_LOCATE};

	(void)state;
	assert_written(&c, &to, "[ZJ*868120000000001*0001*0002*CR]");
}

static void assert_refused(const struct command *c, enum rc wanted)
{
	char buf[COMMAND_FRAME_MAX];
	uint8_t packed[COMMAND_PACK_MAX];
	struct err e = {.msg = ""};
	size_t n = 0;

	assert_int_equal(command_check(c, &e), wanted);
	assert_true(strlen(e.msg) > 10);
	assert_int_equal(command_write(c, &watch, buf, sizeof buf, &n, NULL), wanted);
	assert_int_equal(command_pack(c, packed, sizeof packed, &n, NULL), wanted);
}

static void values_over_their_limits_are_refused(void **state)
{
	struct command c = {.kind = COMMAND_KIND_COUNT};

	(void)state;
	assert_refused(&c, RC_SYNTAX);
	for (unsigned s = 0; s < 5; s++) {
		static const uint32_t seconds[] = {0, 59, 3601, 65535, UINT32_MAX};
		c = (struct command){.kind = COMMAND_UPLOAD_INTERVAL, .interval_s = seconds[s]};
		assert_refused(&c, RC_LIMIT);
	}
	for (unsigned i = 0; i < 5; i++) {
		static const int16_t zones[] = {-721, -735, 841, 855, 7};
		c = (struct command){.kind = COMMAND_ZONE, .zone_min = zones[i]};
		assert_refused(&c, RC_SYNTAX);
	}
	for (unsigned i = 0; i < 5; i++) {
		static const uint8_t languages[] = {2, 6, 20, 37, 255};
		c = (struct command){.kind = COMMAND_LANGUAGE, .language = languages[i]};
		assert_refused(&c, RC_SYNTAX);
	}
	c = (struct command){.kind = COMMAND_PASSWORD, .digits = "123"};
	assert_refused(&c, RC_LIMIT);
	c = (struct command){.kind = COMMAND_PASSWORD};
	assert_refused(&c, RC_LIMIT);
	memset(c.digits, '1', sizeof c.digits);
	assert_refused(&c, RC_LIMIT);
	c = (struct command){.kind = COMMAND_PASSWORD, .digits = "12]4"};
	assert_refused(&c, RC_SYNTAX);
}

static void texts_are_checked(void **state)
{
	static const struct view bad[] = {VIEW("a\nb"), VIEW("a\0b"), VIEW("\x1B[0m"), VIEW("\x7F"),
		VIEW("\xC2\x85"), VIEW("\xFF"), VIEW("\xC0\x80"), VIEW("\xED\xA0\x80"),
		VIEW("\xE5\xA5"), VIEW("\xF5\x80\x80\x80"), VIEW("\xEF\xBF\xBF"),
		VIEW("\xE2\x80\xA8"), VIEW("\xF0\x8F\xBF\xBF"), VIEW("\xEF\xB7\x90"), VIEW("\x80")};
	struct command c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		c = message_of(bad[i]);
		assert_refused(&c, RC_SYNTAX);
	}
	c = message_of(VIEW(""));
	assert_refused(&c, RC_LIMIT);
	for (size_t n = COMMAND_TEXT_MAX - 1; n <= COMMAND_TEXT_MAX + 1; n++) {
		c = (struct command){.kind = COMMAND_MESSAGE, .text_n = (uint16_t)n};
		memset(c.text, 'a', n);
		assert_int_equal(command_check(&c, NULL), n <= COMMAND_TEXT_MAX ? RC_OK : RC_LIMIT);
	}
	c.text_n = sizeof c.text + 1;
	assert_refused(&c, RC_LIMIT);
	/* surrogate pairs count twice: 100 of them fit, in 400 bytes */
	for (uint16_t n = 99; n <= 101; n++) {
		c = (struct command){.kind = COMMAND_MESSAGE, .text_n = (uint16_t)(4 * n)};
		for (size_t i = 0; i < n; i++)
			memcpy(c.text + 4 * i, "\xF0\x9F\x98\x80", 4);
		assert_int_equal(command_check(&c, NULL), n <= 100 ? RC_OK : RC_LIMIT);
	}
}

static void names_and_keywords_are_complete(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COMMAND_KIND_COUNT; i++) {
		enum command_kind kind = (enum command_kind)i;
		enum command_kind found = COMMAND_KIND_COUNT;
		assert_true(strlen(command_keyword(kind)) >= 2);
		assert_true(command_from_name(view_of(command_name(kind)), &found));
		assert_int_equal(found, kind);
		assert_int_equal(command_answer_of(kind, view_of(command_keyword(kind)), VIEW("")),
			kind == COMMAND_PHOTO ? ANSWER_RECEIVED : ANSWER_CONFIRMED);
		assert_int_equal(command_answer_of(kind, VIEW("LK"), VIEW("")), ANSWER_TO_OTHER);
		assert_true(command_waits_for(kind, kind));
		bool is_once = kind == COMMAND_FIND || kind == COMMAND_MESSAGE ||
			       kind == COMMAND_CALL || kind == COMMAND_PHOTO ||
			       kind == COMMAND_POWER_OFF || kind == COMMAND_RESET;
		assert_int_equal(command_may_repeat(kind), !is_once);
		/* the watch's acknowledgement is never answered */
		struct report r;
		kit_report("3G", command_keyword(kind), &r);
		assert_int_equal(r.kind, REPORT_ANSWER);
	}
	enum command_kind none = COMMAND_KIND_COUNT;
	assert_false(command_from_name(VIEW("monitor"), &none));
	assert_int_equal(command_answer_of(COMMAND_LOCATE, VIEW("cr"), VIEW("")), ANSWER_CONFIRMED);
	assert_string_equal(command_name(COMMAND_KIND_COUNT), "");
}

/* Section 2.2: wrong words that are answers all the same, and answers that say no. */
static void odd_answers_are_understood(void **state)
{
	(void)state;
	assert_int_equal(
		command_answer_of(COMMAND_POWER_OFF, VIEW("CR"), VIEW("")), ANSWER_CONFIRMED);
	assert_int_equal(
		command_answer_of(COMMAND_POWER_OFF, VIEW("RESET"), VIEW("")), ANSWER_CONFIRMED);
	assert_int_equal(
		command_answer_of(COMMAND_SOS_ALL, VIEW("SOS3"), VIEW("")), ANSWER_CONFIRMED);
	assert_int_equal(command_answer_of(COMMAND_SOS_1, VIEW("SOS1"), VIEW("+491701234567")),
		ANSWER_CONFIRMED);
	assert_int_equal(
		command_answer_of(COMMAND_BOOK_1, VIEW("PHB1"), VIEW("")), ANSWER_CONFIRMED);
	assert_int_equal(
		command_answer_of(COMMAND_BOOK_ENTRY, VIEW("PHBX"), VIEW("1")), ANSWER_CONFIRMED);
	assert_int_equal(
		command_answer_of(COMMAND_BOOK_ENTRY, VIEW("PHBX"), VIEW("0")), ANSWER_REFUSED);
	assert_int_equal(
		command_answer_of(COMMAND_BOOK_REMOVE, VIEW("PHBX"), VIEW("0")), ANSWER_REFUSED);
	assert_int_equal(
		command_answer_of(COMMAND_PHOTO, VIEW("RCAPTURE"), VIEW("")), ANSWER_RECEIVED);
	/* what could be mistaken for each other is not out at the same time */
	assert_true(command_waits_for(COMMAND_LOCATE, COMMAND_POWER_OFF));
	assert_false(command_waits_for(COMMAND_POWER_OFF, COMMAND_LOCATE));
	assert_true(command_waits_for(COMMAND_BOOK_REMOVE, COMMAND_BOOK_ENTRY));
	assert_true(command_waits_for(COMMAND_SOS_1, COMMAND_SOS_ALL));
	assert_false(command_waits_for(COMMAND_BOOK_2, COMMAND_BOOK_1));
}

static void only_numbers_that_a_watch_may_dial_pass(void **state)
{
	static const char *const bad[] = {"", "+", "1", "12", "+12", "12a", "*21*123#", "#31#123",
		"123*", "123#", "12;34", "12,34", "0170 1234", "0170-1234", "++49170", "49+170",
		"123456789012345678901", "+12345678901234567890", "w123", "p123",
		"\xD9\xA1\xD9\xA2\xD9\xA3\xD9\xA4",     /* Arabic digits */
		"\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x93", /* full width digits */
		"]3G", "123]", "12345678901234567890123456789012345678901"};
	static const char *const good[] = {
		"112", "+112", "01701234567", "+491701234567", "12345678901234567890"};
	struct command c;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_false(command_is_number(view_of(bad[i])));
		c = (struct command){.kind = COMMAND_CALL, .entries_n = 1};
		memcpy(c.entries[0].number, bad[i],
			strlen(bad[i]) < sizeof c.entries[0].number ? strlen(bad[i])
								    : sizeof c.entries[0].number);
		assert_int_not_equal(command_check(&c, NULL), RC_OK);
	}
	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_true(command_is_number(view_of(good[i])));
	c = (struct command){.kind = COMMAND_BOOK_REMOVE, .slot = 0};
	assert_refused(&c, RC_LIMIT);
	c.slot = COMMAND_BOOK_MAX + 1;
	assert_refused(&c, RC_LIMIT);
	c = (struct command){.kind = COMMAND_BOOK_1, .entries_n = 4};
	assert_refused(&c, RC_LIMIT);
	c = (struct command){.kind = COMMAND_BOOK_WHOLE};
	assert_refused(&c, RC_LIMIT);
	c = (struct command){.kind = COMMAND_BOOK_ENTRY, .slot = 1, .entries_n = 1};
	c.entries[0] = (struct command_entry){"112", "eleven char"};
	assert_refused(&c, RC_LIMIT);
	c.entries[0] = (struct command_entry){"112", ""};
	assert_refused(&c, RC_LIMIT);
	c.entries[0] = (struct command_entry){"", "Oma"};
	assert_refused(&c, RC_SYNTAX);
}

/* ---- properties ---- */

/* A number and a name; often what would hurt. */
static void any_entry(struct prop *p, struct command_entry *ret, bool is_good)
{
	static const char odd[] = "+0123456789*#,[]A";

	ret->number[0] = '+';
	size_t n = is_good ? 3 + prop_below(p, 17) : prop_below(p, sizeof ret->number);
	for (size_t i = 0; i < n && i + 1 < sizeof ret->number; i++)
		ret->number[i + 1] =
			is_good ? (char)('0' + prop_below(p, 10)) : odd[prop_below(p, sizeof odd)];
	(void)prop_bytes(p, ret->name, is_good ? 10 : sizeof ret->name, is_good ? "abc]*,[}" : NULL,
		is_good ? 8 : 0);
	if (is_good && ret->name[0] == '\0')
		ret->name[0] = 'x';
}

/* Anything at all in each member; often what would hurt. */
static struct command any_command(struct prop *p)
{
	static const char hostile[] = "][3G*8800000015*0002*LK],}\n\0aZ9";
	struct command c = {.kind = (enum command_kind)prop_below(p, COMMAND_KIND_COUNT + 1)};

	bool is_good = prop_chance(p, 80);
	c.slot = (uint8_t)prop_below(p, 40);
	c.is_on = prop_chance(p, 50);
	c.entries_n = (uint8_t)(prop_chance(p, 70) ? 1 + 2 * prop_below(p, 3)
						   : prop_below(p, COMMAND_BOOK_MAX + 2));
	for (unsigned i = 0; i < COMMAND_BOOK_MAX; i++)
		any_entry(p, &c.entries[i], is_good);
	c.language = (uint8_t)prop_below(p, 40);
	c.zone_min = (int16_t)(prop_chance(p, 80) ? 15 * prop_between(p, -50, 60)
						  : prop_between(p, INT16_MIN, INT16_MAX));
	c.interval_s = (uint32_t)prop_below(p, 4000);
	(void)prop_bytes(
		p, c.digits, COMMAND_DIGITS_MAX, prop_chance(p, 80) ? "0123456789" : hostile, 10);
	c.text_n = (uint16_t)prop_bytes(p, c.text, prop_chance(p, 10) ? sizeof c.text : 30,
		prop_chance(p, 90) ? hostile : NULL, prop_chance(p, 50) ? 24 : sizeof hostile - 1);
	return c;
}

static void one_command(struct prop *p)
{
	struct command c = any_command(p);
	struct command again;
	char buf[COMMAND_FRAME_MAX];
	uint8_t packed[COMMAND_PACK_MAX];
	size_t n = 0;
	enum rc rc = command_check(&c, NULL);

	assert_int_equal(command_write(&c, &watch, buf, sizeof buf, &n, NULL), rc);
	if (rc != RC_OK)
		return;
	/* exactly one frame, whatever was in the fields */
	struct kit_events k;
	kit_feed_bytes((struct view){.p = buf, .n = n}, &k);
	assert_int_equal(k.n, 1);
	assert_int_equal(k.e[0].rc, RC_OK);
	assert_int_equal(k.e[0].n, n);
	assert_int_equal(k.junk + k.bad_frames, 0);
	struct frame f = kit_frame((struct view){.p = buf, .n = n});
	assert_true(f.is_length_ok);
	assert_int_equal(command_read(&f, &again, NULL), RC_OK);
	assert_int_equal(again.kind, c.kind);
	size_t again_n = 0;
	char again_buf[COMMAND_FRAME_MAX];
	assert_int_equal(
		command_write(&again, &watch, again_buf, sizeof again_buf, &again_n, NULL), RC_OK);
	assert_int_equal(again_n, n);
	assert_memory_equal(again_buf, buf, n);
	assert_int_equal(command_write(&c, &watch, buf, n - 1, &again_n, NULL), RC_LIMIT);
	/* packing */
	assert_int_equal(command_pack(&c, packed, sizeof packed, &n, NULL), RC_OK);
	struct view v = {.p = (const char *)packed, .n = n};
	assert_int_equal(command_unpack(v, &again, NULL), RC_OK);
	assert_int_equal(
		command_write(&again, &watch, again_buf, sizeof again_buf, &again_n, NULL), RC_OK);
	assert_memory_equal(again_buf, buf, again_n - 1);
	for (v.n = 0; v.n < n; v.n++)
		assert_int_equal(command_unpack(v, &again, NULL), RC_SYNTAX);
	assert_int_equal(command_pack(&c, packed, n - 1, &again_n, NULL), RC_LIMIT);
}

static void a_command_is_one_frame_and_comes_back(void **state)
{
	(void)state;
	prop_run("a_command_is_one_frame_and_comes_back", 5000, one_command);
}

static void hostile_addressees_get_nothing(void **state)
{
	static const char *const bad[][3] = {
		{"3", "8800000015", ""},
		{"3G*1", "8800000015", ""},
		{"3GABCDE", "8800000015", ""},
		{"3G", "8800", ""},
		{"3G", "880000]015", ""},
		{"3G", "880000001588000000158", ""},
		{"3G", "8800000015", "00*1"},
		{"3G", "8800000015", "001"},
	};
	struct reply r = {.kind = REPLY_LK};
	char buf[COMMAND_FRAME_MAX];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct addressee to = {.vendor = view_of(bad[i][0]),
			.id = view_of(bad[i][1]),
			.index = view_of(bad[i][2])};
		assert_int_equal(reply_write(&r, &to, buf, sizeof buf, &n, NULL), RC_SYNTAX);
	}
}

/* Bytes in the content that only a mistake of ours could bring there are refused by the encoder
 * itself. */
static void the_encoder_refuses_what_could_end_a_frame(void **state)
{
	static const char bad[] = "[]*} \n\x7F\x80\xFF\0";
	char buf[COMMAND_FRAME_MAX];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof bad - 1; i++) {
		char text[] = {'C', 'R', bad[i]};
		struct content c = {.p = text, .n = sizeof text, .size = sizeof text};
		assert_int_equal(encode_frame(&watch, &c, buf, sizeof buf, &n, NULL), RC_SYNTAX);
	}
	struct content empty = {.p = buf};
	assert_int_equal(encode_frame(&watch, &empty, buf, sizeof buf, &n, NULL), RC_SYNTAX);
	char small[4];
	struct content full = {.p = small, .size = sizeof small};
	content_add(&full, VIEW("CR"));
	content_add(&full, VIEW("FIND"));
	assert_true(full.is_full);
	assert_int_equal(encode_frame(&watch, &full, buf, sizeof buf, &n, NULL), RC_LIMIT);
	full = (struct content){.p = small, .size = sizeof small};
	content_add_number(&full, -123);
	assert_memory_equal(small, "-123", 4);
}

static void texts_of_watches_are_read_back(void **state)
{
	char text[8];
	size_t n = 0;

	(void)state;
	assert_int_equal(utf16_read(VIEW("0041597dD83DDE00"), text, sizeof text, &n, NULL), RC_OK);
	assert_int_equal(n, 8);
	assert_memory_equal(text, "A\xE5\xA5\xBD\xF0\x9F\x98\x80", 8);
	assert_int_equal(utf16_read(VIEW("0041597dD83DDE00"), text, 7, &n, NULL), RC_LIMIT);
	assert_int_equal(utf16_read(VIEW("00E4"), text, sizeof text, &n, NULL), RC_OK);
	assert_memory_equal(text, "\xC3\xA4", 2);
	static const char *const bad[] = {
		"004", "004x", "D83D", "D83D0041", "DE00D83D", "DE00", "D83DD83D", "D83DDE0"};
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(
			utf16_read(view_of(bad[i]), text, sizeof text, &n, NULL), RC_SYNTAX);
}

static void one_hostile_pack(struct prop *p)
{
	char bytes[64];
	struct command c;
	size_t n = prop_bytes(
		p, bytes, sizeof bytes, prop_chance(p, 50) ? "\0\1\2\3\4\5\6\7\x0E\x1E" : NULL, 10);

	if (n > 0 && prop_chance(p, 90))
		bytes[0] = 1;
	if (command_unpack((struct view){.p = bytes, .n = n}, &c, NULL) == RC_OK)
		assert_int_equal(command_check(&c, NULL), RC_OK);
}

static void only_good_commands_are_unpacked(void **state)
{
	(void)state;
	prop_run("only_good_commands_are_unpacked", 20000, one_hostile_pack);
}

static void only_our_own_forms_are_read_as_commands(void **state)
{
	static const char *const others[] = {"ACALL,+491701234567", "CENTER,123", "AUTO,1",
		"CPSMS,1", "CR,1", "MONITOR", "IP,1.2.3.4,80", "LK", "FACTORY", "MESSAGE", "UPLOAD",
		"SOSSMS,2", "DPHBX,1,2", "PHBX,1,0041,112,x", "SMS,112,hi", "TAKEPILLS,1",
		"POWEROFF,1", "RECORD", "RE"};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		struct frame f = kit_frame(kit_wrap("3G", view_of(others[i])));
		struct command c;
		assert_int_equal(command_read(&f, &c, NULL), RC_NOT_FOUND);
	}
	struct command c;
	struct frame f = kit_frame(kit_wrap("3G", VIEW("MESSAGE,00")));
	assert_int_equal(command_read(&f, &c, NULL), RC_SYNTAX);
	f = kit_frame(kit_wrap("3G", VIEW("MESSAGE,D83D0041")));
	assert_int_equal(command_read(&f, &c, NULL), RC_SYNTAX);
	static const char *const refused[] = {"PW,123456789", "PW,12a4", "LZ,1", "LZ,x,8",
		"LZ,256,8", "LZ,2,8", "LZ,1,15", "LZ,1,8.1", "LANG,", "ZONE,", "ZONE,x", "UPLOAD,",
		"UPLOAD,59", "UPLOAD,x", "CALL,", "CALL,*21#", "CALL,112,113", "SOS,112,113",
		"SOS,112,113,114,115", "PHB,112", "PHB,112,0041", "PHL,", "PHBX,0,0041,112,",
		"PHBX,31,0041,112,", "PHBX,1,0041,112", "DPHBX,x"};
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		f = kit_frame(kit_wrap("3G", view_of(refused[i])));
		assert_int_not_equal(command_read(&f, &c, NULL), RC_OK);
	}
	f = kit_frame(kit_wrap("3G", VIEW("LZ,1,+9.5")));
	assert_int_equal(command_read(&f, &c, NULL), RC_OK);
	assert_int_equal(c.zone_min, 570);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_has_its_bytes),
		cmocka_unit_test(yisai_watches_get_whole_hours),
		cmocka_unit_test(an_index_is_sent_to_those_who_use_it),
		cmocka_unit_test(values_over_their_limits_are_refused),
		cmocka_unit_test(texts_are_checked),
		cmocka_unit_test(names_and_keywords_are_complete),
		cmocka_unit_test(odd_answers_are_understood),
		cmocka_unit_test(only_numbers_that_a_watch_may_dial_pass),
		cmocka_unit_test(a_command_is_one_frame_and_comes_back),
		cmocka_unit_test(hostile_addressees_get_nothing),
		cmocka_unit_test(the_encoder_refuses_what_could_end_a_frame),
		cmocka_unit_test(texts_of_watches_are_read_back),
		cmocka_unit_test(only_good_commands_are_unpacked),
		cmocka_unit_test(only_our_own_forms_are_read_as_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
