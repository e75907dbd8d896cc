/* crash_init - dies before its first event. */
#include <narae/handler.h>

static int init(struct nr_err *err)
{
    volatile uintptr_t nothing = 0x30;

    (void)err;
    *(volatile int *)nothing = 1;
    return 0;
}

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    return nr_reply_bytes(reply, request->event, NULL, err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "crash_init", init, invoke, NULL};
