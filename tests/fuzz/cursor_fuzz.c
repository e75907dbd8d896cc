/* Any bytes as a cursor: refused, unless signed; as a position: comes back as it was. */
#include <stdlib.h>
#include <string.h>

#include "functions/search/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct nr_view key = {"0123456789abcdef0123456789abcdef", 32};

static void must(int holds)
{
    if (!holds)
        abort();
}

static void come_back(const uint8_t *data, size_t size, struct nr_view context)
{
    struct cursor cursor = {.after = {.bucket = SEARCH_EXACT}};
    struct cursor back;
    struct nr_err err = {0};
    NR_BUF_AUTO text;

    nr_buf_init(&text, CURSOR_TEXT_BYTES);
    if (size >= 20) {
        cursor.after.bucket = (enum search_bucket)(data[0] % SEARCH_N_BUCKETS);
        cursor.after.source = (enum search_source)(data[1] % SEARCH_N_SOURCES);
        memcpy(&cursor.page, data + 2, sizeof(cursor.page));
        memcpy(&cursor.after.ranked_unix_us, data + 4, sizeof(cursor.after.ranked_unix_us));
        memcpy(&cursor.after.id, data + 12, sizeof(cursor.after.id));
    }
    must(cursor_format(&cursor, key, context, &text, &err) == 0);
    must(cursor_parse(nr_buf_view(&text), key, context, &back, &err) == 0);
    must(back.after.bucket == cursor.after.bucket && back.after.source == cursor.after.source &&
         back.after.id == cursor.after.id && back.after.ranked_unix_us == cursor.after.ranked_unix_us &&
         back.page == cursor.page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nr_view bytes = {(const char *)data, size};
    struct nr_view context = {(const char *)data, size < 1000 ? size : 1000};
    struct cursor cursor;
    struct nr_err err = {0};

    /* Nobody but us has the key, so nothing that a fuzzer makes may pass. */
    must(cursor_parse(bytes, key, context, &cursor, &err) != 0 && err.message[0]);
    come_back(data, size, context);
    return 0;
}
