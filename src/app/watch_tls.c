#include "app/watch_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SERIAL_BITS = 127 };
#define LIFE_S (INT64_C(20) * 366 * 24 * 3600) /* watches are told it once; it is not renewed */

static void file_closep(FILE **file)
{
	if (*file != NULL)
		(void)fclose(*file);
}

static void x509_freep(X509 **x)
{
	X509_free(*x);
}

static void pkey_freep(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

static void bn_freep(BIGNUM **n)
{
	BN_free(*n);
}

static bool fill(X509 *x, EVP_PKEY *key, const char *host)
{
	CLEANUP(bn_freep) BIGNUM *serial = BN_new();
	X509_NAME *name = X509_get_subject_name(x);
	const unsigned char *text = (const unsigned char *)(host[0] == '\0' ? "kinward" : host);

	return serial != NULL && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ANY, 0) == 1 &&
	       BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) != NULL &&
	       X509_set_version(x, X509_VERSION_3) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -24L * 3600) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(x), (long)LIFE_S) != NULL &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(x, name) == 1 && X509_set_pubkey(x, key) == 1 &&
	       X509_sign(x, key, EVP_sha256()) > 0;
}

static enum rc write_pem(const char *path, X509 *x, EVP_PKEY *key, struct err *e)
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
	if (PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1 ||
		PEM_write_X509(file, x) != 1 || fflush(file) != 0 || fsync(fd) != 0 ||
		rename(fresh, path) != 0)
		return fail_sys(e, "cannot write %.200s", fresh);
	return RC_OK;
}

static enum rc make(const char *path, const char *host, struct err *e)
{
	CLEANUP(pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	CLEANUP(x509_freep) X509 *x = X509_new();

	if (key == NULL || x == NULL || !fill(x, key, host)) {
		ERR_clear_error();
		return fail(e, RC_BUG, "cannot make a certificate for watches");
	}
	return write_pem(path, x, key, e);
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
