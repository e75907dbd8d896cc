#include <zlib.h>

#include "functions/search/base64.h"
#include "functions/search/decode.h"

enum {
    GZIP_WINDOW = 15 + 16, /* zlib: the largest window, and a gzip header must be there */
    CHUNK_BYTES = 16 * 1024,
};

void decode_init(struct decode *decode, size_t max_bytes)
{
    nr_buf_init(&decode->bytes, max_bytes);
    nr_buf_init(&decode->text, max_bytes);
}

void decode_done(struct decode *decode)
{
    nr_buf_done(&decode->bytes);
    nr_buf_done(&decode->text);
}

static int refuse(const char *why, struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidBody", "%s", why);
}

static bool is_json(struct nr_view text)
{
    text = nr_view_trim(text);
    return text.len && (text.ptr[0] == '{' || text.ptr[0] == '[');
}

static bool is_gzip(struct nr_view bytes)
{
    return nr_view_starts(bytes, NR_VIEW("\x1f\x8b"));
}

/* Everything that the stream has, into out. Returns zlib's last word: Z_STREAM_END when it is whole. */
static int inflate_all(z_stream *stream, struct nr_buf *out)
{
    int result = Z_OK;

    while (result == Z_OK) {
        size_t left = out->max_bytes - out->len;
        size_t n = left == 0            ? 1
                   : left < CHUNK_BYTES ? left
                                        : CHUNK_BYTES; /* one too many turns the buffer bad */
        char *room = nr_buf_room(out, n);

        if (!room)
            return Z_MEM_ERROR;
        stream->next_out = (unsigned char *)room;
        stream->avail_out = (unsigned)n;
        result = inflate(stream, Z_NO_FLUSH);
        out->len += n - stream->avail_out;
    }
    return result;
}

static int gunzip(struct decode *decode, struct nr_view bytes, struct nr_view *out, struct nr_err *err)
{
    z_stream stream = {.avail_in = (unsigned)bytes.len};
    int result;

    stream.next_in = (z_const unsigned char *)(uintptr_t)bytes.ptr;
    nr_buf_reset(&decode->text);
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory to inflate it");
    result = inflate_all(&stream, &decode->text);
    inflateEnd(&stream);
    if (nr_buf_check(&decode->text, "what is in it", err) != 0)
        return -1;
    if (result != Z_STREAM_END || stream.avail_in)
        return refuse("must be whole and sound gzip", err);
    *out = nr_buf_view(&decode->text);
    return 0;
}

static int unbase64(struct decode *decode, struct nr_view body, struct nr_view *out, struct nr_err *err)
{
    nr_buf_reset(&decode->bytes);
    if (!base64_read(body, &decode->bytes) && nr_buf_check(&decode->bytes, "what is in it", err) == 0)
        return refuse("must be JSON, or base64 of JSON or of gzip", err);
    if (nr_buf_check(&decode->bytes, "what is in it", err) != 0)
        return -1;
    *out = nr_buf_view(&decode->bytes);
    return 0;
}

int decode_body(struct decode *decode, struct nr_view body, bool is_base64, struct nr_view *out,
                struct nr_err *err)
{
    struct nr_view text = body;

    if ((is_base64 || !is_json(text)) && unbase64(decode, body, &text, err) != 0)
        return -1;
    if (is_gzip(text) && gunzip(decode, text, &text, err) != 0)
        return -1;
    if (!is_json(text))
        return refuse("must be JSON, or base64 of JSON or of gzip", err);
    *out = text;
    return 0;
}
