#include "link/message.h"

#include "unit.h"

#include "link/counters.h"

static const uint8_t report_bytes[] = {1, 2, 3, 0, 255, '[', ']'};

/* One message of each type with every field set. */
static size_t make_samples(struct message samples[48])
{
	struct uid id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
	struct view payload = {.p = (const char *)report_bytes, .n = sizeof report_bytes};
	struct reply al = {.kind = REPLY_AL, .keyword = "AL"};
	struct peer peer = {.address = {[10] = 0xFF, [11] = 0xFF, 192, 0, 2, 7}, .port = 40000};
	size_t n = 0;

	samples[n++] = (struct message){
		.type = MESSAGE_HELLO, .hello = {.gateway = 7, .epoch = UINT64_MAX}};
	samples[n++] = (struct message){.type = MESSAGE_OPENED,
		.opened = {.session = UINT64_C(0x123456789ABCDEF0),
			.peer = peer,
			.vendor = VIEW("3G"),
			.id = VIEW("8800000015")}};
	samples[n++] = (struct message){.type = MESSAGE_ANNOUNCED};
	samples[n++] = (struct message){.type = MESSAGE_REPORT,
		.report = {.session = 1,
			.received_ms = INT64_C(1790000000000),
			.id = VIEW("8800000015"),
			.index = VIEW("00aF"),
			.reply = al,
			.report = payload}};
	samples[n++] = (struct message){.type = MESSAGE_CLOSED,
		.closed = {.session = 2, .reason = CLOSE_STOP, .frames = UINT32_MAX}};
	samples[n++] =
		(struct message){.type = MESSAGE_SENT, .sent = {.session = 3, .command = id}};
	samples[n++] =
		(struct message){.type = MESSAGE_UNSENT, .sent = {.session = 4, .command = id}};
	samples[n++] = (struct message){
		.type = MESSAGE_FOREIGN, .foreign = {.kind = FOREIGN_AQSH, .peer = peer}};
	samples[n] = (struct message){.type = MESSAGE_STATS, .stats = {.n = COUNTER_COUNT}};
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		samples[n].stats.counters[i] = i * UINT64_C(0x0123456789ABCDEF);
	n++;
	samples[n++] = (struct message){.type = MESSAGE_BYE};
	samples[n++] = (struct message){.type = MESSAGE_WELCOME, .welcome = {.epoch = 1}};
	samples[n++] = (struct message){
		.type = MESSAGE_STANDING, .standing = {.session = 5, .standing = STANDING_BOUND}};
	samples[n++] = (struct message){.type = MESSAGE_ANSWER,
		.answer = {.session = 6, .index = VIEW("0001"), .reply = al}};
	samples[n++] = (struct message){.type = MESSAGE_COMMAND,
		.command = {.session = 7, .command = id, .packed = payload}};
	samples[n++] = (struct message){
		.type = MESSAGE_CLOSE, .close = {.session = 8, .reason = CLOSE_BY_SERVER}};
	samples[n++] = (struct message){.type = MESSAGE_FAREWELL};
	samples[n++] = (struct message){
		.type = MESSAGE_COURIER_HELLO, .courier_hello = {.epoch = UINT64_MAX, .busy = 5}};
	samples[n++] = (struct message){.type = MESSAGE_RESULT,
		.result = {
			.item = id, .attempt = UINT32_MAX, .outcome = COURIER_STATUS, .code = 503}};
	samples[n++] = (struct message){.type = MESSAGE_COURIER_WELCOME, .welcome = {.epoch = 1}};
	samples[n++] = (struct message){.type = MESSAGE_WEBHOOK,
		.webhook = {.item = id,
			.attempt = 1,
			.event = id,
			.url = VIEW("https://example.org/"),
			.digest = VIEW("sha-256=:AA==:"),
			.signature_input = VIEW("kinward=(\"@method\")"),
			.signature = VIEW("kinward=:AA==:"),
			.body = payload}};
	samples[n++] = (struct message){.type = MESSAGE_MAIL,
		.mail = {.item = id,
			.attempt = 1,
			.to = VIEW("a@example.org"),
			.subject = VIEW("Subject"),
			.text = payload}};
	samples[n++] = (struct message){.type = MESSAGE_BLOB,
		.blob = {.session = 9,
			.origin = 5,
			.offset = 12000,
			.total = 12000 + (uint32_t)payload.n,
			.bytes = payload}};
	samples[n++] = (struct message){.type = MESSAGE_MEDIA_HELLO, .media_hello = {.epoch = 77}};
	samples[n++] = (struct message){.type = MESSAGE_MEDIA_OUTPUT,
		.media_part = {.job = UINT64_MAX,
			.offset = MEDIA_OUTPUT_MAX - (uint32_t)payload.n,
			.total = MEDIA_OUTPUT_MAX,
			.bytes = payload}};
	samples[n++] = (struct message){
		.type = MESSAGE_MEDIA_DONE, .media_done = {.job = 1, .outcome = MEDIA_TOO_SLOW}};
	samples[n++] = (struct message){.type = MESSAGE_MEDIA_WELCOME, .welcome = {.epoch = 1}};
	samples[n++] = (struct message){.type = MESSAGE_MEDIA_INPUT,
		.media_part = {.job = 3,
			.kind = MEDIA_JPEG,
			.total = (uint32_t)payload.n,
			.bytes = payload}};
	samples[n++] = (struct message){
		.type = MESSAGE_WEATHER_ASK, .weather_ask = {.lat_d = -900, .lon_d = 1800}};
	samples[n++] = (struct message){
		.type = MESSAGE_WEATHER_TOLD, .weather_told = {.lat_d = 509, .lon_d = -113}};
	samples[n++] = (struct message){.type = MESSAGE_WEATHER_TOLD,
		.weather_told = {.lat_d = 509,
			.lon_d = -113,
			.is_good = true,
			.code = WEATHER_SNOW,
			.now = -60,
			.days_n = 2,
			.days = {{WEATHER_RAIN, -5, 60}, {WEATHER_CLEAR, 0, 0}}}};
	samples[n++] = (struct message){.type = MESSAGE_LOCATE_ASK,
		.locate_ask = {.item = {{4}},
			.points_n = 2,
			.points = {{{1, 2, 3, 4, 5, 6}, -70}, {{2}, 0}},
			.cells_n = 1,
			.cells = {{262, 2, 801, 86355}}}};
	samples[n++] =
		(struct message){.type = MESSAGE_LOCATE_TOLD, .locate_told = {.item = {{4}}}};
	samples[n++] = (struct message){.type = MESSAGE_LOCATE_TOLD,
		.locate_told = {.item = {{4}},
			.is_known = true,
			.lat_e7 = -900000000,
			.lon_e7 = 1800000000,
			.accuracy_m = 120}};
	samples[n++] = (struct message){.type = MESSAGE_BLOB,
		.blob = {.session = 9,
			.kind = MEDIA_PART_CHUNK,
			.chunk = 3,
			.chunks = 10,
			.name = VIEW("xxx_7_20260101120000"),
			.total = (uint32_t)payload.n,
			.bytes = payload}};
	return n;
}

static enum message_side side_of(enum message_type type)
{
	return type < MESSAGE_WELCOME           ? MESSAGE_FROM_GATEWAY
	       : type < MESSAGE_COURIER_HELLO   ? MESSAGE_FROM_SERVER
	       : type < MESSAGE_COURIER_WELCOME ? MESSAGE_FROM_COURIER
	       : type < MESSAGE_MEDIA_HELLO     ? MESSAGE_TO_COURIER
	       : type < MESSAGE_MEDIA_WELCOME   ? MESSAGE_FROM_MEDIA
						: MESSAGE_TO_MEDIA;
}

static size_t write_ok(const struct message *m, uint8_t *buf, size_t size)
{
	struct err e = {0};
	size_t n = 0;

	if (message_write(m, buf, size, &n, &e) != RC_OK)
		fail_msg("%s: %s", message_name(m->type), e.msg);
	return n;
}

static void what_is_written_can_be_read_and_gives_the_same_bytes(void **state)
{
	struct message samples[48];
	size_t samples_n = make_samples(samples);

	(void)state;
	for (size_t i = 0; i < samples_n; i++) {
		uint8_t first[MESSAGE_BODY_MAX];
		uint8_t second[MESSAGE_BODY_MAX];
		struct message back;
		struct err e = {0};
		size_t n = write_ok(&samples[i], first, sizeof first);
		struct view in = {.p = (const char *)first, .n = n};
		if (message_read(&in, side_of(samples[i].type), &back, &e) != RC_OK)
			fail_msg("%s: %s", message_name(samples[i].type), e.msg);
		assert_int_equal(in.n, 0);
		assert_int_equal(back.type, samples[i].type);
		assert_int_equal(write_ok(&back, second, sizeof second), n);
		assert_memory_equal(first, second, n);
	}
}

static void fields_of_a_report_arrive_as_they_were(void **state)
{
	struct message samples[48];
	uint8_t buf[512];
	struct message m;
	struct err e;

	(void)state;
	(void)make_samples(samples);
	struct view in = {.p = (const char *)buf, .n = write_ok(&samples[3], buf, sizeof buf)};
	assert_int_equal(message_read(&in, MESSAGE_FROM_GATEWAY, &m, &e), RC_OK);
	assert_int_equal(m.report.session, 1);
	assert_int_equal(m.report.received_ms, INT64_C(1790000000000));
	assert_true(view_is(m.report.id, VIEW("8800000015")));
	assert_true(view_is(m.report.index, VIEW("00aF")));
	assert_int_equal(m.report.reply.kind, REPLY_AL);
	assert_string_equal(m.report.reply.keyword, "AL");
	assert_int_equal(m.report.report.n, sizeof report_bytes);
	assert_memory_equal(m.report.report.p, report_bytes, sizeof report_bytes);
}

static void a_message_cut_anywhere_is_refused(void **state)
{
	struct message samples[48];
	size_t samples_n = make_samples(samples);
	uint8_t buf[MESSAGE_BODY_MAX];

	(void)state;
	for (size_t i = 0; i < samples_n; i++) {
		size_t n = write_ok(&samples[i], buf, sizeof buf);
		for (size_t cut = 0; cut < n; cut++) {
			struct view in = {.p = (const char *)buf, .n = cut};
			struct message m;
			assert_int_equal(
				message_read(&in, side_of(samples[i].type), &m, NULL), RC_SYNTAX);
			assert_int_equal(in.n, cut);
		}
	}
}

static void a_body_with_bytes_left_over_is_refused(void **state)
{
	struct message samples[48];
	size_t samples_n = make_samples(samples);
	uint8_t buf[MESSAGE_BODY_MAX];

	(void)state;
	for (size_t i = 0; i < samples_n; i++) {
		size_t n = write_ok(&samples[i], buf, sizeof buf - 1);
		size_t body = n - MESSAGE_HEADER + 1;
		struct message m;
		buf[n] = 0;
		buf[1] = (uint8_t)body;
		buf[2] = (uint8_t)(body >> 8);
		struct view in = {.p = (const char *)buf, .n = n + 1};
		assert_int_equal(message_read(&in, side_of(samples[i].type), &m, NULL), RC_SYNTAX);
	}
}

static void a_body_with_its_last_byte_missing_is_refused(void **state)
{
	struct message samples[48];
	size_t samples_n = make_samples(samples);
	uint8_t buf[MESSAGE_BODY_MAX];

	(void)state;
	for (size_t i = 0; i < samples_n; i++) {
		size_t n = write_ok(&samples[i], buf, sizeof buf);
		struct message m;
		if (n == MESSAGE_HEADER)
			continue; /* it has no body */
		size_t body = n - MESSAGE_HEADER - 1;
		buf[1] = (uint8_t)body;
		buf[2] = (uint8_t)(body >> 8);
		struct view in = {.p = (const char *)buf, .n = n - 1};
		assert_int_equal(message_read(&in, side_of(samples[i].type), &m, NULL), RC_SYNTAX);
	}
}

static void a_type_of_the_other_side_is_refused(void **state)
{
	struct message samples[48];
	size_t samples_n = make_samples(samples);
	uint8_t buf[MESSAGE_BODY_MAX];

	(void)state;
	for (size_t i = 0; i < samples_n; i++) {
		size_t n = write_ok(&samples[i], buf, sizeof buf);
		for (unsigned side = 0; side < MESSAGE_SIDE_COUNT; side++) {
			struct view in = {.p = (const char *)buf, .n = n};
			struct message m;
			assert_int_equal(message_read(&in, (enum message_side)side, &m, NULL),
				side == (unsigned)side_of(samples[i].type) ? RC_OK : RC_SYNTAX);
		}
	}
}

static void an_unknown_type_is_refused_and_cannot_be_written(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		uint8_t buf[64] = {(uint8_t)type, 0, 0};
		struct view in = {.p = (const char *)buf, .n = MESSAGE_HEADER};
		struct message m = {.type = (enum message_type)type};
		size_t n = 0;
		if (strcmp(message_name((enum message_type)type), "unknown") != 0)
			continue;
		for (unsigned side = 0; side < MESSAGE_SIDE_COUNT; side++)
			assert_int_equal(
				message_read(&in, (enum message_side)side, &m, NULL), RC_SYNTAX);
		assert_int_equal(message_write(&m, buf, sizeof buf, &n, NULL), RC_BUG);
	}
}

static void a_buffer_too_small_by_any_count_is_a_limit(void **state)
{
	struct message samples[48];
	size_t samples_n = make_samples(samples);
	uint8_t buf[MESSAGE_BODY_MAX];

	(void)state;
	for (size_t i = 0; i < samples_n; i++) {
		size_t need = write_ok(&samples[i], buf, sizeof buf);
		size_t n = 77;
		for (size_t size = 0; size < need; size++) {
			assert_int_equal(message_write(&samples[i], buf, size, &n, NULL), RC_LIMIT);
			assert_int_equal(n, 77);
		}
		assert_int_equal(message_write(&samples[i], buf, need, &n, NULL), RC_OK);
	}
}

static void texts_over_their_bounds_are_our_bug(void **state)
{
	uint8_t buf[256];
	size_t n = 0;
	struct message m = {.type = MESSAGE_OPENED,
		.opened = {.vendor = VIEW("3G3G3G3"), .id = VIEW("8800000015")}};

	(void)state;
	assert_int_equal(message_write(&m, buf, sizeof buf, &n, NULL), RC_BUG);
	m.opened.vendor = VIEW("3G");
	m.opened.id = VIEW("123456789012345678901");
	assert_int_equal(message_write(&m, buf, sizeof buf, &n, NULL), RC_BUG);
}

/* Each row changes one byte of a good message into one that is not allowed. */
static void fields_that_are_not_allowed_are_refused(void **state)
{
	static const struct {
		size_t sample;
		size_t at; /* in the body */
		uint8_t byte;
	} rows[] = {
		{1, 8 + 18, 1},        /* vendor of one letter, and a byte left over */
		{1, 8 + 18 + 1, '*'},  /* vendor with a star */
		{1, 8 + 18 + 4, '['},  /* ID with a bracket */
		{3, 15, 0x80},         /* received before 1970 */
		{3, 16 + 11 + 1, 'g'}, /* index that is not hex */
		{4, 8, CLOSE_REASON_COUNT}, {7, 0, FOREIGN_NONE}, {7, 0, FOREIGN_COUNT},
		{8, 0, MESSAGE_COUNTERS_MAX + 1}, {11, 8, STANDING_PENDING},
		{11, 8, STANDING_COUNT}, {12, 8 + 5, 0}, /* an answer without a reply */
		{14, 8, CLOSE_REASON_COUNT}, {17, 16 + 4, COURIER_NONE},
		{17, 16 + 4, COURIER_OUTCOME_COUNT},
		{19, 36 + 2, '\n'},          /* a line end in the address */
		{19, 36 + 2 + 20 + 2, '\r'}, /* in the digest */
		{19, 36, 0},                 /* an empty address, the rest left over */
		{20, 20 + 2, 0x7F}, {20, 20 + 2 + 13 + 2, '\n'}, /* in the subject */
		{21, 8, MEDIA_PART_COUNT}, {21, 8 + 1, 10},      /* an origin of two digits */
		{21, 8 + 2, 1},                                  /* a picture is no chunk */
		{21, 8 + 5, 0xE1},                               /* more than is left */
		{22, 0, 0},                                      /* an epoch of 0 */
		{23, 8, 0xFF},                                   /* more than is left */
		{24, 8, MEDIA_OUTCOME_COUNT}, {26, 0, MEDIA_JOB_COUNT},
		{26, 1 + 8 + 4, 6}, /* more than all */
		{27, 1, 0x7F},      /* a place that is none */
		{29, 4, 2}, {29, 5, WEATHER_CODE_COUNT}, {29, 6, WEATHER_DEGREES_MAX + 1},
		{29, 7, 0}, {29, 7, WEATHER_DAYS + 1}, {29, 10, 61}, {33, 8 + 2, 0},
		{33, 8 + 2, 11},                             /* no such chunk of ten */
		{33, 8 + 3, CHUNKS_MAX + 1}, {33, 8 + 4, 0}, /* without a name */
	};
	struct message samples[48];

	(void)state;
	(void)make_samples(samples);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint8_t buf[MESSAGE_BODY_MAX];
		const struct message *sample = &samples[rows[i].sample];
		struct view in = {.p = (const char *)buf, .n = write_ok(sample, buf, sizeof buf)};
		struct message m;
		assert_true(buf[MESSAGE_HEADER + rows[i].at] != rows[i].byte);
		buf[MESSAGE_HEADER + rows[i].at] = rows[i].byte;
		if (message_read(&in, side_of(sample->type), &m, NULL) != RC_SYNTAX)
			fail_msg("row %zu was taken", i);
	}
}

static void epochs_of_zero_are_refused(void **state)
{
	static const uint8_t hello[] = {MESSAGE_HELLO, 9, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t welcome[] = {MESSAGE_WELCOME, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t courier[] = {
		MESSAGE_COURIER_HELLO, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	struct view first = {.p = (const char *)hello, .n = sizeof hello};
	struct view second = {.p = (const char *)welcome, .n = sizeof welcome};
	struct view third = {.p = (const char *)courier, .n = sizeof courier};
	struct message m;

	(void)state;
	assert_int_equal(message_read(&first, MESSAGE_FROM_GATEWAY, &m, NULL), RC_SYNTAX);
	assert_int_equal(message_read(&second, MESSAGE_FROM_SERVER, &m, NULL), RC_SYNTAX);
	assert_int_equal(message_read(&third, MESSAGE_FROM_COURIER, &m, NULL), RC_SYNTAX);
}

/* Changed bytes never make the reader touch what is not there (sanitizers watch), and what it takes
 * it can write again. */
static void one_damaged_packet(struct prop *p)
{
	struct message samples[48];
	size_t samples_n = make_samples(samples);
	uint8_t buf[4096];
	uint8_t again[4096];
	const struct message *sample = &samples[prop_below(p, samples_n)];
	size_t n = write_ok(sample, buf, sizeof buf);
	struct message m;
	size_t again_n = 0;

	for (size_t i = prop_below(p, 4); i > 0; i--)
		buf[prop_below(p, n)] = (uint8_t)prop_u64(p);
	struct view in = {.p = (const char *)buf, .n = n};
	if (message_read(&in, side_of(sample->type), &m, NULL) != RC_OK)
		return;
	size_t taken = n - in.n;
	assert_int_equal(message_write(&m, again, sizeof again, &again_n, NULL), RC_OK);
	assert_int_equal(again_n, taken);
	assert_memory_equal(buf, again, taken);
}

static void damaged_messages_are_refused_or_meant(void **state)
{
	(void)state;
	prop_run("damaged_messages_are_refused_or_meant", 20000, one_damaged_packet);
}

static void addresses_are_shown_as_people_write_them(void **state)
{
	struct peer v4 = {.address = {[10] = 0xFF, [11] = 0xFF, 192, 0, 2, 7}, .port = 65535};
	struct peer v6 = {.address = {0x20, 0x01, 0x0D, 0xB8, [15] = 1}, .port = 1};
	char text[PEER_TEXT];

	(void)state;
	peer_to_text(&v4, text);
	assert_string_equal(text, "192.0.2.7:65535");
	peer_to_text(&v6, text);
	assert_string_equal(text, "[2001:db8::1]:1");
}

static void every_value_has_a_name(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CLOSE_REASON_COUNT; i++)
		assert_true(strlen(close_reason_name((enum close_reason)i)) > 3);
	assert_string_equal(close_reason_name(CLOSE_REASON_COUNT), "unknown");
	for (unsigned i = 0; i < STANDING_COUNT; i++)
		assert_true(strlen(standing_name((enum standing)i)) > 3);
	assert_string_equal(standing_name(STANDING_COUNT), "unknown");
	for (unsigned i = 0; i < COURIER_OUTCOME_COUNT; i++)
		assert_true(strlen(courier_outcome_name((enum courier_outcome)i)) > 3);
	assert_string_equal(courier_outcome_name(COURIER_OUTCOME_COUNT), "unknown");
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		enum counter c = (enum counter)i;
		assert_non_null(counter_name(c));
		assert_non_null(counter_help(c));
		size_t n = strlen(counter_name(c));
		bool is_total = n > 6 && strcmp(counter_name(c) + n - 6, "_total") == 0;
		assert_int_equal(is_total, !counter_is_gauge(c));
		assert_int_equal(counter_is_limit(c), c >= COUNTER_LIMIT_CONNECTIONS_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_can_be_read_and_gives_the_same_bytes),
		cmocka_unit_test(fields_of_a_report_arrive_as_they_were),
		cmocka_unit_test(a_message_cut_anywhere_is_refused),
		cmocka_unit_test(a_body_with_bytes_left_over_is_refused),
		cmocka_unit_test(a_body_with_its_last_byte_missing_is_refused),
		cmocka_unit_test(a_type_of_the_other_side_is_refused),
		cmocka_unit_test(an_unknown_type_is_refused_and_cannot_be_written),
		cmocka_unit_test(a_buffer_too_small_by_any_count_is_a_limit),
		cmocka_unit_test(texts_over_their_bounds_are_our_bug),
		cmocka_unit_test(fields_that_are_not_allowed_are_refused),
		cmocka_unit_test(epochs_of_zero_are_refused),
		cmocka_unit_test(damaged_messages_are_refused_or_meant),
		cmocka_unit_test(addresses_are_shown_as_people_write_them),
		cmocka_unit_test(every_value_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
