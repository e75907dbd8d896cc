#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/push/fcm.h"

#define FCM_ERROR(code)                                                                                      \
    "{\"error\":{\"code\":0,\"message\":\"m\",\"status\":\"S\",\"details\":["                                \
    "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"errorCode\":\"UNREGISTERED\"},"              \
    "{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\",\"errorCode\":\"" code "\"}]}}"
#define PLAIN(status) "{\"error\":{\"code\":0,\"message\":\"m\",\"status\":\"" status "\"}}"

/* The rows of reference/fcm-and-sqs.md section 5.2, in their order. */
static const struct {
    int status;
    const char *body;
    enum fcm_verdict verdict;
} answers[] = {
    {200, "{\"name\":\"projects/p/messages/1\"}", FCM_SENT},
    {200, "", FCM_SENT},
    {400, FCM_ERROR("INVALID_ARGUMENT"), FCM_INVALID_ARGUMENT},
    {400, PLAIN("INVALID_ARGUMENT"), FCM_INVALID_ARGUMENT},
    {401, FCM_ERROR("THIRD_PARTY_AUTH_ERROR"), FCM_THIRD_PARTY_AUTH},
    {401, FCM_ERROR("APNS_AUTH_ERROR"), FCM_THIRD_PARTY_AUTH},
    {401, PLAIN("UNAUTHENTICATED"), FCM_UNAUTHENTICATED},
    {403, FCM_ERROR("SENDER_ID_MISMATCH"), FCM_SENDER_ID_MISMATCH},
    {403, PLAIN("PERMISSION_DENIED"), FCM_PERMISSION_DENIED},
    {404, FCM_ERROR("UNREGISTERED"), FCM_UNREGISTERED},
    {404, PLAIN("NOT_FOUND"), FCM_WRONG_ENDPOINT},
    {404, "<html>404</html>", FCM_WRONG_ENDPOINT},
    {429, FCM_ERROR("QUOTA_EXCEEDED"), FCM_QUOTA_EXCEEDED},
    {429, "", FCM_QUOTA_EXCEEDED},
    {500, FCM_ERROR("INTERNAL"), FCM_INTERNAL},
    {500, "", FCM_INTERNAL},
    {503, FCM_ERROR("UNAVAILABLE"), FCM_UNAVAILABLE},
    {503, "", FCM_UNAVAILABLE},
    {502, "<html>bad gateway</html>", FCM_UNAVAILABLE},
    {504, "", FCM_UNAVAILABLE},
    {418, "", FCM_UNKNOWN},
    {302, "", FCM_UNKNOWN},
};

Test(fcm, judges_every_row_of_the_table)
{
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        enum fcm_verdict got = fcm_judge(answers[i].status, nr_view(answers[i].body));

        cr_expect_eq(got, answers[i].verdict, "%d %s: got %s, wanted %s", answers[i].status, answers[i].body,
                     fcm_meaning(got)->name, fcm_meaning(answers[i].verdict)->name);
    }
}

/* What looks like a dead registration, and must not be taken for one. */
Test(fcm, a_device_dies_only_by_fcms_own_code)
{
    static const char *const bodies[] = {
        "",
        "null",
        "[]",
        "{}",
        "{\"error\":\"UNREGISTERED\"}",
        "{\"error\":{\"details\":\"UNREGISTERED\"}}",
        "{\"error\":{\"details\":[7,null,\"x\",{}]}}",
        "{\"error\":{\"status\":\"UNREGISTERED\"}}",
        "{\"error\":{\"details\":[{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\"}]}}",
        ("{\"error\":{\"details\":[{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\","
         "\"errorCode\":404}]}}"),
        "{\"error\":{\"details\":[{\"@type\":\"x\",\"errorCode\":\"UNREGISTERED\"}]}}",
        "{\"error\":{\"details\":[{\"errorCode\":\"UNREGISTERED\"}]}}",
        "{\"error\":{\"details\":[{\"@type\":7,\"errorCode\":\"UNREGISTERED\"}]}}",
        "UNREGISTERED",
        "\xFF\xFE{",
        "{\"error\":{\"details\":[{\"@type\":\"google.firebase.fcm.v1.FcmError\",\"errorCode\":\"UN",
    };

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        cr_expect_eq(fcm_judge(404, nr_view(bodies[i])), FCM_WRONG_ENDPOINT, "%s", bodies[i]);
        cr_expect_eq(fcm_judge(403, nr_view(bodies[i])), FCM_PERMISSION_DENIED, "%s", bodies[i]);
    }
    cr_expect_eq(fcm_judge(500, nr_view(FCM_ERROR("UNREGISTERED"))), FCM_INTERNAL);
    cr_expect_eq(fcm_judge(404, nr_view(FCM_ERROR("SENDER_ID_MISMATCH"))), FCM_WRONG_ENDPOINT);
}

Test(fcm, judges_every_truncation_without_a_device_dying)
{
    static const char whole[] = FCM_ERROR("UNREGISTERED");

    for (size_t len = 0; len < sizeof(whole) - 1; len++)
        cr_expect_eq(fcm_judge(404, nr_view_n(whole, len)), FCM_WRONG_ENDPOINT, "%zu bytes", len);
}

Test(fcm, says_what_follows_from_each_verdict)
{
    static const struct {
        enum fcm_verdict verdict;
        const char *name;
        bool is_retry, is_end;
    } rows[] = {
        {FCM_PENDING, "not_sent", true, false},
        {FCM_SENT, "sent", false, false},
        {FCM_UNREGISTERED, "unregistered", false, false},
        {FCM_SENDER_ID_MISMATCH, "sender_id_mismatch", false, false},
        {FCM_INVALID_ARGUMENT, "invalid_argument", false, false},
        {FCM_THIRD_PARTY_AUTH, "third_party_auth_error", false, false},
        {FCM_UNAUTHENTICATED, "unauthenticated", true, true},
        {FCM_PERMISSION_DENIED, "permission_denied", true, true},
        {FCM_WRONG_ENDPOINT, "wrong_endpoint", true, true},
        {FCM_QUOTA_EXCEEDED, "quota_exceeded", true, false},
        {FCM_UNAVAILABLE, "unavailable", true, false},
        {FCM_INTERNAL, "internal", true, false},
        {FCM_UNKNOWN, "unknown", true, false},
        {FCM_NO_ANSWER, "no_answer", true, false},
    };

    cr_assert_eq(sizeof(rows) / sizeof(rows[0]), FCM_N_VERDICTS);
    for (size_t i = 0; i < FCM_N_VERDICTS; i++) {
        const struct fcm_meaning *meaning = fcm_meaning(rows[i].verdict);

        cr_expect_eq(rows[i].verdict, i);
        cr_expect_str_eq(meaning->name, rows[i].name);
        cr_expect_eq(meaning->is_retry, rows[i].is_retry, "%s", rows[i].name);
        cr_expect_eq(meaning->is_end, rows[i].is_end, "%s", rows[i].name);
        /* Every verdict but these asks for a line in the log; these have one of their own, or need none. */
        cr_expect_eq(meaning->advice[0] == '\0',
                     rows[i].verdict <= FCM_UNREGISTERED || rows[i].verdict == FCM_NO_ANSWER, "%s",
                     rows[i].name);
    }
    cr_expect_str_eq(fcm_meaning((enum fcm_verdict)99)->name, "unknown");
}
