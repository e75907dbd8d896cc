#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tests/support/test_pki.h"

static const struct leaf {
    const char *name;
    const char *alt_names;
    long ends_s; /* from now */
    int is_other_ca;
} leaves[] = {
    {"server", "DNS:localhost,IP:127.0.0.1,IP:::1", 86400, 0},
    {"expired", "DNS:localhost,IP:127.0.0.1,IP:::1", -60, 0},
    {"wronghost", "DNS:elsewhere.test", 86400, 0},
    {"other", "DNS:localhost,IP:127.0.0.1,IP:::1", 86400, 1},
};

static const char *const extensions[] = {".pem", ".key"};

struct authority {
    EVP_PKEY *key;
    X509 *cert;
};

static void must(int is_good, const char *what)
{
    if (is_good)
        return;
    fprintf(stderr, "test_pki: cannot %s\n", what);
    abort();
}

static void extend(X509 *cert, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    must(extension != NULL && X509_add_ext(cert, extension, -1), "add an extension");
    X509_EXTENSION_free(extension);
}

static X509 *new_cert(const char *name, long ends_s, EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *subject;

    must(cert != NULL, "make a certificate");
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), (long)key & 0xffffff);
    X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
    X509_gmtime_adj(X509_getm_notAfter(cert), ends_s);
    X509_set_pubkey(cert, key);
    subject = X509_get_subject_name(cert);
    must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0),
         "name a certificate");
    return cert;
}

static void sign(X509 *cert, X509_NAME *issuer, EVP_PKEY *key)
{
    must(X509_set_issuer_name(cert, issuer) && X509_sign(cert, key, EVP_sha256()) > 0, "sign a certificate");
}

static struct authority new_authority(const char *name)
{
    struct authority ca = {.key = EVP_EC_gen("P-256")};

    must(ca.key != NULL, "make a key");
    ca.cert = new_cert(name, 86400, ca.key);
    extend(ca.cert, NID_basic_constraints, "critical,CA:TRUE");
    extend(ca.cert, NID_key_usage, "critical,keyCertSign");
    sign(ca.cert, X509_get_subject_name(ca.cert), ca.key);
    return ca;
}

static FILE *create(const struct test_pki *pki, const char *name, const char *extension)
{
    char path[TEST_PKI_PATH_BYTES + 32];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s%s", pki->dir, name, extension);
    file = fopen(path, "w");
    must(file != NULL, "write a file");
    return file;
}

static void write_leaf(const struct test_pki *pki, const struct leaf *leaf, const struct authority *ca)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = new_cert(leaf->name, leaf->ends_s, key);
    FILE *file = create(pki, leaf->name, ".pem");

    extend(cert, NID_subject_alt_name, leaf->alt_names);
    sign(cert, X509_get_subject_name(ca->cert), ca->key);
    must(PEM_write_X509(file, cert) && (!leaf->is_other_ca || PEM_write_X509(file, ca->cert)), "write PEM");
    fclose(file);
    file = create(pki, leaf->name, ".key");
    must(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), "write PEM");
    fclose(file);
    X509_free(cert);
    EVP_PKEY_free(key);
}

void test_pki_init(struct test_pki *pki)
{
    struct authority ca = new_authority("Narae test CA");
    struct authority other = new_authority("Another CA");
    FILE *file;

    snprintf(pki->dir, sizeof(pki->dir), "%s/narae-pki-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    must(mkdtemp(pki->dir) != NULL, "make a directory");
    snprintf(pki->ca, sizeof(pki->ca), "%s/ca.pem", pki->dir);
    file = create(pki, "ca", ".pem");
    must(PEM_write_X509(file, ca.cert), "write PEM");
    fclose(file);
    snprintf(pki->link, sizeof(pki->link), "%s/%08lx.0", pki->dir, X509_subject_name_hash(ca.cert));
    must(symlink("ca.pem", pki->link) == 0, "make a link");
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
        write_leaf(pki, &leaves[i], leaves[i].is_other_ca ? &other : &ca);
    X509_free(ca.cert);
    EVP_PKEY_free(ca.key);
    X509_free(other.cert);
    EVP_PKEY_free(other.key);
    setenv("SSL_CERT_FILE", pki->ca, 1);
    unsetenv("SSL_CERT_DIR");
}

void test_pki_done(struct test_pki *pki)
{
    char path[TEST_PKI_PATH_BYTES + 32];

    unlink(pki->ca);
    unlink(pki->link);
    for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++)
        for (size_t j = 0; j < 2; j++) {
            snprintf(path, sizeof(path), "%s/%s%s", pki->dir, leaves[i].name, extensions[j]);
            unlink(path);
        }
    rmdir(pki->dir);
}
