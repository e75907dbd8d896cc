# zlib: gzip bodies.
build_zlib() {
    cp -a "$SRC"/. .
    CHOST=${TOOLS%-} CFLAGS="${FLAGS[*]} -fvisibility=hidden" ./configure --static --prefix="$OUT"
    make -j"$JOBS" libz.a
    mkdir -p "$OUT/lib" "$OUT/include"
    cp libz.a "$OUT/lib"
    cp zlib.h zconf.h "$OUT/include"
}
