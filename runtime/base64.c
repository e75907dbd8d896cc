#include "runtime/base64.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* One to three bytes become four characters. */
static void add_group(struct nr_buf *out, const unsigned char *bytes, size_t n)
{
    unsigned group =
        (unsigned)bytes[0] << 16 | (n > 1 ? (unsigned)bytes[1] << 8 : 0) | (n > 2 ? bytes[2] : 0u);
    const char text[4] = {digits[group >> 18], digits[group >> 12 & 63],
                          n > 1 ? digits[group >> 6 & 63] : '=', n > 2 ? digits[group & 63] : '='};

    nr_buf_add(out, nr_view_n(text, sizeof(text)));
}

void base64_add(struct nr_buf *out, struct nr_view bytes)
{
    for (size_t at = 0; at < bytes.len; at += 3)
        add_group(out, (const unsigned char *)bytes.ptr + at, bytes.len - at < 3 ? bytes.len - at : 3);
}
