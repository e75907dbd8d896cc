#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <narae/env.h>
#include <narae/tls.h>

#include "layer/io/tls_context.h"

enum {
    READ_BUFFER_BYTES = 64 * 1024, /* one read(2) takes what a server sent in many small records */
    /* Below malloc's limits of 64 KB for giving memory back and 128 KB for a mapping of its own. */
    HEAP_BLOCK_BYTES = 60 * 1024,
    HEAP_END_MAX_BYTES = 1024 * 1024, /* further away, the block is not at the heap's end */
};

/* Where AL2023 and Debian keep their bundles (provided.al2023 image; Debian's ca-certificates). */
static const char *const system_bundles[] = {
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
};

/* OpenSSL writes with write(2), so a peer that is gone would end the process. Whoever set a handler keeps
 * it. */
static void ignore_broken_pipes(void)
{
    struct sigaction now;

    if (sigaction(SIGPIPE, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

/* Setting TLS up takes some 200 KB of small pieces. Their pages are asked for at once, since a page fault
 * each would cost a twentieth of a cold start. Kernels before 5.14 do not know the request; they fault. */
static void populate_heap(void)
{
    char *block = malloc(HEAP_BLOCK_BYTES);
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    char *from = block ? block - (uintptr_t)block % page + page : NULL;
    char *end = sbrk(0);

    if (from && from < end && end - from < HEAP_END_MAX_BYTES)
        (void)madvise(from, (size_t)(end - from), MADV_POPULATE_WRITE);
    free(block);
}

/* Not NO_ADD_ALL_DIGESTS: verification finds the digest of a signature by its number among those added, and
 * calls every certificate "too weak" without them. They are only added when asked for. */
static void set_up(void)
{
    populate_heap();
    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
                            OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ADD_ALL_CIPHERS,
                        NULL);
    OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_SSL_STRINGS |
                         OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
                     NULL);
    ignore_broken_pipes();
}

void nr_tls_setup(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, set_up);
}

bool tls_layer_path(const char *name, char *out, size_t cap)
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

const char *tls_system_bundle(void)
{
    for (size_t i = 0; i < sizeof(system_bundles) / sizeof(system_bundles[0]); i++)
        if (access(system_bundles[i], R_OK) == 0)
            return system_bundles[i];
    return NULL;
}

static char layer_dir[4096]; /* "" = the layer has no certificates */

static void find_layer_dir(void)
{
    if (!tls_layer_path("certs", layer_dir, sizeof(layer_dir)))
        layer_dir[0] = '\0';
}

int nr_tls_trust(struct nr_tls_trust *out, struct nr_err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct nr_tls_trust trust = {nr_env_raw("SSL_CERT_FILE"), nr_env_raw("SSL_CERT_DIR")};

    pthread_once(&once, find_layer_dir);
    if (!trust.file && !trust.dir && layer_dir[0])
        trust.dir = layer_dir;
    if (!trust.file && !trust.dir)
        trust.file = tls_system_bundle();
    if (!trust.file && !trust.dir) {
        nr_err_set(err, NR_ERR_INVALID, "Function.MissingTrustStore", "no certificates to trust were found");
        return nr_err_hint(err,
                           "set SSL_CERT_FILE or SSL_CERT_DIR, or deploy the layer with its "
                           "share/narae/certs; looked at \"%s\" and \"%s\" too",
                           system_bundles[0], system_bundles[1]);
    }
    *out = trust;
    return 0;
}

/* Directories that are not there would only show later, as every server being untrusted. OpenSSL passes over
 * single ones, and so do we. */
static bool has_readable_dir(const char *dirs)
{
    char dir[PATH_MAX];

    while (*dirs) {
        size_t len = strcspn(dirs, ":");

        snprintf(dir, sizeof(dir), "%.*s", (int)len, dirs);
        if (len && len < sizeof(dir) && access(dir, R_OK | X_OK) == 0)
            return true;
        dirs += len + (dirs[len] == ':');
    }
    return false;
}

static int load_trust(SSL_CTX *ctx, struct nr_err *err)
{
    struct nr_tls_trust trust;

    if (nr_tls_trust(&trust, err) != 0)
        return -1;
    if ((trust.file && !SSL_CTX_load_verify_file(ctx, trust.file)) ||
        (trust.dir && (!has_readable_dir(trust.dir) || !SSL_CTX_load_verify_dir(ctx, trust.dir)))) {
        ERR_clear_error();
        nr_err_set(err, NR_ERR_INVALID, "Function.MissingTrustStore",
                   "no certificates to trust can be read from \"%s\"", trust.file ? trust.file : trust.dir);
        return nr_err_hint(err, "check SSL_CERT_FILE and SSL_CERT_DIR");
    }
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
    /* HTTP/2 says itself where a reply ends; a close without close_notify is a close like any other. */
    SSL_CTX_set_options(ctx, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_read_ahead(ctx, 1);
    SSL_CTX_set_default_read_buffer_len(ctx, READ_BUFFER_BYTES);
    SSL_CTX_set_alpn_protos(ctx, h2, sizeof(h2));
    if (load_trust(ctx, err) != 0) {
        SSL_CTX_free(ctx);
        return NULL;
    }
    return ctx;
}

SSL_CTX *tls_context(struct nr_err *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static SSL_CTX *context; /* lives as long as the process */
    SSL_CTX *found;

    nr_tls_setup();
    pthread_mutex_lock(&lock);
    if (!context)
        context = new_context(err);
    found = context;
    pthread_mutex_unlock(&lock);
    return found;
}

int nr_tls_warm(struct nr_err *err)
{
    return tls_context(err) ? 0 : -1;
}

/* OpenSSL's own, in the static archive: ERR_load_SSL_strings() does nothing once set-up has declined the
 * texts, which would cost half a millisecond of every cold start. */
int ossl_err_load_SSL_strings(void);

static const char *words_of(unsigned long code)
{
    ossl_err_load_SSL_strings();
    return code ? ERR_reason_error_string(code) : NULL;
}

const char *tls_reason(void)
{
    const char *text = words_of(ERR_peek_error());

    ERR_clear_error();
    return text ? text : "the server closed the connection";
}

/* How libpq and curl show an error that has no text: "SSL error code 167772294",
 * "TLS connect error: error:0A00010B:lib(20)::reason(267)". */
static const struct {
    const char *before;
    int base;
    const char *behind; /* what else goes, up to and with this; "" = nothing */
    const char *kept;   /* what stays of `before` */
} numbers[] = {{"SSL error code ", 10, "", ""}, {": error:", 16, "::reason(", ": "}};

void tls_translate(char *line, size_t cap)
{
    char rest[512];

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char *at = strstr(line, numbers[i].before);
        char *end = NULL;
        unsigned long code = at ? strtoul(at + strlen(numbers[i].before), &end, numbers[i].base) : 0;
        const char *behind = end ? strstr(end, numbers[i].behind) : NULL;
        const char *text = behind ? words_of(code) : NULL;

        if (!text)
            continue;
        if (behind != end)
            behind += strcspn(behind, ")");
        if (*behind == ')')
            behind++;
        snprintf(rest, sizeof(rest), "%s", behind);
        snprintf(at, cap - (size_t)(at - line), "%s%s%s", numbers[i].kept, text, rest);
    }
}
