# OpenSSL: the TLS 1.2/1.3 client, RS256 and HMAC; nothing legacy, nothing loadable, no configuration file.
# `deprecated` stays: libpq uses HMAC_*. Error strings stay inside; they are only not loaded at start.
build_openssl() {
    local target=linux-x86_64
    [[ $ARCH == arm64 ]] && target=linux-aarch64
    # The first TLS context makes a method of every cipher that the provider lists, for a third of a cold start. Ciphers that no
    # TLS suite of ours and no random generator uses are struck from its list; Configure has no words for them.
    sed -i -E '/ALG\(PROV_NAMES_AES_[0-9]+_(CBC_CTS|OFB|CFB|XTS|CCM|WRAP)/d' "$SRC/providers/defltprov.c"
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
