# OpenSSL: the TLS 1.2/1.3 client, RS256 and HMAC; nothing legacy, nothing loadable, no configuration file.
# `deprecated` stays: libpq uses HMAC_*. Texts of TLS errors stay inside; they are only not loaded at start.

# The first TLS context makes a method of everything that the provider lists of a kind as soon as it looks for one of that kind,
# and every pointer in a method's table is one more for the loader. Configure has no words for what is struck here: what no TLS
# suite, group or certificate of ours uses, nor the random generator.
STRUCK=(
    'AES_\d+_(CBC_CTS|CBC_HMAC_\w+|OFB|CFB\w*|XTS|CCM|WRAP\w*)' 'AES_192_\w+' 'AES_128_(ECB|CTR)' ChaCha20 # TLS wants GCM, CBC and ChaCha20-Poly1305
    'SHA2_256_192' 'SHA2_512_2\w+' 'SHA3_(224|384)' 'KECCAK_\w+'   # ML-KEM wants SHA3-256, SHA3-512 and SHAKE
    '(RSA|ECDSA)_SHA\w+' 'ED25519(ph|ctx)' ED448ph                 # TLS names the digest beside RSA or ECDSA
    GMAC 'KMAC_\w+' POLY1305 SIPHASH                               # TLS wants HMAC
    SSKDF PKCS12KDF SSHKDF X963KDF KBKDF X942KDF_ASN1 KRB5KDF HMAC_DRBG_KDF SCRYPT
    HASH_DRBG HMAC_DRBG TEST_RAND                                  # the generator is CTR-DRBG
    ML_KEM_512 X448MLKEM1024                                       # groups that no server asks for
)

strike() {
    local providers=$SRC/providers names
    names=$(IFS='|' && echo "${STRUCK[*]}")
    perl -0pi -e "s/^ +(\{ |ALGC?\()PROV_NAMES_($names),.*?[})],\n//gms" "$providers/defltprov.c"
    sed -i -E '/TLS_GROUP_ENTRY\("(brainpool|MLKEM|P-)/d' "$providers/common/capabilities.c"
    # Keys are those of certificates and service accounts. Only tests write any, in the two usual forms.
    sed -i -E '/^ENCODER/{/"(RSA|EC)".*(der|pem), (PrivateKeyInfo|SubjectPublicKeyInfo)/!d}' "$providers/encoders.inc"
    sed -i -E '/^DECODER.*"(ML-KEM|X25519|X448)|^DECODER.*(msblob|pvk)/d' "$providers/decoders.inc"
    # Digests that are found by their number in a certificate's signature.
    sed -i -E '/EVP_add_digest\(EVP_(md5|sha512_2|sha3_|shake)/d' "$SRC/crypto/evp/c_alld.c"
    # Texts that tls.c never has loaded.
    sed -i -E '/\|\| ossl_err_load_(ERR)?_strings/!{/\|\| ossl_err_load_/d}' "$SRC/crypto/err/err_all.c"
}

build_openssl() {
    local target=linux-x86_64
    [[ $ARCH == arm64 ]] && target=linux-aarch64
    strike
    perl "$SRC/Configure" $target --cross-compile-prefix="$TOOLS" --prefix="$OUT" --libdir=lib --openssldir=/opt/share/narae/ssl \
        --with-rand-seed=getrandom \
        no-shared no-pinshared no-module no-dso no-engine no-legacy no-apps no-docs no-tests no-autoload-config \
        no-atexit no-filenames no-async no-thread-pool no-ui-console no-secure-memory \
        no-tls1 no-tls1_1 no-tls1-method no-tls1_1-method no-dtls no-dgram no-quic no-srtp no-psk no-srp \
        no-nextprotoneg no-comp no-ssl-trace no-integrity-only-ciphers no-multiblock \
        no-cms no-cmp no-ts no-ocsp no-http no-ct no-rfc3779 no-gost no-dh no-dsa no-ec2m no-sm2 no-sm3 no-sm4 \
        no-ml-dsa no-slh-dsa no-tls-deprecated-ec \
        no-aria no-bf no-blake2 no-camellia no-cast no-cmac no-des no-idea no-md4 no-mdc2 no-ocb no-rc2 no-rc4 \
        no-rmd160 no-scrypt no-seed no-siphash no-siv no-whirlpool \
        "${FLAGS[@]}" -fvisibility=hidden
    make -j"$JOBS" build_libs
    make install_dev
}
