/* lambda_api - the stand-in as a program: see README.md here. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <narae/buf.h>

#include "lambda_api.h"

static const char usage[] =
    "usage: lambda_api --script SCRIPT.json [--port-file FILE] [--journal FILE.jsonl]\n"
    "exit: 0 the script ended, 1 it did not, 2 usage\n";

struct options {
    const char *script, *port_file, *journal;
};

static bool parse_options(int argc, char **argv, struct options *out)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--script") == 0)
            out->script = argv[i + 1];
        else if (strcmp(argv[i], "--port-file") == 0)
            out->port_file = argv[i + 1];
        else if (strcmp(argv[i], "--journal") == 0)
            out->journal = argv[i + 1];
        else
            return false;
    }
    return argc % 2 == 1 && out->script;
}

static int read_text(const char *path, struct nr_buf *out, struct nr_err *err)
{
    FILE *file = fopen(path, "rb");
    size_t n;

    if (!file)
        return nr_err_set(err, NR_ERR_INVALID, NULL, "cannot open \"%s\"", path);
    while ((n = fread(nr_buf_room(out, 65536), 1, 65536, file)) > 0)
        out->len += n;
    fclose(file);
    return 0;
}

/* The whole file at once: a reader never sees half a port. */
static int write_port(const char *path, const char *authority, struct nr_err *err)
{
    char part[4096];
    FILE *file;

    snprintf(part, sizeof(part), "%s.part", path);
    file = fopen(part, "w");
    if (!file || fprintf(file, "%s\n", strrchr(authority, ':') + 1) < 0 || fclose(file) != 0 ||
        rename(part, path) != 0)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, NULL, "cannot write \"%s\"", path);
    return 0;
}

static int run(const struct options *options, struct lambda_api **api, struct nr_err *err)
{
    NR_BUF_AUTO script;

    nr_buf_init(&script, 64 * 1024 * 1024);
    if (read_text(options->script, &script, err) != 0 ||
        lambda_api_start(nr_buf_text(&script), options->journal, api, err) != 0)
        return -1;
    if (options->port_file && write_port(options->port_file, lambda_api_authority(*api), err) != 0)
        return -1;
    if (!options->port_file) {
        puts(lambda_api_authority(*api));
        fflush(stdout);
    }
    return lambda_api_wait(*api, err);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct lambda_api *api = NULL;
    struct nr_err err = {0};
    int result;

    if (!parse_options(argc, argv, &options)) {
        fputs(usage, stderr);
        return 2;
    }
    result = run(&options, &api, &err);
    if (result != 0)
        fprintf(stderr, "lambda_api: %s\n", err.message);
    lambda_api_free(api);
    return result != 0;
}
