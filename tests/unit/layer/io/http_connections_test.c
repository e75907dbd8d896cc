#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include <narae/http.h>

#include "tests/support/http_stage.h"

TestSuite(http_connections, .timeout = 30);

Test(http_connections, keeps_its_connection)
{
    static const struct http_server_step steps[] = {{HTTP_STAGE_OK, HTTP_SERVER_KEEP},
                                                    {HTTP_STAGE_OK, HTTP_SERVER_KEEP}};
    struct http_server *server = http_stage_serve(steps, 2);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    cr_assert_eq(http_stage_get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    cr_assert_eq(http_stage_get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    http_server_stop(server, &journal);

    cr_expect_eq(journal.n_connections, 1);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http_connections, replaces_a_kept_connection_that_the_server_closed)
{
    static const struct http_server_step steps[] = {{HTTP_STAGE_OK, HTTP_SERVER_CLOSE},
                                                    {HTTP_STAGE_OK, HTTP_SERVER_KEEP}};
    struct http_server *server = http_stage_serve(steps, 2);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    cr_assert_eq(http_stage_get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    cr_assert_eq(http_stage_get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    http_server_stop(server, &journal);

    cr_expect_eq(journal.n_connections, 2);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

Test(http_connections, sends_again_when_a_kept_connection_dies_under_the_request)
{
    static const struct http_server_step steps[] = {
        {HTTP_STAGE_OK, HTTP_SERVER_KEEP}, {NULL, HTTP_SERVER_RESET}, {HTTP_STAGE_OK, HTTP_SERVER_KEEP}};
    struct http_server *server = http_stage_serve(steps, 3);
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    cr_assert_eq(http_stage_get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    cr_assert_eq(http_stage_get(http_server_url(server), &reply, &err), 0, "%s", err.message);
    http_server_stop(server, &journal);

    cr_expect_eq(reply.status, 200);
    cr_expect_eq(journal.n_requests, 3);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

/* The server has read the request, so it may have carried it out. */
Test(http_connections, sends_once_what_is_to_be_sent_once)
{
    static const struct http_server_step steps[] = {
        {HTTP_STAGE_OK, HTTP_SERVER_KEEP}, {NULL, HTTP_SERVER_RESET}, {HTTP_STAGE_OK, HTTP_SERVER_KEEP}};
    struct http_server *server = http_stage_serve(steps, 3);
    struct nr_http_request request = {
        .url = http_server_url(server), .body = NR_VIEW("make=1"), .is_once = true};
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;

    cr_assert_eq(nr_http_send(&request, &reply, &err), 0, "%s", err.message);
    cr_expect_eq(nr_http_send(&request, &reply, &err), -1);
    http_stage_expect_err(&err, NR_ERR_UNAVAILABLE, "Function.Unanswered", http_stage_host(server),
                          "the connection broke before an answer came");
    nr_err_reset(&err);
    cr_expect_eq(nr_http_send(&request, &reply, &err), 0, "%s", err.message); /* and all is well again */
    http_server_stop(server, &journal);

    cr_expect_eq(journal.n_requests, 3);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
}

/* --- threads */

static void *get_from(void *url)
{
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};

    cr_expect_eq(http_stage_get(url, &reply, &err), 0, "%s", err.message);
    nr_http_reply_done(&reply);
    return NULL;
}

Test(http_connections, belong_to_their_thread_and_end_with_it)
{
    static const struct http_server_step steps[] = {{HTTP_STAGE_OK, HTTP_SERVER_KEEP},
                                                    {HTTP_STAGE_OK, HTTP_SERVER_KEEP},
                                                    {HTTP_STAGE_OK, HTTP_SERVER_KEEP}};
    struct http_server *server = http_stage_serve(steps, 3);
    char *url = strdup(http_server_url(server));
    struct http_server_journal journal;
    pthread_t thread;

    for (int i = 0; i < 2; i++) {
        cr_assert_eq(pthread_create(&thread, NULL, get_from, url), 0);
        cr_assert_eq(pthread_join(thread, NULL), 0);
    }
    get_from(url);
    http_server_stop(server, &journal);

    cr_expect_eq(journal.n_connections, 3);
    http_server_journal_done(&journal);
    free(url);
}

/* One waits for its answer all the while that the other is busy. */
Test(http_connections, of_two_threads_are_used_at_once)
{
    static const struct http_server_step stall[] = {{NULL, HTTP_SERVER_STALL}};
    static const struct http_server_step keep[] = {{HTTP_STAGE_OK, HTTP_SERVER_KEEP},
                                                   {HTTP_STAGE_OK, HTTP_SERVER_KEEP},
                                                   {HTTP_STAGE_OK, HTTP_SERVER_KEEP}};
    struct http_server *slow = http_stage_serve(stall, 1);
    struct http_server *quick = http_stage_serve(keep, 3);
    struct nr_http_request request = {.url = http_server_url(slow), .timeout_ms = 200};
    struct nr_http_reply reply = {0};
    struct nr_err err = {0};
    struct http_server_journal journal;
    char *url = strdup(http_server_url(quick));
    pthread_t threads[3];

    for (int i = 0; i < 3; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, get_from, url), 0);
    cr_expect_eq(nr_http_send(&request, &reply, &err), -1);
    for (int i = 0; i < 3; i++)
        cr_assert_eq(pthread_join(threads[i], NULL), 0);

    cr_expect_eq(err.kind, NR_ERR_DEADLINE, "%s", err.message);
    http_server_stop(slow, &journal);
    http_server_journal_done(&journal);
    http_server_stop(quick, &journal);
    cr_expect_eq(journal.n_requests, 3);
    http_server_journal_done(&journal);
    nr_http_reply_done(&reply);
    free(url);
}
