#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include <narae/buf.h>

#include "kinesis.h"

enum {
    HEAD_MAX_BYTES = 16 * 1024,
    BODY_MAX_BYTES = 32 * 1024 * 1024,
    JOURNAL_MAX_BYTES = 512 * 1024 * 1024,
    REPLY_MAX_BYTES = 1024 * 1024,
    /* PutRecords (Kinesis API Reference) */
    RECORDS_MAX = 500,
    REQUEST_MAX_BYTES = 10 * 1024 * 1024,
    RECORD_MAX_BYTES = 1024 * 1024,
    KEY_MAX_CHARS = 256,
};

struct kinesis {
    struct kinesis_options options;
    int listener;
    int port;
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    int fds[64]; /* open connections; 0 = none */
    int n_open;
    bool is_stopping;
    int n_connections, n_requests, n_beyond;
    size_t n_records, largest_data;
    struct nr_buf rows, keys;
    char last_head[HEAD_MAX_BYTES];
};

/* One connection; its bytes as far as they were read. */
struct client {
    struct kinesis *kinesis;
    int fd;
    struct nr_buf in;
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    perror(what);
    exit(1);
}

/* --- reading -------------------------------------------------------------------------------------------- */

static bool read_more(struct client *client)
{
    char *room = nr_buf_room(&client->in, 64 * 1024);
    ssize_t n = room ? read(client->fd, room, 64 * 1024) : -1;

    if (n <= 0)
        return false;
    client->in.len += (size_t)n;
    return true;
}

static size_t body_bytes(const char *head)
{
    const char *length = strcasestr(head, "\r\ncontent-length:");

    return length ? strtoul(length + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

/* A whole request: *head_len bytes of head, and the body behind it. */
static bool read_request(struct client *client, size_t *head_len, size_t *body_len)
{
    for (;;) {
        char *text = (char *)(uintptr_t)nr_buf_text(&client->in);
        char *end = strstr(text, "\r\n\r\n");

        if (end) {
            *head_len = (size_t)(end + 4 - text);
            end[2] = '\0'; /* strcasestr must not run into the body */
            *body_len = body_bytes(text);
            end[2] = '\r';
            break;
        }
        if (!read_more(client))
            return false;
    }
    if (strcasestr(nr_buf_text(&client->in), "\r\nexpect: 100-continue"))
        (void)!write(client->fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    while (client->in.len < *head_len + *body_len)
        if (!read_more(client))
            return false;
    return true;
}

/* --- storing -------------------------------------------------------------------------------------------- */

static size_t unbase64(const char *text, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t word = 0;
    size_t n = 0;
    int bits = 0;

    for (; *text && *text != '='; text++) {
        const char *digit = strchr(digits, *text);

        must(digit != NULL, "kinesis: Data is no base64");
        word = word << 6 | (uint32_t)(digit - digits);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[n++] = (char)(word >> bits);
        }
    }
    return n;
}

static void store(struct kinesis *kinesis, const json_t *record)
{
    const char *text = json_string_value(json_object_get(record, "Data"));
    char *room = nr_buf_room(&kinesis->rows, strlen(text) + 1);
    size_t n;

    must(room != NULL, "kinesis: journal");
    n = unbase64(text, room);
    kinesis->rows.len += n;
    nr_buf_add_char(&kinesis->rows, '\n');
    nr_buf_add_text(&kinesis->keys, json_string_value(json_object_get(record, "PartitionKey")));
    nr_buf_add_char(&kinesis->keys, '\n');
    kinesis->n_records++;
    if (n > kinesis->largest_data)
        kinesis->largest_data = n;
}

/* As the service counts: data before base64, and keys. */
static bool is_within_limits(const json_t *records)
{
    size_t total = 0;
    size_t i;
    json_t *record;

    if (json_array_size(records) < 1 || json_array_size(records) > RECORDS_MAX)
        return false;
    json_array_foreach(records, i, record)
    {
        const char *key = json_string_value(json_object_get(record, "PartitionKey"));
        const char *data = json_string_value(json_object_get(record, "Data"));
        size_t n;

        if (!key || !data || !*key || strlen(key) > KEY_MAX_CHARS || !*data)
            return false;
        n = strlen(data) / 4 * 3 + strlen(key);
        if (n > RECORD_MAX_BYTES + 2)
            return false;
        total += n;
    }
    return total <= REQUEST_MAX_BYTES;
}

/* --- answering ------------------------------------------------------------------------------------------ */

static struct kinesis_rule rule_of(const struct kinesis *kinesis, int n)
{
    for (int i = 0; i < KINESIS_RULES_MAX; i++)
        if (n >= kinesis->options.rules[i].from && n <= kinesis->options.rules[i].to)
            return kinesis->options.rules[i];
    return (struct kinesis_rule){.act = KINESIS_ANSWER};
}

static void answer(struct client *client, int status, const char *type, struct nr_view body)
{
    char head[256];
    int n =
        snprintf(head, sizeof(head),
                 "HTTP/1.1 %d X\r\nContent-Type: %s\r\nx-amzn-RequestId: 1\r\nContent-Length: %zu\r\n\r\n",
                 status, type, body.len);
    struct nr_buf all;

    nr_buf_init(&all, REPLY_MAX_BYTES + 256);
    nr_buf_add(&all, nr_view_n(head, (size_t)n));
    nr_buf_add(&all, body);
    for (size_t at = 0; at < all.len;) {
        ssize_t sent = write(client->fd, all.data + at, all.len - at);

        if (sent <= 0)
            break;
        at += (size_t)sent;
    }
    nr_buf_done(&all);
}

static void answer_error(struct client *client, int status, const char *code)
{
    char body[256];

    snprintf(body, sizeof(body),
             "{\"__type\":\"%s\",\"message\":\"Rate exceeded for shard shardId-000000000000 in stream "
             "searches under account "
             "123456789012.\"}",
             code);
    answer(client, status, "application/x-amz-json-1.1", nr_view(body));
}

static void write_good(struct nr_buf *reply, size_t n)
{
    nr_buf_printf(
        reply,
        "{\"SequenceNumber\":\"49543463076548007577105092703039560359975228518395%06zu\",\"ShardId\":"
        "\"shardId-000000000000\"}",
        n % 1000000);
}

static void write_bad(struct nr_buf *reply, bool is_throttled)
{
    nr_buf_add_text(
        reply, is_throttled
                   ? "{\"ErrorCode\":\"ProvisionedThroughputExceededException\",\"ErrorMessage\":\"Rate "
                     "exceeded for shard shardId-000000000000 in stream searches under account "
                     "123456789012.\"}"
                   : "{\"ErrorCode\":\"InternalFailure\",\"ErrorMessage\":\"Internal Service Failure\"}");
}

static void answer_entries(struct client *client, const json_t *records, size_t n, struct kinesis_rule rule)
{
    struct kinesis *kinesis = client->kinesis;
    bool is_partial = rule.act == KINESIS_REFUSE_SOME || rule.act == KINESIS_BREAK_SOME;
    struct nr_buf reply;
    size_t n_bad = 0;

    nr_buf_init(&reply, REPLY_MAX_BYTES);
    nr_buf_add_text(&reply, "{\"Records\":[");
    for (size_t i = 0; i < n; i++) {
        bool is_bad = is_partial && i % (size_t)rule.value == 0;

        if (i)
            nr_buf_add_char(&reply, ',');
        n_bad += is_bad;
        if (is_bad) {
            write_bad(&reply, rule.act == KINESIS_REFUSE_SOME);
        } else {
            if (records)
                store(kinesis, json_array_get(records, i));
            write_good(&reply, i);
        }
    }
    nr_buf_printf(&reply, "],\"FailedRecordCount\" : %zu, \"EncryptionType\":\"KMS\"}", n_bad);
    answer(client, 200, "application/x-amz-json-1.1", nr_buf_view(&reply));
    nr_buf_done(&reply);
}

static void store_all(struct kinesis *kinesis, const json_t *records)
{
    for (size_t i = 0; i < json_array_size(records); i++)
        store(kinesis, json_array_get(records, i));
}

static void reset(struct client *client)
{
    struct linger linger = {1, 0};

    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/* Returns whether the connection goes on. */
static bool act_on(struct client *client, const json_t *records, struct kinesis_rule rule)
{
    size_t n = json_array_size(records);

    switch (rule.act) {
    case KINESIS_REFUSE:
        answer_error(client, rule.value, rule.code);
        return true;
    case KINESIS_STORE_RESET:
        store_all(client->kinesis, records);
        reset(client);
        return false;
    case KINESIS_RESET:
        reset(client);
        return false;
    case KINESIS_STALL:
        return true;
    case KINESIS_GARBAGE:
        answer(client, 200, "application/x-amz-json-1.1", NR_VIEW("<html>"));
        return true;
    case KINESIS_CBOR:
        answer(client, 200, "application/x-amz-cbor-1.1", NR_VIEW("\xbf\xff"));
        return true;
    case KINESIS_SHORT:
        answer(client, 200, "application/x-amz-json-1.1",
               NR_VIEW("{\"FailedRecordCount\":0,\"Records\":[]}"));
        return true;
    default:
        answer_entries(client, records, n, rule);
        return true;
    }
}

/* Counted, not read: a bench measures the client. */
static bool serve_quickly(struct client *client, const char *body)
{
    size_t n = 0;

    for (const char *at = body; (at = strstr(at, "\"PartitionKey\"")) != NULL; at++)
        n++;
    client->kinesis->n_requests++;
    client->kinesis->n_records += n;
    pthread_mutex_unlock(&client->kinesis->lock); /* answering takes no part of it */
    answer_entries(client, NULL, n, (struct kinesis_rule){0});
    pthread_mutex_lock(&client->kinesis->lock);
    return true;
}

static bool serve_request(struct client *client, size_t head_len, size_t body_len)
{
    struct kinesis *kinesis = client->kinesis;
    const json_t *records;
    json_t *doc;
    bool is_on;

    snprintf(kinesis->last_head, sizeof(kinesis->last_head), "%.*s", (int)head_len, client->in.data);
    if (kinesis->options.is_quick)
        return serve_quickly(client, nr_buf_text(&client->in) + head_len);
    kinesis->n_requests++;
    doc = json_loadb(client->in.data + head_len, body_len, 0, NULL);
    records = json_object_get(doc, "Records");
    if (!strstr(kinesis->last_head, "Kinesis_20131202.PutRecords") || !is_within_limits(records)) {
        kinesis->n_beyond++;
        answer_error(client, 400, "ValidationException");
        is_on = true;
    } else {
        is_on = act_on(client, records, rule_of(kinesis, kinesis->n_requests));
    }
    json_decref(doc);
    return is_on;
}

/* --- connections ---------------------------------------------------------------------------------------- */

static void *serve(void *arg)
{
    struct client *client = arg;
    struct kinesis *kinesis = client->kinesis;
    size_t head_len;
    size_t body_len;
    bool is_on = true;

    nr_buf_init(&client->in, BODY_MAX_BYTES);
    while (is_on && read_request(client, &head_len, &body_len)) {
        pthread_mutex_lock(&kinesis->lock);
        is_on = !kinesis->is_stopping && serve_request(client, head_len, body_len);
        pthread_mutex_unlock(&kinesis->lock);
        memmove(client->in.data, client->in.data + head_len + body_len, client->in.len - head_len - body_len);
        client->in.len -= head_len + body_len;
    }
    pthread_mutex_lock(&kinesis->lock);
    for (size_t i = 0; i < sizeof(kinesis->fds) / sizeof(kinesis->fds[0]); i++)
        if (kinesis->fds[i] == client->fd)
            kinesis->fds[i] = 0;
    close(client->fd);
    kinesis->n_open--;
    pthread_cond_broadcast(&kinesis->changed);
    pthread_mutex_unlock(&kinesis->lock);
    nr_buf_done(&client->in);
    free(client);
    return NULL;
}

static void begin(struct kinesis *kinesis, int fd)
{
    struct client *client = calloc(1, sizeof(*client));
    pthread_t thread;
    size_t i = 0;
    int yes = 1;

    must(client != NULL, "kinesis: memory");
    *client = (struct client){.kinesis = kinesis, .fd = fd};
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    pthread_mutex_lock(&kinesis->lock);
    while (i < sizeof(kinesis->fds) / sizeof(kinesis->fds[0]) - 1 && kinesis->fds[i])
        i++;
    kinesis->fds[i] = fd;
    kinesis->n_open++;
    kinesis->n_connections++;
    pthread_mutex_unlock(&kinesis->lock);
    must(pthread_create(&thread, NULL, serve, client) == 0, "kinesis: thread");
    pthread_detach(thread);
}

static void *listen_on(void *arg)
{
    struct kinesis *kinesis = arg;
    int fd;

    /* shutdown() of the listener ends it. */
    while ((fd = accept4(kinesis->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
        begin(kinesis, fd);
    return NULL;
}

struct kinesis *kinesis_start(const struct kinesis_options *options)
{
    struct kinesis *kinesis = calloc(1, sizeof(*kinesis));
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    must(kinesis != NULL, "kinesis: memory");
    kinesis->options = *options;
    pthread_mutex_init(&kinesis->lock, NULL);
    pthread_cond_init(&kinesis->changed, NULL);
    nr_buf_init(&kinesis->rows, JOURNAL_MAX_BYTES);
    nr_buf_init(&kinesis->keys, JOURNAL_MAX_BYTES);
    kinesis->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(kinesis->listener, (struct sockaddr *)&address, len) == 0 &&
             listen(kinesis->listener, 64) == 0 &&
             getsockname(kinesis->listener, (struct sockaddr *)&address, &len) == 0,
         "kinesis: listen");
    kinesis->port = ntohs(address.sin_port);
    must(pthread_create(&kinesis->thread, NULL, listen_on, kinesis) == 0, "kinesis: thread");
    return kinesis;
}

int kinesis_port(const struct kinesis *kinesis)
{
    return kinesis->port;
}

static void close_all(struct kinesis *kinesis)
{
    pthread_mutex_lock(&kinesis->lock);
    kinesis->is_stopping = true;
    for (size_t i = 0; i < sizeof(kinesis->fds) / sizeof(kinesis->fds[0]); i++)
        if (kinesis->fds[i])
            shutdown(kinesis->fds[i], SHUT_RDWR);
    while (kinesis->n_open > 0)
        pthread_cond_wait(&kinesis->changed, &kinesis->lock);
    pthread_mutex_unlock(&kinesis->lock);
}

void kinesis_stop(struct kinesis *kinesis, struct kinesis_journal *out)
{
    shutdown(kinesis->listener, SHUT_RDWR);
    pthread_join(kinesis->thread, NULL);
    close(kinesis->listener);
    close_all(kinesis);
    if (out)
        *out = (struct kinesis_journal){.n_connections = kinesis->n_connections,
                                        .n_requests = kinesis->n_requests,
                                        .n_beyond = kinesis->n_beyond,
                                        .n_records = kinesis->n_records,
                                        .largest_data = kinesis->largest_data,
                                        .rows = strdup(nr_buf_text(&kinesis->rows)),
                                        .keys = strdup(nr_buf_text(&kinesis->keys)),
                                        .last_head = strdup(kinesis->last_head)};
    nr_buf_done(&kinesis->rows);
    nr_buf_done(&kinesis->keys);
    pthread_cond_destroy(&kinesis->changed);
    pthread_mutex_destroy(&kinesis->lock);
    free(kinesis);
}

void kinesis_journal_done(struct kinesis_journal *journal)
{
    free(journal->rows);
    free(journal->keys);
    free(journal->last_head);
    *journal = (struct kinesis_journal){0};
}
