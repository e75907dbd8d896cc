/* Any bytes as FCM's answer: "STATUS\nRETRY-AFTER\nDATE\nBODY". A device must not die of what does not say
 * so. */
#include <stdlib.h>
#include <string.h>

#include "functions/push/backoff.h"
#include "functions/push/fcm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct nr_view take_line(struct nr_view *rest)
{
    const char *end = rest->len ? memchr(rest->ptr, '\n', rest->len) : NULL;
    struct nr_view line = nr_view_n(rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len);
    size_t used = line.len + (end != NULL);

    *rest = nr_view_n(rest->ptr + used, rest->len - used);
    return line;
}

static int status_of(struct nr_view line)
{
    int status = 0;

    for (size_t i = 0; i < line.len && i < 3; i++)
        status = status * 10 + (line.ptr[i] - '0');
    return status;
}

static bool has(struct nr_view body, const char *word)
{
    return body.len && memmem(body.ptr, body.len, word, strlen(word));
}

/* An escape could spell a word in another way. */
static bool says_dead(struct nr_view body)
{
    return has(body, "\\") || has(body, "UNREGISTERED") || has(body, "SENDER_ID_MISMATCH") ||
           has(body, "ApnsError") || has(body, "message.token") || has(body, "message.fid") ||
           has(body, "is not a valid FCM registration");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct nr_view rest = nr_view_n((const char *)data, size);
    int status = status_of(take_line(&rest));
    struct nr_view retry_after = take_line(&rest);
    struct nr_view date = take_line(&rest);
    enum fcm_verdict verdict = fcm_judge(status, rest);

    if ((unsigned)verdict >= FCM_N_VERDICTS || verdict == FCM_PENDING)
        abort();
    if (fcm_meaning(verdict)->device_reason && !says_dead(rest))
        abort();
    if (backoff_retry_after_ms(retry_after, date, INT64_C(1795729200000)) < 0)
        abort();
    return 0;
}
