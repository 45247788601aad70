#include "courier/resolve.h"

#include <netdb.h>
#include <nss.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/https_url.h"

void resolve_set_up(void)
{
	/* NOLINTBEGIN(concurrency-mt-unsafe): there is one thread yet */
	(void)setenv("RES_OPTIONS", "timeout:2 attempts:2", 1); /* without memory: the defaults */
	(void)setenv("LOCALDOMAIN", "", 1);
	/* NOLINTEND(concurrency-mt-unsafe) */
	/* Both are part of the C library: no module is loaded, which the sandbox would not allow.
	 */
	(void)__nss_configure_lookup("hosts", "files dns");
}

static void add(struct addresses *all, const struct address *a)
{
	for (size_t i = 0; i < all->n; i++) {
		if (memcmp(&all->items[i], a, sizeof *a) == 0)
			return;
	}
	if (all->n < RESOLVE_MAX)
		all->items[all->n++] = *a;
}

static bool cut_word(struct view *line, struct view *ret)
{
	*line = view_trim(*line);
	size_t n = 0;
	while (n < line->n && line->p[n] != ' ' && line->p[n] != '\t')
		n++;
	return n > 0 && view_cut(line, n, ret);
}

static void look_at_line(struct view line, struct view host, struct addresses *ret)
{
	struct address address;
	struct view word;

	line.n = view_find(line, '#');
	if (!cut_word(&line, &word) || !address_from_text(word, &address))
		return;
	while (cut_word(&line, &word)) {
		if (view_is_nocase(word, host))
			add(ret, &address);
	}
}

void resolve_in_text(struct view text, struct view host, struct addresses *ret)
{
	struct view rest = text;
	struct view line;

	ret->n = 0;
	while (view_cut_field(&rest, '\n', &line))
		look_at_line(line, host, ret);
}

/* From its beginning each time: it may have been written anew. */
static void look_in_file(int fd, struct view host, struct addresses *ret)
{
	char *text = malloc(HOSTS_FILE_MAX);
	size_t n = 0;
	ssize_t got = text == NULL ? 0 : 1;

	while (got > 0 && n < HOSTS_FILE_MAX) {
		got = pread(fd, text + n, HOSTS_FILE_MAX - n, (off_t)n);
		n += got > 0 ? (size_t)got : 0;
	}
	resolve_in_text((struct view){.p = text, .n = n}, host, ret);
	free(text);
}

static void ask_system(const char *name, struct addresses *ret)
{
	const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	struct address address;

	if (getaddrinfo(name, NULL, &hints, &found) != 0)
		return;
	for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) {
		if (address_from_socket(a->ai_addr, &address))
			add(ret, &address);
	}
	freeaddrinfo(found);
}

void resolve_host(struct view host, int hosts_fd, struct addresses *ret)
{
	char name[HTTPS_HOST_MAX + 1];

	ret->n = 0;
	if (address_from_text(host, &ret->items[0])) {
		ret->n = 1;
		return;
	}
	if (!view_to_text(host, name, sizeof name) || name[0] == '\0')
		return;
	if (hosts_fd >= 0)
		look_in_file(hosts_fd, host, ret);
	if (ret->n == 0)
		ask_system(name, ret);
}
