# utf8proc: Unicode normalisation and case folding, with its tables inside.
build_utf8proc() {
    cmake -G Ninja "${CMAKE[@]}" -S "$SRC" -B . -DBUILD_SHARED_LIBS=OFF \
        -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_BUILD_TYPE=None \
        -DCMAKE_C_FLAGS="${FLAGS[*]} -fvisibility=hidden -DNDEBUG" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_INSTALL_PREFIX="$OUT"
    ninja -j"$JOBS"
    ninja install
}
