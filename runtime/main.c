#include <stdio.h>
#include <string.h>

#include <narae/env.h>

#include "runtime/mode.h"

static const char usage[] =
    "usage: bootstrap                               serve AWS_LAMBDA_RUNTIME_API (_HANDLER=FILE.SYMBOL)\n"
    "       bootstrap --invoke HANDLER EVENT.json   run one event here; - = standard input\n"
    "       bootstrap --check HANDLER               load and describe a function\n"
    "       bootstrap --version | --help\n"
    "FILE.so is looked for in LAMBDA_TASK_ROOT (default: here).\n"
    "exit: 0 done, 1 the function or the runtime failed (see the log), 2 usage\n";

static int complain(void)
{
    fputs(usage, stderr);
    return MODE_USAGE;
}

int main(int argc, char **argv)
{
    const char *authority = nr_env_raw("AWS_LAMBDA_RUNTIME_API");
    const char *word = argc > 1 ? argv[1] : "";

    if (strcmp(word, "--invoke") == 0)
        return argc == 4 ? mode_invoke(argv[2], argv[3]) : complain();
    if (strcmp(word, "--check") == 0)
        return argc == 3 ? mode_check(argv[2]) : complain();
    if (strcmp(word, "--version") == 0)
        return printf("narae %s\n", NARAE_VERSION) > 0 ? MODE_OK : MODE_FAILED;
    if (strcmp(word, "--help") == 0)
        return fputs(usage, stdout) >= 0 ? MODE_OK : MODE_FAILED;
    /* The emulator gives the handler's name as an argument as well; only an option is refused. */
    if (!authority || word[0] == '-')
        return complain();
    return mode_serve(authority, nr_env_raw("_HANDLER"));
}
