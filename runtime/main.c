#include <stdio.h>

#include <narae/env.h>

#include "runtime/mode.h"
#include "runtime/options.h"

static const char usage[] =
    "usage: bootstrap                               serve AWS_LAMBDA_RUNTIME_API (_HANDLER=FILE.SYMBOL)\n"
    "       bootstrap --invoke HANDLER EVENT.json [--timeout MS] [--repeat N]\n"
    "                                               run one event here; - = standard input\n"
    "       bootstrap --check HANDLER               load and describe a function; will it run on Lambda?\n"
    "       bootstrap --version | --help\n"
    "--timeout ends a function that takes longer; --repeat gives it the event N times and prints what that "
    "took.\n"
    "FILE.so is looked for in LAMBDA_TASK_ROOT (default: here).\n"
    "exit: 0 done, 1 the function or the runtime failed (see the log), 2 usage, 3 timed out\n";

static int complain(const char *why)
{
    fprintf(stderr, "bootstrap: %s\n%s", why, usage);
    return MODE_USAGE;
}

static int serve(void)
{
    const char *authority = nr_env_raw("AWS_LAMBDA_RUNTIME_API");

    return authority ? mode_serve(authority, nr_env_raw("_HANDLER"))
                     : complain("AWS_LAMBDA_RUNTIME_API is not set");
}

int main(int argc, char **argv)
{
    struct options options;
    struct nr_err err = {0};

    if (options_parse(argc, argv, &options, &err) != 0)
        return complain(err.message);
    switch (options.mode) {
    case OPTIONS_INVOKE:
        return mode_invoke(&options);
    case OPTIONS_CHECK:
        return mode_check(options.handler_name);
    case OPTIONS_VERSION:
        return printf("narae %s\n", NARAE_VERSION) > 0 ? MODE_OK : MODE_FAILED;
    case OPTIONS_HELP:
        return fputs(usage, stdout) >= 0 ? MODE_OK : MODE_FAILED;
    default:
        return serve();
    }
}
