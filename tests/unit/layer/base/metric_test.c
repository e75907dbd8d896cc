#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include <narae/metric.h>

#include "tests/support/fake_clock.h"
#include "tests/support/log_capture.h"

static void begin(void)
{
    fake_clock_set(1764000000123, 0);
    log_capture_begin();
}

/* What was written, which must be one line of JSON; the caller's. */
static json_t *line(void)
{
    char *text = log_capture_take();
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

    cr_assert(value, "not JSON: %s", text);
    cr_assert_eq(strchr(text, '\n'), text + strlen(text) - 1, "not one line: %s", text);
    free(text);
    return value;
}

Test(metric, writes_one_line_as_cloudwatch_specifies, .init = begin)
{
    const struct nr_metric_dimension dimensions[] = {{"Platform", NR_VIEW("android")}};
    const struct nr_metric metrics[] = {{"PushesSent", NR_METRIC_COUNT, 3},
                                        {"InvalidRatio", NR_METRIC_NONE, 0.25}};

    nr_metric_emit("Narae/Push", dimensions, 1, metrics, 2);

    char *text = log_capture_take();
    cr_assert_str_eq(
        text, "{\"level\":\"INFO\",\"_aws\":{\"Timestamp\":1764000000123,\"CloudWatchMetrics\":[{"
              "\"Namespace\":\"Narae/Push\","
              "\"Dimensions\":[[\"Platform\"]],\"Metrics\":[{\"Name\":\"PushesSent\",\"Unit\":\"Count\"},"
              "{\"Name\":\"InvalidRatio\",\"Unit\":\"None\"}]}]},\"Platform\":\"android\",\"PushesSent\":3,"
              "\"InvalidRatio\":0.25}\n");
    free(text);
}

Test(metric, without_dimensions_gives_one_empty_set, .init = begin)
{
    const struct nr_metric one = {"Runs", NR_METRIC_COUNT, 1};

    nr_metric_emit("Narae", NULL, 0, &one, 1);

    json_t *value = line();
    json_t *sets = json_object_get(
        json_array_get(json_object_get(json_object_get(value, "_aws"), "CloudWatchMetrics"), 0),
        "Dimensions");
    cr_assert_eq(json_array_size(sets), 1);
    cr_assert_eq(json_array_size(json_array_get(sets, 0)), 0);
    json_decref(value);
}

Test(metric, leaves_out_what_is_no_number_and_what_has_no_value, .init = begin)
{
    const struct nr_metric_dimension dimensions[] = {{"Cluster", {NULL, 0}}, {"Zone", NR_VIEW("a\"b")}};
    const struct nr_metric metrics[] = {{"Nan", NR_METRIC_NONE, NAN}, {"Two", NR_METRIC_NONE, 2}};

    nr_metric_emit("Narae", dimensions, 2, metrics, 2);

    json_t *value = line();
    cr_assert_null(json_object_get(value, "Nan"));
    cr_assert_null(json_object_get(value, "Cluster"));
    cr_assert_str_eq(json_string_value(json_object_get(value, "Zone")), "a\"b");
    cr_assert_eq(json_integer_value(json_object_get(value, "Two")), 2);
    json_decref(value);
}

Test(metric, with_nothing_to_say_writes_nothing, .init = begin)
{
    const struct nr_metric nothing = {"Nan", NR_METRIC_NONE, INFINITY};

    nr_metric_emit("Narae", NULL, 0, &nothing, 1);
    nr_metric_emit("Narae", NULL, 0, NULL, 0);

    char *text = log_capture_take();
    cr_assert_str_eq(text, "");
    free(text);
}

Test(metric, cuts_a_dimension_between_characters, .init = begin)
{
    char value[NR_METRIC_DIMENSION_MAX_BYTES + 8];
    struct nr_metric_dimension dimension = {"Name", {value, sizeof(value)}};
    const struct nr_metric one = {"Runs", NR_METRIC_COUNT, 1};

    memset(value, 'x', sizeof(value));
    memcpy(value + NR_METRIC_DIMENSION_MAX_BYTES - 1, "\xea\xb0\x80",
           3); /* a Hangul syllable across the limit */
    nr_metric_emit("Narae", &dimension, 1, &one, 1);

    json_t *out = line();
    cr_assert_eq(json_string_length(json_object_get(out, "Name")), NR_METRIC_DIMENSION_MAX_BYTES - 1);
    json_decref(out);
}

Test(metric, keeps_to_the_limits_of_a_line, .init = begin)
{
    struct nr_metric metrics[NR_METRICS_MAX + 1];

    for (size_t i = 0; i < NR_METRICS_MAX + 1; i++)
        metrics[i] = (struct nr_metric){"Same", NR_METRIC_COUNT, (double)i};
    nr_metric_emit("Narae", NULL, 0, metrics, NR_METRICS_MAX + 1);

    char *text = log_capture_take();
    cr_assert_null(strstr(text, "\"Same\":100"));
    cr_assert_not_null(strstr(text, "\"Same\":99}"));
    free(text);
}

static const char setting[] = "NARAE_METRIC_SCOPE";

/* Two lines of metrics by a process in whose environment the scope is; all that was written, the caller's. */
static char *emit_twice(const char *scope)
{
    const struct nr_metric one = {"Runs", NR_METRIC_COUNT, 1};

    setenv(setting, scope, 1);
    for (int i = 0; i < 2; i++)
        nr_metric_emit("Narae/Push", NULL, 0, &one, 1);
    return log_capture_take();
}

static int count(const char *text, const char *what)
{
    int n = 0;

    for (const char *at = text; (at = strstr(at, what)); at++)
        n++;
    return n;
}

Test(metric, puts_the_scope_behind_the_namespace, .init = begin)
{
    char *text = emit_twice("narae-prod");

    cr_expect_eq(count(text, "\"Namespace\":\"Narae/Push/narae-prod\","), 2, "%s", text);
    cr_expect_eq(count(text, "\n"), 2, "%s", text);
    free(text);
}

Test(metric, takes_every_character_of_a_scope_and_its_longest, .init = begin)
{
    char scope[NR_METRIC_SCOPE_MAX_BYTES + 1] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_#";
    char *text;

    memset(scope + strlen(scope), 'x', NR_METRIC_SCOPE_MAX_BYTES - strlen(scope));
    text = emit_twice(scope);

    cr_expect_eq(count(text, scope), 2, "%s", text);
    cr_expect_eq(count(text, "\n"), 2, "%s", text);
    free(text);
}

Test(metric, without_a_scope_has_the_namespace_alone, .init = begin)
{
    char *text = emit_twice("");

    cr_expect_eq(count(text, "\"Namespace\":\"Narae/Push\","), 2, "%s", text);
    cr_expect_eq(count(text, "\n"), 2, "%s", text);
    free(text);
}

/* The lines are as without one, behind one warning. */
static void expect_refused(const char *scope, const char *words)
{
    char *text = emit_twice(scope);

    cr_expect_eq(count(text, "\"Namespace\":\"Narae/Push\","), 2, "%s", text);
    cr_expect_eq(count(text, "\n"), 3, "%s", text);
    cr_expect_eq(count(text,
                       " WARN - metrics are written without a scope errorType=\"Function.InvalidSetting\" "
                       "errorKind=\"invalid\" errorMessage=\""),
                 1, "%s", text);
    cr_expect_eq(count(text, words), 1, "%s", text);
    free(text);
}

Test(metric, does_not_use_a_scope_that_no_namespace_can_hold, .init = begin)
{
    expect_refused("narae/prod",
                   "errorMessage=\"NARAE_METRIC_SCOPE: \\\"narae/prod\\\" is not 1 to 128 letters, "
                   "digits, '.', '-', '_' and '#'\"\n");
}

Test(metric, does_not_use_a_scope_with_bytes_that_are_no_letters, .init = begin)
{
    expect_refused("narae \xec\x9a\xb4\"\n", "errorMessage=\"NARAE_METRIC_SCOPE: ");
}

Test(metric, does_not_use_a_scope_that_is_too_long, .init = begin)
{
    char scope[NR_METRIC_SCOPE_MAX_BYTES + 2] = "";

    memset(scope, 'x', NR_METRIC_SCOPE_MAX_BYTES + 1);
    expect_refused(scope,
                   "errorMessage=\"NARAE_METRIC_SCOPE: longer than 128 bytes; accepted: 1 to 128 letters, "
                   "digits, '.', '-', '_' and '#'\"\n");
}
