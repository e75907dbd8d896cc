#include <criterion/criterion.h>
#include <stdio.h>

#include "sandbox.h"

enum { ENV_MAX = 8 };

void sandbox_done(struct sandbox *sandbox)
{
    lambda_api_free(sandbox->server);
}

struct sandbox sandbox_begin(const char *handler, const char *script, const char *const *env)
{
    struct sandbox sandbox = {0};
    struct nr_err err = {0};
    char api[64];
    char name[64];
    const char *all[ENV_MAX + 1] = {api, "AWS_LAMBDA_LOG_FORMAT=JSON"};
    size_t n = 2;

    cr_assert_eq(lambda_api_start(script, NULL, &sandbox.server, &err), 0, "%s", err.message);
    snprintf(api, sizeof(api), "AWS_LAMBDA_RUNTIME_API=%s", lambda_api_authority(sandbox.server));
    snprintf(name, sizeof(name), "_HANDLER=%s", handler);
    if (handler[0])
        all[n++] = name;
    for (; *env && n < ENV_MAX; env++)
        all[n++] = *env;
    /* The emulator gives the handler's name as an argument, too. */
    sandbox.child = child_begin(CHILD_ARGS(handler), all, "");
    return sandbox;
}

void sandbox_end(struct sandbox *sandbox)
{
    sandbox->done = child_end(&sandbox->child);
}

struct sandbox sandbox_run(const char *handler, const char *script, const char *const *env)
{
    struct sandbox sandbox = sandbox_begin(handler, script, env);

    sandbox_end(&sandbox);
    return sandbox;
}

const json_t *sandbox_asked(const struct sandbox *sandbox, size_t n)
{
    return json_array_get(lambda_api_stop(sandbox->server), n);
}

size_t sandbox_n_asked(const struct sandbox *sandbox)
{
    return json_array_size(lambda_api_stop(sandbox->server));
}

static const char *text_or_nothing(const json_t *value)
{
    const char *text = json_string_value(value);

    return text ? text : "";
}

const char *sandbox_path(const struct sandbox *sandbox, size_t n)
{
    return text_or_nothing(json_object_get(sandbox_asked(sandbox, n), "path"));
}

const char *sandbox_body(const struct sandbox *sandbox, size_t n)
{
    return text_or_nothing(json_object_get(sandbox_asked(sandbox, n), "body"));
}

const char *sandbox_header(const struct sandbox *sandbox, size_t n, const char *name)
{
    return text_or_nothing(json_object_get(json_object_get(sandbox_asked(sandbox, n), "headers"), name));
}
