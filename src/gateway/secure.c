/* TLS under the frames of watches that have a key of their own. The same bytes on the socket calls
 * as without: only what stands in them differs. What a certificate says of its owner is nothing:
 * who has its key is what counts, and the server decides whose key it is. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "gateway/state.h"

enum {
	CERTIFICATE_MAX = 16 * 1024, /* bytes of what a watch shows */
	SECURITY_BITS_MIN = 112,     /* RSA 2048, P-256, Ed25519 and better */
};

_Static_assert(SECURE_KEY_SIZE == SHA256_DIGEST_LENGTH, "a key is known by its SHA-256");
_Static_assert((int)SECURE_KEY_SIZE == (int)MESSAGE_KEY_SIZE, "the server knows it by the same");

/* ---- the context ---- */

static int accept_any(X509_STORE_CTX *store, void *arg)
{
	X509 *shown = X509_STORE_CTX_get0_cert(store);
	const EVP_PKEY *key = shown == NULL ? NULL : X509_get0_pubkey(shown);

	(void)arg;
	if (key != NULL && EVP_PKEY_get_security_bits(key) >= SECURITY_BITS_MIN)
		return 1;
	X509_STORE_CTX_set_error(store, X509_V_ERR_EE_KEY_TOO_SMALL);
	return 0;
}

static enum rc fail_tls(const char *what, const char *path, struct err *e)
{
	char why[160] = "";

	ERR_error_string_n(ERR_peek_last_error(), why, sizeof why);
	ERR_clear_error();
	return fail(e, RC_SYNTAX, "%s %.200s: %s", what, path, why);
}

enum rc gateway_tls_new(const char *certificate_path, const char *key_path,
	struct ssl_ctx_st **ret_owned, struct err *e)
{
	static const unsigned char name[] = "kinward-watch";
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

	if (tls == NULL)
		return fail(e, RC_NOMEM, "tls: out of memory");
	enum rc rc = RC_OK;
	if (SSL_CTX_use_certificate_chain_file(tls, certificate_path) != 1)
		rc = fail_tls("tls: cannot read the certificate", certificate_path, e);
	else if (SSL_CTX_use_PrivateKey_file(tls, key_path, SSL_FILETYPE_PEM) != 1)
		rc = fail_tls("tls: cannot read the key", key_path, e);
	else if (SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1 ||
		 SSL_CTX_set_session_id_context(tls, name, sizeof name - 1) != 1)
		rc = fail_tls("tls: cannot set up", certificate_path, e);
	if (rc != RC_OK) {
		SSL_CTX_free(tls);
		return rc;
	}
	/* Each connection proves its key anew: nothing is resumed. */
	(void)SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_options(tls, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					       SSL_OP_NO_COMPRESSION |
					       SSL_OP_CIPHER_SERVER_PREFERENCE);
	(void)SSL_CTX_set_num_tickets(tls, 0);
	(void)SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE |
					    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					    SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_max_cert_list(tls, CERTIFICATE_MAX);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(tls, accept_any, NULL);
	*ret_owned = tls;
	return RC_OK;
}

void gateway_tls_free(struct ssl_ctx_st *tls)
{
	SSL_CTX_free(tls);
}

/* ---- the socket as TLS sees it ---- */

static int socket_read(BIO *bio, char *buf, int size)
{
	const struct connection *c = BIO_get_data(bio);
	ssize_t n = size <= 0 ? 0 : recv(c->handle.fd, buf, (size_t)size, MSG_DONTWAIT);

	BIO_clear_retry_flags(bio);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(bio);
	return (int)n;
}

static int socket_write(BIO *bio, const char *bytes, int n)
{
	const struct connection *c = BIO_get_data(bio);
	ssize_t sent =
		n <= 0 ? 0 : send(c->handle.fd, bytes, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);

	BIO_clear_retry_flags(bio);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
		BIO_set_retry_write(bio);
	return (int)sent;
}

static long socket_control(BIO *bio, int what, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return what == BIO_CTRL_FLUSH ? 1 : 0;
}

/* One for the process; made at the first connection. */
static BIO_METHOD *socket_method(void)
{
	static BIO_METHOD *method;

	if (method != NULL)
		return method;
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "watch");
	if (m == NULL)
		return NULL;
	(void)BIO_meth_set_read(m, socket_read); /* setters of a fresh method do not fail */
	(void)BIO_meth_set_write(m, socket_write);
	(void)BIO_meth_set_ctrl(m, socket_control);
	method = m;
	return method;
}

static BIO *socket_bio(struct connection *c)
{
	BIO_METHOD *method = socket_method();
	BIO *bio = method == NULL ? NULL : BIO_new(method);

	if (bio == NULL)
		return NULL;
	BIO_set_data(bio, c);
	BIO_set_init(bio, 1);
	return bio;
}

/* ---- a connection ---- */

bool secure_start(struct connection *c)
{
	struct gateway *g = c->gateway;

	if (g->secure_n >= g->config.limits.secure_connections_max) {
		count(g, COUNTER_LIMIT_WATCH_TLS_CONNECTIONS_MAX, 1);
		return false;
	}
	struct secure *s = calloc(1, sizeof *s);
	SSL *ssl = s == NULL ? NULL : SSL_new(g->config.tls);
	BIO *bio = ssl == NULL ? NULL : socket_bio(c);
	if (bio == NULL) {
		SSL_free(ssl);
		free(s);
		return false;
	}
	SSL_set_bio(ssl, bio, bio);
	SSL_set_accept_state(ssl);
	s->ssl = ssl;
	c->secure = s;
	c->flags |= CONNECTION_SECURE;
	g->secure_n++;
	count(g, COUNTER_TLS_CONNECTIONS, 1);
	return true;
}

void secure_done(struct connection *c)
{
	struct gateway *g = c->gateway;

	if ((c->flags & CONNECTION_SECURE) == 0)
		return;
	if (SSL_is_init_finished(c->secure->ssl) == 0)
		count(g, COUNTER_TLS_FAILED, 1);
	SSL_free(c->secure->ssl); /* with its BIO */
	free(c->secure);
	c->secure = NULL;
	c->flags &= (uint8_t)~CONNECTION_SECURE;
	g->secure_n--;
	g->counters[COUNTER_TLS_CONNECTIONS]--;
}

/* What to make of a result of SSL_read or SSL_write that is not a number of bytes. */
static ssize_t translate(struct connection *c, int result)
{
	struct secure *s = c->secure;
	struct err e;

	switch (SSL_get_error(s->ssl, result)) {
	case SSL_ERROR_WANT_WRITE:
		s->must_write = true;
		if (loop_rewatch(c->gateway->loop, &c->handle, c->handle.events | EPOLLOUT, &e) !=
			RC_OK) {
			errno = EIO;
			return -1;
		}
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_WANT_READ:
		errno = EAGAIN;
		return -1;
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	default:
		ERR_clear_error();
		errno = ECONNRESET;
		return -1;
	}
}

ssize_t secure_receive(struct connection *c, char *buf, size_t size, bool is_peek)
{
	struct secure *s = c->secure;
	int room = size > READ_CHUNK && !is_peek ? READ_CHUNK : (int)size;

	ERR_clear_error();
	s->must_write = false;
	int n = is_peek ? SSL_peek(s->ssl, buf, room) : SSL_read(s->ssl, buf, room);
	return n > 0 ? n : translate(c, n);
}

ssize_t secure_send(struct connection *c, const char *bytes, size_t n)
{
	struct secure *s = c->secure;

	ERR_clear_error();
	int sent = SSL_write(s->ssl, bytes, (int)n); /* n <= send_buffer_max */
	if (sent > 0)
		return sent;
	ssize_t result = translate(c, sent);
	if (result == 0)
		errno = EPIPE; /* the other end said that it is done */
	return -1;
}

bool secure_key(const struct connection *c, uint8_t ret[SECURE_KEY_SIZE])
{
	unsigned char *der = NULL;

	if ((c->flags & CONNECTION_SECURE) == 0)
		return false;
	X509 *shown = SSL_get0_peer_certificate(c->secure->ssl);
	int n = shown == NULL ? -1 : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(shown), &der);
	if (n <= 0)
		return false;
	(void)SHA256(der, (size_t)n, ret);
	OPENSSL_free(der);
	return true;
}
