# libcurl: any request to any host; http and https only, SigV4 (--enable-aws), no proxy: a function in a VPC reaches its
# services by route or endpoint.
build_curl() {
    local without=() disable=() word
    for word in libpsl zlib brotli zstd libidn2 librtmp libssh2 libssh libgsasl nghttp3 ngtcp2 ca-bundle ca-path \
        ca-fallback; do without+=("--without-$word"); done
    for word in ftp file ldap ldaps rtsp dict telnet tftp pop3 imap smb smtp gopher mqtt ipfs websockets manual docs \
        libcurl-option ntlm kerberos-auth negotiate-auth digest-auth basic-auth bearer-auth tls-srp unix-sockets \
        cookies socketpair doh mime form-api netrc progress-meter sspi alt-svc hsts headers-api dateparse proxy \
        openssl-auto-load-config ech ares get-easy-options versioned-symbols; do disable+=("--disable-$word"); done
    PKG_CONFIG_LIBDIR=$PREFIX_OPENSSL/lib/pkgconfig:$PREFIX_NGHTTP2/lib/pkgconfig \
        "$SRC/configure" "${CONFIGURE[@]}" --prefix="$OUT" --disable-dependency-tracking --disable-shared --enable-static --with-pic \
        CFLAGS="${FLAGS[*]} -fvisibility=hidden" CPPFLAGS="-I$PREFIX_OPENSSL/include" \
        LDFLAGS="-L$PREFIX_OPENSSL/lib" LIBS=-ldl \
        --with-openssl="$PREFIX_OPENSSL" --with-nghttp2="$PREFIX_NGHTTP2" "${without[@]}" "${disable[@]}" \
        --enable-aws --enable-threaded-resolver --enable-symbol-hiding
    make -s -j"$JOBS" -C lib
    make -s -C lib install
    make -s -C include install
}
