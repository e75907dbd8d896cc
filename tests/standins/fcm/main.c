/* fcm - a stand-in for Firebase Cloud Messaging and Google's token endpoint: see README.md here. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <narae/clock.h>

#include "tests/standins/fcm/server.h"

static const char usage[] =
    "usage: fcm --config CONFIG.json --journal FILE.jsonl --port-file FILE [--port N]\n"
    "           [--certificate PEM --key PEM --tls-port-file FILE [--tls-port N]]\n"
    "Plain HTTP/1.1 on one port of 127.0.0.1; with a certificate TLS and HTTP/2 on another. Ends on SIGTERM "
    "or SIGINT.\n"
    "exit: 0 ended, 1 could not start, 2 usage\n";

struct options {
    const char *config, *journal, *port_file, *port, *certificate, *key, *tls_port_file, *tls_port;
};

static bool parse_options(int argc, char **argv, struct options *out)
{
    const struct {
        const char *name;
        const char **value;
    } words[] = {
        {"--config", &out->config},
        {"--journal", &out->journal},
        {"--port-file", &out->port_file},
        {"--port", &out->port},
        {"--certificate", &out->certificate},
        {"--key", &out->key},
        {"--tls-port-file", &out->tls_port_file},
        {"--tls-port", &out->tls_port},
    };

    for (int i = 1; i + 1 < argc; i += 2) {
        size_t at = 0;

        while (at < sizeof(words) / sizeof(words[0]) && strcmp(words[at].name, argv[i]) != 0)
            at++;
        if (at == sizeof(words) / sizeof(words[0]))
            return false;
        *words[at].value = argv[i + 1];
    }
    return argc % 2 == 1 && out->config && out->journal && out->port_file && !out->certificate == !out->key &&
           !out->certificate == !out->tls_port_file;
}

static uint16_t port_of(const char *text)
{
    long port = text ? strtol(text, NULL, 10) : 0;

    return port > 0 && port < 65536 ? (uint16_t)port : 0;
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

static bool listen_on_all(struct server *server, const struct options *options)
{
    int port = server_http1_start(server, port_of(options->port));
    int tls_port = options->certificate ? server_h2_start(server, port_of(options->tls_port),
                                                          options->certificate, options->key)
                                        : 0;

    if (!port || !tls_port != !options->certificate)
        return false;
    return (!tls_port || write_port(options->tls_port_file, tls_port)) &&
           write_port(options->port_file, port);
}

static int serve(struct server *server, const struct options *options, const sigset_t *ends)
{
    int signal_number;

    if (!listen_on_all(server, options)) {
        fprintf(stderr, "fcm: cannot listen, or cannot write \"%s\"\n", options->port_file);
        return 1;
    }
    sigwait(ends, &signal_number);
    server_h2_stop(server);
    server_http1_stop(server);
    return 0;
}

/* What a configuration asks of connections, only our own listener can do. */
static bool check_faults(const struct config *config, const struct options *options)
{
    bool has_faults = mishaps_have_faults(config->mishaps) || config->refuses_above || config->idle_close_ms;

    if (!has_faults || options->certificate)
        return true;
    fprintf(stderr, "fcm: faults need --certificate and --key: a proxy would repair them\n");
    return false;
}

static bool assemble(struct server *server, const struct options *options)
{
    const struct config *config = server->config;
    int64_t now_ms = nr_clock_mono_ms();

    server->access = access_new(config->access_tokens);
    server->journal = journal_open(options->journal);
    server->delay = delay_start();
    server->chance = chance_new(config->seed);
    server->topics = topics_new((size_t)config->topics_max);
    /* The windows begin now, wherever the clock's minute stands. */
    server->quota = quota_new(config->quota, config->quota_window_ms,
                              config->quota_window_ms - now_ms % config->quota_window_ms);
    server->topic_quota = quota_new(config->topic_quota, 1000, 0);
    return server->access && server->journal && server->delay && server->chance && server->topics &&
           server->quota && server->topic_quota;
}

static int dismantle(struct server *server)
{
    int rc = server->journal ? journal_close(server->journal) : 0;

    access_free(server->access);
    delay_free(server->delay);
    chance_free(server->chance);
    topics_free(server->topics);
    quota_free(server->quota);
    quota_free(server->topic_quota);
    return rc;
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
    signal(SIGPIPE, SIG_IGN); /* a client that is gone is no reason to go */
    /* Blocked before any thread starts, so that only sigwait() takes them. */
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    if (config_load(options.config, &config) == 0 && check_faults(&config, &options) &&
        assemble(&server, &options))
        result = serve(&server, &options, &ends);
    if (dismantle(&server) != 0)
        result = 1;
    config_done(&config);
    return result;
}
