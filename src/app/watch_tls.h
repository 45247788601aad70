/* The certificate by which the server shows watches who it is on the TLS port. */
#pragma once

#include "app/settings.h"

enum { WATCH_TLS_FINGERPRINT_TEXT = 65 };

/* Without watch_tls_cert: makes a certificate and its key once, signed by itself, in one file (mode
 * 0600) of the key folder, and sets watch_tls_cert and watch_tls_key to it. Nothing when
 * watch_tls_listen is empty. */
MUST_CHECK enum rc watch_tls_prepare(struct settings *s, struct err *e);

/* SHA-256 of the certificate in hex: what a watch is told to expect. */
MUST_CHECK enum rc watch_tls_fingerprint(
	const char *certificate_path, char ret[WATCH_TLS_FINGERPRINT_TEXT], struct err *e);
