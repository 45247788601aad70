/* The client's side of the control socket. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/admin.h"
#include "app/settings.h"

enum { EXIT_USAGE = 2, ARGS_MAX = 64, PIECE = 4096 };

struct request {
	struct settings settings;
	char line[ADMIN_LINE_MAX + 1];
	size_t n;
	unsigned words_n;
	const char *words[ADMIN_WORDS_MAX + 2];
};

static bool add_word(struct request *r, const char *word)
{
	size_t n = strlen(word);

	if (r->words_n == ADMIN_WORDS_MAX + 2 || r->n + n + 2 > sizeof r->line)
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)word[i] < ' ' || word[i] == 0x7f)
			return false;
	}
	if (r->words_n > 0)
		r->line[r->n++] = '\t';
	memcpy(r->line + r->n, word, n);
	r->n += n;
	r->words[r->words_n++] = word;
	return true;
}

/* argv[0] is the group. */
static enum rc read_request(struct request *r, int argc, char **argv, struct err *e)
{
	char *rest[ARGS_MAX];
	int rest_n = 0;

	settings_init(&r->settings);
	for (int i = 0; i < argc; i++) {
		bool is_setting = strcmp(argv[i], "--config") == 0 || strcmp(argv[i], "--set") == 0;
		if (is_setting && rest_n + 2 <= ARGS_MAX) {
			rest[rest_n++] = argv[i];
			if (i + 1 < argc)
				rest[rest_n++] = argv[++i];
		} else if (is_setting || !add_word(r, argv[i])) {
			return fail(e, RC_SYNTAX, "too many words, too long, or not text");
		}
	}
	return settings_read_args(&r->settings, rest_n, rest, e);
}

static bool is_known(const struct request *r)
{
	for (size_t i = 0; i < admin_commands_n && r->words_n >= 2; i++) {
		const struct admin_command *c = &admin_commands[i];
		if (strcmp(c->group, r->words[0]) == 0 && strcmp(c->verb, r->words[1]) == 0)
			return r->words_n - 2 >= c->words_min && r->words_n - 2 <= c->words_max;
	}
	return false;
}

static void print_usage(const char *group)
{
	for (size_t i = 0; i < admin_commands_n; i++) {
		const struct admin_command *c = &admin_commands[i];
		if (strcmp(c->group, group) == 0)
			(void)fprintf(stderr, "  kinward %s %s%s%s\n", c->group, c->verb,
				c->usage[0] == '\0' ? "" : " ", c->usage);
	}
	(void)fputs("and --config FILE, --set NAME=VALUE as for serve (data_dir); the service must "
		    "run\n",
		stderr);
}

static enum rc connect_to(const char *data_dir, int *ret_fd, struct err *e)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int n = snprintf(name.sun_path, sizeof name.sun_path, "%s/kinward.sock", data_dir);

	if (n < 0 || (size_t)n >= sizeof name.sun_path)
		return fail(e, RC_LIMIT, "data_dir is too long for a socket in it");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail_sys(e, "cannot make a socket");
	if (connect(fd, (const struct sockaddr *)&name, sizeof name) == 0) {
		*ret_fd = fd;
		return RC_OK;
	}
	enum rc rc =
		errno == ENOENT || errno == ECONNREFUSED
			? fail(e, RC_NOT_FOUND,
				  "no service runs on %s: start it with kinward serve", data_dir)
			: fail_sys(e, "cannot reach the service at %s", name.sun_path);
	(void)close(fd);
	return rc;
}

/* Copies the answer behind its first line to standard output, or to standard error. */
static enum rc copy_answer(int fd, bool *ret_is_ok, struct err *e)
{
	char piece[PIECE];
	char head[8] = "";
	size_t head_n = 0;
	bool has_head = false;
	ssize_t got = 0;

	while ((got = recv(fd, piece, sizeof piece, 0)) > 0) {
		size_t at = 0;
		while (!has_head && at < (size_t)got) {
			char c = piece[at++];
			has_head = c == '\n';
			if (!has_head && head_n + 1 < sizeof head)
				head[head_n++] = c;
		}
		*ret_is_ok = strcmp(head, "ok") == 0;
		(void)fwrite(piece + at, 1, (size_t)got - at, *ret_is_ok ? stdout : stderr);
	}
	if (got < 0 || !has_head)
		return fail(e, RC_IO, "the service gave no answer");
	return fflush(stdout) != 0 ? fail_sys(e, "cannot write") : RC_OK;
}

static enum rc ask(struct request *r, bool *ret_is_ok, struct err *e)
{
	int fd = -1;
	enum rc rc = connect_to(r->settings.data_dir, &fd, e);

	if (rc != RC_OK)
		return rc;
	r->line[r->n++] = '\n';
	if (send(fd, r->line, r->n, MSG_NOSIGNAL) != (ssize_t)r->n)
		rc = fail_sys(e, "cannot ask the service");
	if (rc == RC_OK)
		rc = copy_answer(fd, ret_is_ok, e);
	(void)close(fd); /* all was read */
	return rc;
}

int admin_main(int argc, char **argv)
{
	struct request r = {.n = 0};
	struct err e = {.rc = RC_OK};
	bool is_ok = false;

	if (read_request(&r, argc, argv, &e) != RC_OK || !is_known(&r)) {
		if (e.msg[0] != '\0')
			(void)fprintf(stderr, "kinward %s: %s\n", argv[0], e.msg);
		print_usage(argv[0]);
		return EXIT_USAGE;
	}
	if (ask(&r, &is_ok, &e) != RC_OK) {
		(void)fprintf(stderr, "kinward %s: %s\n", argv[0], e.msg);
		return 1;
	}
	return is_ok ? 0 : 1;
}
