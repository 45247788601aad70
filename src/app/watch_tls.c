#include "app/watch_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/certificate.h"
#include "crypto/token.h"

static void file_closep(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

static void x509_freep(X509 **x)
{
	X509_free(*x);
}

static enum rc write_pem(const char *path, const struct certificate_made *made, struct err *e)
{
	char fresh[SETTINGS_KEY_DIR_MAX + 32];

	(void)snprintf(fresh, sizeof fresh, "%s.new", path);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail_sys(e, "cannot write %.200s", fresh);
	CLEANUP(file_closep) FILE *file = fdopen(fd, "w");
	if (file == NULL) {
		(void)close(fd);
		return fail_sys(e, "cannot write %.200s", fresh);
	}
	if (fputs(made->private_key, file) == EOF || fputs(made->certificate, file) == EOF ||
		fflush(file) != 0 || fsync(fd) != 0 || rename(fresh, path) != 0)
		return fail_sys(e, "cannot write %.200s", fresh);
	return RC_OK;
}

static enum rc make(const char *path, const char *host, struct err *e)
{
	struct certificate_made made;
	enum rc rc = certificate_new(host[0] == '\0' ? "kinward" : host, &made, e);

	if (rc == RC_OK)
		rc = write_pem(path, &made, e);
	secret_forget(&made, sizeof made);
	return rc;
}

enum rc watch_tls_prepare(struct settings *s, struct err *e)
{
	char folder[SETTINGS_KEY_DIR_MAX];
	char path[SETTINGS_KEY_DIR_MAX + 16];

	if (s->watch_tls_listen[0] == '\0')
		return RC_OK;
	if ((s->watch_tls_cert[0] == '\0') != (s->watch_tls_key[0] == '\0'))
		return fail(e, RC_SYNTAX,
			"watch_tls_cert and watch_tls_key go together: set both, or none");
	if (s->watch_tls_cert[0] != '\0')
		return RC_OK;
	enum rc rc = settings_key_dir(s, folder, e);
	if (rc != RC_OK)
		return rc;
	if (snprintf(path, sizeof path, "%s/watch-tls.pem", folder) >= SETTING_TEXT_MAX)
		return fail(e, RC_LIMIT, "key_dir is too long for a file name in it");
	if (mkdir(folder, 0700) != 0 && errno != EEXIST)
		return fail_sys(e, "cannot make %.200s", folder);
	if (access(path, F_OK) != 0)
		rc = make(path, s->public_host, e);
	if (rc == RC_OK)
		rc = settings_set(s, VIEW("watch_tls_cert"), view_of(path), e);
	if (rc == RC_OK)
		rc = settings_set(s, VIEW("watch_tls_key"), view_of(path), e);
	return rc;
}

enum rc watch_tls_fingerprint(
	const char *certificate_path, char ret[WATCH_TLS_FINGERPRINT_TEXT], struct err *e)
{
	CLEANUP(file_closep) FILE *file = fopen(certificate_path, "re");
	CLEANUP(x509_freep) X509 *x = file == NULL ? NULL : PEM_read_X509(file, NULL, NULL, NULL);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (x == NULL || X509_digest(x, EVP_sha256(), digest, &n) != 1 ||
		n * 2 >= WATCH_TLS_FINGERPRINT_TEXT) {
		ERR_clear_error();
		return fail(
			e, RC_SYNTAX, "cannot read a certificate from %.200s", certificate_path);
	}
	for (unsigned i = 0; i < n; i++)
		(void)snprintf(ret + (size_t)i * 2, 3, "%02x", digest[i]);
	return RC_OK;
}
