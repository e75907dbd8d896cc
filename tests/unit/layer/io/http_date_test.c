#include <criterion/criterion.h>

#include <narae/http_date.h>

Test(nr_http_date, reads_the_three_forms)
{
    static const char *const texts[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                        "Sun Nov  6 08:49:37 1994", "  Sun, 06 Nov 1994 08:49:37 GMT\r\n"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t unix_s = -1;

        cr_expect(nr_http_date_parse(nr_view(texts[i]), &unix_s), "%s", texts[i]);
        cr_expect_eq(unix_s, 784111777, "%s: %lld", texts[i], (long long)unix_s);
    }
}

Test(nr_http_date, leaves_the_time_alone_when_it_is_none)
{
    static const char *const texts[] = {"",
                                        "now",
                                        "Sun, 06 Nov 1994 08:49:37",
                                        "Sun, 06 Nov 1994 08:49:37 GMT+1",
                                        "Sun, 06 Foo 1994 08:49:37 GMT",
                                        "Sun, 06 Nov 1994 25:49:37 GMT"};
    int64_t unix_s = 4711;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        cr_expect(!nr_http_date_parse(nr_view(texts[i]), &unix_s), "%s", texts[i]);
    cr_expect_eq(unix_s, 4711);
}

Test(nr_http_date, takes_every_cut_of_a_date_for_none)
{
    static const char whole[] = "Sun, 06 Nov 1994 08:49:37 GMT";
    int64_t unix_s;

    for (size_t len = 0; len < sizeof(whole) - 1; len++)
        cr_expect(!nr_http_date_parse(nr_view_n(whole, len), &unix_s), "%zu bytes", len);
}
