/* What a real socket cannot be made to do on demand: a reply that arrives cut at exactly this byte, and time
 * that passes while nothing arrives. The client gets one end of a pair of sockets that keep the bounds of
 * what was sent: each piece is one read(2). */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/api.h"
#include "tests/support/fake_clock.h"

#define HEAD                                                                                                 \
    "HTTP/1.1 200 OK\r\nLambda-Runtime-Aws-Request-Id: id-1\r\nLambda-Runtime-Deadline-Ms: "                 \
    "1764000000123\r\n"

static const char plain[] = HEAD "Content-Length: 14\r\n\r\n{\"a\": \"\\r\\n\"}\n";
static const char chunked[] =
    HEAD "Transfer-Encoding: chunked\r\n\r\n4;of=it\r\n{\"a\"\r\n2\r\n: \r\n08\r\n\"\\r\\n\"}\n\r\n"
         "0\r\nX-Trailer: seen\r\nX-More: of it\r\n\r\n";
static const char accepted[] =
    "HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n"
    "{\"status\":\"OK\"}\n";

#define EVENT NR_VIEW("{\"a\": \"\\r\\n\"}\n")

struct server {
    int fd;
    const char *reply;
    bool is_byte_by_byte;
    void (*before)(void); /* what happens between request and reply */
    pthread_t thread;
};

static pid_t client; /* the thread that waits for a reply */

static void send_piece(const struct server *server, const char *bytes, size_t len)
{
    if (len)
        cr_assert_eq(send(server->fd, bytes, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void send_reply(const struct server *server, size_t cut)
{
    size_t len = strlen(server->reply);

    for (size_t i = 0; server->is_byte_by_byte && i < len; i++)
        send_piece(server, server->reply + i, 1);
    if (server->is_byte_by_byte)
        return;
    send_piece(server, server->reply, cut);
    send_piece(server, server->reply + cut, len - cut);
}

/* The n-th reply is cut before its n-th byte; until the client has gone. */
static void *serve(void *self)
{
    const struct server *server = self;
    char request[4096];

    for (size_t cut = 0; recv(server->fd, request, sizeof(request), 0) > 0; cut++) {
        if (server->before)
            server->before();
        send_reply(server, cut % strlen(server->reply));
    }
    return NULL;
}

struct talk {
    struct server server;
    struct api api;
    struct api_event event;
    struct nr_err err;
};

static void talk_done(struct talk *talk)
{
    api_done(&talk->api); /* the server's recv() ends */
    pthread_join(talk->server.thread, NULL);
    close(talk->server.fd);
}

#define TALK NR_AUTO(talk_done) struct talk

static void begin(struct talk *talk, struct server server)
{
    int pair[2];

    *talk = (struct talk){.server = server};
    client = (pid_t)syscall(SYS_gettid);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    cr_assert_eq(api_init(&talk->api, "127.0.0.1:9", &talk->err), 0, "%s", talk->err.message);
    talk->api.conn.fd = pair[0];
    talk->server.fd = pair[1];
    cr_assert_eq(pthread_create(&talk->server.thread, NULL, serve, &talk->server), 0);
}

static void must_get_the_event(struct talk *talk, size_t cut)
{
    int fd = talk->api.conn.fd;

    cr_assert_eq(api_next(&talk->api, &talk->event, &talk->err), 0, "cut at %zu: %s", cut, talk->err.message);
    cr_assert(nr_view_is(talk->event.body, EVENT), "cut at %zu: %.*s", cut, (int)talk->event.body.len,
              talk->event.body.ptr);
    cr_assert_str_eq(talk->event.request_id, "id-1", "cut at %zu", cut);
    cr_assert_eq(talk->event.deadline_unix_ms, 1764000000123, "cut at %zu", cut);
    cr_assert_eq(talk->api.conn.fd, fd, "cut at %zu: not on the same connection", cut);
}

static void must_get_the_event_however_it_is_cut(const char *reply)
{
    TALK talk;

    begin(&talk, (struct server){.reply = reply});
    for (size_t cut = 0; cut < strlen(reply); cut++)
        must_get_the_event(&talk, cut);
}

Test(api_pieces, event_with_a_length_is_read_across_every_boundary)
{
    must_get_the_event_however_it_is_cut(plain);
}

Test(api_pieces, chunked_event_is_read_across_every_boundary)
{
    must_get_the_event_however_it_is_cut(chunked);
}

Test(api_pieces, chunked_event_is_read_byte_by_byte)
{
    TALK talk;

    begin(&talk, (struct server){.reply = chunked, .is_byte_by_byte = true});
    must_get_the_event(&talk, 0);
    must_get_the_event(&talk, 0);
}

Test(api_pieces, reply_to_an_answer_is_read_across_every_boundary)
{
    TALK talk;

    begin(&talk, (struct server){.reply = accepted});
    snprintf(talk.api.request_id, sizeof(talk.api.request_id), "id-1");
    for (size_t cut = 0; cut < strlen(accepted); cut++)
        cr_assert_eq(api_respond(&talk.api, NR_VIEW("1"), "text/plain", &talk.err), API_ACCEPTED,
                     "cut at %zu: %s", cut, talk.err.message);
}

/* --- a /next that nothing comes to, for as long as a sandbox may lie frozen */

/* Wait until the client lies in read(2), which has no timeout of its own; the test's own timeout ends a wait
 * in vain. */
static void wait_for_read(void)
{
    char path[64];
    char line[256] = "";
    long call = -1;

    snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", (int)client);
    while (call != SYS_read) {
        FILE *file = fopen(path, "r");

        cr_assert(file, "%s cannot be read: is CONFIG_HAVE_ARCH_TRACEHOOK missing?", path);
        if (!fgets(line, sizeof(line), file) || sscanf(line, "%ld", &call) != 1)
            call = -1; /* "running" */
        fclose(file);
        sched_yield();
    }
}

static void let_a_day_pass(void)
{
    wait_for_read();
    fake_clock_advance(61 * 1000);
    fake_clock_advance(24 * 3600 * 1000);
    wait_for_read(); /* still there */
}

Test(api_pieces, next_waits_without_any_limit, .timeout = 60)
{
    struct timeval timeout = {.tv_sec = 1};
    socklen_t len = sizeof(timeout);
    TALK talk;

    fake_clock_set(1764000000000, 5000);
    begin(&talk, (struct server){.reply = plain, .before = let_a_day_pass});
    must_get_the_event(&talk, 0);

    cr_assert_eq(getsockopt(talk.api.conn.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, &len), 0);
    cr_expect(timeout.tv_sec == 0 && timeout.tv_usec == 0, "the socket has a timeout");
}
