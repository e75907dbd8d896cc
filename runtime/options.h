/* options.h - the bootstrap's command line.
 *
 * Is:      words in, what is wanted out; pure.
 * Is not:  the environment: what Lambda sets is read by main.
 * Beware:  the emulator gives the handler's name as an argument; a first word that is no option means
 *          "serve".
 */
#ifndef NARAE_RUNTIME_OPTIONS_H
#define NARAE_RUNTIME_OPTIONS_H

#include <stdint.h>

#include <narae/err.h>

enum {
    OPTIONS_TIMEOUT_MAX_MS = 900 * 1000, /* Lambda's longest timeout */
    OPTIONS_REPEAT_MAX = 1000 * 1000,    /* a time is kept for each */
};

enum options_mode { OPTIONS_SERVE, OPTIONS_INVOKE, OPTIONS_CHECK, OPTIONS_VERSION, OPTIONS_HELP };

struct options {
    enum options_mode mode;
    const char *handler_name; /* "file.symbol"; of --invoke and --check */
    const char *event_path;   /* of --invoke; "-" = standard input */
    int64_t timeout_ms;       /* 1 to OPTIONS_TIMEOUT_MAX_MS; 0 = not given */
    int64_t repeat;           /* 1 to OPTIONS_REPEAT_MAX; 0 = not given */
};

/* argv: as main() has it; the result borrows from it. Returns 0, or -1: INVALID, naming the word. */
int options_parse(int argc, char *const *argv, struct options *out, struct nr_err *err) NR_MUST_CHECK;

#endif
