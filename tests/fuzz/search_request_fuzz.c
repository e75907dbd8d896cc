/* Any JSON as search_query's event: refused with words that name a member, or a request within its bounds. */
#include <stdlib.h>

#include <narae/json.h>

#include "functions/search/page.h"
#include "functions/search/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct search_request request;
    NR_JSON_AUTO *event = NULL;
    struct nr_err err = {0};

    if (nr_json_parse(nr_view_n((const char *)data, size), "event", &event, &err) != 0)
        return 0;
    if (request_parse(event, &request, &err) != 0) {
        must(err.message[0] != '\0');
        return 0;
    }
    must(request.limit >= 1 && request.limit <= PAGE_HITS_MAX);
    must(request.wants[SEARCH_PERSON] || request.wants[SEARCH_POST]);
    must(request.query.n_words >= 1 && request.typed.ptr != NULL);
    return 0;
}
