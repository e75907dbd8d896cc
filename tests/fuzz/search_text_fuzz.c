/* What somebody typed: scrubbed and brought to its key, it is text again, and untouched when nothing was
 * found. */
#include <stdint.h>
#include <stdlib.h>

#include "functions/search/normal.h"
#include "functions/search/privacy.h"
#include "layer/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { MAX_BYTES = 1 << 20 };

static bool is_utf8(struct nr_view text)
{
    while (text.len) {
        size_t n = utf8_length(text);

        if (n == 0)
            return false;
        text = nr_view_n(text.ptr + n, text.len - n);
    }
    return true;
}

static void scrub(struct nr_view text, enum privacy_scope scope)
{
    NR_BUF_AUTO out;
    unsigned found = 0;

    nr_buf_init(&out, MAX_BYTES);
    privacy_scrub(text, scope, &out, &found);
    if (out.is_bad || !is_utf8(nr_buf_view(&out)))
        abort();
    if (!found && text.len <= GLYPHS_MAX && !nr_view_is(nr_buf_view(&out), text))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct nr_view text = nr_view_n((const char *)bytes, n);
    NR_BUF_AUTO nfc;
    NR_BUF_AUTO key;

    nr_buf_init(&nfc, MAX_BYTES);
    nr_buf_init(&key, MAX_BYTES);
    if (n > GLYPHS_MAX || !is_utf8(text))
        return 0;
    text = normal_nfc(text, &nfc);
    if (!is_utf8(text))
        abort();
    scrub(text, PRIVACY_WORDS);
    scrub(text, PRIVACY_KEY);
    if (normal_key(text, &key) > key.len || !is_utf8(nr_buf_view(&key)))
        abort();
    return 0;
}
