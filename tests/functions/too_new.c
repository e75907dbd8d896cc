/* too_new - needs GLIBC_2.36, which is newer than provided.al2023 has. */
#include <stdlib.h>

#include <narae/handler.h>

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    return nr_reply_bytes(reply, nr_view_n(request->event.ptr, arc4random() % 2), NULL, err);
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "too_new", NULL, invoke, NULL};
