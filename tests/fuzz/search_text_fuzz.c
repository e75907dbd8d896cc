/* What somebody typed: looked at in three ways that agree, scrubbed and brought to its key, it is text again,
 * and untouched when nothing was found. */
#include <stdint.h>
#include <stdlib.h>

#include "functions/search/normal.h"
#include "functions/search/privacy.h"
#include "functions/search/privacy_clean.h"
#include "layer/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { MAX_BYTES = 1 << 20, ROOM_BYTES = 1024 };

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

/* Byte after byte, sixteen at a time, and while it is written. */
static void look(struct nr_view text, enum privacy_scope scope)
{
    bool is_clean = privacy_is_clean_by_1(text, scope);
    NR_BUF_AUTO plain;
    NR_BUF_AUTO out;
    bool is_added;

    nr_buf_init(&plain, MAX_BYTES);
    nr_buf_init(&out, MAX_BYTES);
    nr_buf_room(&out, ROOM_BYTES);
    nr_buf_add_json_text(&plain, text);
    is_added = privacy_add_clean(text, scope, &out);
    if (is_added && (!is_clean || !nr_view_is(nr_buf_view(&out), nr_buf_view(&plain))))
        abort();
    if (text.len > PRIVACY_SHORT_BYTES)
        return;
    if (privacy_is_clean_by_16(text, scope) != is_clean ||
        is_added != (is_clean && plain.len == text.len + 2))
        abort();
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
    look(text, PRIVACY_WORDS);
    look(text, PRIVACY_KEY);
    scrub(text, PRIVACY_WORDS);
    scrub(text, PRIVACY_KEY);
    if (normal_key(text, &key) > key.len || !is_utf8(nr_buf_view(&key)))
        abort();
    return 0;
}
