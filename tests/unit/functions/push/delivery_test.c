#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <narae/clock.h>

#include "functions/push/delivery.h"
#include "tests/support/canned_http.h"
#include "tests/support/h2_server.h"
#include "tests/support/test_pki.h"

enum { N_DEVICES = 8 };

#define TOKEN(value)                                                                                         \
    "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"                                                           \
    "{\"access_token\":\"" value "\",\"expires_in\":3599}"

static const char *const tokens[] = {TOKEN("ya29.one"), TOKEN("ya29.two")};
static const char *const no_token[] = {"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
                                       "{\"error\":\"invalid_grant\"}"};

static struct test_pki pki;
static struct canned_http *google;
static struct h2_server *fcm;
static struct nr_h2 *h2;
static struct google_account account;
static struct google_token token;
static struct push_message message;
static struct plan plan;
static struct delivery delivery;
static struct pace pace;
static struct delivery_means means;
static struct nr_err err;
static struct h2_server_rule second_rule;

/* --- surroundings --------------------------------------------------------------------------------------- */

static void set_account(int port)
{
    EVP_PKEY *pkey = EVP_RSA_gen(2048);
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem;
    long len;

    cr_assert(pkey && PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL));
    len = BIO_get_mem_data(bio, &pem);
    snprintf(account.project_id, sizeof(account.project_id), "narae-test");
    snprintf(account.client_email, sizeof(account.client_email), "push@narae-test.example");
    snprintf(account.private_key_id, sizeof(account.private_key_id), "1");
    snprintf(account.token_uri, sizeof(account.token_uri), "http://127.0.0.1:%d/token", port);
    nr_buf_init(&account.private_key, 16384);
    nr_buf_add(&account.private_key, nr_view_n(pem, (size_t)len));
    BIO_free(bio);
    EVP_PKEY_free(pkey);
}

static void make_plan(void)
{
    static const bool is_skipped = false;
    static struct plan_device devices[N_DEVICES];

    cr_assert_eq(push_message_parse(NR_VIEW("{\"id\":\"m\",\"to\":{\"users\":[\"17\"]},\"message\":{}}"), 0,
                                    &message, &err),
                 0, "%s", err.message);
    for (size_t i = 0; i < N_DEVICES; i++)
        devices[i] = (struct plan_device){.device_id = (int64_t)i + 1,
                                          .version = 1,
                                          .registration = NR_VIEW("\"registration\""),
                                          .attempts = 1};
    cr_assert_eq(plan_make(&message, &is_skipped, 1, devices, N_DEVICES, &plan, &err), 0, "%s", err.message);
}

static void start(const char *const *token_answers, size_t n_answers, struct h2_server_rule rule)
{
    struct h2_server_options options = {.pki_dir = pki.dir, .rules = {rule, second_rule}};
    char origin[64];

    google = canned_http_start(token_answers, n_answers);
    set_account(canned_http_port(google));
    fcm = h2_server_start(&options);
    snprintf(origin, sizeof(origin), "https://127.0.0.1:%d", h2_server_port(fcm));
    cr_assert_eq(nr_h2_new(&(struct nr_h2_options){.origin = origin, .max_connections = 1, .max_streams = 1},
                           &h2, &err),
                 0, "%s", err.message);
    make_plan();
    cr_assert_eq(delivery_init(&delivery, &plan, account.project_id, &err), 0);
}

static int run(void)
{
    means.h2 = h2;
    means.account = &account;
    means.token = &token;
    means.pace = &pace;
    return delivery_run(&delivery, &means, &err);
}

static void set_up(void)
{
    test_pki_init(&pki);
    pace_init(&pace, 1000000, 0);
    means = (struct delivery_means){.request_timeout_ms = 10000, .deadline_mono_ms = NR_CLOCK_NEVER_MS};
}

static void tear_down(void)
{
    delivery_done(&delivery);
    plan_done(&plan);
    push_message_done(&message);
    google_account_done(&account);
    test_pki_done(&pki);
}

TestSuite(delivery, .init = set_up, .fini = tear_down, .timeout = 60);

static size_t count(enum fcm_verdict verdict)
{
    size_t n = 0;

    for (size_t i = 0; i < plan.n_sends; i++)
        n += delivery.verdicts[i] == verdict;
    return n;
}

/* Stop both servers; what they saw. */
static int n_asked_of_fcm(int *n_asked_of_google)
{
    struct h2_server_journal *sent = calloc(1, sizeof(*sent));
    struct canned_http_journal asked;
    int n;

    nr_h2_free(h2);
    h2_server_stop(fcm, sent);
    canned_http_stop(google, &asked);
    *n_asked_of_google = asked.n_requests;
    n = sent->n_requests;
    free(sent);
    return n;
}

/* --- runs ----------------------------------------------------------------------------------------------- */

Test(delivery, gives_every_send_a_verdict_and_its_latency)
{
    int n_tokens;

    start(tokens, 2, (struct h2_server_rule){0});

    cr_assert_eq(run(), 0, "%s", err.message);

    cr_expect_eq(count(FCM_SENT), N_DEVICES);
    for (size_t i = 0; i < N_DEVICES; i++)
        cr_expect_gt(delivery.latencies_us[i], 0);
    cr_expect_eq(n_asked_of_fcm(&n_tokens), N_DEVICES);
    cr_expect_eq(n_tokens, 1);
}

Test(delivery, renews_a_refused_token_once_and_sends_only_what_was_refused)
{
    int n_tokens;

    start(tokens, 2, (struct h2_server_rule){H2_SERVER_STATUS, 3, 3, 401});

    cr_assert_eq(run(), 0, "%s", err.message);

    cr_expect_eq(count(FCM_SENT), N_DEVICES);
    cr_expect_str_eq(token.value, "ya29.two");
    cr_expect_eq(n_asked_of_fcm(&n_tokens), N_DEVICES + 1);
    cr_expect_eq(n_tokens, 2);
}

Test(delivery, gives_up_when_the_second_token_is_refused_too)
{
    int n_tokens;

    start(tokens, 2, (struct h2_server_rule){H2_SERVER_STATUS, 3, 1000, 401});

    cr_assert_eq(run(), 0, "%s", err.message);

    cr_expect_eq(count(FCM_SENT), 2);
    cr_expect_geq(count(FCM_UNAUTHENTICATED), 1);
    cr_expect_eq(count(FCM_UNAUTHENTICATED) + count(FCM_PENDING), N_DEVICES - 2);
    /* h2 holds one request in readiness, so two are refused with each token. */
    cr_expect_eq(n_asked_of_fcm(&n_tokens), 2 + 2 + 2);
    cr_expect_eq(n_tokens, 2);
}

Test(delivery, stops_when_no_further_send_can_succeed)
{
    static const int statuses[] = {403, 404};

    for (size_t i = 0; i < 2; i++) {
        int n_tokens;

        start(tokens, 2, (struct h2_server_rule){H2_SERVER_STATUS, 2, 1000, (uint32_t)statuses[i]});

        cr_assert_eq(run(), 0, "%s", err.message);

        cr_expect_eq(count(FCM_SENT), 1);
        cr_expect_eq(count(FCM_PENDING), N_DEVICES - 3);
        cr_expect_eq(n_asked_of_fcm(&n_tokens), 3);
        delivery_done(&delivery);
        plan_done(&plan);
        push_message_done(&message);
        google_account_done(&account);
    }
}

Test(delivery, goes_on_after_a_verdict_about_one_send)
{
    int n_tokens;

    start(tokens, 2, (struct h2_server_rule){H2_SERVER_STATUS, 2, 4, 503});

    cr_assert_eq(run(), 0, "%s", err.message);

    cr_expect_eq(count(FCM_SENT), N_DEVICES - 3);
    cr_expect_eq(count(FCM_UNAVAILABLE), 3);
    cr_expect_eq(n_asked_of_fcm(&n_tokens), N_DEVICES);
}

Test(delivery, sends_nothing_twice_but_what_the_token_was_refused_for)
{
    int n_tokens;

    second_rule = (struct h2_server_rule){H2_SERVER_STATUS, 4, 4, 401};
    start(tokens, 2, (struct h2_server_rule){H2_SERVER_STATUS, 1, 2, 503});

    cr_assert_eq(run(), 0, "%s", err.message);

    cr_expect_eq(count(FCM_UNAVAILABLE), 2);
    cr_expect_eq(count(FCM_SENT), N_DEVICES - 2);
    cr_expect_eq(n_asked_of_fcm(&n_tokens), N_DEVICES + 1);
    cr_expect_eq(n_tokens, 2);
}

Test(delivery, tells_unanswered_from_unsent)
{
    int n_tokens;

    start(tokens, 2, (struct h2_server_rule){H2_SERVER_RST, 3, 3, 2 /* INTERNAL_ERROR */});

    cr_assert_eq(run(), 0, "%s", err.message);

    cr_expect_eq(count(FCM_SENT), N_DEVICES - 1);
    cr_expect_eq(count(FCM_NO_ANSWER), 1);
    cr_expect_eq(delivery.n_unanswered, 1);
    cr_expect_not_null(strstr(delivery.unanswered.message, "127.0.0.1"), "%s", delivery.unanswered.message);
    cr_expect_eq(n_asked_of_fcm(&n_tokens), N_DEVICES);
}

Test(delivery, sends_nothing_without_a_token)
{
    int n_tokens;

    start(no_token, 1, (struct h2_server_rule){0});

    cr_expect_eq(run(), -1);

    cr_expect_str_eq(err.message,
                     "NARAE_FCM_SERVICE_ACCOUNT: the token endpoint answered 400: invalid_grant: ");
    cr_expect_eq(count(FCM_PENDING), N_DEVICES);
    cr_expect_eq(n_asked_of_fcm(&n_tokens), 0);
}

Test(delivery, names_host_and_reason_when_fcm_cannot_be_reached)
{
    int n_tokens;

    start(tokens, 2, (struct h2_server_rule){0});
    nr_h2_free(h2);
    cr_assert_eq(nr_h2_new(&(struct nr_h2_options){.origin = "https://127.0.0.1:1"}, &h2, &err), 0);

    cr_expect_eq(run(), -1);

    cr_expect_eq(err.kind, NR_ERR_UNAVAILABLE);
    cr_expect_not_null(strstr(err.message, "127.0.0.1"), "%s", err.message);
    cr_expect_eq(count(FCM_PENDING), N_DEVICES);
    cr_expect_eq(n_asked_of_fcm(&n_tokens), 0);
    cr_expect_eq(n_tokens, 1);
}

Test(delivery, asks_for_nothing_when_there_is_nothing_to_send)
{
    int n_tokens;

    start(tokens, 2, (struct h2_server_rule){0});
    plan.n_sends = 0;

    cr_expect_eq(run(), 0);

    cr_expect_eq(n_asked_of_fcm(&n_tokens), 0);
    cr_expect_eq(n_tokens, 0);
}

/* --- time ----------------------------------------------------------------------------------------------- */

/* A clock that runs twenty times as fast: FCM's ten seconds pass in half of one. */
static int64_t fast_origin_ms;

static int64_t real_ms(clockid_t id)
{
    struct timespec now;

    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t fast_mono(void *self)
{
    (void)self;
    return (real_ms(CLOCK_MONOTONIC) - fast_origin_ms) * 20 + 1000;
}

static int64_t plain_wall(void *self)
{
    (void)self;
    return real_ms(CLOCK_REALTIME);
}

static void run_time_fast(void)
{
    static const struct nr_clock fast = {plain_wall, fast_mono, NULL};

    fast_origin_ms = real_ms(CLOCK_MONOTONIC);
    nr_clock_replace(&fast);
}

Test(delivery, tries_again_inside_the_invocation_when_it_may_wait)
{
    int n_tokens;
    int64_t begun_ms;

    start(tokens, 2, (struct h2_server_rule){H2_SERVER_STATUS, 2, 3, 503});
    run_time_fast();
    begun_ms = nr_clock_mono_ms();
    means.wait_max_ms = 20000;

    cr_assert_eq(run(), 0, "%s", err.message);

    cr_expect_eq(count(FCM_SENT), N_DEVICES);
    cr_expect_geq(nr_clock_mono_ms() - begun_ms, 10000, "before FCM's floor of 10 s");
    cr_expect_eq(delivery.tries[1] + delivery.tries[2], 4);
    cr_expect_eq(n_asked_of_fcm(&n_tokens), N_DEVICES + 2);
}

Test(delivery, leaves_a_retry_to_the_queue_when_it_may_not_wait)
{
    int n_tokens;

    start(tokens, 2, (struct h2_server_rule){H2_SERVER_STATUS, 2, 2, 503});
    means.wait_max_ms = 5000;

    cr_assert_eq(run(), 0, "%s", err.message);

    cr_expect_eq(delivery.verdicts[1], FCM_UNAVAILABLE);
    cr_expect(delivery_wait_ms(&delivery, 1) > 9000 && delivery_wait_ms(&delivery, 1) <= 15000, "%lld",
              (long long)delivery_wait_ms(&delivery, 1));
    cr_expect_eq(delivery_wait_ms(&delivery, 0), 0);
    cr_expect_eq(n_asked_of_fcm(&n_tokens), N_DEVICES);
}

Test(delivery, begins_nothing_that_may_not_end_in_time)
{
    int n_tokens;

    start(tokens, 2, (struct h2_server_rule){0});
    means.deadline_mono_ms = nr_clock_mono_ms() + 9000; /* and a request may take 10,000 */

    cr_assert_eq(run(), 0, "%s", err.message);

    cr_expect(delivery.is_out_of_time);
    cr_expect_eq(count(FCM_PENDING), N_DEVICES);
    cr_expect_eq(delivery.tries[0], 0);
    cr_expect_eq(n_asked_of_fcm(&n_tokens), 0);
}

Test(delivery, keeps_to_the_pace)
{
    int n_tokens;
    int64_t begun_ms;

    start(tokens, 2, (struct h2_server_rule){0});
    pace_init(&pace, 20, 0);
    (void)pace_take(&pace, nr_clock_mono_ms());
    pace.tokens = 0;
    begun_ms = nr_clock_mono_ms();

    cr_assert_eq(run(), 0, "%s", err.message);

    cr_expect_eq(count(FCM_SENT), N_DEVICES);
    cr_expect_geq(nr_clock_mono_ms() - begun_ms, (N_DEVICES - 1) * 50);
    cr_expect_eq(n_asked_of_fcm(&n_tokens), N_DEVICES);
}

Test(delivery, slows_down_when_fcm_says_no)
{
    int n_tokens;

    start(tokens, 2, (struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 429});

    cr_assert_eq(run(), 0, "%s", err.message);

    cr_expect_lt(pace.percent, 60);
    cr_expect_eq(n_asked_of_fcm(&n_tokens), N_DEVICES);
}

Test(delivery, gives_up_after_an_hour)
{
    int n_tokens;

    start(tokens, 2, (struct h2_server_rule){H2_SERVER_STATUS, 1, 1, 503});
    plan.sends[0].age_ms = 3600 * 1000;

    cr_assert_eq(run(), 0, "%s", err.message);

    cr_expect_eq(delivery.verdicts[0], FCM_GAVE_UP);
    cr_expect_eq(n_asked_of_fcm(&n_tokens), N_DEVICES);
}
