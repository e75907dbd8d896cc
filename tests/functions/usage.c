/* usage - replies with what the process holds: resident memory in KiB, now and at most, and open
 * descriptors. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <narae/handler.h>

static long resident_kb(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = -1;

    if (file && fscanf(file, "%*d %ld", &pages) != 1)
        pages = -1;
    if (file)
        fclose(file);
    return pages < 0 ? -1 : pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static long peak_kb(void)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    long kb = -1;

    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "VmHWM: %ld kB", &kb) == 1)
            break;
    if (file)
        fclose(file);
    return kb;
}

static int n_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    while (dir && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n - 3; /* "." and "..", and the directory itself */
}

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    char text[96];
    int n;

    /* Looking costs memory of its own, so it is done for the events that ask for it. */
    if (!nr_view_is(request->event, NR_VIEW("\"look\"")))
        return nr_reply_bytes(reply, request->event, request->content_type, err);
    n = snprintf(text, sizeof(text), "{\"rss_kb\":%ld,\"peak_kb\":%ld,\"fds\":%d}", resident_kb(), peak_kb(),
                 n_descriptors());
    return nr_reply_bytes(reply, nr_view_n(text, (size_t)n), NULL, err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "usage", NULL, invoke, NULL};
