#include <criterion/criterion.h>
#include <string.h>

#include <jansson.h>

#include "runtime/api_error.h"

static const struct nr_err refused = {.kind = NR_ERR_INVALID,
                                      .type = "Function.Refused",
                                      .message = "caf\xC3\xA9 \xF0\x9F\xAA\xBD \"x\"\r\n\xFF",
                                      .hint = "try y"};

Test(api_error, keeps_the_header_to_what_lambda_accepts)
{
    static const char *const types[][2] = {
        {"Runtime.ExitError", "Runtime.ExitError"},
        {"Function.Xy", "Function.Xy"},
        {"Function.Http2Error", "Function.Http2Error"},
        {"Function.H2Error", "Function.Unknown"},
        {"InvalidInput", "Function.InvalidInput"},
        {"Function.lower", "Function.Unknown"},
        {"Function.X", "Function.Unknown"},
        {"Function.Has-Dash", "Function.Has-Dash"},
        {"Other.Thing", "Function.Other.Thing"},
        {"Function.", "Function.Unknown"},
        {"Function.Ab\r\nX: y", "Function.Unknown"},
        {"invalid", "Function.Unknown"},
        {"", "Function.Unknown"},
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        char header[NR_ERR_TYPE_MAX_BYTES + 16];

        api_error_header_type(types[i][0], header);
        cr_expect_str_eq(header, types[i][1], "%s", types[i][0]);
    }
}

Test(api_error, body_is_json_of_good_utf8_whatever_the_message_holds)
{
    NR_BUF_AUTO body;

    nr_buf_init(&body, 4096);
    api_error_body(&body, &refused);

    cr_expect_str_eq(nr_buf_text(&body),
                     "{\"errorMessage\":\"caf\xC3\xA9 \xF0\x9F\xAA\xBD \\\"x\\\"\\r\\n\xEF\xBF\xBD (try y)\","
                     "\"errorType\":\"Function.Refused\",\"stackTrace\":[]}");
}

Test(api_error, cause_is_json_in_ascii_on_one_line)
{
    NR_BUF_AUTO cause;

    nr_buf_init(&cause, 4096);
    api_error_cause(&cause, &refused, "/var/\xEB\x82\x98");

    cr_expect_str_eq(
        nr_buf_text(&cause),
        "{\"working_directory\":\"/var/\\ub098\",\"exceptions\":[{\"type\":\"Function.Refused\","
        "\"message\":\"caf\\u00e9 \\ud83e\\udebd \\\"x\\\"\\r\\n\\ufffd (try y)\",\"stack\":[]}],"
        "\"paths\":[]}");
}

Test(api_error, cause_of_the_longest_words_stays_far_below_the_limit)
{
    struct nr_err failure = {.kind = NR_ERR_BUG};
    json_t *read;
    NR_BUF_AUTO cause;

    memset(failure.message, 0xFF, sizeof(failure.message) - 1);
    memset(failure.hint, 0x01, sizeof(failure.hint) - 1);
    memset(failure.type, 0x02, sizeof(failure.type) - 1);
    nr_buf_init(&cause, 65535);
    api_error_cause(&cause, &failure, "");

    cr_assert_not(cause.is_bad);
    cr_expect_lt(cause.len, 16384u);
    read = json_loads(nr_buf_text(&cause), 0, NULL);
    cr_expect_not_null(read);
    json_decref(read);
}
