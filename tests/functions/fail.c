/* fail - every event is refused, with text that needs escaping. */
#include <narae/handler.h>

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    (void)request;
    (void)reply;
    return nr_err_set(err, NR_ERR_INVALID, "Function.Refused", "caf\xC3\xA9 \"closed\", broken \xFF byte");
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "fail", NULL, invoke, NULL};
