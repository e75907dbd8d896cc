/* hangs - replies with the event, unless it is "hang": then it never does. */
#include <unistd.h>

#include <narae/handler.h>

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    while (nr_view_is(request->event, NR_VIEW("\"hang\"")))
        pause();
    return nr_reply_bytes(reply, request->event, request->content_type, err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "hangs", NULL, invoke, NULL};
