/* no_name - a table without a name. */
#include <narae/handler.h>

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    return nr_reply_bytes(reply, request->event, NULL, err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), NULL, NULL, invoke, NULL};
