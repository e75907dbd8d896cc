#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/err.h>

#include <narae/crypto.h>

/* The key of RFC 7515 appendix A.2, in both forms of PEM. */
static const char pkcs8[] = "-----BEGIN PRIVATE KEY-----\n"
                            "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXO\n"
                            "jS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxL\n"
                            "aYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNn\n"
                            "juygxmj3AbONv/s4yDQs4v5tJ/reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5\n"
                            "ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkf\n"
                            "toaHLFcW9Qr4NY2ai50Xw0Byj3+H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHg\n"
                            "VFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyW\n"
                            "PEAeP88vLNO97IjlA7/GQ5sLKMgvfTeXZx9SE+7YwVol2NXOoAJe46sui395IW/G\n"
                            "O+pWJ1O0BkTGoVEn2bKVRUCgu+GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzj\n"
                            "kn439X0M/V51gfpRLI9JYanrC4D4qAdGcopV/0ZHHzQlBjudU2QvXt4ehNYTCBr6\n"
                            "XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl/x/jTj3ccPDVZFD9pIuhLhBOneufuBiB\n"
                            "4cS98l2SR/RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ60imZV1URk0K\n"
                            "pLttoLhyt3SmqdEf/kgHePDdtzEafpAu+cS191R2JiuoF2yzWXnwFDcqGigp5BNr\n"
                            "0AHQfD8/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqE\n"
                            "lMGAg+C2V0L4oNXnP7LZcPAZRwKBgQC5A8R+CZW2MvRTLLHzwZkUXV866cff7tx6\n"
                            "kqa0finGG0KgeqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON4tB5kP9jAP\n"
                            "rq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS/l1OW1EnXUEoEHKl54Xrrz2uNw\n"
                            "kgMTP1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7/Ls5bkUp\n"
                            "5u9SN0Ai3Ya6hNnvWJMb7sXQX6U/zyO2M/hTip7tUeh7CXgwo59dkpN75gJLVds2\n"
                            "9+DAncu3KXU4f2Fa+7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf/\n"
                            "evpitUf+4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcG\n"
                            "yoAe9fa65iNqCq+jdw6PVNGo2hxfjSiZ8IIzHdsPXI89//pMjZcQK9r+CCoRjaZj\n"
                            "OYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2\n"
                            "tOgrjbcrfvtQJipd+DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd/QJQ3\n"
                            "ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp/gh6A56\n"
                            "03k2+ZQwVK0JKSHuLFkuQ3U=\n"
                            "-----END PRIVATE KEY-----\n";

static const char pkcs1[] = "-----BEGIN RSA PRIVATE KEY-----\n"
                            "MIIEowIBAAKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0\n"
                            "l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pC\n"
                            "gNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0LOL+bSf63kpaSHSX\n"
                            "ndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD\n"
                            "Zlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9iaGNj8\n"
                            "q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQABAoIBABKucaRpzQorw35S\n"
                            "bEUAVx8dYXUdZOlJcHtiWQ+dC6V8ljxAHj/PLyzTveyI5QO/xkObCyjIL303l2cf\n"
                            "UhPu2MFaJdjVzqACXuOrLot/eSFvxjvqVidTtAZExqFRJ9mylUVAoLvhowVWmC1O\n"
                            "n95fZCXxTUtxNEG1Xcc7m0rtzJKs45J+N/V9DP1edYH6USyPSWGp6wuA+KgHRnKK\n"
                            "Vf9GRx80JQY7nVNkL17eHoTWEwga+lwi0FEoW9Y7lDtWXYmKBWhUE+U8PGxlJf8f\n"
                            "40493HDw1WRQ/aSLoS4QTp3rn7gYgeHEvfJdkkf0UMhlknlo53M09EFPdadQ4TlU\n"
                            "bjqKc50CgYEA4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH/5IB3jw3bcxGn6QLvnE\n"
                            "tfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw/Py5PJdTJNPY8cQn7ouZ2KKDcmnPG\n"
                            "BY5t7yLc1QlQ5xHdwW1VhvKn+nXqhJTBgIPgtldC+KDV5z+y2XDwGUcCgYEAuQPE\n"
                            "fgmVtjL0Uyyx88GZFF1fOunH3+7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYs\n"
                            "p1ZSe7zFYHj7C6ul7TjeLQeZD/YwD66t62wDmpe/HlB+TnBA+njbglfIsRLtXlnD\n"
                            "zQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdcCgYAHAp9XcCSrn8wVkMVkKdb7\n"
                            "DOX4IKjzdahm+ctDAJN4O/y7OW5FKebvUjdAIt2GuoTZ71iTG+7F0F+lP88jtjP4\n"
                            "U4qe7VHoewl4MKOfXZKTe+YCS1XbNvfgwJ3Ltyl1OH9hWvu2yza7q+d5PCsDzqtm\n"
                            "27kxuvULVeya+TEdAB1ijQKBgQCH/3r6YrVH/uCWGy6bzV1nGNOdjKc9tmkfOJmN\n"
                            "54dxdixdpozCQ6U4OxZrsj3FcOhHBsqAHvX2uuYjagqvo3cOj1TRqNocX40omfCC\n"
                            "Mx3bD1yPPf/6TI2XECva/ggqEY2mYzmIiA5LVVmc5nrybr+lssFKneeyxN2Wq93S\n"
                            "0iJMdQKBgCGHewxzoa1r8ZMD0LETNrToK423K377UCYqXfg5XMclbrjPbEC3YI1Z\n"
                            "NqMtuhdBJqUnBi6tjKMF+34Xf0CUN8ncuXGO2CAYvO8PdyCixHX52ybaDjy1FtCE\n"
                            "6yUXjoKNXKvUm7MWGsAYH6f4IegOetN5NvmUMFStCSkh7ixZLkN1\n"
                            "-----END RSA PRIVATE KEY-----\n";

static const char encrypted[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
                                "MIIFLTBXBgkqhkiG9w0BBQ0wSjApBgkqhkiG9w0BBQwwHAQInq26xWfdc+ICAggA\n"
                                "MAwGCCqGSIb3DQIJBQAwHQYJYIZIAWUDBAEqBBCFloVqzVKgALJXVIrffB0IBIIE\n"
                                "0HPP8CNAAB0Fm1ahkjpkbTWYwlfY4kgqRED4zzrva8AhEAA/zwJgiZodGllo0oEK\n"
                                "qlnL6LtSHawG+dGh0mdUWMBy7qj92q2vC+wU7ZNTc6rr05u9tM0vnA9oFMQdyvC3\n"
                                "xhUXCzbyH+WP+Lx498sVyQuFxi7MedLJAvhql9fOrHkbwbYjxlTe664FHtp0j5jM\n"
                                "b/CWEnfNoJDt3JMT0KdjIE0CHlAFjIW0c+z/g6t9yd2lGd5UR3W/pfBn7U08eVq7\n"
                                "AGkVMWi0O5Y5X78OcK58G/AEFtIYlLK4PzN36ocZ4heJMVUf3HC+a17qyJEHCpUI\n"
                                "udDGmBBvLO6XQBnDv/kmifEww2MGTsiGVbfha1Bx0TNuJCTXdhmxIoYlU4V+sFQW\n"
                                "zyhtir7uKSOlwkpg6UCc1SKkTZ+AvEZlMwrPQn4RmjQeQc2oCTTbN24vehV+CZRA\n"
                                "B9Po056sgMjSz8NigNICmw0TK2ObikLGrixrsBhmrY+f9bCDE+JhqvTllGff/Y0q\n"
                                "eQ31RaW7AzdQlCA1pVJzauyfwVjb745zd1C0tmEDWAiRi2mhVUyZQ0SfQTOf2dwv\n"
                                "ge7vCDIsxW2uoWVpeuZYf5lKFfeo6D+xnl0i2zNYKnxmIxJEVfp5MpzXuzkXPNcs\n"
                                "N6477AJeLbCzu8q+ju8Bn4GvOMrwXpC2nViV9k/P58SIxxq7QCIBxYq8SLEbOEu7\n"
                                "xFg19O6cOTsSF3ovrGQ/CU0MyU9lwj+jiGECz8S2iEphZU4pvnm/7vNLxDoqoUgb\n"
                                "xUG2tnrVH/Vsao0a7rNTSFaZ0gdb3V0/lReIyBTGxoY7qxF5ceNZIInT1yvlsIpY\n"
                                "jH+cB3fdB6FPtDuz+OrbT8z3HMdV2+hyryQrVnqa15R0POS33d0GQssUCSAyj9Gr\n"
                                "yHkzMO+Ms7tBsvRTOMAoOIlHFcb+o3MyVDGAj9dK69HMBOPH06Rkx/46pYUInpcT\n"
                                "1GOdaw2gw0M5lWtayDerWJO/vvUsUxDnrWY4H5yo+WpWkTMZ6/veAbRHWWLhNYKy\n"
                                "R7ocjTFWBEyZ4lkx5t6jAyZBHOjNrZ/73DGL+twkRLzvKdv/1OdQcG6s9k5vUTtB\n"
                                "Mr5d012Gu/nVpvDn3oHs9udjpThM/SpqvxRU5iprBpCZrYj8scn/3MJLxa5Qm/U4\n"
                                "AmUrMI2snUoqme32Ux40QwxLEsML4zd8CWPRLmoq63grwV8pOwgI/HrdWEUaSYnh\n"
                                "j/CJljIiUdm5WPMlQtN6lEWkQCpO4S+KCMsSmdvs2FNStx3lALgelMlnUcMszzp9\n"
                                "unW2LPOFDkaYSpG/fPjc3PmWDIwQ7K/s51AXfyYbU3jiuYqOzR9QzHcy9KgzrFGR\n"
                                "AI/qnsTNGZPVWv5LpScdLNxVLlWt0CJL7/rrG55Z712+w6VHj+3qZL+XemsZ/AvU\n"
                                "+DXpLq5Jd9MPUtz5KpYWdsNjHZmA5ADbCtry+iUbIyaa9muCAH1uVQoDtqKHTqdw\n"
                                "EJ8g4pB9P6DZeEsQB+/lepNNqnVV6b8O2b3ej3hhiN7dd5Ld2XhygsW72wPcW2oe\n"
                                "lXTFNHiMfZ+6xEimUjghuph6h9mKBSBXDKDI727wtfIuutob6D7Bl4QqSnnU0Pa7\n"
                                "Dp/z/vKGAM2A/8zYpLOSlTATZxSq4UxY/2sBK5Zk96/s\n"
                                "-----END ENCRYPTED PRIVATE KEY-----\n";

static const char elliptic[] = "-----BEGIN PRIVATE KEY-----\n"
                               "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgY7ardbL6CCDbC/Cr\n"
                               "DytMffXFr4MPFtBqsYN0DYDlNLOhRANCAATY70h7b554qjb1lPJbimBiOXPoNmHL\n"
                               "gxQR47nrxfc4HtIZ2WTRjE7wOElTJMNA7neqZOxXnTrw3UDlQ/K/N9lV\n"
                               "-----END PRIVATE KEY-----\n";

static const char short_rsa[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAOjxLonsagJPIugz\n"
                                "e+kNv7r7F8/g+LvRSYlFxDIbduqKLAwXffe/ACdfr9IgsDFF5eRZ8w/u8aIa/Aye\n"
                                "2/3CgImLyBrZX1BPEmF6vFTpdL+NzMMbNPVQ0qGz02r4e5ATNg8FI6ZU7DBF7xJh\n"
                                "7bjnweQ63vE0b+h7IHxUAThO77PtAgMBAAECgYBzmh3KfPUvKC7epY483oHkPXBX\n"
                                "zgIi0353DZSMeWzOgLvTVGVDahqdb7NFyMsn6NRqOumRYrewB0xGxx/OE5TNu5gk\n"
                                "VpX7ebY38FbIpqlHCkR7ytyjURFQKKYMxCbKq0caJm7O9Vg1yMLg6E9ALLFO60KA\n"
                                "q2Ra3QGNzZzVz3yzUQJBAPbN0AMWT81kZ5aLnp+xfl4gYTldL5bQhiYfq8/Ek3n+\n"
                                "wIliAgdT8+U8Ik9GEnI5JqaWJtz41wkKb55Xv/ohqQMCQQDxnyU5IMe2Bl8X/gOq\n"
                                "X4++VUe5SZpb7YHUvsFQa48sfH+GK5N1LVpf8ClxpGdNQP2VJ5s53JZ06pxJBRgk\n"
                                "zYRPAkBJ3hm3AtOJttZmMY2dYENhKrHOuHxI2Ep+WJZUzhIRvlSkCchvpwnlf1UJ\n"
                                "gwB8XWybCW/CTVwW4Z+8tajI1ZA/AkBxtzDRnjff10fSBt66xJbmQUSsU5OuSC2e\n"
                                "btiUfMq5aS6rer6/m0S5elJHBdUIatnt5OINbV/yTqiXRSqDx6XJAkEAx4KobJ4w\n"
                                "vWsWFLaP+8H9eAeCzmQEjO0NCbgJfvPRaRsWMquHM9rePaq6WYPh5Wo7uWYLS6qO\n"
                                "re3P3u3Kg8+sgQ==\n"
                                "-----END PRIVATE KEY-----\n";

/* Appendix A.2.1: what is signed, and its signature. */
static const char signing_input[] =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb2"
    "90Ijp0cnVlfQ";
static const char signature[] =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
    "O8W2Fp5jujGbds9uJdbF9CU"
    "Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_"
    "eSN9383LcOLn6_d"
    "O--xi12jzDwusC-"
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0ig"
    "cN_IoypGlUPQGe77Rw";

static void hex_of(const uint8_t digest[NR_SHA256_BYTES], char out[2 * NR_SHA256_BYTES + 1])
{
    for (int i = 0; i < NR_SHA256_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* NIST's example values for SHA-256. */
Test(crypto, digests_published_examples)
{
    static const struct {
        struct nr_view data;
        const char *hex;
    } cases[] = {
        {{NULL, 0}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {{"abc", 3}, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56},
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint8_t digest[NR_SHA256_BYTES];
        char hex[2 * NR_SHA256_BYTES + 1];
        struct nr_err err = {0};

        cr_assert_eq(nr_crypto_sha256(cases[i].data, digest, &err), 0);
        hex_of(digest, hex);
        cr_expect_str_eq(hex, cases[i].hex);
    }
}

/* RFC 4648 section 10 without its padding, and RFC 7515 appendix C for the two letters that differ. */
Test(crypto, writes_base64url_without_padding)
{
    static const struct {
        struct nr_view data;
        const char *text;
    } cases[] = {
        {{"", 0}, ""},
        {{"f", 1}, "Zg"},
        {{"fo", 2}, "Zm8"},
        {{"foo", 3}, "Zm9v"},
        {{"foob", 4}, "Zm9vYg"},
        {{"fooba", 5}, "Zm9vYmE"},
        {{"foobar", 6}, "Zm9vYmFy"},
        {{"\x03\xec\xff\xe0\xc1", 5}, "A-z_4ME"},
        {{"\xff\xff\xff", 3}, "____"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        NR_BUF_AUTO out;

        nr_buf_init(&out, 64);
        nr_crypto_base64url(&out, cases[i].data);
        cr_expect_str_eq(nr_buf_text(&out), cases[i].text);
    }
}

Test(crypto, signs_as_rfc_7515_does)
{
    static const char *const pems[] = {pkcs8, pkcs1};

    for (size_t i = 0; i < sizeof(pems) / sizeof(pems[0]); i++) {
        struct nr_crypto_key *key = NULL;
        struct nr_err err = {0};
        NR_BUF_AUTO out;

        nr_buf_init(&out, 1024);
        cr_assert_eq(nr_crypto_key_parse(nr_view(pems[i]), &key, &err), 0, "%s", err.message);
        cr_expect_eq(nr_crypto_rs256(key, nr_view(signing_input), &out, &err), 0, "%s", err.message);
        cr_expect_str_eq(nr_buf_text(&out), signature);
        nr_crypto_key_free(key);
    }
}

Test(crypto, appends_the_signature_to_what_is_there)
{
    struct nr_crypto_key *key = NULL;
    struct nr_err err = {0};
    NR_BUF_AUTO out;

    nr_buf_init(&out, 1024);
    nr_buf_add_text(&out, "a.b.");
    cr_assert_eq(nr_crypto_key_parse(nr_view(pkcs8), &key, &err), 0, "%s", err.message);
    cr_expect_eq(nr_crypto_rs256(key, nr_view(signing_input), &out, &err), 0);

    cr_expect_eq(strncmp(nr_buf_text(&out), "a.b.cC4hiUPo", 12), 0);
    nr_crypto_key_free(key);
}

static void expect_refused(struct nr_view pem, const char *message)
{
    struct nr_crypto_key *key = NULL;
    struct nr_err err = {0};

    cr_expect_eq(nr_crypto_key_parse(pem, &key, &err), -1, "%s", message);
    cr_expect_null(key);
    cr_expect_eq(err.kind, NR_ERR_INVALID);
    cr_expect_str_eq(err.type, "Function.InvalidKey");
    cr_expect_str_eq(err.message, message);
    cr_expect_eq(ERR_peek_error(), 0UL, "nothing is left for the next TLS call to stumble over");
}

Test(crypto, refuses_what_cannot_sign)
{
    expect_refused(nr_view(""), "the private key is no unencrypted PEM key");
    expect_refused(nr_view_n(NULL, 0), "the private key is no unencrypted PEM key");
    expect_refused(nr_view("s3cret"), "the private key is no unencrypted PEM key");
    expect_refused(nr_view(encrypted), "the private key is no unencrypted PEM key");
    expect_refused(nr_view(elliptic), "the private key is no RSA key");
    expect_refused(nr_view(short_rsa), "the private key has 1024 bits, not 2048 to 8192");
}

Test(crypto, refuses_a_key_that_is_cut_anywhere)
{
    const size_t end = sizeof(pkcs8) - 1 - strlen("-\n"); /* the last dashes do not matter to OpenSSL */

    for (size_t len = 0; len < end; len++) {
        struct nr_crypto_key *key = NULL;
        struct nr_err err = {0};
        /* On the heap, as long as it says, so that a sanitizer sees a read behind it. */
        char *copy = malloc(len + 1);

        memcpy(copy, pkcs8, len);
        cr_expect_eq(nr_crypto_key_parse(nr_view_n(copy, len), &key, &err), -1, "cut at %zu", len);
        nr_crypto_key_free(key);
        free(copy);
    }
}

/* --- HMAC-SHA-256: RFC 4231 ----------------------------------------------------------------------------- */

static const char *hmac_of(struct nr_view key, struct nr_view data)
{
    static char hex[2 * NR_SHA256_BYTES + 1];
    uint8_t out[NR_SHA256_BYTES];
    struct nr_err err = {0};

    cr_assert_eq(nr_crypto_hmac_sha256(key, data, out, &err), 0, "%s", err.message);
    for (size_t i = 0; i < NR_SHA256_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02x", out[i]);
    return hex;
}

Test(crypto, hmac_is_that_of_the_published_cases)
{
    char key[131];
    char data[50];

    memset(key, 0x0b, 20);
    cr_expect_str_eq(hmac_of(nr_view_n(key, 20), NR_VIEW("Hi There")),
                     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    cr_expect_str_eq(hmac_of(NR_VIEW("Jefe"), NR_VIEW("what do ya want for nothing?")),
                     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, 20);
    memset(data, 0xdd, sizeof(data));
    cr_expect_str_eq(hmac_of(nr_view_n(key, 20), nr_view_n(data, sizeof(data))),
                     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    memset(key, 0xaa, sizeof(key));
    cr_expect_str_eq(hmac_of(nr_view_n(key, sizeof(key)),
                             NR_VIEW("Test Using Larger Than Block-Size Key - Hash Key First")),
                     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

Test(crypto, hmac_takes_nothing_for_key_and_data)
{
    cr_expect_str_eq(hmac_of(nr_view_n(NULL, 0), nr_view_n(NULL, 0)),
                     "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

Test(crypto, same_bytes_are_the_same_and_one_bit_is_not)
{
    const char a[] = "0123456789abcdef";
    const char b[] = "0123456789abcdeg";

    cr_expect(nr_crypto_is_same(a, "0123456789abcdef", 16));
    cr_expect_not(nr_crypto_is_same(a, b, 16));
    cr_expect(nr_crypto_is_same(a, b, 15));
    cr_expect(nr_crypto_is_same(a, b, 0));
}
