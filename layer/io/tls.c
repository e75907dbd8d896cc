#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/ssl.h>

#include <narae/env.h>
#include <narae/tls.h>

#include "layer/io/tls_context.h"

enum { READ_BUFFER_BYTES = 64 * 1024 /* one read(2) takes what a server sent in many small records */ };

/* Where AL2023 and Debian keep their bundles (reference: provided.al2023 image; Debian's ca-certificates). */
static const char *const system_bundles[] = {
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
};

void nr_tls_setup(void)
{
    static bool is_done;

    if (is_done)
        return;
    is_done = true;
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
                            OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ADD_ALL_CIPHERS |
                            OPENSSL_INIT_NO_ADD_ALL_DIGESTS,
                        NULL);
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_SSL_STRINGS |
                         OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
                     NULL);
    /* OpenSSL writes with write(2): a peer that is gone would end the process. */
    signal(SIGPIPE, SIG_IGN);
}

/* share/narae/NAME beside the lib/ that this library was loaded from; false when there is no such thing. */
bool nr_tls_layer_path(const char *name, char *out, size_t cap)
{
    Dl_info info;
    const char *slash;
    int n;

    if (!dladdr((void *)(uintptr_t)nr_tls_setup, &info) || !info.dli_fname)
        return false;
    slash = strrchr(info.dli_fname, '/');
    n = snprintf(out, cap, "%.*s/../share/narae/%s", slash ? (int)(slash - info.dli_fname) : 1,
                 slash ? info.dli_fname : ".", name);
    return n > 0 && (size_t)n < cap && access(out, R_OK) == 0;
}

const char *nr_tls_system_bundle(void)
{
    for (size_t i = 0; i < sizeof(system_bundles) / sizeof(system_bundles[0]); i++)
        if (access(system_bundles[i], R_OK) == 0)
            return system_bundles[i];
    return NULL;
}

int nr_tls_trust(struct nr_tls_trust *out, struct nr_err *err)
{
    static char layer_dir[4096];
    struct nr_tls_trust trust = {nr_env_raw("SSL_CERT_FILE"), nr_env_raw("SSL_CERT_DIR")};

    if (!trust.file && !trust.dir && nr_tls_layer_path("certs", layer_dir, sizeof(layer_dir)))
        trust.dir = layer_dir;
    if (!trust.file && !trust.dir)
        trust.file = nr_tls_system_bundle();
    if (!trust.file && !trust.dir) {
        nr_err_set(err, NR_ERR_INVALID, "Function.MissingTrustStore", "no certificates to trust were found");
        return nr_err_hint(
            err, "set SSL_CERT_FILE or SSL_CERT_DIR, or deploy the layer with its share/narae/certs");
    }
    *out = trust;
    return 0;
}

static int load_trust(SSL_CTX *ctx, struct nr_err *err)
{
    struct nr_tls_trust trust;

    if (nr_tls_trust(&trust, err) != 0)
        return -1;
    if (trust.file && !SSL_CTX_load_verify_file(ctx, trust.file))
        return nr_err_set(err, NR_ERR_INVALID, "Function.MissingTrustStore",
                          "no certificates can be read from \"%s\"", trust.file);
    if (trust.dir && !SSL_CTX_load_verify_dir(ctx, trust.dir))
        return nr_err_set(err, NR_ERR_INVALID, "Function.MissingTrustStore", "cannot use directory \"%s\"",
                          trust.dir);
    return 0;
}

static SSL_CTX *new_context(struct nr_err *err)
{
    static const unsigned char h2[] = {2, 'h', '2'};
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    if (!ctx) {
        nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.TlsUnavailable", "cannot set up TLS (no memory?)");
        return NULL;
    }
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_default_read_buffer_len(ctx, READ_BUFFER_BYTES);
    SSL_CTX_set_alpn_protos(ctx, h2, sizeof(h2));
    if (load_trust(ctx, err) != 0) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

SSL_CTX *nr_tls_context(struct nr_err *err)
{
    static SSL_CTX *context; /* lives as long as the process */

    nr_tls_setup();
    if (!context)
        context = new_context(err);
    return context;
}

int nr_tls_warm(struct nr_err *err)
{
    return nr_tls_context(err) ? 0 : -1;
}
