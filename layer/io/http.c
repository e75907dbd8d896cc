#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include <narae/clock.h>
#include <narae/http.h>
#include <narae/tls.h>

#include "layer/io/http_url.h"
#include "layer/io/tls_context.h"

enum {
    TIMEOUT_MS = 10 * 1000,
    CONNECT_TIMEOUT_MS = 3 * 1000,
    REPLY_MAX_BYTES = 1024 * 1024,
    IDLE_MAX_S = 45, /* below the idle limit of AWS's and Google's front ends; a frozen connection is older */
    UPLOAD_MAX_BYTES =
        128 * 1024, /* for the system at once: each piece, curl's are of 64 KiB, wakes the reader */
};

/* What curl's code means to a caller; the last row is for every other. */
static const struct {
    CURLcode code;
    enum nr_err_kind kind;
    const char *type;
} meanings[] = {
    {CURLE_URL_MALFORMAT, NR_ERR_INVALID, "Function.InvalidUrl"},
    {CURLE_PEER_FAILED_VERIFICATION, NR_ERR_DENIED, "Function.CertificateRefused"},
    {CURLE_SSL_CACERT_BADFILE, NR_ERR_INVALID, "Function.MissingTrustStore"},
    {CURLE_OPERATION_TIMEDOUT, NR_ERR_DEADLINE, "Function.Timeout"},
    {CURLE_WRITE_ERROR, NR_ERR_UNAVAILABLE, "Function.TooLarge"},
    {CURLE_ABORTED_BY_CALLBACK, NR_ERR_UNAVAILABLE, "Function.Unanswered"},
    {CURLE_OUT_OF_MEMORY, NR_ERR_UNAVAILABLE, "Function.OutOfMemory"},
    {CURLE_OK, NR_ERR_UNAVAILABLE, "Function.Unreachable"},
};

void nr_http_reply_done(struct nr_http_reply *reply)
{
    nr_buf_done(&reply->body);
}

static pthread_key_t handle_key;
static bool is_ready;

static void close_handle(void *handle)
{
    curl_easy_cleanup(handle);
}

static void set_up(void)
{
    nr_tls_setup();
    is_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK &&
               pthread_key_create(&handle_key, close_handle) == 0;
}

/* One easy handle for each thread: it keeps its connections, and a request waits for the one before it
 * anyway. */
static CURL *handle(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CURL *made;

    pthread_once(&once, set_up);
    made = is_ready ? pthread_getspecific(handle_key) : NULL;
    if (made || !is_ready)
        return made;
    made = curl_easy_init();
    if (made && pthread_setspecific(handle_key, made) != 0) {
        curl_easy_cleanup(made);
        made = NULL;
    }
    return made;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *user)
{
    struct nr_http_reply *reply = user;

    nr_buf_add(&reply->body, nr_view_n(bytes, size * n));
    return reply->body.is_bad ? 0 : size * n;
}

static void keep(char *out, size_t cap, struct nr_view value)
{
    value = nr_view_trim(value);
    snprintf(out, cap, "%.*s", (int)(value.len < cap ? value.len : cap - 1), value.ptr ? value.ptr : "");
}

static size_t on_header(char *bytes, size_t size, size_t n, void *user)
{
    struct nr_http_reply *reply = user;
    const char *colon = memchr(bytes, ':', size * n);
    struct nr_view name = nr_view_n(bytes, colon ? (size_t)(colon - bytes) : 0);
    struct nr_view value = colon ? nr_view_n(colon + 1, size * n - name.len - 1) : name;

    if (nr_view_is_nocase(name, NR_VIEW("content-type")))
        keep(reply->content_type, sizeof(reply->content_type), value);
    else if (nr_view_is_nocase(name, NR_VIEW("retry-after")))
        keep(reply->retry_after, sizeof(reply->retry_after), value);
    else if (nr_view_is_nocase(name, NR_VIEW("date")))
        keep(reply->date, sizeof(reply->date), value);
    return size * n;
}

static int64_t pick(int64_t given, int64_t fallback)
{
    return given > 0 ? given : fallback;
}

/* The time this request may take; -1 with DEADLINE when there is none. */
static int64_t time_limit(const struct nr_http_request *request, const char *host, struct nr_err *err)
{
    int64_t limit = pick(request->timeout_ms, TIMEOUT_MS);
    int64_t left = request->deadline_mono_ms ? nr_clock_left_ms(request->deadline_mono_ms) : limit;

    if (left <= 0)
        return nr_err_set(err, NR_ERR_DEADLINE, "Function.Timeout", "%s: no time left for a request", host);
    return left < limit ? left : limit;
}

static struct curl_slist *header_list(const struct nr_http_request *request)
{
    /* curl would wait a second for permission to send a body. */
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");

    for (const char *const *header = request->headers; list && header && *header; header++) {
        struct curl_slist *longer = curl_slist_append(list, *header);

        if (!longer)
            curl_slist_free_all(list);
        list = longer;
    }
    return list;
}

static int set_trust(CURL *curl, struct nr_err *err)
{
    struct nr_tls_trust trust;

    if (nr_tls_trust(&trust, err) != 0)
        return -1;
    /* NULL switches off what curl would look for by itself: one rule of trust. */
    curl_easy_setopt(curl, CURLOPT_CAINFO, trust.file);
    curl_easy_setopt(curl, CURLOPT_CAPATH, trust.dir);
    return 0;
}

static void set_signature(CURL *curl, const struct nr_http_request *request)
{
    if (!request->sigv4)
        return;
    curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, request->sigv4);
    curl_easy_setopt(curl, CURLOPT_USERNAME, request->access_key_id);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, request->secret_access_key);
}

/* As large as the body, within bounds: curl keeps it with the handle. */
static long upload_bytes(struct nr_view body)
{
    return (long)(body.len < UPLOAD_MAX_BYTES ? body.len : UPLOAD_MAX_BYTES);
}

static void set_body(CURL *curl, const struct nr_http_request *request)
{
    bool is_head = request->method && strcmp(request->method, "HEAD") == 0;
    bool is_post = request->method && strcmp(request->method, "POST") == 0;

    if (request->body.ptr || is_post) {
        /* A POST without body still says Content-Length: 0; some servers refuse it otherwise. */
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body.ptr ? request->body.ptr : "");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
        curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, upload_bytes(request->body));
    }
    if (is_head)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L); /* else curl would wait for a body */
    else if (request->method)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
}

/* curl asks before each sending, and would send again what a kept connection broke under. */
/* NOLINTNEXTLINE(readability-non-const-parameter): curl's own type */
static int allow_one(void *user, char *peer_ip, char *own_ip, int peer_port, int own_port)
{
    bool *is_sent = user;
    bool is_second = *is_sent;

    (void)peer_ip, (void)own_ip, (void)peer_port, (void)own_port;
    *is_sent = true;
    return is_second ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static void set_options(CURL *curl, const struct nr_http_request *request, int64_t limit_ms,
                        struct nr_http_reply *reply)
{
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)limit_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)pick(request->connect_timeout_ms, CONNECT_TIMEOUT_MS));
    curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "narae/" NARAE_VERSION);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, reply);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, reply);
    set_body(curl, request);
    set_signature(curl, request);
}

/* curl's own words name host and reason and hold no credentials; its buffer is the better text when it has
 * one. */
static int explain(CURLcode code, const char *host, char *detail, struct nr_err *err)
{
    size_t i = 0;

    tls_translate(detail, CURL_ERROR_SIZE);
    while (meanings[i].code != CURLE_OK && meanings[i].code != code)
        i++;
    return nr_err_set(err, meanings[i].kind, meanings[i].type, "%s: %s", host,
                      detail[0] ? detail : curl_easy_strerror(code));
}

static int perform(CURL *curl, bool is_once, const char *host, struct nr_http_reply *reply,
                   struct nr_err *err)
{
    char detail[CURL_ERROR_SIZE] = "";
    bool is_sent = false;
    long status = 0;
    CURLcode code;

    if (is_once) {
        curl_easy_setopt(curl, CURLOPT_PREREQFUNCTION, allow_one);
        curl_easy_setopt(curl, CURLOPT_PREREQDATA, &is_sent);
    }
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
    code = curl_easy_perform(curl);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    if (reply->body.is_bad)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.TooLarge",
                          "%s: the reply is longer than %zu bytes", host, reply->body.max_bytes);
    if (code == CURLE_ABORTED_BY_CALLBACK)
        snprintf(detail, sizeof(detail), "the connection broke before an answer came");
    if (code != CURLE_OK)
        return explain(code, host, detail, err);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    reply->status = (int)status;
    return 0;
}

int nr_http_send(const struct nr_http_request *request, struct nr_http_reply *reply, struct nr_err *err)
{
    char host[HTTP_HOST_BYTES];
    struct curl_slist *headers;
    CURL *curl = handle();
    int64_t limit_ms;
    int result;

    if (http_url_host(request->url, host, err) != 0)
        return -1;
    limit_ms = time_limit(request, host, err);
    if (limit_ms < 0)
        return -1;
    headers = header_list(request);
    if (!curl || !headers) {
        curl_slist_free_all(headers);
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "%s: no memory for a request",
                          host);
    }
    nr_http_reply_done(reply);
    *reply = (struct nr_http_reply){0};
    nr_buf_init(&reply->body, request->reply_max_bytes ? request->reply_max_bytes : REPLY_MAX_BYTES);
    curl_easy_reset(curl); /* options go, connections stay */
    set_options(curl, request, limit_ms, reply);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    result = set_trust(curl, err) == 0 ? perform(curl, request->is_once, host, reply, err) : -1;
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    return result;
}
