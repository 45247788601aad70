#include "app/courier_settings.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mail_address.h"
#include "crypto/token.h"

static void close_fd(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd); /* only read */
}

/* At most size bytes of an open file. */
static enum rc read_all(
	int fd, const char *path, char *dst, size_t size, size_t *ret_n, struct err *e)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = read(fd, dst + n, size - n);
		if (got < 0)
			return fail_sys(e, "cannot read %.100s", path);
		if (got == 0)
			break;
		n += (size_t)got;
	}
	*ret_n = n;
	return RC_OK;
}

/* A password in the address would stand in a file that anybody may read, and in this process's
 * list of settings. */
static enum rc check_url(const char *url, struct err *e)
{
	struct view rest = view_of(url);
	bool is_plain = view_starts_nocase(rest, VIEW("smtp://"));

	if (!is_plain && !view_starts_nocase(rest, VIEW("smtps://")))
		return fail(
			e, RC_SYNTAX, "smtp_url: smtp://HOST:PORT or smtps://HOST:PORT is wanted");
	if (view_find(rest, '@') != rest.n)
		return fail(e, RC_DENIED,
			"smtp_url: neither user nor password stand here: smtp_user, "
			"smtp_password_file");
	rest.p += is_plain ? 7 : 8;
	rest.n -= is_plain ? 7 : 8;
	for (size_t i = 0; i < rest.n; i++) {
		if (!ascii_is_alnum(rest.p[i]) && strchr(".-:[]", rest.p[i]) == NULL)
			return fail(e, RC_SYNTAX, "smtp_url: only host and port stand here");
	}
	return rest.n > 0 ? RC_OK : fail(e, RC_SYNTAX, "smtp_url: the host is missing");
}

static enum rc read_password(const char *path, char ret[PASSWORD_TEXT], struct err *e)
{
	CLEANUP(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char text[PASSWORD_TEXT + 1];
	size_t n = 0;

	if (fd < 0 || fstat(fd, &st) != 0)
		return fail_sys(e, "smtp_password_file: cannot read %.80s", path);
	if (!S_ISREG(st.st_mode) || (st.st_mode & (S_IRWXO | S_IWGRP)) != 0)
		return fail(e, RC_DENIED,
			"smtp_password_file: others can read %.60s: chmod 600, and change the "
			"password",
			path);
	enum rc rc = read_all(fd, path, text, sizeof text, &n, e);
	if (rc != RC_OK)
		return rc;
	struct view line = {.p = text, .n = view_find((struct view){.p = text, .n = n}, '\n')};
	if (line.n == 0 || !view_to_text(line, ret, PASSWORD_TEXT))
		rc = fail(e, RC_SYNTAX, "smtp_password_file: one line of up to %d bytes is wanted",
			PASSWORD_TEXT - 1);
	secret_forget(text, sizeof text);
	return rc;
}

static enum rc load_mail(const struct settings *s, struct courier_settings *ret, struct err *e)
{
	if (s->smtp_url[0] == '\0')
		return RC_OK;
	enum rc rc = check_url(s->smtp_url, e);
	if (rc != RC_OK)
		return rc;
	if (!is_mail_address(view_of(s->mail_from)))
		return fail(e, RC_SYNTAX, "mail_from: an e-mail address is wanted with smtp_url");
	if (s->smtp_user[0] == '\0')
		return RC_OK;
	if (s->smtp_password_file[0] == '\0')
		return fail(e, RC_SYNTAX, "smtp_password_file: is wanted with smtp_user");
	return read_password(s->smtp_password_file, ret->password, e);
}

static enum rc load_certificates(const char *path, struct courier_settings *ret, struct err *e)
{
	CLEANUP(close_fd) int fd = -1;

	if (path[0] == '\0')
		return RC_OK;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail_sys(e, "courier_ca_file: cannot read %.80s", path);
	ret->ca_pem = malloc(CA_FILE_MAX);
	if (ret->ca_pem == NULL)
		return fail(e, RC_NOMEM, "courier_ca_file: out of memory");
	enum rc rc = read_all(fd, path, ret->ca_pem, CA_FILE_MAX, &ret->ca_n, e);
	if (rc == RC_OK && (ret->ca_n == 0 || ret->ca_n == CA_FILE_MAX))
		return fail(e, RC_LIMIT, "courier_ca_file: from 1 to %d bytes are wanted",
			CA_FILE_MAX - 1);
	return rc;
}

enum rc courier_settings_load(const struct settings *s, struct courier_settings *ret, struct err *e)
{
	struct err why;

	*ret = (struct courier_settings){.hosts_fd = -1};
	if (prefixes_read(view_of(s->courier_allow), &ret->allowed, &why) != RC_OK)
		return fail(e, why.rc, "courier_allow: %s", why.msg);
	enum rc rc = load_mail(s, ret, e);
	if (rc == RC_OK)
		rc = load_certificates(s->courier_ca_file, ret, e);
	if (rc == RC_OK && s->courier_hosts_file[0] != '\0') {
		ret->hosts_fd = open(s->courier_hosts_file, O_RDONLY | O_CLOEXEC);
		if (ret->hosts_fd < 0)
			rc = fail_sys(
				e, "courier_hosts_file: cannot read %.80s", s->courier_hosts_file);
	}
	if (rc != RC_OK)
		courier_settings_done(ret);
	return rc;
}

void courier_settings_done(struct courier_settings *c)
{
	free(c->ca_pem);
	close_fd(&c->hosts_fd);
	secret_forget(c->password, sizeof c->password);
	*c = (struct courier_settings){.hosts_fd = -1};
}

enum rc courier_settings_check(const struct settings *s, struct err *e)
{
	struct courier_settings c;
	enum rc rc = courier_settings_load(s, &c, e);

	if (rc == RC_OK)
		courier_settings_done(&c);
	return rc;
}
