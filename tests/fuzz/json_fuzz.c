/* Any bytes: parsed or refused with words; what was parsed is written as JSON that parses to the same. */
#include <stdlib.h>

#include <narae/buf.h>
#include <narae/json.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void written_again(const json_t *value)
{
    NR_BUF_AUTO text;
    NR_JSON_AUTO *again = NULL;
    struct nr_err err = {0};

    nr_buf_init(&text, 1 << 20);
    if (nr_json_dump(value, &text, &err) != 0)
        return; /* longer than the buffer may be */
    if (nr_json_parse(nr_buf_view(&text), "again", &again, &err) != 0 || !json_equal(value, again))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    NR_JSON_AUTO *value = NULL;
    struct nr_err err = {0};

    if (nr_json_parse(nr_view_n((const char *)data, size), "event", &value, &err) == 0)
        written_again(value);
    else if (!err.message[0])
        abort();
    return 0;
}
