#include "app/sockets.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/settings.h"

enum {
	BACKLOG = 65535,           /* the kernel cuts it to net.core.somaxconn */
	USER_TIMEOUT_MS = 900000,  /* a sleeping watch acknowledges late; a gone one never */
	WATCH_BUFFER = 16 * 1024,  /* the kernel doubles it */
	PAIR_BUFFER = 1024 * 1024, /* wanted; the kernel may give less */
};

struct place {
	struct sockaddr_storage address;
	socklen_t n;
};

static enum rc resolve(
	const char *address, struct place *ret, char *ret_host, size_t host_size, struct err *e)
{
	struct addrinfo wish = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found = NULL;
	char port_text[8];
	uint16_t port = 0;
	enum rc rc = settings_split_address(address, ret_host, host_size, &port, e);

	if (rc != RC_OK)
		return rc;
	(void)snprintf(port_text, sizeof port_text, "%u", (unsigned)port);
	int result = getaddrinfo(ret_host, port_text, &wish, &found);
	if (result != 0)
		return fail(e, RC_NOT_FOUND, "%.60s: %s", address, gai_strerror(result));
	memcpy(&ret->address, found->ai_addr, found->ai_addrlen);
	ret->n = found->ai_addrlen;
	freeaddrinfo(found);
	return RC_OK;
}

static bool set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof value) == 0;
}

static enum rc bind_one(
	const struct place *place, bool is_shared, const char *address, int *ret_fd, struct err *e)
{
	int fd = socket(place->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return fail_sys(e, "cannot make a socket");
	bool is_ok = set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
		     (!is_shared || set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1)) &&
		     (place->address.ss_family != AF_INET6 ||
			     set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0)) &&
		     /* Inherited by the connections. Keep-alive stays off: it empties batteries. */
		     set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1) &&
		     set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, USER_TIMEOUT_MS);
	if (is_ok && bind(fd, (const struct sockaddr *)&place->address, place->n) == 0) {
		*ret_fd = fd;
		return RC_OK;
	}
	bool is_taken = errno == EADDRINUSE;
	(void)fail_sys(e, "cannot listen on %.60s", address);
	(void)close(fd);
	return is_taken ? fail(e, RC_CONFLICT, "somebody listens on %.60s already", address)
			: RC_IO;
}

/* A shared port would be shared with anybody: first see that nobody has it. */
static enum rc take_port(struct place *place, const char *address, struct err *e)
{
	int fd = -1;
	enum rc rc = bind_one(place, false, address, &fd, e);

	if (rc != RC_OK)
		return rc;
	if (listen(fd, 1) != 0) {
		bool is_taken = errno == EADDRINUSE;
		(void)fail_sys(e, "cannot listen on %.60s", address);
		rc = is_taken ? RC_CONFLICT : RC_IO;
	}
	if (rc == RC_OK && getsockname(fd, (struct sockaddr *)&place->address, &place->n) != 0)
		rc = fail_sys(e, "cannot read the port of %.60s", address);
	(void)close(fd);
	return rc;
}

static unsigned port_of(const struct place *place)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (place->address.ss_family == AF_INET6) {
		memcpy(&in6, &place->address, sizeof in6);
		return ntohs(in6.sin6_port);
	}
	memcpy(&in, &place->address, sizeof in);
	return ntohs(in.sin_port);
}

enum rc sockets_listen(const char *address, unsigned n, int *ret_fds,
	char ret_address[SOCKETS_ADDRESS_TEXT], struct err *e)
{
	struct place place = {0};
	char host[SETTING_TEXT_MAX];
	unsigned made = 0;
	enum rc rc = resolve(address, &place, host, sizeof host, e);

	if (rc == RC_OK)
		rc = take_port(&place, address, e);
	while (rc == RC_OK && made < n) {
		rc = bind_one(&place, n > 1, address, &ret_fds[made], e);
		if (rc == RC_OK)
			made++;
	}
	for (unsigned i = 0; i < made && rc == RC_OK; i++) {
		if (listen(ret_fds[i], BACKLOG) != 0)
			rc = fail_sys(e, "cannot listen on %.60s", address);
	}
	if (rc != RC_OK) {
		while (made > 0)
			(void)close(ret_fds[--made]);
		return rc;
	}
	bool has_colon = strchr(host, ':') != NULL;
	(void)snprintf(ret_address, SOCKETS_ADDRESS_TEXT, has_colon ? "[%s]:%u" : "%s:%u", host,
		port_of(&place));
	return RC_OK;
}

enum rc sockets_bound_buffers(int fd, struct err *e)
{
	if (set_option(fd, SOL_SOCKET, SO_RCVBUF, WATCH_BUFFER) &&
		set_option(fd, SOL_SOCKET, SO_SNDBUF, WATCH_BUFFER))
		return RC_OK;
	return fail_sys(e, "cannot bound the buffers of a socket");
}

enum rc sockets_pair(int ret_fds[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ret_fds) != 0)
		return fail_sys(e, "cannot make a socket pair");
	for (int i = 0; i < 2; i++) {
		/* Only a wish: what does not fit waits in the link's own queue. */
		if (!set_option(ret_fds[i], SOL_SOCKET, SO_SNDBUFFORCE, PAIR_BUFFER))
			(void)set_option(ret_fds[i], SOL_SOCKET, SO_SNDBUF, PAIR_BUFFER);
	}
	return RC_OK;
}

enum rc sockets_check_free(const char *address, struct err *e)
{
	struct place place = {0};
	char host[SETTING_TEXT_MAX];
	enum rc rc = resolve(address, &place, host, sizeof host, e);

	return rc == RC_OK ? take_port(&place, address, e) : rc;
}
