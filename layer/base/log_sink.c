#include <errno.h>
#include <poll.h>
#include <sys/uio.h>
#include <unistd.h>

#include "log_sink.h"

enum {
    TYPE_ANY = 0xA55A0000, /* LogPatch.js; the low bits say text or JSON, and the level */
    TYPE_JSON = 2,
    TYPE_TEXT = 3,
    LEVEL_STEP = 4, /* TRACE is 1 * 4, FATAL 6 * 4 */
};

static struct {
    int fd;
    bool is_framed;
} sink = {.fd = STDERR_FILENO};

void log_sink_to(int fd)
{
    sink.fd = fd;
    sink.is_framed = false;
}

void log_sink_frames_to(int fd)
{
    sink.fd = fd;
    sink.is_framed = true;
}

static void put_big_endian(unsigned char *out, uint64_t value, int n_bytes)
{
    for (int i = n_bytes - 1; i >= 0; i--) {
        out[i] = (unsigned char)(value & 0xff);
        value >>= 8;
    }
}

void log_sink_frame(enum nr_log_level level, bool is_json, int64_t wall_us, size_t len,
                    unsigned char out[LOG_SINK_FRAME_BYTES])
{
    uint32_t type =
        (uint32_t)TYPE_ANY | (is_json ? TYPE_JSON : TYPE_TEXT) | ((uint32_t)level + 1) * LEVEL_STEP;

    put_big_endian(out, type, 4);
    put_big_endian(out + 4, len, 4);
    put_big_endian(out + 8, (uint64_t)wall_us, 8);
}

/* The descriptor was made non-blocking by whoever shares it, and is full: a record is worth waiting for. */
static bool wait_for_room(int fd)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};

    return poll(&room, 1, -1) > 0 || errno == EINTR;
}

static void write_all(int fd, struct iovec *parts, int n_parts)
{
    while (n_parts > 0) {
        ssize_t n = writev(fd, parts, n_parts);

        if (n < 0 && (errno == EINTR || (errno == EAGAIN && wait_for_room(fd))))
            continue;
        if (n < 0)
            return;
        for (; n_parts > 0 && (size_t)n >= parts->iov_len; parts++, n_parts--)
            n -= (ssize_t)parts->iov_len;
        if (n_parts > 0) {
            parts->iov_base = (char *)parts->iov_base + n;
            parts->iov_len -= (size_t)n;
        }
    }
}

void log_sink_write(enum nr_log_level level, bool is_json, int64_t wall_us, struct nr_view record)
{
    unsigned char frame[LOG_SINK_FRAME_BYTES];
    struct iovec parts[2] = {{frame, sizeof(frame)}, {(void *)(uintptr_t)record.ptr, record.len}};
    int errno_before = errno;

    if (record.len == 0)
        return;
    if (sink.is_framed) {
        parts[1].iov_len--; /* the frame says where it ends */
        log_sink_frame(level, is_json, wall_us, parts[1].iov_len, frame);
        write_all(sink.fd, parts, 2);
    } else {
        write_all(sink.fd, parts + 1, 1);
    }
    errno = errno_before;
}
