/* meets - an invocation that ends only when as many as the event says are under way at once: each leaves a
 * file in MEETS_DIR and waits for the others'. Replies with what it ran in. Built twice: MEETS_FLAGS. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <narae/handler.h>
#include <narae/log.h>

static int n_inits;

static int init(struct nr_err *err)
{
    (void)err;
    n_inits++;
    return 0;
}

static int n_files(const char *dir)
{
    DIR *entries = opendir(dir);
    int n = 0;

    for (const struct dirent *entry; entries && (entry = readdir(entries));)
        n += entry->d_name[0] != '.';
    if (entries)
        closedir(entries);
    return n;
}

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    const char *dir = getenv("MEETS_DIR");
    char path[512];
    char text[256];
    FILE *file;
    int wanted = atoi(request->event.ptr);

    snprintf(path, sizeof(path), "%s/%s", dir, request->request_id);
    file = fopen(path, "w");
    if (file)
        fclose(file);
    for (int i = 0; n_files(dir) < wanted && i < 4000; i++) /* 20 s */
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    if (n_files(dir) < wanted)
        return nr_err_set(err, NR_ERR_DEADLINE, "Function.Alone", "nobody came");
    nr_log(NR_LOG_INFO, "met", nr_log_int("tid", gettid()));
    snprintf(text, sizeof(text), "{\"pid\":%d,\"tid\":%d,\"inits\":%d,\"trace\":\"%s\",\"variable\":%s}",
             getpid(), gettid(), n_inits, request->trace_id, getenv("_X_AMZN_TRACE_ID") ? "true" : "false");
    return nr_reply_bytes(reply, nr_view(text), NULL, err);
}

const struct nr_handler handler = {NR_ABI,     sizeof(struct nr_handler), "meets", init, invoke, NULL,
                                   MEETS_FLAGS};
