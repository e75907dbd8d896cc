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

/* A key and a certificate that it signs itself: who trusts it has its root. */
struct identity {
    EVP_PKEY *key;
    X509 *cert;
};

static struct identity new_identity(const char *name, EVP_PKEY *key)
{
    X509 *cert = X509_new();

    X509_set_version(cert, X509_VERSION_3);
    X509_gmtime_adj(X509_getm_notBefore(cert), 0);
    X509_gmtime_adj(X509_getm_notAfter(cert), 60);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)name,
                               -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_set_pubkey(cert, key);
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

    cr_expect(shake_hands(client, server), "%s over %s", row->suite, row->group);

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
