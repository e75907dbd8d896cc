#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <zlib.h>

#include <narae/rand.h>

#include "functions/search/base64.h"
#include "functions/search/decode.h"

enum { MAX_BYTES = 100000 };

static struct decode decode;
static struct nr_buf packed, coded;
static struct nr_view text;
static struct nr_err err;

static void set_up(void)
{
    decode_init(&decode, MAX_BYTES);
    nr_buf_init(&packed, 1 << 20);
    nr_buf_init(&coded, 1 << 20);
}

static void tear_down(void)
{
    decode_done(&decode);
    nr_buf_done(&packed);
    nr_buf_done(&coded);
}

TestSuite(decode, .init = set_up, .fini = tear_down);

static int decode_text(struct nr_view body, bool is_base64)
{
    nr_err_reset(&err);
    return decode_body(&decode, body, is_base64, &text, &err);
}

/* gzip of plain, as base64, in `coded`. */
static struct nr_view gzip(struct nr_view plain)
{
    z_stream stream = {.next_in = (z_const unsigned char *)(uintptr_t)plain.ptr,
                       .avail_in = (unsigned)plain.len};

    cr_assert_eq(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
    nr_buf_reset(&packed);
    stream.next_out = (unsigned char *)nr_buf_room(&packed, 500000);
    stream.avail_out = 500000;
    cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed.len = 500000 - stream.avail_out;
    deflateEnd(&stream);
    nr_buf_reset(&coded);
    base64_write(nr_buf_view(&packed), &coded);
    return nr_buf_view(&coded);
}

Test(decode, leaves_json_where_it_is)
{
    static const char json[] = " {\"a\":1}";

    cr_assert_eq(decode_text(nr_view(json), false), 0);
    cr_assert_eq(text.ptr, json);
}

Test(decode, takes_base64_off_told_or_not)
{
    cr_assert_eq(decode_text(NR_VIEW("eyJhIjoxfQ=="), true), 0);
    cr_assert(nr_view_is(text, NR_VIEW("{\"a\":1}")));
    cr_assert_eq(decode_text(NR_VIEW("eyJhIjoxfQ"), false), 0, "without padding");
    cr_assert(nr_view_is(text, NR_VIEW("{\"a\":1}")));
    cr_assert_eq(decode_text(NR_VIEW("eyJh\r\nIjoxfQ==\n"), false), 0, "in lines");
}

Test(decode, takes_gzip_off)
{
    cr_assert_eq(decode_text(gzip(NR_VIEW("[{\"a\":\"가\"}]")), false), 0, "%s", err.message);
    cr_assert(nr_view_is(text, NR_VIEW("[{\"a\":\"가\"}]")));
}

Test(decode, refuses_everything_else)
{
    static const char wanted[] = "must be JSON, or base64 of JSON or of gzip";
    static const char *const bodies[] = {
        "", "x", "nonsense!", "\"text\"", "12", "eyJhIjoxf!==", "aGVsbG8=", "A", "====", "null"};

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        cr_assert_eq(decode_text(nr_view(bodies[i]), false), -1, "%s", bodies[i]);
        cr_assert_str_eq(err.message, wanted);
        cr_assert_str_eq(err.type, "Function.InvalidBody");
    }
}

Test(decode, refuses_gzip_cut_at_any_byte_or_with_more_behind_it)
{
    struct nr_view whole = gzip(NR_VIEW("{\"a\":\"some words that are long enough to matter\"}"));
    char copy[512];

    for (size_t n = 4; n < whole.len; n += 4) {
        cr_assert_eq(decode_text(nr_view_n(whole.ptr, n), false), -1, "cut at %zu", n);
        cr_assert_str_eq(err.message, "must be whole and sound gzip");
    }
    nr_buf_add(&packed, NR_VIEW("behind"));
    nr_buf_reset(&coded);
    base64_write(nr_buf_view(&packed), &coded);
    memcpy(copy, coded.data, coded.len);
    cr_assert_eq(decode_text(nr_view_n(copy, coded.len), false), -1);
    cr_assert_str_eq(err.message, "must be whole and sound gzip");
}

Test(decode, bounds_what_comes_out)
{
    char *large = malloc(MAX_BYTES + 1);

    memset(large, ' ', MAX_BYTES + 1);
    large[0] = '[';
    cr_assert_eq(decode_text(gzip(nr_view_n(large, MAX_BYTES - 1)), false), 0, "%s", err.message);
    cr_assert_eq(decode_text(gzip(nr_view_n(large, MAX_BYTES + 1)), false), -1);
    cr_assert_str_eq(err.message, "what is in it: longer than 100000 bytes");
    cr_assert_str_eq(err.type, "Function.TooLarge");
    free(large);
}

Test(base64, reads_what_it_writes)
{
    struct nr_buf back;
    char bytes[64];

    nr_buf_init(&coded, 1024);
    nr_buf_init(&back, 1024);
    for (size_t n = 0; n < sizeof(bytes); n++) {
        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)nr_rand_below(256);
        nr_buf_reset(&coded);
        nr_buf_reset(&back);
        base64_write(nr_view_n(bytes, n), &coded);
        cr_assert_eq(coded.len, (n + 2) / 3 * 4);
        cr_assert(base64_read(nr_buf_view(&coded), &back));
        cr_assert(nr_view_is(nr_buf_view(&back), nr_view_n(bytes, n)));
    }
    nr_buf_done(&back);
    nr_buf_done(&coded);
}

Test(base64, writes_rfc_4648s_vectors)
{
    static const char *const rows[][2] = {{"f", "Zg=="},         {"fo", "Zm8="},
                                          {"foo", "Zm9v"},       {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

    nr_buf_init(&coded, 1024);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        nr_buf_reset(&coded);
        base64_write(nr_view(rows[i][0]), &coded);
        cr_assert_str_eq(nr_buf_text(&coded), rows[i][1]);
    }
    nr_buf_done(&coded);
}
