/* OpenSSL is built without what TLS does not need (layer/deps/recipes/openssl.sh). That nothing too much is
 * missing shows only in a handshake: each suite, group and kind of key that our client offers is used here
 * once, with a server of the same library on the other end of a pipe in memory. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <narae/tls.h>

#include "layer/io/tls_context.h"
#include "tests/support/test_pki.h"

enum { MANY_STEPS = 50, RSA_BITS = 2048 };

enum kind { KEY_EC, KEY_RSA };

static const struct row {
    int version;
    enum kind kind; /* of the server's key */
    const char *suite, *group;
} rows[] = {
    {TLS1_3_VERSION, KEY_EC, "TLS_AES_128_GCM_SHA256", "X25519MLKEM768"},
    {TLS1_3_VERSION, KEY_EC, "TLS_AES_256_GCM_SHA384", "x25519"},
    {TLS1_3_VERSION, KEY_EC, "TLS_CHACHA20_POLY1305_SHA256", "secp256r1"},
    {TLS1_3_VERSION, KEY_EC, "TLS_AES_128_GCM_SHA256", "secp384r1"},
    {TLS1_3_VERSION, KEY_EC, "TLS_AES_128_GCM_SHA256", "secp521r1"},
    {TLS1_3_VERSION, KEY_EC, "TLS_AES_128_GCM_SHA256", "x448"},
    {TLS1_3_VERSION, KEY_RSA, "TLS_AES_256_GCM_SHA384", "X25519MLKEM768"},
    {TLS1_2_VERSION, KEY_EC, "ECDHE-ECDSA-AES128-GCM-SHA256", "secp256r1"},
    {TLS1_2_VERSION, KEY_EC, "ECDHE-ECDSA-AES256-GCM-SHA384", "x25519"},
    {TLS1_2_VERSION, KEY_EC, "ECDHE-ECDSA-CHACHA20-POLY1305", "x25519"},
    {TLS1_2_VERSION, KEY_EC, "ECDHE-ECDSA-AES128-SHA256", "x25519"},
    {TLS1_2_VERSION, KEY_EC, "ECDHE-ECDSA-AES256-SHA384", "x25519"},
    {TLS1_2_VERSION, KEY_EC, "ECDHE-ECDSA-AES128-SHA", "x25519"},
    {TLS1_2_VERSION, KEY_RSA, "ECDHE-RSA-AES128-GCM-SHA256", "secp256r1"},
    {TLS1_2_VERSION, KEY_RSA, "ECDHE-RSA-AES256-GCM-SHA384", "secp384r1"},
    {TLS1_2_VERSION, KEY_RSA, "AES256-SHA", "x25519"},
};

struct identity {
    EVP_PKEY *key;
    X509 *cert;
};

static X509 *new_cert(const char *name, EVP_PKEY *key)
{
    X509 *cert = X509_new();

    X509_set_version(cert, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 60);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)name,
                               -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_set_pubkey(cert, key);
    return cert;
}

/* A key and a certificate that it signs itself: who trusts it has its root. */
static struct identity new_identity(const char *name, EVP_PKEY *key)
{
    X509 *cert = new_cert(name, key);

    cr_assert_gt(X509_sign(cert, key, EVP_sha256()), 0, "%s", name);
    return (struct identity){key, cert};
}

static void free_identity(struct identity *identity)
{
    X509_free(identity->cert);
    EVP_PKEY_free(identity->key);
}

static SSL_CTX *new_server(const struct row *row, const struct identity *identity)
{
    SSL_CTX *server = SSL_CTX_new(TLS_server_method());
    char group[32]; /* the macro casts const away */

    snprintf(group, sizeof(group), "%s", row->group);
    SSL_CTX_set_min_proto_version(server, row->version);
    SSL_CTX_set_max_proto_version(server, row->version);
    cr_assert_eq(SSL_CTX_set1_groups_list(server, group), 1, "%s", row->group);
    cr_assert_eq(row->version == TLS1_3_VERSION ? SSL_CTX_set_ciphersuites(server, row->suite)
                                                : SSL_CTX_set_cipher_list(server, row->suite),
                 1, "%s", row->suite);
    cr_assert_eq(SSL_CTX_use_certificate(server, identity->cert), 1);
    cr_assert_eq(SSL_CTX_use_PrivateKey(server, identity->key), 1);
    return server;
}

static void connect_ends(SSL *client, SSL *server)
{
    BIO *one = NULL;
    BIO *other = NULL;

    cr_assert_eq(BIO_new_bio_pair(&one, 0, &other, 0), 1);
    SSL_set_bio(client, one, one);
    SSL_set_bio(server, other, other);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
}

/* Each end does what it can until both are through. */
static bool shake_hands(SSL *client, SSL *server)
{
    for (int i = 0; i < MANY_STEPS; i++) {
        int of_client = SSL_do_handshake(client);
        int of_server = SSL_do_handshake(server);

        if (of_client == 1 && of_server == 1)
            return true;
    }
    return false;
}

static bool carries(SSL *from, SSL *to)
{
    char got[8] = "";

    return SSL_write(from, "narae", 5) == 5 && SSL_read(to, got, sizeof(got)) == 5 &&
           memcmp(got, "narae", 5) == 0;
}

static void try_row(const struct row *row, const struct identity *identity, SSL_CTX *client_ctx)
{
    SSL_CTX *server_ctx = new_server(row, identity);
    SSL *client = SSL_new(client_ctx);
    SSL *server = SSL_new(server_ctx);

    connect_ends(client, server);

    cr_expect(shake_hands(client, server), "%s over %s: %s", row->suite, row->group,
              X509_verify_cert_error_string(SSL_get_verify_result(client)));

    cr_expect_eq(SSL_get_verify_result(client), X509_V_OK, "%s", row->suite);
    cr_expect_str_eq(SSL_get_cipher_name(client), row->suite);
    cr_expect(carries(client, server) && carries(server, client), "%s", row->suite);
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(server_ctx);
}

Test(tls_suites, each_kind_that_we_offer_works)
{
    struct test_pki pki;
    struct nr_err err = {0};
    struct identity identities[] = {
        [KEY_EC] = new_identity("EC", EVP_EC_gen("P-256")),
        [KEY_RSA] = new_identity("RSA", EVP_RSA_gen(RSA_BITS)),
    };
    SSL_CTX *client;

    test_pki_init(&pki);
    client = tls_context(&err);
    cr_assert_not_null(client, "%s", err.message);
    for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++)
        cr_assert_eq(X509_STORE_add_cert(SSL_CTX_get_cert_store(client), identities[i].cert), 1);

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        try_row(&rows[i], &identities[rows[i].kind], client);

    for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]); i++)
        free_identity(&identities[i]);
    test_pki_done(&pki);
}

/* --- who signed the certificate */

static const struct signing {
    const char *curve; /* of the authority's key and the server's; NULL = RSA */
    const char *digest;
    bool is_pss;
} signings[] = {
    {"P-256", "SHA256", false}, {"P-384", "SHA384", false}, {"P-521", "SHA512", false},
    {NULL, "SHA256", false},    {NULL, "SHA384", false},    {NULL, "SHA512", false},
    {NULL, "SHA256", true},     {NULL, "SHA384", true},
};

static EVP_PKEY *new_key(const struct signing *how)
{
    char curve[16]; /* the macro casts const away */

    snprintf(curve, sizeof(curve), "%s", how->curve ? how->curve : "");
    return how->curve ? EVP_EC_gen(curve) : EVP_RSA_gen(RSA_BITS);
}

static void sign(X509 *cert, EVP_PKEY *key, const struct signing *how)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *details;

    cr_assert_eq(EVP_DigestSignInit_ex(ctx, &details, how->digest, NULL, NULL, key, NULL), 1);
    if (how->is_pss)
        cr_assert_eq(EVP_PKEY_CTX_set_rsa_padding(details, RSA_PKCS1_PSS_PADDING), 1);
    cr_assert_gt(X509_sign_ctx(cert, ctx), 0, "%s", how->digest);
    EVP_MD_CTX_free(ctx);
}

static struct identity new_authority(const struct signing *how)
{
    struct identity authority = {.key = new_key(how)};
    X509_EXTENSION *is_ca = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");

    authority.cert = new_cert("authority", authority.key);
    cr_assert_eq(X509_add_ext(authority.cert, is_ca, -1), 1);
    X509_EXTENSION_free(is_ca);
    sign(authority.cert, authority.key, how);
    return authority;
}

static void try_signing(const struct signing *how, SSL_CTX *client)
{
    static const struct row row = {TLS1_3_VERSION, KEY_EC, "TLS_AES_256_GCM_SHA384", "x25519"};
    struct identity authority = new_authority(how);
    struct identity server = {.key = new_key(how)};

    server.cert = new_cert("server", server.key);
    X509_set_issuer_name(server.cert, X509_get_subject_name(authority.cert));
    sign(server.cert, authority.key, how);
    SSL_CTX_set_cert_store(client, X509_STORE_new());
    cr_assert_eq(X509_STORE_add_cert(SSL_CTX_get_cert_store(client), authority.cert), 1);

    try_row(&row, &server, client);

    free_identity(&server);
    free_identity(&authority);
}

/* Google's and Amazon's authorities sign with SHA-256, SHA-384 and SHA-512, by RSA and by P-256 and P-384. */
Test(tls_suites, a_certificate_is_verified_whatever_it_is_signed_with)
{
    struct test_pki pki;
    struct nr_err err = {0};
    SSL_CTX *client;

    test_pki_init(&pki);
    client = tls_context(&err);
    cr_assert_not_null(client, "%s", err.message);

    for (size_t i = 0; i < sizeof(signings) / sizeof(signings[0]); i++)
        try_signing(&signings[i], client);

    test_pki_done(&pki);
}
