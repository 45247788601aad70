#include "app/sockets.h"

#include "unit.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int option(int fd, int level, int name)
{
	int value = -1;
	socklen_t n = sizeof value;

	assert_int_equal(getsockopt(fd, level, name, &value, &n), 0);
	return value;
}

static void sockets_of_one_port_are_shared_among_gateways(void **state)
{
	int fds[3];
	char address[SOCKETS_ADDRESS_TEXT];

	(void)state;
	assert_int_equal(sockets_listen("127.0.0.1:0", 3, fds, address, NULL), RC_OK);
	assert_true(strncmp(address, "127.0.0.1:", 10) == 0 && strcmp(address + 10, "0") != 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(option(fds[i], SOL_SOCKET, SO_REUSEPORT), 1);
		assert_int_equal(option(fds[i], SOL_SOCKET, SO_ACCEPTCONN), 1);
		assert_int_equal(option(fds[i], SOL_SOCKET, SO_KEEPALIVE), 0);
		assert_int_equal(option(fds[i], IPPROTO_TCP, TCP_NODELAY), 1);
		(void)close(fds[i]);
	}
}

static void port_in_use_is_a_conflict_even_when_it_is_shared(void **state)
{
	int fds[2];
	int more[2];
	char address[SOCKETS_ADDRESS_TEXT];
	char again[SOCKETS_ADDRESS_TEXT];
	struct err e = {0};

	(void)state;
	assert_int_equal(sockets_listen("127.0.0.1:0", 2, fds, address, NULL), RC_OK);
	assert_int_equal(sockets_listen(address, 2, more, again, &e), RC_CONFLICT);
	assert_non_null(strstr(e.msg, "somebody listens on 127.0.0.1:"));
	assert_int_equal(sockets_check_free(address, NULL), RC_CONFLICT);
	(void)close(fds[0]);
	(void)close(fds[1]);
	assert_int_equal(sockets_check_free(address, NULL), RC_OK);
}

static void address_that_is_none_is_refused(void **state)
{
	int fd = -1;
	char address[SOCKETS_ADDRESS_TEXT];
	struct err e = {0};

	(void)state;
	assert_int_equal(sockets_listen("127.0.0.1", 1, &fd, address, &e), RC_SYNTAX);
	assert_int_equal(sockets_listen("192.0.2.1:0", 1, &fd, address, &e), RC_IO);
	assert_int_equal(fd, -1);
}

static void pair_carries_packets_of_64_kib(void **state)
{
	static char packet[65536];
	int fds[2];

	(void)state;
	assert_int_equal(sockets_pair(fds, NULL), RC_OK);
	assert_int_equal(send(fds[0], packet, sizeof packet, 0), (ssize_t)sizeof packet);
	assert_int_equal(send(fds[0], packet, 1, 0), 1);
	assert_int_equal(recv(fds[1], packet, sizeof packet, 0), (ssize_t)sizeof packet);
	assert_int_equal(recv(fds[1], packet, sizeof packet, 0), 1);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_of_one_port_are_shared_among_gateways),
		cmocka_unit_test(port_in_use_is_a_conflict_even_when_it_is_shared),
		cmocka_unit_test(address_that_is_none_is_refused),
		cmocka_unit_test(pair_carries_packets_of_64_kib),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
