#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "functions/push/fcm.h"

#define FCM_ERROR(code)                                                                                      \
    "{\"error\":{\"code\":0,\"message\":\"m\",\"status\":\"S\",\"details\":["                                \
    "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"errorCode\":\"UNREGISTERED\"},"              \
    "{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\",\"errorCode\":\"" code "\"}]}}"
#define PLAIN(status) "{\"error\":{\"code\":0,\"message\":\"m\",\"status\":\"" status "\"}}"

#define FCM_AND(code, detail)                                                                                \
    "{\"error\":{\"code\":400,\"message\":\"m\",\"status\":\"S\",\"details\":["                              \
    "{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.FcmError\",\"errorCode\":\"" code "\"}," detail \
    "]}}"
#define APNS(reason)                                                                                         \
    "{\"@type\":\"type.googleapis.com/google.firebase.fcm.v1.ApnsError\",\"statusCode\":400,"                \
    "\"reason\":\"" reason "\"}"
#define VIOLATIONS(...)                                                                                      \
    "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":[" __VA_ARGS__ "]}"
#define FIELD(name) "{\"field\":\"" name "\",\"description\":\"d\"}"

/* FCM's table of errors, row by row; then who is to blame for INVALID_ARGUMENT, as far as the answer says. */
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
    {400, FCM_AND("INVALID_ARGUMENT", APNS("Unregistered")), FCM_APNS_UNREGISTERED},
    {400, FCM_AND("INVALID_ARGUMENT", APNS("BadDeviceToken")), FCM_APNS_UNREGISTERED},
    {400, FCM_AND("INVALID_ARGUMENT", APNS("DeviceTokenNotForTopic")), FCM_APNS_UNREGISTERED},
    {400, FCM_AND("INVALID_ARGUMENT", APNS("PayloadTooLarge")), FCM_INVALID_PAYLOAD},
    {400, FCM_AND("INVALID_ARGUMENT", APNS("BadTopic")), FCM_INVALID_PAYLOAD},
    {400, FCM_AND("INVALID_ARGUMENT", APNS("BadPriority")), FCM_INVALID_PAYLOAD},
    {400, FCM_AND("INVALID_ARGUMENT", APNS("InvalidPushType")), FCM_INVALID_PAYLOAD},
    {400, FCM_AND("INVALID_ARGUMENT", APNS("SomethingNew")), FCM_INVALID_ARGUMENT},
    {401, FCM_AND("X", APNS("InvalidProviderToken")), FCM_THIRD_PARTY_AUTH},
    {403, FCM_AND("X", APNS("BadEnvironmentKeyInToken")), FCM_THIRD_PARTY_AUTH},
    {404, FCM_AND("UNREGISTERED", APNS("InvalidProviderToken")), FCM_UNREGISTERED},
    {400, FCM_AND("INVALID_ARGUMENT", VIOLATIONS(FIELD("message.token"))), FCM_INVALID_REGISTRATION},
    {400, FCM_AND("INVALID_ARGUMENT", VIOLATIONS(FIELD("message.fid"))), FCM_INVALID_REGISTRATION},
    {400, FCM_AND("INVALID_ARGUMENT", VIOLATIONS(FIELD("message.token") "," FIELD("message.data"))),
     FCM_INVALID_PAYLOAD},
    {400, FCM_AND("INVALID_ARGUMENT", VIOLATIONS(FIELD("message.data[0].value"))), FCM_INVALID_PAYLOAD},
    {400, FCM_AND("INVALID_ARGUMENT", VIOLATIONS("{\"description\":\"Unknown name\"}")), FCM_INVALID_PAYLOAD},
    {400, FCM_AND("INVALID_ARGUMENT", VIOLATIONS("")), FCM_INVALID_ARGUMENT},
    {400, "{\"error\":{\"message\":\"The registration token is not a valid FCM registration token\"}}",
     FCM_INVALID_REGISTRATION},
    {400, "{\"error\":{\"message\":\"Request contains an invalid argument.\"}}", FCM_INVALID_ARGUMENT},
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
        const char *name, *state, *device_reason;
        bool is_blame, is_end, is_alarm, is_aged;
        int64_t floor_ms;
    } rows[] = {
        {FCM_PENDING, "not_sent", "retry", NULL, false, false, false, false, 0},
        {FCM_SENT, "sent", "sent", NULL, false, false, false, false, 0},
        {FCM_UNREGISTERED, "unregistered", "skipped", "unregistered", false, false, false, false, 0},
        {FCM_SENDER_ID_MISMATCH, "sender_id_mismatch", "skipped", "sender_id_mismatch", true, false, false,
         false, 0},
        {FCM_INVALID_REGISTRATION, "invalid_registration", "skipped", "invalid_registration", true, false,
         false, false, 0},
        {FCM_APNS_UNREGISTERED, "apns_unregistered", "skipped", "apns_unregistered", true, false, false,
         false, 0},
        {FCM_INVALID_ARGUMENT, "invalid_argument", "failed", NULL, false, false, false, false, 0},
        {FCM_INVALID_PAYLOAD, "invalid_payload", "failed", NULL, false, false, false, false, 0},
        {FCM_THIRD_PARTY_AUTH, "third_party_auth_error", "failed", NULL, false, false, true, false, 0},
        {FCM_UNAUTHENTICATED, "unauthenticated", "retry", NULL, false, true, true, false, 60000},
        {FCM_PERMISSION_DENIED, "permission_denied", "retry", NULL, false, true, true, false, 60000},
        {FCM_WRONG_ENDPOINT, "wrong_endpoint", "retry", NULL, false, true, true, false, 60000},
        {FCM_QUOTA_EXCEEDED, "quota_exceeded", "retry", NULL, false, false, false, true, 60000},
        {FCM_UNAVAILABLE, "unavailable", "retry", NULL, false, false, false, true, 10000},
        {FCM_INTERNAL, "internal", "retry", NULL, false, false, false, true, 10000},
        {FCM_UNKNOWN, "unknown", "retry", NULL, false, false, false, true, 10000},
        {FCM_NO_ANSWER, "no_answer", "retry", NULL, false, false, false, true, 10000},
        {FCM_GAVE_UP, "gave_up", "failed", NULL, false, false, true, false, 0},
        {FCM_STOPPED, "stopped", "failed", NULL, false, false, true, false, 0},
    };

    cr_assert_eq(sizeof(rows) / sizeof(rows[0]), FCM_N_VERDICTS);
    for (size_t i = 0; i < FCM_N_VERDICTS; i++) {
        const struct fcm_meaning *meaning = fcm_meaning(rows[i].verdict);

        cr_expect_eq(rows[i].verdict, i);
        cr_expect_str_eq(meaning->name, rows[i].name);
        cr_expect_str_eq(meaning->state, rows[i].state, "%s", rows[i].name);
        cr_expect_eq(fcm_is_retry(rows[i].verdict), strcmp(rows[i].state, "retry") == 0);
        cr_expect_str_eq(meaning->device_reason ? meaning->device_reason : "",
                         rows[i].device_reason ? rows[i].device_reason : "", "%s", rows[i].name);
        cr_expect_eq(meaning->is_blame, rows[i].is_blame, "%s", rows[i].name);
        cr_expect_eq(meaning->is_end, rows[i].is_end, "%s", rows[i].name);
        cr_expect_eq(meaning->is_alarm, rows[i].is_alarm, "%s", rows[i].name);
        cr_expect_eq(meaning->is_aged, rows[i].is_aged, "%s", rows[i].name);
        cr_expect_eq(meaning->floor_ms, rows[i].floor_ms, "%s", rows[i].name);
        cr_expect(!meaning->is_alarm || meaning->advice[0], "%s: an alarm says what to do", rows[i].name);
    }
    cr_expect_str_eq(fcm_meaning((enum fcm_verdict)99)->name, "unknown");
}
