#include "crypto/certificate.h"

#include <limits.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <time.h>

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
