/* The floor of the API measurement: libmicrohttpd in the server's thread mode (its own epoll
 * thread), one ready-made response of `bytes` bytes for every request. The end of the input ends
 * it. */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/tools.h"

enum { LIFE_S = 300, BODY_MAX = 65536 };

static enum MHD_Result on_request(void *response, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *body, size_t *body_n, void **state)
{
	static int seen;

	(void)url, (void)method, (void)version, (void)body, (void)body_n;
	if (*state != &seen) { /* an answer in the first call would end the connection */
		*state = &seen;
		return MHD_YES;
	}
	return MHD_queue_response(c, MHD_HTTP_OK, response);
}

/* A JSON object of exactly n bytes. */
static char *json_of(size_t n)
{
	char *body = malloc(n + 1);

	if (body == NULL)
		return NULL;
	memset(body, 'x', n);
	memcpy(body, "{\"text\": \"", 10);
	memcpy(body + n - 2, "\"}", 3);
	return body;
}

int main(int argc, char **argv)
{
	uint32_t port = 0;
	uint32_t bytes = 300;
	uint32_t threads = 1;
	uint32_t memory = 8192;
	const struct option options[] = {{"port", 65535, &port}, {"bytes", BODY_MAX, &bytes},
		{"threads", 16, &threads}, {"memory", 65536, &memory}};

	if (!options_read(argc, argv, options, COUNT_OF(options)) || bytes < 16 || threads == 0)
		return 2;
	process_bound(LIFE_S);
	char *body = json_of(bytes);
	struct MHD_Response *response =
		body == NULL ? NULL
			     : MHD_create_response_from_buffer(bytes, body, MHD_RESPMEM_MUST_FREE);
	if (response == NULL ||
		MHD_add_response_header(response, "Content-Type", "application/json") != MHD_YES)
		return 1;
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	/* One thread is MHD's own loop; a pool must have two or more. */
	struct MHD_OptionItem items[] = {
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, (intptr_t)memory, NULL},
		{MHD_OPTION_CONNECTION_LIMIT, 1000, NULL},
		{threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, (intptr_t)threads,
			NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_Daemon *d = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO,
		(uint16_t)port, NULL, NULL, on_request, response, MHD_OPTION_SOCK_ADDR, &at,
		MHD_OPTION_ARRAY, items, MHD_OPTION_END);
	if (d == NULL) {
		(void)fputs("hello_mhd: cannot listen\n", stderr);
		return 1;
	}
	(void)puts("ready");
	(void)fflush(stdout);
	char end = 0;
	while (read(STDIN_FILENO, &end, 1) == 1)
		;
	MHD_stop_daemon(d);
	MHD_destroy_response(response);
	return 0;
}
