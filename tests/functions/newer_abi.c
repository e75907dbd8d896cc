/* newer_abi - built for a layer that does not exist yet. */
#include <narae/handler.h>

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    return nr_reply_bytes(reply, request->event, NULL, err);
}

const struct nr_handler handler = {NR_ABI + 1, sizeof(struct nr_handler), "newer_abi", NULL, invoke, NULL};
