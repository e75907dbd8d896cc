# nghttp2: HTTP/2 framing for h2 (and for curl).
build_nghttp2() {
    cmake -G Ninja "${CMAKE[@]}" -S "$SRC" -B . -DENABLE_LIB_ONLY=ON -DENABLE_DOC=OFF -DBUILD_STATIC_LIBS=ON \
        -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_BUILD_TYPE=None \
        -DCMAKE_C_FLAGS="${FLAGS[*]} -fvisibility=hidden -DNDEBUG" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_INSTALL_PREFIX="$OUT"
    ninja -j"$JOBS"
    ninja install
}
