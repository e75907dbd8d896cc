/* test_pki.h - certificates for tests, made on the spot.
 *
 * Is:      a throw-away CA and what it signed, as PEM files in a temporary directory.
 * Is not:  the demo's PKI; nothing here outlives the test.
 */
#ifndef NARAE_TESTS_TEST_PKI_H
#define NARAE_TESTS_TEST_PKI_H

enum { TEST_PKI_PATH_BYTES = 128 };

struct test_pki {
    char dir[TEST_PKI_PATH_BYTES];
    char ca[TEST_PKI_PATH_BYTES + 16];   /* what a client should trust */
    char link[TEST_PKI_PATH_BYTES + 16]; /* to it, named by its hash: dir is good for SSL_CERT_DIR as well */
};

/* Make ca.pem, and NAME.pem with NAME.key for each NAME of: server (localhost, 127.0.0.1 and ::1), expired,
 * wronghost (elsewhere.test), other (signed by a CA that is not ca.pem and comes along in the chain). The
 * process trusts ca.pem from now on (SSL_CERT_FILE). Ends the process when it cannot. */
void test_pki_init(struct test_pki *pki);

/* Remove the files. */
void test_pki_done(struct test_pki *pki);

#endif
