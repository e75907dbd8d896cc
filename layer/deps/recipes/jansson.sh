# jansson: JSON. Its symbols stay visible: libnarae.so exports them to handlers, and a hidden symbol cannot be exported.
build_jansson() {
    cmake -G Ninja "${CMAKE[@]}" -S "$SRC" -B . -DJANSSON_BUILD_SHARED_LIBS=OFF -DJANSSON_BUILD_DOCS=OFF \
        -DJANSSON_WITHOUT_TESTS=ON -DJANSSON_EXAMPLES=OFF -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
        -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS="${FLAGS[*]} -DNDEBUG" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_INSTALL_PREFIX="$OUT"
    ninja -j"$JOBS"
    ninja install
}
