#include <string.h>

#include <narae/json.h>

#include "functions/push/fcm.h"

static const struct fcm_meaning meanings[FCM_N_VERDICTS] = {
    [FCM_PENDING] = {"not_sent", true, false, ""},
    [FCM_SENT] = {"sent", false, false, ""},
    [FCM_UNREGISTERED] = {"unregistered", false, false, ""},
    [FCM_SENDER_ID_MISMATCH] = {"sender_id_mismatch", false, false,
                                "the registration belongs to another Firebase project"},
    [FCM_INVALID_ARGUMENT] = {"invalid_argument", false, false,
                              "FCM refuses the message or the registration"},
    [FCM_THIRD_PARTY_AUTH] = {"third_party_auth_error", false, false,
                              "renew the APNs key or web-push key in the Firebase console"},
    [FCM_UNAUTHENTICATED] = {"unauthenticated", true, true,
                             "check NARAE_FCM_SERVICE_ACCOUNT: its key may be revoked"},
    [FCM_PERMISSION_DENIED] =
        {"permission_denied", true, true,
         "give the service account cloudmessaging.messages.create, and enable the FCM API"},
    [FCM_WRONG_ENDPOINT] = {"wrong_endpoint", true, true,
                            "check NARAE_FCM_ENDPOINT and the service account's project_id"},
    [FCM_QUOTA_EXCEEDED] = {"quota_exceeded", true, false,
                            "more than FCM's quota: fewer sandboxes, or ask Google for more"},
    [FCM_UNAVAILABLE] = {"unavailable", true, false, "FCM is overloaded; the messages come back"},
    [FCM_INTERNAL] = {"internal", true, false, "FCM failed; the messages come back"},
    [FCM_UNKNOWN] = {"unknown", true, false,
                     "an answer that FCM does not document; is NARAE_FCM_ENDPOINT FCM?"},
    [FCM_NO_ANSWER] = {"no_answer", true, false, ""},
};

/* The first row that fits wins. status 0 = any; code "" = no FcmError in the answer, NULL = whatever it says.
 */
static const struct {
    int status;
    const char *code;
    enum fcm_verdict verdict;
} rows[] = {
    {404, "UNREGISTERED", FCM_UNREGISTERED},
    {403, "SENDER_ID_MISMATCH", FCM_SENDER_ID_MISMATCH},
    {0, "INVALID_ARGUMENT", FCM_INVALID_ARGUMENT},
    {0, "THIRD_PARTY_AUTH_ERROR", FCM_THIRD_PARTY_AUTH},
    {0, "APNS_AUTH_ERROR", FCM_THIRD_PARTY_AUTH},
    {0, "QUOTA_EXCEEDED", FCM_QUOTA_EXCEEDED},
    {0, "UNAVAILABLE", FCM_UNAVAILABLE},
    {0, "INTERNAL", FCM_INTERNAL},
    {400, NULL, FCM_INVALID_ARGUMENT},
    {401, NULL, FCM_UNAUTHENTICATED},
    {403, NULL, FCM_PERMISSION_DENIED},
    {404, NULL, FCM_WRONG_ENDPOINT},
    {429, NULL, FCM_QUOTA_EXCEEDED},
    {500, NULL, FCM_INTERNAL},
    {503, NULL, FCM_UNAVAILABLE},
};

const struct fcm_meaning *fcm_meaning(enum fcm_verdict verdict)
{
    return &meanings[(unsigned)verdict < FCM_N_VERDICTS ? verdict : FCM_UNKNOWN];
}

/* errorCode of the detail whose @type ends in FcmError; NULL when there is none. Borrowed from doc. */
static const char *fcm_error_code(const json_t *doc)
{
    static const char wanted[] = "google.firebase.fcm.v1.FcmError";
    const json_t *details = json_object_get(json_object_get(doc, "error"), "details");
    const json_t *detail;
    size_t i;

    json_array_foreach(details, i, detail)
    {
        const char *type = json_string_value(json_object_get(detail, "@type"));
        size_t len = type ? strlen(type) : 0;

        if (len >= strlen(wanted) && strcmp(type + len - strlen(wanted), wanted) == 0)
            return json_string_value(json_object_get(detail, "errorCode"));
    }
    return NULL;
}

static enum fcm_verdict look_up(int status, const char *code)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].status && rows[i].status != status)
            continue;
        if (!rows[i].code || (code && strcmp(rows[i].code, code) == 0))
            return rows[i].verdict;
    }
    return status >= 500 ? FCM_UNAVAILABLE : FCM_UNKNOWN;
}

enum fcm_verdict fcm_judge(int status, struct nr_view body)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err ignored = {0};

    if (status == 200)
        return FCM_SENT;
    /* A body that is no JSON (a proxy's page) leaves the status alone to speak. */
    if (nr_json_parse(body, "answer", &doc, &ignored) != 0)
        return look_up(status, NULL);
    return look_up(status, fcm_error_code(doc));
}
