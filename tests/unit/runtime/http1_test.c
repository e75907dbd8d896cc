#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include <narae/buf.h>

#include "runtime/http1.h"

enum { BODY_MAX = 1000 };

/* The parser writes into its input and may not look beyond it, so each try gets a heap copy of exactly that
 * length. */
struct
try {
    struct http1_reply reply;
    char *data;
    struct nr_err err;
    int got;
};

static void try_done(struct try *t)
{
    free(t->data);
}

#define TRY NR_AUTO(try_done) struct try

static struct try parse_all(struct nr_view bytes)
{
    struct try t = {.data = malloc(bytes.len ? bytes.len : 1)};

    memcpy(t.data, bytes.ptr, bytes.len);
    http1_begin(&t.reply, BODY_MAX);
    t.got = http1_parse(&t.reply, t.data, bytes.len, &t.err);
    return t;
}

/* First `at` bytes, then the rest; the buffer moves in between, as a growing one does. */
static struct try parse_split(struct nr_view bytes, size_t at)
{
    char *first = malloc(at + 1);
    struct try t = {.data = malloc(bytes.len)};

    http1_begin(&t.reply, BODY_MAX);
    memcpy(first, bytes.ptr, at);
    t.got = http1_parse(&t.reply, first, at, &t.err);
    memcpy(t.data, first, at);
    memcpy(t.data + at, bytes.ptr + at, bytes.len - at);
    free(first);
    if (t.got == 0)
        t.got = http1_parse(&t.reply, t.data, bytes.len, &t.err);
    return t;
}

static bool body_is(const struct try *t, const char *text)
{
    return nr_view_is(http1_body(&t->reply, t->data), nr_view(text));
}

static bool header_is(const struct try *t, const char *name, const char *text)
{
    struct nr_view value = http1_header(&t->reply, t->data, name);

    return value.ptr && nr_view_is(value, nr_view(text)) && value.ptr[value.len] == '\0';
}

static const struct {
    const char *what;
    struct nr_view bytes;
    int status;
    const char *body;
    bool is_keep_alive;
} good[] = {
    {"length", NR_VIEW("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nhello"), 200, "hello", true},
    {"no reason", NR_VIEW("HTTP/1.1 202\r\nA:b\r\ncontent-length: 0\r\n\r\n"), 202, "", true},
    {"empty reason", NR_VIEW("HTTP/1.1 500 \r\nA: b\r\nContent-Length:2\r\n\r\n{}"), 500, "{}", true},
    {"says close", NR_VIEW("HTTP/1.1 200 OK\r\nA: b\r\nConnection: Close\r\nContent-Length: 1\r\n\r\nx"), 200,
     "x", false},
    {"http 1.0", NR_VIEW("HTTP/1.0 200 OK\r\nA: b\r\nContent-Length: 1\r\n\r\nx"), 200, "x", false},
    {"chunks",
     NR_VIEW("HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: "
             "chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n"),
     200, "hello!", true},
    {"trailer",
     NR_VIEW("HTTP/1.1 200 OK\r\nA: b\r\ntransfer-encoding: Chunked\r\n\r\nA \r\n0123456789\r\n00\r\nT: "
             "u\r\n\r\n"),
     200, "0123456789", true},
    {"interim",
     NR_VIEW("HTTP/1.1 100 Continue\r\nA: no\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 1\r\n\r\nx"),
     200, "x", true},
    {"no content", NR_VIEW("HTTP/1.1 204 No Content\r\nA: b\r\n\r\n"), 204, "", true},
    {"length said twice alike",
     NR_VIEW("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx"), 200, "x", true},
};

Test(http1, reads_reply_when_whole)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        TRY t = parse_all(good[i].bytes);

        cr_expect_eq(t.got, 1, "%s: %s", good[i].what, t.err.message);
        cr_expect_eq(t.reply.status, good[i].status, "%s", good[i].what);
        cr_expect_eq(t.reply.is_keep_alive, good[i].is_keep_alive, "%s", good[i].what);
        cr_expect(body_is(&t, good[i].body), "%s", good[i].what);
        cr_expect(header_is(&t, "a", "b"), "%s", good[i].what);
        cr_expect_eq(t.reply.read_at, good[i].bytes.len, "%s", good[i].what);
    }
}

Test(http1, reads_the_same_when_split_at_any_byte)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        for (size_t at = 0; at < good[i].bytes.len; at++) {
            TRY t = parse_split(good[i].bytes, at);

            cr_expect(t.got == 1 && t.reply.status == good[i].status && body_is(&t, good[i].body) &&
                          header_is(&t, "A", "b"),
                      "%s, split at %zu: %d %s", good[i].what, at, t.got, t.err.message);
        }
}

Test(http1, waits_when_any_byte_is_missing)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        for (size_t len = 0; len < good[i].bytes.len; len++) {
            TRY t = parse_all(nr_view_n(good[i].bytes.ptr, len));

            cr_expect_eq(t.got, 0, "%s, cut at %zu: %s", good[i].what, len, t.err.message);
        }
}

Test(http1, leaves_what_follows_the_reply)
{
    TRY t = parse_all(NR_VIEW("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 500"));

    cr_assert_eq(t.got, 1);
    cr_expect(body_is(&t, "x"));
    cr_expect_eq(t.reply.read_at, strlen("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"));
}

Test(http1, keeps_first_of_two_headers_and_empty_values)
{
    TRY t = parse_all(
        NR_VIEW("HTTP/1.1 200 OK\r\nX-A: one\r\nx-a: two\r\nEmpty:\r\nBlank: \t \r\nPad: \t p q \r\n"
                "Content-Length: 0\r\n\r\n"));

    cr_assert_eq(t.got, 1, "%s", t.err.message);
    cr_expect(header_is(&t, "X-a", "one"));
    cr_expect(header_is(&t, "empty", ""));
    cr_expect(header_is(&t, "blank", ""));
    cr_expect(header_is(&t, "pad", "p q"));
    cr_expect_null(http1_header(&t.reply, t.data, "absent").ptr);
}

static const struct {
    struct nr_view bytes;
    const char *why;
} bad[] = {
    {NR_VIEW("HTTP/2 200 OK\r\n"), "no status line"},
    {NR_VIEW("HTTP/1.2 200 OK\r\n"), "no status line"},
    {NR_VIEW("\r\n"), "no status line"},
    {NR_VIEW("SSH-2.0-OpenSSH_9.2\r\n"), "no status line"},
    {NR_VIEW("HTTP/1.1 2x0 OK\r\n"), "status is no number"},
    {NR_VIEW("HTTP/1.1 099 OK\r\n"), "status out of range"},
    {NR_VIEW("HTTP/1.1 600 OK\r\n"), "status out of range"},
    {NR_VIEW("HTTP/1.1 2000 OK\r\n"), "status out of range"},
    {NR_VIEW("HTTP/1.1 200 OK\nA: b\n\n"), "a line without CR"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nno colon\r\n"), "a header without a name"},
    {NR_VIEW("HTTP/1.1 200 OK\r\n: v\r\n"), "a header without a name"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nA : v\r\n"), "a header without a name"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nA: b\r\n folded: c\r\n"), "a header without a name"},
    {NR_VIEW("HTTP/1.1 200 OK\r\n\xC3\xA9: v\r\n"), "a header without a name"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nA: b\r\n\r\n"), "neither length nor chunks"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n"), "a length is missing"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"), "a length is no number"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nContent-Length: 0x1\r\n\r\n"), "a length is no number"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n"), "a length is no number"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nContent-Length: \x11\r\n\r\n"), "a length is no number"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"), "body too long"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n"), "body too long"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), "two lengths"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
     "unknown transfer coding"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), "unknown transfer coding"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n"),
     "two lengths"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ng\r\n"), "a length is no number"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n"), "a length is missing"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"), "body too long"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n"),
     "a chunk is longer than it says"},
    {NR_VIEW("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\n"), "a line without CR"},
};

Test(http1, refuses_what_is_not_http)
{
    char text[NR_ERR_MESSAGE_MAX_BYTES];

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        TRY t = parse_all(bad[i].bytes);

        snprintf(text, sizeof(text), "the Runtime API's reply is not HTTP/1.1: %s", bad[i].why);
        cr_expect_eq(t.got, -1, "%s", bad[i].bytes.ptr);
        cr_expect_eq(t.err.kind, NR_ERR_UNAVAILABLE, "%s", bad[i].bytes.ptr);
        cr_expect_str_eq(t.err.type, "Runtime.InvalidReply");
        cr_expect_str_eq(t.err.message, text, "%s", bad[i].bytes.ptr);
    }
}

Test(http1, refuses_the_same_when_split_at_any_byte)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        for (size_t at = 0; at < bad[i].bytes.len; at++) {
            TRY t = parse_split(bad[i].bytes, at);

            cr_expect_eq(t.got, -1, "%s, split at %zu", bad[i].bytes.ptr, at);
        }
}

static struct try parse_repeated(const char *head, const char *line, size_t n, const char *end)
{
    NR_BUF_AUTO bytes;

    nr_buf_init(&bytes, 1 << 24);
    nr_buf_add_text(&bytes, head);
    for (size_t i = 0; i < n; i++)
        nr_buf_add_text(&bytes, line);
    nr_buf_add_text(&bytes, end);
    return parse_all(nr_buf_view(&bytes));
}

Test(http1, takes_64_headers_and_no_more)
{
    TRY most =
        parse_repeated("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", "A: b\r\n", HTTP1_HEADERS_MAX - 1, "\r\n");
    TRY more =
        parse_repeated("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n", "A: b\r\n", HTTP1_HEADERS_MAX, "\r\n");

    cr_expect_eq(most.got, 1, "%s", most.err.message);
    cr_expect_eq(more.got, -1);
    cr_expect_str_eq(more.err.message, "the Runtime API's reply is not HTTP/1.1: too many headers");
}

static const char too_long[] = "the Runtime API's reply is not HTTP/1.1: header section too long";

Test(http1, takes_a_huge_header_within_the_cap)
{
    TRY within =
        parse_repeated("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b", "aaaaaaaa", 16 * 1024, "\r\n\r\n");
    TRY beyond =
        parse_repeated("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: b", "aaaaaaaa", 32 * 1024, "\r\n\r\n");
    TRY endless = parse_repeated("HTTP/1.1 200 OK\r\nA: b", "aaaaaaaa", 32 * 1024, "");

    cr_expect_eq(within.got, 1, "%s", within.err.message);
    cr_expect_eq(beyond.got, -1);
    cr_expect_str_eq(beyond.err.message, too_long);
    cr_expect_eq(endless.got, -1);
    cr_expect_str_eq(endless.err.message, too_long);
}

Test(http1, caps_what_lies_between_chunks_and_behind_them)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    TRY extension = parse_repeated(head, "1;aaaaaa", 33 * 1024, "");
    TRY trailer = parse_repeated("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "T: aaaa\r\n",
                                 32 * 1024, "\r\n");
    TRY interim = parse_repeated("", "HTTP/1.1 100 Continue\r\n\r\n", 16 * 1024, "");

    cr_expect_str_eq(extension.err.message, too_long);
    cr_expect_str_eq(trailer.err.message, too_long);
    cr_expect_str_eq(interim.err.message, too_long);
}

/* A large chunked event whose size line is cut by the end of a read: it is the line that is capped, not the
 * event. */
Test(http1, reads_large_chunked_body_when_size_line_is_split)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n61a80\r\n";
    struct nr_err err = {0};
    struct http1_reply reply;
    NR_BUF_AUTO bytes;
    size_t cut;

    nr_buf_init(&bytes, 1 << 24);
    nr_buf_add_text(&bytes, head);
    for (int i = 0; i < 400000; i++)
        nr_buf_add_char(&bytes, 'a');
    nr_buf_add_text(&bytes, "\r\n");
    cut = bytes.len + 1;
    nr_buf_add_text(&bytes, "1\r\nb\r\n0\r\n\r\n");

    http1_begin(&reply, 1 << 20);
    cr_assert_eq(http1_parse(&reply, bytes.data, cut, &err), 0, "%s", err.message);
    cr_assert_eq(http1_parse(&reply, bytes.data, bytes.len, &err), 1, "%s", err.message);
    cr_expect_eq(reply.body_len, 400001u);
    cr_expect_eq(bytes.data[reply.body_at + 400000], 'b');
}
