/* fcm - a stand-in for Firebase Cloud Messaging and Google's token endpoint: see README.md here. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standins/fcm/server.h"

static const char usage[] =
    "usage: fcm --config CONFIG.json --journal FILE.jsonl --port-file FILE [--port N]\n"
    "Ends on SIGTERM or SIGINT. exit: 0 ended, 1 could not start, 2 usage\n";

struct options {
    const char *config, *journal, *port_file;
    int port;
};

static bool parse_options(int argc, char **argv, struct options *out)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--config") == 0)
            out->config = argv[i + 1];
        else if (strcmp(argv[i], "--journal") == 0)
            out->journal = argv[i + 1];
        else if (strcmp(argv[i], "--port-file") == 0)
            out->port_file = argv[i + 1];
        else if (strcmp(argv[i], "--port") == 0)
            out->port = (int)strtol(argv[i + 1], NULL, 10);
        else
            return false;
    }
    return argc % 2 == 1 && out->config && out->journal && out->port_file && out->port >= 0 &&
           out->port < 65536;
}

/* The whole file at once: a reader never sees half a port. */
static bool write_port(const char *path, int port)
{
    char part[4096];
    FILE *file;

    snprintf(part, sizeof(part), "%s.part", path);
    file = fopen(part, "w");
    return file && fprintf(file, "%d\n", port) > 0 && fclose(file) == 0 && rename(part, path) == 0;
}

static int serve(struct server *server, const struct options *options, const sigset_t *ends)
{
    int port = server_start(server, (uint16_t)options->port);
    int signal_number;

    if (port == 0 || !write_port(options->port_file, port)) {
        fprintf(stderr, "fcm: cannot listen, or cannot write \"%s\"\n", options->port_file);
        return 1;
    }
    sigwait(ends, &signal_number);
    server_stop(server);
    return 0;
}

int main(int argc, char **argv)
{
    struct options options = {0};
    struct config config = {0};
    struct server server = {.config = &config};
    sigset_t ends;
    int result = 1;

    if (!parse_options(argc, argv, &options)) {
        fputs(usage, stderr);
        return 2;
    }
    /* Blocked before any thread starts, so that only sigwait() takes them. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    if (config_load(options.config, &config) == 0) {
        server.access = access_new(config.access_tokens);
        server.journal = journal_open(options.journal);
        server.delay = delay_start();
        if (server.access && server.journal && server.delay)
            result = serve(&server, &options, &ends);
        if (server.journal && journal_close(server.journal) != 0)
            result = 1;
        access_free(server.access);
        delay_free(server.delay);
    }
    config_done(&config);
    return result;
}
