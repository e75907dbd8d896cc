/* future_glibc - needs GLIBC_2.99, which no system has: what a function built on a newer machine looks
 * like. */
#include <narae/handler.h>

int from_the_future(void);

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    return nr_reply_bytes(reply, nr_view_n(request->event.ptr, (size_t)from_the_future()), NULL, err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "future_glibc", NULL, invoke, NULL};
