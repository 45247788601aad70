#include "app/control.h"

#include "unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/sockets.h"

static int make_pair(void **state)
{
	int *fds = calloc(2, sizeof *fds);

	assert_non_null(fds);
	assert_int_equal(sockets_pair(fds, NULL), RC_OK);
	*state = fds;
	return 0;
}

static int free_pair(void **state)
{
	int *fds = *state;

	(void)close(fds[0]);
	(void)close(fds[1]);
	free(fds);
	return 0;
}

static void words_arrive_as_they_were_sent(void **state)
{
	const int *fds = *state;
	struct control m;
	char longest[CONTROL_TEXT_MAX + 1];

	memset(longest, 'x', CONTROL_TEXT_MAX);
	longest[CONTROL_TEXT_MAX] = '\0';
	assert_int_equal(control_receive(fds[1], &m, NULL), RC_MORE);
	assert_int_equal(control_send(fds[0], CONTROL_READY, view_of(longest), NULL), RC_OK);
	assert_int_equal(control_send(fds[0], CONTROL_STOP, (struct view){0}, NULL), RC_OK);
	assert_int_equal(control_receive(fds[1], &m, NULL), RC_OK);
	assert_int_equal(m.type, CONTROL_READY);
	assert_string_equal(m.text, longest);
	assert_int_equal(control_receive(fds[1], &m, NULL), RC_OK);
	assert_int_equal(m.type, CONTROL_STOP);
	assert_string_equal(m.text, "");
}

static void what_may_not_be_sent_is_our_bug(void **state)
{
	const int *fds = *state;
	char long_text[CONTROL_TEXT_MAX + 1];

	memset(long_text, 'x', sizeof long_text);
	struct view v = {.p = long_text, .n = sizeof long_text};
	assert_int_equal(control_send(fds[0], CONTROL_READY, v, NULL), RC_BUG);
	assert_int_equal(control_send(fds[0], CONTROL_READY, VIEW("a\nb"), NULL), RC_BUG);
}

static void malformed_packets_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} rows[] = {
		{"\0x", 2},
		{"\x07x", 2},
		{"\x3Fx", 2},
		{"\x45x", 2},
		{"\xFFx", 2},
		{"\x01"
		 "a\x1B[2J",
			6},
		{"\x01\x80", 2},
		{"\x01\0", 2},
	};
	const int *fds = *state;
	char large[CONTROL_TEXT_MAX + 2] = {CONTROL_READY};
	struct control m;

	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(send(fds[0], rows[i].bytes, rows[i].n, 0), (ssize_t)rows[i].n);
		assert_int_equal(control_receive(fds[1], &m, NULL), RC_SYNTAX);
	}
	memset(large + 1, 'x', sizeof large - 1);
	assert_int_equal(send(fds[0], large, sizeof large, 0), (ssize_t)sizeof large);
	assert_int_equal(control_receive(fds[1], &m, NULL), RC_SYNTAX);
	assert_int_equal(control_receive(fds[1], &m, NULL), RC_MORE);
}

static void gone_end_is_told(void **state)
{
	const int *fds = *state;
	struct control m;

	assert_int_equal(shutdown(fds[0], SHUT_RDWR), 0);
	assert_int_equal(control_receive(fds[1], &m, NULL), RC_NOT_FOUND);
	assert_int_equal(control_send(fds[1], CONTROL_STOP, (struct view){0}, NULL), RC_IO);
}

static void full_socket_does_not_block(void **state)
{
	const int *fds = *state;
	enum rc rc = RC_OK;
	unsigned n = 0;

	while (rc == RC_OK && n++ < 10000000)
		rc = control_send(fds[0], CONTROL_READY, VIEW("text"), NULL);
	assert_int_equal(rc, RC_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			words_arrive_as_they_were_sent, make_pair, free_pair),
		cmocka_unit_test_setup_teardown(
			what_may_not_be_sent_is_our_bug, make_pair, free_pair),
		cmocka_unit_test_setup_teardown(
			malformed_packets_are_refused, make_pair, free_pair),
		cmocka_unit_test_setup_teardown(gone_end_is_told, make_pair, free_pair),
		cmocka_unit_test_setup_teardown(full_socket_does_not_block, make_pair, free_pair),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
