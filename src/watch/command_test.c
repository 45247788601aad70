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
	c = (struct command){.kind = COMMAND_REWARD, .values = {5}};
	assert_written(&c, &watch, "[3G*8800000015*0008*FLOWER,5]");
	c = (struct command){.kind = COMMAND_VOICE, .payload = VIEW("#!AMR\n\x0C}[],*012345678")};
	assert_written(&c, &watch,
		"[3G*8800000015*001D*TK,#!AMR\n\x0C}\1}\2}\3}\4}\5"
		"012345678]");
	c = message_of(VIEW("\xE5\xA5\xBD"
			    "123"));
	assert_written(&c, &watch, "[3G*8800000015*0018*MESSAGE,597D003100320033]");
	c = message_of(VIEW("\xF0\x9F\x98\x80,]"));
	assert_written(&c, &watch, "[3G*8800000015*0018*MESSAGE,D83DDE00002C005D]");
}

/* Bytes of commands.json's forms and, where they are right, of the vendors' examples. */
static void settings_have_their_bytes(void **state)
{
	struct command c;

	(void)state;
	c = (struct command){.kind = COMMAND_ALARM_CLOCKS, .list_n = 3};
	c.alarms[0] = (struct command_alarm){490, true, REPEAT_ONCE, 0};
	c.alarms[1] = (struct command_alarm){490, true, REPEAT_DAILY, 0};
	c.alarms[2] = (struct command_alarm){490, false, REPEAT_DAYS, 0x1F}; /* Monday to Friday */
	assert_written(
		&c, &watch, "[3G*8800000015*002C*REMIND,08:10-1-1,08:10-1-2,08:10-0-3-0111110]");
	c = (struct command){.kind = COMMAND_QUIET_TIMES, .list_n = 2};
	c.windows[0] = (struct command_window){1270, 450, 0};
	c.windows[1] = (struct command_window){0, 1439, 0};
	assert_written(&c, &watch, "[3G*8800000015*0023*SILENCETIME,21:10-07:30,00:00-23:59]");
	c = (struct command){.kind = COMMAND_QUIET_TIMES_DAYS, .list_n = 1};
	c.windows[0] = (struct command_window){1270, 450, 0x40}; /* Sunday */
	assert_written(&c, &watch, "[3G*8800000015*0020*SILENCETIME2,21:10-07:30-1000000]");
	c = (struct command){.kind = COMMAND_WALK_TIMES, .list_n = 1};
	c.windows[0] = (struct command_window){490, 570, 0};
	assert_written(&c, &watch, "[3G*8800000015*0014*WALKTIME,08:10-09:30]");
	c.kind = COMMAND_SLEEP_TIME;
	assert_written(&c, &watch, "[3G*8800000015*0015*SLEEPTIME,08:10-09:30]");
	c = (struct command){.kind = COMMAND_STEP_COUNTER, .is_on = true};
	assert_written(&c, &watch, "[3G*8800000015*0006*PEDO,1]");
	c = (struct command){.kind = COMMAND_FALL_ALARM, .is_on = true, .values = {1}};
	assert_written(&c, &watch, "[3G*8800000015*000C*FALLDOWN,1,1]");
	c = (struct command){.kind = COMMAND_FALL_SWITCH};
	assert_written(&c, &watch, "[3G*8800000015*0005*FON,0]");
	c = (struct command){.kind = COMMAND_FALL_SENSITIVITY, .values = {5, 8}};
	assert_written(&c, &watch, "[3G*8800000015*0009*LSSET,5+8]");
	c = (struct command){.kind = COMMAND_ALARM_DELIVERY, .values = {3}};
	assert_written(&c, &watch, "[3G*8800000015*0005*MOD,3]");
	c = (struct command){.kind = COMMAND_SOUND_PROFILE, .values = {4}};
	assert_written(&c, &watch, "[3G*8800000015*0009*profile,4]");
	c = (struct command){.kind = COMMAND_REMOVED_ALARM, .is_on = true};
	assert_written(&c, &watch, "[3G*8800000015*0008*REMOVE,1]");
	c = (struct command){.kind = COMMAND_HOME_WIFI, .list_n = 3};
	memcpy(c.macs, "\x0A\1\2\3\4\5\x0A\xFF\xAB\xCD\xEF\x10\0\0\0\0\0\1", 18);
	assert_written(&c, &watch,
		"[3G*8800000015*0045*WIFIFENCE,1,0a:01:02:03:04:05,2,0a:ff:ab:cd:ef:10,3,"
		"00:00:00:00:00:01]");
	c = (struct command){.kind = COMMAND_TIMETABLE, .list_n = 8, .lessons_n = 2};
	c.windows[0] = (struct command_window){420, 480, 0};
	c.lessons[0] = (struct command_lesson){1, 1, "\xE8\xAF\xAD\xE6\x96\x87"};
	c.lessons[1] = (struct command_lesson){7, 8, "A"};
	assert_written(&c, &watch,
		"[3G*8800000015*0081*SCHEDULE,07000800-00000000-00000000-00000000-00000000-00000000"
		"-00000000-00000000,0031005F0031005F8BED6587002D0037005F0038005F0041]");
	c.lessons_n = 0;
	assert_written(&c, &watch,
		"[3G*8800000015*0051*SCHEDULE,07000800-00000000-00000000-00000000-00000000-00000000"
		"-00000000-00000000,]");
	c = (struct command){.kind = COMMAND_STEP_GOAL, .values = {10000}};
	assert_written(&c, &watch, "[3G*8800000015*000B*STEPS,10000]");
	c = (struct command){.kind = COMMAND_BODY, .values = {170, 80}};
	assert_written(&c, &watch, "[3G*8800000015*0012*DEVICE_BODY,170,80]");
	c = (struct command){.kind = COMMAND_APPS, .list_n = 2};
	c.apps[0] = (struct command_app){1, true};
	c.apps[1] = (struct command_app){2, false};
	assert_written(&c, &watch, "[3G*8800000015*000B*APP,1-1,2-0]");
	c = (struct command){.kind = COMMAND_FAMILY_CALLS, .is_on = true};
	assert_written(&c, &watch, "[3G*8800000015*0008*FAMILY,1]");
	c = (struct command){.kind = COMMAND_LONG_LIFE};
	assert_written(&c, &watch, "[3G*8800000015*0006*LONG,0]");
	c = (struct command){.kind = COMMAND_POWER_TIMES, .is_on = true};
	c.windows[0] = (struct command_window){420, 1320, 0x3F};
	assert_written(&c, &watch, "[3G*8800000015*001D*BOOTOFF,1,07:00,22:00,0111111]");
	c = (struct command){.kind = COMMAND_GPS_SWITCH, .is_on = true};
	assert_written(&c, &watch, "[3G*8800000015*000C*APPLOCK,DW-1]");
	c = (struct command){.kind = COMMAND_NIGHT_SAVING};
	assert_written(&c, &watch, "[3G*8800000015*000C*APPLOCK,YJ-0]");
	c = (struct command){.kind = COMMAND_DIAL_PAD, .is_on = true};
	assert_written(&c, &watch, "[3G*8800000015*000C*APPLOCK,PH-1]");
}

static void other_commands_have_their_bytes(void **state)
{
	struct command c;

	(void)state;
	c = (struct command){.kind = COMMAND_MEASURE_HEART};
	assert_written(&c, &watch, "[3G*8800000015*000A*hrtstart,1]");
	c = (struct command){.kind = COMMAND_HEART_INTERVAL};
	assert_written(&c, &watch, "[3G*8800000015*000A*hrtstart,0]");
	c.interval_s = 300;
	assert_written(&c, &watch, "[3G*8800000015*000C*hrtstart,300]");
	c = (struct command){.kind = COMMAND_HEALTH_INTERVAL, .is_on = true, .interval_s = 300};
	assert_written(&c, &watch, "[3G*8800000015*0015*HEALTHAUTOSET,1,1,300]");
	c = (struct command){.kind = COMMAND_MEASURE_TEMPERATURE};
	assert_written(&c, &watch, "[3G*8800000015*0009*bodytemp2]");
	c = (struct command){.kind = COMMAND_TEMPERATURE_INTERVAL, .values = {2}};
	assert_written(&c, &watch, "[3G*8800000015*000C*bodytemp,0,2]");
	c = (struct command){.kind = COMMAND_TEMPERATURE_TIMES, .list_n = 3};
	c.points[0] = (struct command_point){510, false};
	c.points[1] = (struct command_point){1080, true};
	c.points[2] = (struct command_point){1320, true};
	assert_written(&c, &watch, "[3G*8800000015*0023*BTTIMESET,3,08:30-0,18:00-1,22:00-1]");
	c = (struct command){.kind = COMMAND_TEMPERATURE_LIMITS,
		.is_on = true,
		.values = {350, 385},
		.entries_n = 1,
		.entries = {{.number = "13600000000"}}};
	assert_written(&c, &watch, "[3G*8800000015*0023*BTWARNSET,35.0,38.5,1,0,13600000000]");
	c = (struct command){.kind = COMMAND_TEMPERATURE_PERIOD, .interval_s = 3600};
	assert_written(&c, &watch, "[3G*8800000015*000C*WDSTART,3600]");
	c = (struct command){.kind = COMMAND_ASK_PULSE};
	assert_written(&c, &watch, "[3G*8800000015*0005*PULSE]");
	c = (struct command){.kind = COMMAND_CENTER, .entries_n = 1, .entries = {{"112", ""}}};
	assert_written(&c, &watch, "[3G*8800000015*000A*CENTER,112]");
	c.kind = COMMAND_SLAVE;
	assert_written(&c, &watch, "[3G*8800000015*0009*SLAVE,112]");
	c = (struct command){.kind = COMMAND_ALLOWED_1, .entries_n = 5};
	c.entries[1] = (struct command_entry){"112", ""};
	assert_written(&c, &watch, "[3G*8800000015*0012*WHITELIST1,,112,,,]");
	c.kind = COMMAND_ALLOWED_2;
	assert_written(&c, &watch, "[3G*8800000015*0012*WHITELIST2,,112,,,]");
	c = (struct command){
		.kind = COMMAND_BOOK_ENTRY_2, .slot = 100, .values = {5}, .entries_n = 1};
	c.entries[0] = (struct command_entry){"112", "A"};
	assert_written(&c, &watch, "[3G*8800000015*0015*PHBX2,100,0041,112,,5]");
	c.payload = VIEW("\xFF\xD8,\xFF\xD9");
	assert_written(&c, &watch, "[3G*8800000015*001B*PHBX2,100,0041,112,\xFF\xD8}\4\xFF\xD9,5]");
	c = (struct command){.kind = COMMAND_PILL_REMINDER, .list_n = 1, .slot = 1, .text_n = 5};
	c.alarms[0] = (struct command_alarm){685, true, REPEAT_DAILY, 0};
	memcpy(c.text, "owpmg", 5);
	assert_written(
		&c, &watch, "[3G*8800000015*002A*TAKEPILLS,11:25-1-2,1,006F00770070006D0067]");
	c.values[0] = 1; /* a version with voice */
	assert_written(
		&c, &watch, "[3G*8800000015*002B*TAKEPILLS,11:25-1-2,1,006F00770070006D0067,]");
	c = (struct command){.kind = COMMAND_OWNER, .entries_n = 1, .entries = {{"", "A"}}};
	assert_written(&c, &watch, "[3G*8800000015*000F*DEVOWNER,0041,,]");
	c = (struct command){.kind = COMMAND_APN, .digits = "20634"};
	memcpy(c.words[0], "cmnet", 6);
	assert_written(&c, &watch, "[3G*8800000015*0011*APN,cmnet,,,20634]");
	c = (struct command){.kind = COMMAND_UPDATE};
	assert_written(&c, &watch, "[3G*8800000015*0007*UPGRADE]");
	c = (struct command){.kind = COMMAND_FACTORY};
	assert_written(&c, &watch, "[3G*8800000015*0007*FACTORY]");
	c = (struct command){.kind = COMMAND_UNFRIEND};
	assert_written(&c, &watch, "[3G*8800000015*0003*PPR]");
	memcpy(c.words[0], "8800000016", 11);
	assert_written(&c, &watch, "[3G*8800000015*000E*PPR,8800000016]");
	c = (struct command){.kind = COMMAND_WIFI_SEARCH};
	assert_written(&c, &watch, "[3G*8800000015*000A*WIFISEARCH]");
	c = (struct command){.kind = COMMAND_WIFI_CURRENT};
	assert_written(&c, &watch, "[3G*8800000015*0007*WIFICUR]");
	c = (struct command){.kind = COMMAND_WIFI_JOIN};
	memcpy(c.words, "1", 2);
	memcpy(c.words[2], "home", 5);
	assert_written(&c, &watch, "[3G*8800000015*000F*WIFISET,1,,home]");
	c = (struct command){.kind = COMMAND_WIFI_FORGET};
	memcpy(c.words[0], "1", 2);
	assert_written(&c, &watch, "[3G*8800000015*0009*WIFIDEL,1]");
	c = (struct command){.kind = COMMAND_VOICE_GROUP,
		.payload = VIEW("#!AMR\n\x0C"
				"012345678901")};
	memcpy(c.words[0], "g", 2);
	assert_written(&c, &watch,
		"[3G*8800000015*0019*TK2,g,#!AMR\n\x0C"
		"012345678901]");
}

/* Section 5.2: where yisai firmware has a form of its own. */
static void yisai_watches_get_their_own_forms(void **state)
{
	struct addressee to = watch;
	struct command c = {.kind = COMMAND_QUIET_TIMES_DAYS, .list_n = 1};
	char buf[COMMAND_FRAME_MAX];
	size_t n = 0;

	(void)state;
	to.vendor = VIEW("RL");
	c.windows[0] = (struct command_window){1270, 450, 0x1F};
	assert_written(&c, &to, "[RL*8800000015*0022*SILENCETIME2,21:10-07:30-1-0111110]");
	c.dialect = DIALECT_V32; /* a setting of the operator is stronger than the vendor code */
	assert_written(&c, &to, "[RL*8800000015*0020*SILENCETIME2,21:10-07:30-0111110]");
	c.dialect = DIALECT_YISAI;
	assert_written(&c, &watch, "[3G*8800000015*0022*SILENCETIME2,21:10-07:30-1-0111110]");
	c = (struct command){.kind = COMMAND_BOOK_1, .entries_n = 5};
	assert_written(&c, &to, "[RL*8800000015*000E*PHB1,,,,,,,,,,]");
	c = (struct command){.kind = COMMAND_SLEEP_TIME, .list_n = 1, .windows = {{1, 2, 0}}};
	assert_int_equal(command_write(&c, &to, buf, sizeof buf, &n, NULL), RC_DENIED);
	c.dialect = DIALECT_YISAI;
	assert_int_equal(command_write(&c, &watch, buf, sizeof buf, &n, NULL), RC_DENIED);
	c.dialect = DIALECT_V32;
	assert_int_equal(command_write(&c, &to, buf, sizeof buf, &n, NULL), RC_DENIED);
	assert_true(command_suits(COMMAND_BOOK_WHOLE, VIEW("ys")));
	assert_false(command_suits(COMMAND_BOOK_WHOLE, VIEW("3G")));
	assert_false(command_suits(COMMAND_SLEEP_TIME, VIEW("BK")));
	assert_true(command_suits(COMMAND_SLEEP_TIME, VIEW("3G")));
	assert_true(command_is_silent(COMMAND_REFUSE_STRANGERS_2, VIEW("YS")));
	assert_true(command_is_silent(COMMAND_RESET, VIEW("YS")));
	assert_false(command_is_silent(COMMAND_RESET, VIEW("3G")));
	assert_false(command_is_silent(COMMAND_LOCATE, VIEW("YS")));
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
		static const uint32_t seconds[] = {0, 59, 65536, 70000, UINT32_MAX};
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
		static const enum command_kind once[] = {COMMAND_FIND, COMMAND_MESSAGE,
			COMMAND_CALL, COMMAND_PHOTO, COMMAND_POWER_OFF, COMMAND_RESET,
			COMMAND_REWARD, COMMAND_VOICE, COMMAND_VOICE_GROUP, COMMAND_APN,
			COMMAND_UPDATE, COMMAND_FACTORY};
		bool is_once = false;
		for (size_t k = 0; k < COUNT_OF(once); k++)
			is_once = is_once || once[k] == kind;
		assert_int_equal(command_may_repeat(kind), !is_once);
		/* the watch's acknowledgement is never answered; PPR is also what a watch asks */
		struct report r;
		kit_report("3G", command_keyword(kind), &r);
		assert_int_equal(r.kind, kind == COMMAND_UNFRIEND ? REPORT_OTHER : REPORT_ANSWER);
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
	assert_int_equal(command_answer_of(COMMAND_PILL_REMINDER, VIEW("takepills"), VIEW("0")),
		ANSWER_REFUSED);
	assert_int_equal(
		command_answer_of(COMMAND_SLEEP_TIME, VIEW("ANY"), VIEW("")), ANSWER_CONFIRMED);
	assert_int_equal(command_answer_of(COMMAND_SLEEP_TIME, VIEW("WALKTIME"), VIEW("")),
		ANSWER_CONFIRMED);
	assert_int_equal(command_answer_of(COMMAND_FALL_SENSITIVITY, VIEW("LSSET"), VIEW("5")),
		ANSWER_CONFIRMED);
	assert_int_equal(/* a full echo of a value that happens to be 0 */
		command_answer_of(COMMAND_SOS_SMS, VIEW("SOSSMS"), VIEW("0")), ANSWER_CONFIRMED);
	assert_int_equal(command_answer_of(COMMAND_VOICE, VIEW("tk"), VIEW("1")), ANSWER_CONFIRMED);
	assert_int_equal(command_answer_of(COMMAND_VOICE, VIEW("TK"), VIEW("0")), ANSWER_REFUSED);
	assert_int_equal(command_answer_of(COMMAND_VOICE, VIEW("TK"), VIEW("")), ANSWER_CONFIRMED);
	assert_int_equal(/* what says no in V32 is not known */
		command_answer_of(COMMAND_VOICE, VIEW("TK"), VIEW("-1")), ANSWER_REFUSED);
	assert_int_equal(command_answer_of(COMMAND_VOICE, VIEW("TK"), VIEW("2")), ANSWER_REFUSED);
	assert_int_equal(
		command_answer_of(COMMAND_BOOK_ENTRY, VIEW("PHBX"), VIEW("-1")), ANSWER_REFUSED);
	assert_int_equal(command_answer_of(COMMAND_VOICE, VIEW("TK"),
				 VIEW("#!AMR\n\x0C"
				      "01234567890123456789")),
		ANSWER_TO_OTHER);
	assert_int_equal(
		command_answer_of(COMMAND_VOICE_GROUP, VIEW("TK2"), VIEW("g,0")), ANSWER_REFUSED);
	assert_int_equal(
		command_answer_of(COMMAND_VOICE_GROUP, VIEW("TK2"), VIEW("g,1")), ANSWER_CONFIRMED);
	assert_int_equal(
		command_answer_of(COMMAND_VOICE_GROUP, VIEW("TK2"), VIEW("10")), ANSWER_CONFIRMED);
	assert_int_equal(command_answer_of(COMMAND_WIFI_SEARCH, VIEW("WIFISEARCH"), VIEW("1,a,b")),
		ANSWER_CONFIRMED);
	assert_true(command_waits_for(COMMAND_MEASURE_HEART, COMMAND_HEART_INTERVAL));
	assert_true(command_waits_for(COMMAND_GPS_SWITCH, COMMAND_DIAL_PAD));
	assert_true(command_waits_for(COMMAND_WALK_TIMES, COMMAND_SLEEP_TIME));
	assert_false(command_waits_for(COMMAND_VOICE, COMMAND_VOICE_GROUP));
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
	c.slot = COMMAND_SLOT_MAX + 1;
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

static const char hostile[] = "][3G*8800000015*0002*LK],}\n\0aZ9";

/* A number and a name; often what would hurt. */
static void any_entry(struct prop *p, struct command_entry *ret, bool is_good, bool has_name)
{
	static const char odd[] = "+0123456789*#,[]A";

	ret->number[0] = '+';
	size_t n = is_good ? 3 + prop_below(p, 17) : prop_below(p, sizeof ret->number);
	for (size_t i = 0; i < n && i + 1 < sizeof ret->number; i++)
		ret->number[i + 1] =
			is_good ? (char)('0' + prop_below(p, 10)) : odd[prop_below(p, sizeof odd)];
	if (is_good && !has_name)
		return;
	(void)prop_bytes(p, ret->name, is_good ? 10 : sizeof ret->name, is_good ? "abc]*,[}" : NULL,
		is_good ? 8 : 0);
	if (is_good && ret->name[0] == '\0')
		ret->name[0] = 'x';
}

static int32_t any_number(struct prop *p, const struct command_field *f, bool is_good)
{
	int32_t near[] = {f->min, f->max, f->min - 1, f->max + 1, 0, 1, -1, INT32_MAX, INT32_MIN};

	if (f->values != NULL)
		return (int32_t)prop_between(
			p, is_good ? f->values[0].number : -1, is_good ? 3 : 5);
	if (f->type == PARAM_FLAG)
		return (int32_t)prop_below(p, is_good ? 2 : 3);
	return is_good ? (int32_t)prop_between(p, f->min, f->max)
		       : near[prop_below(p, COUNT_OF(near))];
}

static void any_times(
	struct prop *p, struct command *c, const struct command_field *f, bool is_good)
{
	unsigned top = is_good ? COMMAND_DAY_MIN : COMMAND_DAY_MIN + 3;

	for (unsigned i = 0; i < COMMAND_WINDOWS_MAX && f->type != PARAM_ALARM &&
			     f->type != PARAM_POINT && f->type != PARAM_APP && f->type != PARAM_MAC;
		i++) {
		struct command_window *w = &c->windows[i];
		w->from_min = (uint16_t)prop_below(p, top);
		w->to_min = (uint16_t)prop_between(p, w->from_min, (int64_t)top - 1);
		if (f->type == PARAM_DAYS || f->type == PARAM_WINDOW_DAYS || !is_good)
			w->days = (uint8_t)prop_between(p, is_good, is_good ? 127 : 255);
		if (f->type == PARAM_PERIODS && prop_chance(p, 30))
			*w = (struct command_window){0};
	}
	for (unsigned i = 0; i < COMMAND_ALARMS_MAX && f->type == PARAM_ALARM; i++) {
		struct command_alarm *a = &c->alarms[i];
		a->time_min = (uint16_t)prop_below(p, top);
		a->is_on = prop_chance(p, 50);
		a->repeat = (uint8_t)prop_between(p, is_good ? 1 : 0, is_good ? 3 : 5);
		if (a->repeat == REPEAT_DAYS || !is_good)
			a->days = (uint8_t)prop_between(p, is_good, is_good ? 127 : 255);
	}
	for (unsigned i = 0; i < COMMAND_POINTS_MAX && f->type == PARAM_POINT; i++)
		c->points[i] =
			(struct command_point){(uint16_t)prop_below(p, top), prop_chance(p, 50)};
	for (unsigned i = 0; i < COMMAND_APPS_MAX && f->type == PARAM_APP; i++)
		c->apps[i] = (struct command_app){
			(uint8_t)prop_below(p, is_good ? 100 : 256), prop_chance(p, 50)};
	for (unsigned i = 0; i < COMMAND_MACS_MAX && f->type == PARAM_MAC; i++) {
		for (unsigned k = 0; k < 6; k++)
			c->macs[i][k] =
				(uint8_t)(prop_below(p, 256) & (is_good && k == 0 ? 254 : 255));
		c->macs[i][5] |= is_good;
	}
}

static void any_lessons(struct prop *p, struct command *c, bool is_good)
{
	c->lessons_n = (uint8_t)prop_below(p, COMMAND_LESSONS_MAX + (is_good ? 1 : 3));
	for (unsigned i = 0; i < c->lessons_n && i < COMMAND_LESSONS_MAX; i++) {
		struct command_lesson *l = &c->lessons[i];
		l->day = (uint8_t)prop_between(p, is_good ? 1 : 0, is_good ? 7 : 9);
		l->period = (uint8_t)prop_between(p, is_good ? 1 : 0, is_good ? 8 : 9);
		(void)prop_bytes(p, l->name, is_good ? 10 : sizeof l->name,
			is_good ? "aB9],*}[." : "ab-_\xC3\xA4", is_good ? 9 : 6);
		if (is_good && l->name[0] == '\0')
			l->name[0] = 'x';
	}
}

static void any_payload(struct prop *p, struct command *c, enum command_param type)
{
	static char bytes[COMMAND_PAYLOAD_MAX + 100];
	bool is_audio = type == PARAM_AUDIO;
	size_t n = prop_chance(p, 90) ? prop_below(p, 300) : prop_below(p, sizeof bytes);

	for (size_t i = 0; i < n; i++)
		bytes[i] =
			(char)(prop_chance(p, 10) ? "}[],*"[prop_below(p, 5)] : (char)prop_u64(p));
	if (prop_chance(p, 90) && n >= 20) {
		memcpy(bytes, is_audio ? "#!AMR\n" : "\xFF\xD8....", 6);
		if (!is_audio)
			memcpy(bytes + n - 2, "\xFF\xD9", 2);
	}
	c->payload = (struct view){.p = bytes, .n = n};
	c->is_payload_escaped = prop_chance(p, 5);
	if (prop_chance(p, 10)) {
		c->payload = (struct view){.p = NULL};
		c->is_payload_apart = prop_chance(p, 50);
	}
}

static void any_field(struct prop *p, struct command *c, const struct command_field *f,
	bool is_good, bool has_name)
{
	unsigned min = f->repeat_max == 0 ? 1 : f->repeat_min;
	unsigned max = f->repeat_max == 0 ? 1 : f->repeat_max;
	uint8_t n = (uint8_t)prop_between(
		p, is_good || min == 0 ? min : min - 1, is_good ? max : max + 1);

	switch (f->type) {
	case PARAM_FLAG:
	case PARAM_INT:
	case PARAM_ENUM:
	case PARAM_DECIMAL: {
		int32_t value = any_number(p, f, is_good);
		if (f->member == MEMBER_IS_ON)
			c->is_on = value != 0;
		else if (f->member == MEMBER_INTERVAL_S)
			c->interval_s = (uint32_t)value;
		else if (f->member == MEMBER_SLOT)
			c->slot = (uint8_t)value;
		else
			c->values[f->member - MEMBER_VALUE_0] = value;
		return;
	}
	case PARAM_FIXED:
	case PARAM_COUNT:
		return;
	case PARAM_LANGUAGE:
		c->language = (uint8_t)prop_below(p, 40);
		return;
	case PARAM_ZONE:
		c->zone_min = (int16_t)(is_good ? 15 * prop_between(p, -48, 56)
						: prop_between(p, INT16_MIN, INT16_MAX));
		return;
	case PARAM_PHONE:
	case PARAM_NAME:
	case PARAM_ENTRY:
		c->entries_n = n;
		for (unsigned i = 0; i < n && i < COMMAND_BOOK_MAX; i++) {
			c->entries[i] = (struct command_entry){"", ""};
			if (!f->is_optional || prop_chance(p, 70))
				any_entry(p, &c->entries[i], is_good,
					has_name || f->type != PARAM_PHONE);
		}
		return;
	case PARAM_TEXT:
		c->text_n =
			(uint16_t)prop_bytes(p, c->text, prop_chance(p, 10) ? sizeof c->text : 30,
				prop_chance(p, 90) ? hostile : NULL,
				prop_chance(p, 50) ? 24 : sizeof hostile - 1);
		return;
	case PARAM_WORD:
	case PARAM_HOST:
		(void)prop_bytes(p, c->words[f->member - MEMBER_WORD_0],
			is_good ? (size_t)f->max : sizeof c->words[0], is_good ? "a.-9" : hostile,
			is_good ? 4 : sizeof hostile - 1);
		return;
	case PARAM_DIGITS:
		(void)prop_bytes(p, c->digits, is_good ? (size_t)f->max : sizeof c->digits,
			is_good ? "0123456789" : hostile, 10);
		return;
	case PARAM_MAC:
	case PARAM_HHMM:
	case PARAM_DAYS:
	case PARAM_WINDOW:
	case PARAM_WINDOW_DAYS:
	case PARAM_ALARM:
	case PARAM_POINT:
	case PARAM_APP:
	case PARAM_PERIODS:
		c->list_n = n;
		any_times(p, c, f, is_good);
		return;
	case PARAM_LESSONS:
		any_lessons(p, c, is_good);
		return;
	case PARAM_AUDIO:
	case PARAM_PICTURE:
		any_payload(p, c, f->type);
		return;
	case PARAM_TYPE_COUNT:
		break;
	}
	fail_msg("a type that is not tried");
}

/* Anything at all in the members of a kind; often what would hurt. */
static struct command any_command(struct prop *p)
{
	struct command c = {.kind = (enum command_kind)prop_below(p, COMMAND_KIND_COUNT + 1)};
	const struct command_definition *d = command_definition(c.kind);
	bool is_good = prop_chance(p, 80);
	bool has_name = c.kind == COMMAND_BOOK_ENTRY || c.kind == COMMAND_BOOK_ENTRY_2;

	c.dialect = (uint8_t)prop_below(p, is_good ? 2 : DIALECT_COUNT + 1);
	for (size_t i = 0; d != NULL && i < d->fields_n; i++)
		any_field(p, &c, &d->fields[i], is_good || prop_chance(p, 60), has_name);
	if (c.kind == COMMAND_TEMPERATURE_LIMITS && prop_chance(p, 50))
		c.values[1] = c.values[0] + 1;
	return c;
}

/* Exactly one frame in text, for the reader of our own side too, unless it is longer than what
 * watches send. */
static struct frame one_frame(struct view text, const struct command *c)
{
	struct frame f = kit_strict_frame(text);
	struct kit_events k;

	if (c->payload.n > 0 || f.content.n > FRAME_TEXT_MAX)
		return f;
	kit_feed_bytes(text, &k);
	assert_int_equal(k.n, 1);
	assert_int_equal(k.e[0].rc, RC_OK);
	assert_int_equal(k.e[0].n, text.n);
	assert_int_equal(k.junk + k.bad_frames, 0);
	return f;
}

/* Counts how often each kind was tried with success: none may be left out. */
static unsigned written[COMMAND_KIND_COUNT];

static void one_pack(const struct command *c, const char *frame, size_t frame_n)
{
	static uint8_t packed[COMMAND_PACK_MAX];
	static char again_frame[COMMAND_FRAME_MAX];
	struct command again;
	size_t n = 0;
	size_t again_n = 0;

	assert_int_equal(command_pack(c, packed, sizeof packed, &n, NULL), RC_OK);
	struct view v = {.p = (const char *)packed, .n = n};
	assert_int_equal(command_unpack(v, &again, NULL), RC_OK);
	assert_int_equal(
		command_write(&again, &watch, again_frame, sizeof again_frame, &again_n, NULL),
		RC_OK);
	assert_int_equal(again_n, frame_n);
	assert_memory_equal(again_frame, frame, frame_n);
	for (v.n = n > 100 ? n - 100 : 0; v.n < n; v.n++)
		assert_int_equal(command_unpack(v, &again, NULL), RC_SYNTAX);
	assert_int_equal(command_pack(c, packed, n - 1, &again_n, NULL), RC_LIMIT);
}

static void one_command(struct prop *p)
{
	static char buf[COMMAND_FRAME_MAX];
	static char again_buf[COMMAND_FRAME_MAX];
	struct command c = any_command(p);
	struct command again;
	size_t n = 0;
	size_t again_n = 0;
	enum rc rc = command_check(&c, NULL);
	bool may_go = !c.is_payload_apart &&
		      !(c.kind == COMMAND_SLEEP_TIME && c.dialect == DIALECT_YISAI);

	if (rc != RC_OK || may_go)
		assert_int_equal(command_write(&c, &watch, buf, sizeof buf, &n, NULL), rc);
	if (rc != RC_OK || !may_go)
		return;
	written[c.kind]++;
	struct frame f = one_frame((struct view){.p = buf, .n = n}, &c);
	if (c.dialect == DIALECT_YISAI)
		f.vendor = VIEW("YS"); /* as that watch would read it */
	assert_int_equal(command_read(&f, &again, NULL), RC_OK);
	assert_int_equal(again.kind, c.kind);
	again.dialect = c.dialect;
	assert_int_equal(
		command_write(&again, &watch, again_buf, sizeof again_buf, &again_n, NULL), RC_OK);
	assert_int_equal(again_n, n);
	assert_memory_equal(again_buf, buf, n);
	assert_int_equal(command_write(&c, &watch, buf, n - 1, &again_n, NULL), RC_LIMIT);
	assert_int_equal(command_write(&c, &watch, buf, sizeof buf, &n, NULL), RC_OK);
	one_pack(&c, buf, n);
}

static void a_command_is_one_frame_and_comes_back(void **state)
{
	(void)state;
	prop_run("a_command_is_one_frame_and_comes_back", 10000, one_command);
	for (size_t i = 0; i < COMMAND_KIND_COUNT; i++)
		assert_int_not_equal(written[i], 0);
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
		bytes[0] = 2;
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
	static const char *const others[] = {"ACALL,+491701234567", "AUTO,1", "CPSMS,1", "CR,1",
		"MONITOR", "MONITOR,112", "IP,1.2.3.4,80", "LK", "MESSAGE", "UPLOAD", "DPHBX,1,2",
		"SMS,112,hi", "POWEROFF,1", "RECORD", "RE", "UPGRADE,http://x", "FACTORY,1",
		"APPLOCK,WX-1", "APPLOCK,JT-1", "HEALTHAUTOSET,2,1,300", "DEVOWNER,0041,x,",
		"PEDO,1,1", "SPOF", "REMIND"};

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
		"PHBX,101,0041,112,", "PHBX,1,0041,112", "PHBX,1,0041,112,x", "DPHBX,x", "SOSSMS,2",
		"TAKEPILLS,1", "APPLOCK,DW-2", "APPLOCK,DW", "APPLOCK,DW-1,YJ-1",
		"REMIND,08:10-1-4", "REMIND,08:10-1-3", "REMIND,08:10-1-3-011111",
		"REMIND,24:00-1-1", "REMIND,", "REMIND,08:10-1-1-0111110", "SILENCETIME,08:00",
		"SILENCETIME,08:00-8:0", "SILENCETIME2,08:00-09:00",
		"SILENCETIME2,08:00-09:00-1-0111110",
		"SILENCETIME,1:00-2:00,1:00-2:00,1:00-2:00,1:00-2:00,1:00-2:00", "LSSET,5",
		"LSSET,9+8", "LSSET,6+5", "LSSET,0+8", "hrtstart,2", "hrtstart,299",
		"hrtstart,65536", "BTTIMESET,2,08:30-0", "BTTIMESET,1,08:30-0,09:00-0",
		"BTTIMESET,0", "BTWARNSET,38.5,35.0,1,0,112", "BTWARNSET,35.0,38.5,1,2,112",
		"MOD,4", "profile,0", "WIFIFENCE,1,0a:01:02:03:04:05", "APN,a b,,,20634",
		"APN,x,,,1", "FLOWER,100", "SCHEDULE,07000800,", "BODYTEMP,1,13", "TK,#!AMR\n",
		"TK2,g", "BOOTOFF,1,07:00,22:00,0",
		"WIFIFENCE,1,0a:01:02:03:04:05,3,0a:01:02:03:04:05,2,0a:01:02:03:04:05"};
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		f = kit_frame(kit_wrap("3G", view_of(refused[i])));
		assert_int_not_equal(command_read(&f, &c, NULL), RC_OK);
	}
	f = kit_frame(kit_wrap("3G", VIEW("LZ,1,+9.5")));
	assert_int_equal(command_read(&f, &c, NULL), RC_OK);
	assert_int_equal(c.zone_min, 570);
	f = kit_frame(kit_wrap("3G", VIEW("SILENCETIME,21:10-7:30")));
	assert_int_equal(command_read(&f, &c, NULL), RC_OK);
	assert_int_equal(c.windows[0].to_min, 450);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_has_its_bytes),
		cmocka_unit_test(settings_have_their_bytes),
		cmocka_unit_test(other_commands_have_their_bytes),
		cmocka_unit_test(yisai_watches_get_their_own_forms),
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
