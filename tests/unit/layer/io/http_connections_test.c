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
