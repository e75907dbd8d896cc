/* wants_json - replies with the event as it was parsed; what is no JSON is the function's error. */
#include <narae/handler.h>

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    json_t *event;

    if (nr_request_json(request, &event, err) != 0)
        return -1;
    return nr_reply_json(reply, event, err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "wants_json", NULL, invoke, NULL};
