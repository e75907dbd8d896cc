/* streams - replies in pieces, in the way that the event names. */
#include <stdio.h>
#include <stdlib.h>

#include <narae/handler.h>

enum { GONE_PIECES = 100000, GONE_BYTES = 1024 };

static int write_all(struct nr_reply *reply, const char *const *pieces, struct nr_err *err)
{
    for (; *pieces; pieces++)
        if (nr_reply_write(reply, nr_view(*pieces), err) != 0)
            return -1;
    return 0;
}

static int pieces(struct nr_reply *reply, struct nr_err *err)
{
    static const char *const words[] = {"one ", "two ", "three", NULL};

    return nr_reply_stream(reply, "text/plain", err) != 0 ? -1 : write_all(reply, words, err);
}

static int nothing(struct nr_reply *reply, struct nr_err *err)
{
    return nr_reply_stream(reply, NULL, err);
}

static int fail_before(struct nr_reply *reply, struct nr_err *err)
{
    if (nr_reply_stream(reply, NULL, err) != 0)
        return -1;
    return nr_err_set(err, NR_ERR_INVALID, "Function.Before", "before the first piece");
}

static int fail_after(struct nr_reply *reply, struct nr_err *err)
{
    if (pieces(reply, err) != 0)
        return -1;
    return nr_err_set(err, NR_ERR_INVALID, "Function.After", "after the third piece");
}

static int http(struct nr_reply *reply, struct nr_err *err)
{
    json_t *prelude = json_pack("{s:i, s:{s:s}}", "statusCode", 201, "headers", "x-a", "b");
    int result = nr_reply_stream_http(reply, prelude, err);

    json_decref(prelude);
    return result != 0 ? -1 : nr_reply_write(reply, NR_VIEW("<p>"), err);
}

/* The headers at once, the body later. */
static int flush(struct nr_reply *reply, struct nr_err *err)
{
    if (nr_reply_stream(reply, "text/plain", err) != 0 || nr_reply_write(reply, NR_VIEW(""), err) != 0)
        return -1;
    return nr_reply_write(reply, NR_VIEW("late"), err);
}

/* Far more than any socket holds: it must be told when nobody reads. */
static int until_gone(struct nr_reply *reply, struct nr_err *err)
{
    static char bytes[GONE_BYTES];

    if (nr_reply_stream(reply, NULL, err) != 0)
        return -1;
    for (int i = 0; i < GONE_PIECES; i++)
        if (nr_reply_write(reply, nr_view_n(bytes, sizeof(bytes)), err) != 0)
            return -1;
    return 0;
}

static int crash(struct nr_reply *reply, struct nr_err *err)
{
    volatile uintptr_t nothing_there = 0x40;

    if (pieces(reply, err) != 0)
        return -1;
    *(volatile int *)nothing_there = 1;
    return 0;
}

static int replace(struct nr_reply *reply, struct nr_err *err)
{
    if (nr_reply_stream(reply, NULL, err) != 0)
        return -1;
    return nr_reply_bytes(reply, NR_VIEW("x"), NULL, err);
}

static const struct {
    const char *event;
    int (*reply)(struct nr_reply *reply, struct nr_err *err);
} ways[] = {
    {"pieces", pieces},         {"nothing", nothing}, {"fail before", fail_before},
    {"fail after", fail_after}, {"http", http},       {"flush", flush},
    {"gone", until_gone},       {"crash", crash},     {"replace", replace},
};

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
        if (nr_view_is(request->event, nr_view(ways[i].event)))
            return ways[i].reply(reply, err);
    return nr_reply_bytes(reply, NR_VIEW("whole"), "text/plain", err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "streams", NULL, invoke, NULL};
