# yyjson: JSON without a tree of small allocations, for the batch paths where jansson would be most of the cost.
build_yyjson() {
    "${TOOLS}gcc" "${FLAGS[@]}" -fvisibility=hidden -DNDEBUG -c "$SRC/yyjson/yyjson.c" -o yyjson.o
    mkdir -p "$OUT/lib" "$OUT/include"
    "${TOOLS}ar" rcs "$OUT/lib/libyyjson.a" yyjson.o
    cp "$SRC/yyjson/yyjson.h" "$OUT/include"
}
