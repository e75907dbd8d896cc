#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "runtime/http1.h"

void http1_begin(struct http1_reply *reply, size_t body_max)
{
    reply->state = HTTP1_HEAD;
    reply->status = 0;
    reply->is_keep_alive = true;
    reply->n_headers = 0;
    reply->body_at = 0;
    reply->body_len = 0;
    reply->read_at = 0;
    reply->section_at = 0;
    reply->body_max = body_max;
    reply->left = 0;
}

static int refuse(struct nr_err *err, const char *why)
{
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Runtime.InvalidReply",
                      "the Runtime API's reply is not HTTP/1.1: %s", why);
}

/* The line at read_at: its bytes without CR LF in *line, read_at moved behind it. 0 = not there yet. */
static int take_line(struct http1_reply *reply, char *data, size_t len, struct nr_view *line,
                     struct nr_err *err)
{
    char *start = data + reply->read_at;
    char *end = memchr(start, '\n', len - reply->read_at);

    if (!end)
        return len - reply->section_at > HTTP1_HEAD_MAX_BYTES ? refuse(err, "header section too long") : 0;
    if (end == start || end[-1] != '\r')
        return refuse(err, "a line without CR");
    *line = nr_view_n(start, (size_t)(end - start) - 1);
    reply->read_at += (size_t)(end - start) + 1;
    if (reply->read_at - reply->section_at > HTTP1_HEAD_MAX_BYTES)
        return refuse(err, "header section too long");
    return 1;
}

static int parse_status(struct http1_reply *reply, struct nr_view line, struct nr_err *err)
{
    const char *p = line.ptr;

    if (line.len < 12 || memcmp(p, "HTTP/1.", 7) != 0 || (p[7] != '0' && p[7] != '1') || p[8] != ' ')
        return refuse(err, "no status line");
    for (int i = 9; i < 12; i++) {
        if (p[i] < '0' || p[i] > '9')
            return refuse(err, "status is no number");
        reply->status = reply->status * 10 + (p[i] - '0');
    }
    if (reply->status < 100 || reply->status > 599 || (line.len > 12 && p[12] != ' '))
        return refuse(err, "status out of range");
    reply->is_keep_alive = p[7] == '1';
    return 0;
}

/* RFC 9110 section 5.6.2. */
static bool is_token(struct nr_view name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.ptr[i] <= 0x20 || name.ptr[i] >= 0x7f || strchr("()<>@,;:\\\"/[]?={}", name.ptr[i]))
            return false;
    return name.len > 0;
}

static int parse_header(struct http1_reply *reply, char *data, struct nr_view line, struct nr_err *err)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    struct http1_header *header = &reply->headers[reply->n_headers];
    struct nr_view value;

    if (!colon || !is_token(nr_view_n(line.ptr, (size_t)(colon - line.ptr))))
        return refuse(err, "a header without a name");
    if (reply->n_headers == HTTP1_HEADERS_MAX)
        return refuse(err, "too many headers");
    value = nr_view_trim(nr_view_n(colon + 1, line.len - (size_t)(colon + 1 - line.ptr)));
    if (value.len == 0)
        value.ptr = colon + 1;
    header->name_at = (size_t)(line.ptr - data);
    header->name_len = (size_t)(colon - line.ptr);
    header->value_at = (size_t)(value.ptr - data);
    header->value_len = value.len;
    data[header->value_at + value.len] = '\0'; /* a space or the CR stood here: already read */
    reply->n_headers++;
    return 0;
}

struct nr_view http1_header(const struct http1_reply *reply, const char *data, const char *name)
{
    struct nr_view wanted = nr_view(name);

    for (size_t i = 0; i < reply->n_headers; i++) {
        const struct http1_header *header = &reply->headers[i];

        if (nr_view_is_nocase(nr_view_n(data + header->name_at, header->name_len), wanted))
            return nr_view_n(data + header->value_at, header->value_len);
    }
    return nr_view_n(NULL, 0);
}

struct nr_view http1_body(const struct http1_reply *reply, const char *data)
{
    return nr_view_n(data + reply->body_at, reply->body_len);
}

static int parse_size(struct nr_view text, unsigned base, size_t max, size_t *out, struct nr_err *err)
{
    static const char digits[] = "0123456789abcdef";
    size_t value = 0;

    if (text.len == 0)
        return refuse(err, "a length is missing");
    for (size_t i = 0; i < text.len; i++) {
        const char *digit = memchr(digits, text.ptr[i] | 0x20, base);

        /* Setting the letter bit keeps digits as they are (0x30 has it) and would let 0x10..0x19 through. */
        if (!digit || text.ptr[i] < '0')
            return refuse(err, "a length is no number");
        value = value * base + (size_t)(digit - digits);
        if (value > max)
            return refuse(err, "body too long");
    }
    *out = value;
    return 0;
}

/* Two lines that say differently how long the body is mean that somebody along the way was confused (RFC 9112
 * section 6.3). */
static int check_single(const struct http1_reply *reply, const char *data, struct nr_view name,
                        struct nr_view first, struct nr_err *err)
{
    for (size_t i = 0; i < reply->n_headers; i++) {
        const struct http1_header *h = &reply->headers[i];

        if (nr_view_is_nocase(nr_view_n(data + h->name_at, h->name_len), name) &&
            !nr_view_is(nr_view_n(data + h->value_at, h->value_len), first))
            return refuse(err, "two lengths");
    }
    return 0;
}

/* The status alone says that no body follows, whatever the headers say (RFC 9112 section 6.3). */
static bool is_bodiless(int status)
{
    return status == 204 || status == 304;
}

/* How the body is framed; a body that only the end of the connection delimits is refused, since a cut one
 * would look whole. */
static int begin_body(struct http1_reply *reply, const char *data, struct nr_err *err)
{
    struct nr_view coding = http1_header(reply, data, "transfer-encoding");
    struct nr_view length = http1_header(reply, data, "content-length");

    if (nr_view_is_nocase(http1_header(reply, data, "connection"), NR_VIEW("close")))
        reply->is_keep_alive = false;
    reply->body_at = reply->read_at;
    reply->state = HTTP1_BODY;
    if (is_bodiless(reply->status))
        return 0;
    if (coding.ptr) {
        if (length.ptr || !nr_view_is_nocase(coding, NR_VIEW("chunked")))
            return refuse(err, "unknown transfer coding");
        reply->state = HTTP1_CHUNK_SIZE;
        reply->section_at = reply->read_at;
        return check_single(reply, data, NR_VIEW("transfer-encoding"), coding, err);
    }
    if (!length.ptr)
        return refuse(err, "neither length nor chunks");
    if (check_single(reply, data, NR_VIEW("content-length"), length, err) != 0)
        return -1;
    return parse_size(length, 10, reply->body_max, &reply->left, err);
}

static int step_head(struct http1_reply *reply, char *data, size_t len, struct nr_err *err)
{
    struct nr_view line;
    int got = take_line(reply, data, len, &line, err);

    if (got != 1)
        return got;
    if (reply->status == 0)
        return parse_status(reply, line, err) == 0 ? 1 : -1;
    if (line.len)
        return parse_header(reply, data, line, err) == 0 ? 1 : -1;
    if (reply->status < 200) { /* an interim reply: the real one follows */
        size_t at = reply->read_at;

        http1_begin(reply, reply->body_max);
        reply->read_at = at; /* section_at stays: interim replies without end are refused as well */
        return 1;
    }
    return begin_body(reply, data, err) == 0 ? 1 : -1;
}

static int step_body(struct http1_reply *reply, size_t len)
{
    if (len - reply->read_at < reply->left)
        return 0;
    reply->body_len = reply->left;
    reply->read_at += reply->left;
    reply->state = HTTP1_DONE;
    return 1;
}

static int step_chunk_size(struct http1_reply *reply, char *data, size_t len, struct nr_err *err)
{
    struct nr_view line;
    const char *extension;
    int got = take_line(reply, data, len, &line, err);

    if (got != 1)
        return got;
    extension = memchr(line.ptr, ';', line.len);
    if (extension)
        line.len = (size_t)(extension - line.ptr);
    if (parse_size(nr_view_trim(line), 16, reply->body_max - reply->body_len, &reply->left, err) != 0)
        return -1;
    reply->state = reply->left ? HTTP1_CHUNK_DATA : HTTP1_TRAILER;
    return 1;
}

/* Move the chunk's bytes down behind the body so far; the gap is what the size line took. */
static int step_chunk_data(struct http1_reply *reply, char *data, size_t len)
{
    size_t n = len - reply->read_at < reply->left ? len - reply->read_at : reply->left;

    memmove(data + reply->body_at + reply->body_len, data + reply->read_at, n);
    reply->body_len += n;
    reply->read_at += n;
    reply->left -= n;
    if (reply->left)
        return 0;
    reply->state = HTTP1_CHUNK_END;
    reply->section_at = reply->read_at;
    return 1;
}

static int step_chunk_end(struct http1_reply *reply, char *data, size_t len, struct nr_err *err)
{
    struct nr_view line;
    int got = take_line(reply, data, len, &line, err);

    if (got != 1)
        return got;
    if (line.len)
        return refuse(err, "a chunk is longer than it says");
    reply->state = HTTP1_CHUNK_SIZE;
    return 1;
}

static int step_trailer(struct http1_reply *reply, char *data, size_t len, struct nr_err *err)
{
    struct nr_view line;
    int got = take_line(reply, data, len, &line, err);

    if (got == 1 && line.len == 0)
        reply->state = HTTP1_DONE;
    return got;
}

/* One step: 1 = go on, 0 = more bytes needed, -1 = refused. */
static int step(struct http1_reply *reply, char *data, size_t len, struct nr_err *err)
{
    switch (reply->state) {
    case HTTP1_HEAD:
        return step_head(reply, data, len, err);
    case HTTP1_BODY:
        return step_body(reply, len);
    case HTTP1_CHUNK_SIZE:
        return step_chunk_size(reply, data, len, err);
    case HTTP1_CHUNK_DATA:
        return step_chunk_data(reply, data, len);
    case HTTP1_CHUNK_END:
        return step_chunk_end(reply, data, len, err);
    case HTTP1_TRAILER:
        return step_trailer(reply, data, len, err);
    default:
        return 1;
    }
}

int http1_parse(struct http1_reply *reply, char *data, size_t len, struct nr_err *err)
{
    int got = 1;

    while (got == 1 && reply->state != HTTP1_DONE)
        got = step(reply, data, len, err);
    return got;
}
