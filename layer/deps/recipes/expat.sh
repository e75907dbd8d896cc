# expat: XML, for functions that speak an AWS Query protocol. Without DTDs: no answer of AWS has one, and entity bombs need them.
# Without arc4random, which is newer than the glibc of provided.al2023: getrandom does.
build_expat() {
    cmake -G Ninja "${CMAKE[@]}" -S "$SRC/expat" -B . -DEXPAT_SHARED_LIBS=OFF -DEXPAT_DTD=OFF -DEXPAT_BUILD_TOOLS=OFF \
        -DEXPAT_BUILD_EXAMPLES=OFF -DEXPAT_BUILD_TESTS=OFF -DEXPAT_BUILD_DOCS=OFF \
        -DHAVE_ARC4RANDOM=OFF -DHAVE_ARC4RANDOM_BUF=OFF \
        -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_BUILD_TYPE=None \
        -DCMAKE_C_FLAGS="${FLAGS[*]} -fvisibility=hidden -DNDEBUG" -DCMAKE_INSTALL_LIBDIR=lib \
        -DCMAKE_INSTALL_PREFIX="$OUT"
    ninja -j"$JOBS"
    ninja install
}
