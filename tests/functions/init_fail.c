/* init_fail - cannot start. */
#include <narae/handler.h>

static int init(struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting",
                      "NARAE_TEST: \"x\" is not a whole number");
}

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    return nr_reply_bytes(reply, request->event, NULL, err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "init_fail", init, invoke, NULL};
