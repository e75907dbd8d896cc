#include <criterion/criterion.h>

#include "runtime/base64.h"

/* RFC 4648 section 10, and bytes above 127. */
Test(base64, encodes_as_the_rfc_does)
{
    static const char *const rows[][2] = {{"", ""},
                                          {"f", "Zg=="},
                                          {"fo", "Zm8="},
                                          {"foo", "Zm9v"},
                                          {"foob", "Zm9vYg=="},
                                          {"fooba", "Zm9vYmE="},
                                          {"foobar", "Zm9vYmFy"},
                                          {"\xFF\xFE\xFB", "//77"}};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        NR_BUF_AUTO out;

        nr_buf_init(&out, 64);
        base64_add(&out, nr_view(rows[i][0]));
        cr_expect_str_eq(nr_buf_text(&out), rows[i][1]);
    }
}
