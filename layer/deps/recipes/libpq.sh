# libpq: PostgreSQL's own client library, with TLS and SCRAM and nothing else.
build_libpq() {
    "$SRC/configure" "${CONFIGURE[@]}" --prefix="$OUT" --with-ssl=openssl --without-readline --without-zlib --without-icu \
        --without-gssapi --without-ldap --without-lz4 --without-zstd \
        CFLAGS="${FLAGS[*]} -fvisibility=hidden" CPPFLAGS="-I$PREFIX_OPENSSL/include" \
        LDFLAGS="-L$PREFIX_OPENSSL/lib" LIBS=-ldl
    make -C src/backend generated-headers
    make -j"$JOBS" -C src/common libpgcommon_shlib.a
    make -j"$JOBS" -C src/port libpgport_shlib.a
    make -j"$JOBS" -C src/interfaces/libpq all-static-lib
    mkdir -p "$OUT/lib" "$OUT/include"
    cp src/interfaces/libpq/libpq.a src/common/libpgcommon_shlib.a src/port/libpgport_shlib.a "$OUT/lib"
    cp "$SRC"/src/interfaces/libpq/{libpq-fe.h,libpq-events.h} "$SRC/src/include/postgres_ext.h" \
        src/include/pg_config_ext.h "$OUT/include"
}
