#include <string.h>

#include <criterion/criterion.h>

#include "tests/support/http_stage.h"

struct http_server *http_stage_serve(const struct http_server_step *steps, int n)
{
    return http_server_start(&(struct http_server_options){.steps = steps, .n_steps = n});
}

const char *http_stage_host(const struct http_server *server)
{
    return strstr(http_server_url(server), "://") + 3;
}

int http_stage_get(const char *url, struct nr_http_reply *reply, struct nr_err *err)
{
    return nr_http_send(&(struct nr_http_request){.url = url}, reply, err);
}

void http_stage_expect_err(const struct nr_err *err, enum nr_err_kind kind, const char *type,
                           const char *host, const char *words)
{
    cr_expect_eq(err->kind, kind, "kind is %s: %s", nr_err_kind_name(err->kind), err->message);
    cr_expect_str_eq(err->type, type);
    cr_expect_eq(strncmp(err->message, host, strlen(host)), 0, "%s", err->message);
    cr_expect_not_null(strstr(err->message, words), "%s", err->message);
}
