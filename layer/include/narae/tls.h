/* tls.h - one rule of trust for every TLS client in the layer.
 *
 * Is:      which certificates are believed, and OpenSSL's one-time set-up.
 * Is not:  a TLS client; h2, http and pg are.
 * Beware:  call nr_tls_setup() before anything else of OpenSSL, curl or libpq: its flags stick for the
 *          process.
 *
 * Trust: SSL_CERT_FILE / SSL_CERT_DIR win; else the layer's own hashed directory (share/narae/certs beside
 * lib/, /opt in Lambda), of which only the one root in use is parsed; else the system's bundle at the paths
 * AL2023 and Debian use.
 */
#ifndef NARAE_TLS_H
#define NARAE_TLS_H

#include <narae/attr.h>
#include <narae/err.h>

/* Where trust comes from; either may be NULL. Static strings or the environment's. */
struct nr_tls_trust {
    const char *file; /* PEM bundle */
    const char *dir;  /* hashed directory (HASH.N), as `openssl rehash` makes; or several, "one:other" */
};

/* Set OpenSSL up without configuration file and error-string tables (they cost half a millisecond of every
 * cold start), and ignore SIGPIPE unless somebody handles it: OpenSSL writes with write(2), and a peer that
 * is gone must not end the process. Idempotent, thread-safe. */
void nr_tls_setup(void);

/* The trust in force. Returns 0, or -1: INVALID, Function.MissingTrustStore (nothing found; the places looked
 * at as hint). */
int nr_tls_trust(struct nr_tls_trust *out, struct nr_err *err) NR_MUST_CHECK;

/* Make the process's client context ready, so that the first handshake does not pay for it. Idempotent; once
 * made, the context keeps the trust it was made with.
 * Returns 0, or -1: as nr_tls_trust, or UNAVAILABLE. */
int nr_tls_warm(struct nr_err *err) NR_MUST_CHECK;

#endif
