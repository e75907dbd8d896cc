/* exits - ends the process instead of answering. */
#include <stdlib.h>

#include <narae/handler.h>

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    (void)request;
    (void)reply;
    (void)err;
    exit(3);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "exits", NULL, invoke, NULL};
