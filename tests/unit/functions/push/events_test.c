/* The examples in tests/events, which people copy from: each is what its name says. */
#include <criterion/criterion.h>

#include <narae/json.h>
#include <narae/sqs.h>

#include "functions/push/device_intake.h"
#include "functions/push/event.h"
#include "functions/push/prune.h"

/* How many of a file's messages are taken; *n_refused: how many are not. */
static size_t take(const char *file, size_t *n_refused)
{
    struct nr_sqs_batch batch = {0};
    struct nr_err err = {0};
    char path[512];
    size_t n_taken = 0;

    snprintf(path, sizeof(path), "%s/tests/events/push_send/%s", NARAE_SOURCE_ROOT, file);
    NR_JSON_AUTO *event = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_eq(nr_sqs_parse(event, &batch, &err), 0, "%s: %s", file, err.message);
    for (size_t i = 0; i < batch.n_records; i++) {
        struct push_message message = {0};
        struct nr_err why = {0};

        n_taken += push_message_parse(batch.records[i].body, i, &message, &why) == 0;
        push_message_done(&message);
    }
    *n_refused = batch.n_records - n_taken;
    nr_sqs_batch_done(&batch);
    return n_taken;
}

Test(events, examples_are_what_their_names_say)
{
    static const struct {
        const char *file;
        size_t n_taken, n_refused;
    } files[] = {
        {"sqs-one-message.json", 1, 0},  {"sqs-three-messages.json", 2, 1}, {"sqs-every-target.json", 5, 0},
        {"sqs-bad-messages.json", 0, 7}, {"sqs-fifo-two-users.json", 3, 1},
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        size_t n_refused;

        cr_expect_eq(take(files[i].file, &n_refused), files[i].n_taken, "%s", files[i].file);
        cr_expect_eq(n_refused, files[i].n_refused, "%s", files[i].file);
    }
}

/* --- of push_devices and push_prune */

static size_t take_device_messages(const char *file, size_t *n_refused)
{
    struct device_intake intake = {0};
    struct nr_err err = {0};
    char path[512];
    size_t n_taken = 0;

    snprintf(path, sizeof(path), "%s/tests/events/push_devices/%s", NARAE_SOURCE_ROOT, file);
    NR_JSON_AUTO *event = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_eq(device_intake_read(event, &intake, &err), 0, "%s: %s", file, err.message);
    for (size_t i = 0; i < intake.n; i++) {
        struct device_message message;
        struct nr_err why = {0};

        n_taken += device_intake_parse(&intake, i, &message, &why) == 0;
    }
    *n_refused = intake.n - n_taken;
    device_intake_done(&intake);
    return n_taken;
}

Test(events, examples_of_device_messages_are_what_their_names_say)
{
    static const struct {
        const char *file;
        size_t n_taken, n_refused;
    } files[] = {
        {"direct-register.json", 1, 0},
        {"direct-list.json", 3, 0},
        {"sqs-life-of-a-registration.json", 6, 0},
        {"sqs-bad-messages.json", 1, 4},
        {"sqs-fifo-two-users.json", 3, 1},
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        size_t n_refused;

        cr_expect_eq(take_device_messages(files[i].file, &n_refused), files[i].n_taken, "%s", files[i].file);
        cr_expect_eq(n_refused, files[i].n_refused, "%s", files[i].file);
    }
}

Test(events, examples_for_push_prune_are_what_their_names_say)
{
    static const struct {
        const char *file;
        unsigned tasks;
        bool is_forced;
    } files[] = {
        {"scheduler-input-everything.json", PRUNE_ALL, false},
        {"scheduler-input-topics.json", PRUNE_TOPICS, false},
        {"direct-force-devices.json", PRUNE_DEVICES, true},
        {"scheduler-default-nightly.json", PRUNE_ALL, false},
        {"rule-nightly.json", PRUNE_ALL, false},
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct prune_request request;
        struct nr_err err = {0};
        char path[512];

        snprintf(path, sizeof(path), "%s/tests/events/push_prune/%s", NARAE_SOURCE_ROOT, files[i].file);
        NR_JSON_AUTO *event = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
        cr_assert_eq(prune_request_parse(event, &request, &err), 0, "%s: %s", files[i].file, err.message);
        cr_expect_eq(request.tasks, files[i].tasks, "%s", files[i].file);
        cr_expect_eq(request.is_forced, files[i].is_forced, "%s", files[i].file);
    }
}
