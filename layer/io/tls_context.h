/* tls_context.h - the process's one TLS client context, for h2.
 *
 * Is:      made once and kept; safe to ask for from any thread.
 * Is not:  public; curl and libpq make their own from nr_tls_trust().
 */
#ifndef NARAE_IO_TLS_CONTEXT_H
#define NARAE_IO_TLS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include <narae/err.h>

/* TLS 1.2 or newer, peer verified, ALPN h2. Borrowed; NULL: INVALID (trust store), UNAVAILABLE. */
SSL_CTX *tls_context(struct nr_err *err);

/* The path of share/narae/NAME in the layer that this code came from; false when it is not there. */
bool tls_layer_path(const char *name, char *out, size_t cap);

/* The system's own bundle; NULL when there is none. */
const char *tls_system_bundle(void);

/* Why the last TLS call of this thread failed, in OpenSSL's words; empties its error queue. A static string.
 * For a refused certificate ask X509_verify_cert_error_string() instead. */
const char *tls_reason(void);

/* Put OpenSSL's words where libpq and curl could only put its error number, its texts not being loaded.
 * `line` is changed in place; a line without such a number stays as it is. */
void tls_translate(char *line, size_t cap);

#endif
