#include "crypto/certificate.h"

#include <limits.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <time.h>

#include "crypto/token.h"

enum { SERIAL_BITS = 127 };
#define LIFE_S (20L * 366 * 24 * 3600)
#define DAY_S (24L * 3600)

_Static_assert((int)CERTIFICATE_KEY_BYTES == SHA256_DIGEST_LENGTH, "a key is known by its SHA-256");

static void bio_freep(BIO **bio)
{
	BIO_free(*bio);
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

enum rc certificate_expiry(struct view pem, int64_t *ret_ms, struct err *e)
{
	BIO *bio = pem.n > INT_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	struct tm tm = {0};
	bool is_read =
		certificate != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) == 1;

	X509_free(certificate); /* NULL is allowed */
	BIO_free(bio);
	if (!is_read)
		return fail(e, RC_SYNTAX, "no certificate in PEM form");
	*ret_ms = (int64_t)timegm(&tm) * 1000;
	return RC_OK;
}

enum rc certificate_key(struct view pem, uint8_t ret[CERTIFICATE_KEY_BYTES], struct err *e)
{
	CLEANUP(bio_freep)
	BIO *bio = pem.n > INT_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
	CLEANUP(x509_freep)
	X509 *certificate = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, NULL, NULL);
	const EVP_PKEY *key = certificate == NULL ? NULL : X509_get0_pubkey(certificate);
	unsigned char *der = NULL;

	ERR_clear_error();
	if (key == NULL)
		return fail(e, RC_SYNTAX, "no certificate in PEM form");
	if (EVP_PKEY_get_security_bits(key) < CERTIFICATE_SECURITY_BITS)
		return fail(e, RC_DENIED, "the certificate's key is too weak");
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
	if (n <= 0)
		return fail(e, RC_SYNTAX, "the certificate's key cannot be read");
	(void)SHA256(der, (size_t)n, ret);
	OPENSSL_free(der);
	return RC_OK;
}

static bool fill(X509 *x, EVP_PKEY *key, const char *name)
{
	CLEANUP(bn_freep) BIGNUM *serial = BN_new();
	X509_NAME *subject = X509_get_subject_name(x);

	return serial != NULL && BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ANY, 0) == 1 &&
	       BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) != NULL &&
	       X509_set_version(x, X509_VERSION_3) == 1 &&
	       X509_gmtime_adj(X509_getm_notBefore(x), -DAY_S) != NULL &&
	       X509_gmtime_adj(X509_getm_notAfter(x), LIFE_S) != NULL &&
	       X509_NAME_add_entry_by_txt(
		       subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1 &&
	       X509_set_issuer_name(x, subject) == 1 && X509_set_pubkey(x, key) == 1 &&
	       X509_sign(x, key, EVP_sha256()) > 0;
}

/* What was written to a memory BIO as text. */
static bool copy_text(BIO *bio, char *dst, size_t size)
{
	char *text = NULL;
	long n = BIO_get_mem_data(bio, &text);

	if (n <= 0 || (size_t)n >= size)
		return false;
	memcpy(dst, text, (size_t)n);
	dst[n] = '\0';
	return true;
}

enum rc certificate_new(const char *name, struct certificate_made *ret, struct err *e)
{
	CLEANUP(pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
	CLEANUP(x509_freep) X509 *x = X509_new();
	CLEANUP(bio_freep) BIO *shown = BIO_new(BIO_s_mem());
	CLEANUP(bio_freep) BIO *hidden = BIO_new(BIO_s_secmem());

	bool is_made = key != NULL && x != NULL && shown != NULL && hidden != NULL &&
		       fill(x, key, name) && PEM_write_bio_X509(shown, x) == 1 &&
		       PEM_write_bio_PrivateKey(hidden, key, NULL, NULL, 0, NULL, NULL) == 1 &&
		       copy_text(shown, ret->certificate, sizeof ret->certificate) &&
		       copy_text(hidden, ret->private_key, sizeof ret->private_key);
	ERR_clear_error();
	if (is_made)
		return RC_OK;
	secret_forget(ret, sizeof *ret);
	return fail(e, RC_NOMEM, "cannot make a key and its certificate");
}
