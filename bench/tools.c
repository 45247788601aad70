#include "bench/tools.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "base/time_text.h"
#include "base/view.h"

enum { SOURCE_CONNECTIONS = 7000 }; /* with more, the kernel searches long for a free port */

static bool option_read(struct view arg, const struct option *options, size_t n)
{
	struct view name = {0};

	if (!view_cut_until(&arg, '=', arg.n, &name))
		return false;
	for (size_t i = 0; i < n; i++)
		if (view_is(name, view_of(options[i].name)))
			return num_u32(arg, options[i].max, options[i].value, NULL) == RC_OK;
	return false;
}

bool options_read(int argc, char **argv, const struct option *options, size_t n)
{
	for (int i = 1; i < argc; i++) {
		if (option_read(view_of(argv[i]), options, n))
			continue;
		(void)fprintf(
			stderr, "%s: expected name=value, got \"%s\"; names:", argv[0], argv[i]);
		for (size_t k = 0; k < n; k++)
			(void)fprintf(stderr, " %s(0..%u)", options[k].name, options[k].max);
		(void)fputc('\n', stderr);
		return false;
	}
	return true;
}

int64_t mono_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void process_bound(unsigned seconds)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit); /* what is missing shows as EMFILE */
	}
	(void)alarm(seconds);
}

int socket_from(unsigned net, uint32_t i, bool is_nonblocking)
{
	int one = 1;
	struct linger reset = {.l_onoff = 1, .l_linger = 0};
	uint32_t host = i / SOURCE_CONNECTIONS;
	struct sockaddr_in source = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000001u | (net & 255u) << 16 | (host & 63u) << 1),
	};
	int fd = socket(
		AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (is_nonblocking ? SOCK_NONBLOCK : 0), 0);

	if (fd < 0)
		return -1;
	if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one) != 0 ||
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) != 0 ||
		bind(fd, (const struct sockaddr *)&source, sizeof source) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

int socket_connect(int fd, uint32_t port)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return connect(fd, (const struct sockaddr *)&to, sizeof to);
}

static const char RECORD_HEAD[] = ",010126,000000,A,22.57";
static const char RECORD_PLACE[] = "1707,N,113.8613968,E,0.1,0.0,100,7,60,90,1000,50,";
static const char RECORD_CELLS[] =
	",4,1,460,0,9360,4082,131,9360,4092,148,9360,4091,143,9360,4153,141";

bool stencil_make(struct stencil *s, const char *keyword, const char *status)
{
	char content[FRAME_MAX];
	bool is_position = strcmp(keyword, "LK") != 0;
	int n = !is_position ? snprintf(content, sizeof content, "%s", keyword)
			     : snprintf(content, sizeof content, "%s%s%s%s%s", keyword, RECORD_HEAD,
				       RECORD_PLACE, status, RECORD_CELLS);

	if (n < 0 || (size_t)n >= sizeof content)
		return false;
	int whole =
		snprintf(s->text, sizeof s->text, "[3G*0000000000*%04X*%s]", (unsigned)n, content);
	if (whole < 0 || (size_t)whole >= sizeof s->text)
		return false;
	s->n = (size_t)whole;
	s->time_at = is_position ? 20 + strlen(keyword) + 1 : 0;
	s->lat_at = is_position ? 20 + strlen(keyword) + sizeof RECORD_HEAD - 1 : 0;
	return true;
}

static void put_digits(char *at, size_t n, uint64_t value)
{
	while (n > 0) {
		at[--n] = (char)('0' + value % 10);
		value /= 10;
	}
}

void stencil_fill(struct stencil *s, uint64_t id, int64_t time_ms, uint32_t place)
{
	struct civil t;

	put_digits(s->text + 4, 10, id);
	if (s->time_at == 0)
		return;
	civil_from_ms(time_ms, &t);
	char *at = s->text + s->time_at;
	put_digits(at, 2, t.day);
	put_digits(at + 2, 2, t.month);
	put_digits(at + 4, 2, (uint64_t)t.year % 100);
	put_digits(at + 7, 2, t.hour);
	put_digits(at + 9, 2, t.min);
	put_digits(at + 11, 2, t.sec);
	put_digits(s->text + s->lat_at, 4, place % 10000);
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

uint32_t percentile(uint32_t *values, size_t n, double p)
{
	if (n == 0)
		return 0;
	qsort(values, n, sizeof *values, compare_u32);
	return values[(size_t)(p * (double)(n - 1) + 0.5)];
}
