/* echo - replies with the event: the smallest function there is. */
#include <narae/handler.h>

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    return nr_reply_bytes(reply, request->event, request->content_type, err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "echo", NULL, invoke, NULL};
