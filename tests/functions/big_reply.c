/* big_reply - one byte more than Lambda takes. */
#include <stdlib.h>
#include <string.h>

#include <narae/handler.h>

enum { BYTES = 6291556 + 1 };

static int invoke(const struct nr_request *request, struct nr_reply *reply, struct nr_err *err)
{
    char *bytes = malloc(BYTES);
    int result;

    (void)request;
    if (!bytes)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, NULL, "no memory");
    memset(bytes, 'a', BYTES);
    result = nr_reply_bytes(reply, nr_view_n(bytes, BYTES), "text/plain", err);
    free(bytes);
    return result;
}

const struct nr_handler handler = {NR_ABI, sizeof(struct nr_handler), "big_reply", NULL, invoke, NULL};
