/* Any bytes as an answer of FCM's or Instance ID's topic API: three digits of status, then the body. No
 * registration is called dead by an answer that does not say so. */
#include <stdlib.h>
#include <string.h>

#include <narae/json.h>

#include "functions/push/topic_iid.h"
#include "functions/push/topics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TOKENS = 3 };

static bool has(struct nr_view body, const char *word)
{
    return body.len && memmem(body.ptr, body.len, word, strlen(word));
}

/* An escape could spell a word in another way. */
static bool says_dead(struct nr_view body)
{
    return has(body, "\\") || has(body, "UNREGISTERED") || has(body, "SENDER_ID_MISMATCH") ||
           has(body, "NOT_FOUND");
}

static void check(const struct topics_answer *answer, struct nr_view body)
{
    int64_t wait_ms = topics_wait_ms(answer, 3, 0, UINT32_MAX);

    if (answer->verdict == TOPICS_DEAD && !says_dead(body))
        abort();
    if (!answer->reason || !answer->advice || wait_ms < answer->floor_ms || wait_ms > 3600 * 1000)
        abort();
    if (answer->verdict == TOPICS_LATER && answer->floor_ms < 10000)
        abort();
}

static void list(struct nr_view body)
{
    NR_JSON_AUTO *names = json_array();
    struct nr_err err = {0};
    bool is_whole;

    if (topics_list_parse(body, names, &is_whole, &err) != 0 && !err.message[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct topics_answer answers[TOKENS];
    struct topics_answer answer;
    struct nr_view body;
    int status = 0;

    if (size < 3)
        return 0;
    for (int i = 0; i < 3; i++)
        status = status * 10 + (data[i] - '0');
    body = nr_view_n((const char *)data + 3, size - 3);
    answer = topics_judge(status, body);
    check(&answer, body);
    topic_iid_judge(status, body, TOKENS, answers);
    for (int i = 0; i < TOKENS; i++)
        check(&answers[i], body);
    list(body);
    return 0;
}
