#include <string.h>

#include <narae/json.h>

#include "functions/push/fcm.h"

/* FCM "scale-fcm": at least 10 s before any retry; 60 s after a 429 that does not say how long. What only a
 * person can mend is not asked for more often than that either. */
#define FLOOR_MS       INT64_C(10000)
#define QUOTA_FLOOR_MS INT64_C(60000)
#define OURS_FLOOR_MS  INT64_C(60000)

static const struct fcm_meaning meanings[FCM_N_VERDICTS] = {
    [FCM_PENDING] = {.name = "not_sent", .state = "retry", .advice = ""},
    [FCM_SENT] = {.name = "sent", .state = "sent", .advice = ""},
    [FCM_UNREGISTERED] = {.name = "unregistered",
                          .state = "skipped",
                          .device_reason = "unregistered",
                          .is_client_error = true,
                          .advice = ""},
    [FCM_SENDER_ID_MISMATCH] = {.name = "sender_id_mismatch",
                                .state = "skipped",
                                .device_reason = "sender_id_mismatch",
                                .is_blame = true,
                                .is_client_error = true,
                                .advice = "the registration belongs to another Firebase project"},
    [FCM_INVALID_REGISTRATION] = {.name = "invalid_registration",
                                  .state = "skipped",
                                  .device_reason = "invalid_registration",
                                  .is_blame = true,
                                  .is_client_error = true,
                                  .advice = ""},
    [FCM_APNS_UNREGISTERED] = {.name = "apns_unregistered",
                               .state = "skipped",
                               .device_reason = "apns_unregistered",
                               .is_blame = true,
                               .is_client_error = true,
                               .advice = ""},
    [FCM_INVALID_ARGUMENT] = {.name = "invalid_argument",
                              .state = "failed",
                              .is_client_error = true,
                              .advice = "FCM refuses the message or the registration"},
    [FCM_INVALID_PAYLOAD] = {.name = "invalid_payload",
                             .state = "failed",
                             .is_client_error = true,
                             .advice = "FCM refuses the message: compare it with FCM's reference of Message"},
    [FCM_THIRD_PARTY_AUTH] = {.name = "third_party_auth_error",
                              .is_alarm = true,
                              .state = "failed",
                              .is_client_error = true,
                              .advice = "renew the APNs key or web-push key in the Firebase console"},
    [FCM_UNAUTHENTICATED] = {.name = "unauthenticated",
                             .state = "retry",
                             .is_end = true,
                             .is_alarm = true,
                             .is_client_error = true,
                             .floor_ms = OURS_FLOOR_MS,
                             .advice = "check NARAE_FCM_SERVICE_ACCOUNT: its key may be revoked"},
    [FCM_PERMISSION_DENIED] = {.name = "permission_denied",
                               .state = "retry",
                               .is_end = true,
                               .is_alarm = true,
                               .is_client_error = true,
                               .floor_ms = OURS_FLOOR_MS,
                               .advice =
                                   "give the service account cloudmessaging.messages.create, and enable "
                                   "the FCM API"},
    [FCM_WRONG_ENDPOINT] = {.name = "wrong_endpoint",
                            .state = "retry",
                            .is_end = true,
                            .is_alarm = true,
                            .is_client_error = true,
                            .floor_ms = OURS_FLOOR_MS,
                            .advice = "check NARAE_FCM_ENDPOINT and the service account's project_id"},
    [FCM_QUOTA_EXCEEDED] = {.name = "quota_exceeded",
                            .state = "retry",
                            .is_slower = true,
                            .is_aged = true,
                            .floor_ms = QUOTA_FLOOR_MS,
                            .advice = "more than FCM's quota: lower NARAE_PUSH_RATE, or ask Google for more"},
    [FCM_UNAVAILABLE] = {.name = "unavailable",
                         .state = "retry",
                         .is_slower = true,
                         .is_aged = true,
                         .floor_ms = FLOOR_MS,
                         .advice = "FCM is overloaded; the messages come back"},
    [FCM_INTERNAL] = {.name = "internal",
                      .state = "retry",
                      .is_aged = true,
                      .floor_ms = FLOOR_MS,
                      .advice = "FCM failed; the messages come back"},
    [FCM_UNKNOWN] = {.name = "unknown",
                     .state = "retry",
                     .is_aged = true,
                     .floor_ms = FLOOR_MS,
                     .advice = "an answer that FCM does not document; is NARAE_FCM_ENDPOINT FCM?"},
    [FCM_NO_ANSWER] =
        {.name = "no_answer", .state = "retry", .is_aged = true, .floor_ms = FLOOR_MS, .advice = ""},
    [FCM_GAVE_UP] = {.name = "gave_up",
                     .is_alarm = true,
                     .state = "failed",
                     .advice = "an hour of retries has failed, and FCM wants no more"},
    [FCM_STOPPED] = {.name = "stopped",
                     .is_alarm = true,
                     .state = "failed",
                     .is_client_error = true,
                     .advice =
                         "FCM blames too many registrations at once (NARAE_PUSH_BREAKER_PERCENT): no device "
                         "was touched; check the service account's project and the payload"},
};

/* Where an answer has its word. */
enum place { NOWHERE, CODE /* FcmError.errorCode */, REASON /* ApnsError.reason */ };

/* The first row that fits wins. status 0 = any; NOWHERE = whatever it says. */
static const struct {
    int status;
    enum place place;
    char word[28];
    enum fcm_verdict verdict;
} rows[] = {
    {404, CODE, "UNREGISTERED", FCM_UNREGISTERED},
    {403, CODE, "SENDER_ID_MISMATCH", FCM_SENDER_ID_MISMATCH},
    {0, CODE, "THIRD_PARTY_AUTH_ERROR", FCM_THIRD_PARTY_AUTH},
    {0, CODE, "APNS_AUTH_ERROR", FCM_THIRD_PARTY_AUTH},
    {0, CODE, "QUOTA_EXCEEDED", FCM_QUOTA_EXCEEDED},
    {0, CODE, "UNAVAILABLE", FCM_UNAVAILABLE},
    {0, CODE, "INTERNAL", FCM_INTERNAL},
    {0, REASON, "InvalidProviderToken", FCM_THIRD_PARTY_AUTH},
    {0, REASON, "ExpiredProviderToken", FCM_THIRD_PARTY_AUTH},
    {0, REASON, "BadEnvironmentKeyInToken", FCM_THIRD_PARTY_AUTH},
    {400, REASON, "Unregistered", FCM_APNS_UNREGISTERED},
    {400, REASON, "BadDeviceToken", FCM_APNS_UNREGISTERED},
    {400, REASON, "DeviceTokenNotForTopic", FCM_APNS_UNREGISTERED},
    {400, REASON, "PayloadTooLarge", FCM_INVALID_PAYLOAD},
    {400, REASON, "BadTopic", FCM_INVALID_PAYLOAD},
    {400, REASON, "BadPriority", FCM_INVALID_PAYLOAD},
    {400, REASON, "InvalidPushType", FCM_INVALID_PAYLOAD},
    {0, CODE, "INVALID_ARGUMENT", FCM_INVALID_ARGUMENT},
    {400, NOWHERE, "", FCM_INVALID_ARGUMENT},
    {401, NOWHERE, "", FCM_UNAUTHENTICATED},
    {403, NOWHERE, "", FCM_PERMISSION_DENIED},
    {404, NOWHERE, "", FCM_WRONG_ENDPOINT},
    {429, NOWHERE, "", FCM_QUOTA_EXCEEDED},
    {500, NOWHERE, "", FCM_INTERNAL},
    {503, NOWHERE, "", FCM_UNAVAILABLE},
};

const struct fcm_meaning *fcm_meaning(enum fcm_verdict verdict)
{
    return &meanings[(unsigned)verdict < FCM_N_VERDICTS ? verdict : FCM_UNKNOWN];
}

bool fcm_is_retry(enum fcm_verdict verdict)
{
    return strcmp(fcm_meaning(verdict)->state, "retry") == 0;
}

/* The detail whose @type ends in `type`; NULL when there is none. Borrowed from doc. */
static const json_t *detail_of(const json_t *doc, const char *type)
{
    const json_t *details = json_object_get(json_object_get(doc, "error"), "details");
    const json_t *detail;
    size_t i;

    json_array_foreach(details, i, detail)
    {
        const char *name = json_string_value(json_object_get(detail, "@type"));
        size_t len = name ? strlen(name) : 0;

        if (len >= strlen(type) && strcmp(name + len - strlen(type), type) == 0)
            return detail;
    }
    return NULL;
}

static const char *text_of(const json_t *detail, const char *member)
{
    return json_string_value(json_object_get(detail, member));
}

static bool is_text(const char *wanted, const char *got)
{
    return got && strcmp(wanted, got) == 0;
}

static enum fcm_verdict look_up(int status, const char *code, const char *reason)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if ((!rows[i].status || rows[i].status == status) &&
            (rows[i].place == NOWHERE || is_text(rows[i].word, rows[i].place == CODE ? code : reason)))
            return rows[i].verdict;
    return status >= 500 ? FCM_UNAVAILABLE : FCM_UNKNOWN;
}

/* Does every violation name the registration? One that names nothing, as for an unknown field, does not. */
static bool is_about_registration(const json_t *violations)
{
    const json_t *violation;
    size_t i;

    json_array_foreach(violations, i, violation)
    {
        const char *field = text_of(violation, "field");

        if (!is_text("message.token", field) && !is_text("message.fid", field))
            return false;
    }
    return json_array_size(violations) > 0;
}

/* The one message text worth matching: FCM's page of error codes shows it for a bad registration. */
static bool says_bad_registration(const json_t *doc)
{
    static const char text[] = "The registration token is not a valid FCM registration token";
    const char *message = text_of(json_object_get(doc, "error"), "message");

    return message && strncmp(message, text, sizeof(text) - 1) == 0;
}

/* What the answer itself says about who is to blame. A BadRequest without violations says nothing. */
static enum fcm_verdict refine(const json_t *doc)
{
    const json_t *violations = json_object_get(detail_of(doc, "google.rpc.BadRequest"), "fieldViolations");

    if (says_bad_registration(doc) || is_about_registration(violations))
        return FCM_INVALID_REGISTRATION;
    return json_array_size(violations) ? FCM_INVALID_PAYLOAD : FCM_INVALID_ARGUMENT;
}

enum fcm_verdict fcm_judge(int status, struct nr_view body)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err ignored = {0};
    enum fcm_verdict verdict;

    if (status == 200)
        return FCM_SENT;
    /* A body that is no JSON (a proxy's page) leaves the status alone to speak. */
    if (nr_json_parse(body, "answer", &doc, &ignored) != 0)
        return look_up(status, NULL, NULL);
    verdict = look_up(status, text_of(detail_of(doc, "google.firebase.fcm.v1.FcmError"), "errorCode"),
                      text_of(detail_of(doc, "google.firebase.fcm.v1.ApnsError"), "reason"));
    return verdict == FCM_INVALID_ARGUMENT ? refine(doc) : verdict;
}
