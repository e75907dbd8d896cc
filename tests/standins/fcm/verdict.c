#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "tests/standins/fcm/verdict.h"

#define TYPE_PREFIX "type.googleapis.com/"

static const char no_credentials[] =
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
    "valid authentication credential. See "
    "https://developers.google.com/identity/sign-in/web/devconsole-project.";
static const char no_permission[] =
    "Permission 'cloudmessaging.messages.create' denied on resource "
    "'//cloudresourcemanager.googleapis.com/projects/-' (or it may not exist).";
static const char bad_token[] = "The registration token is not a valid FCM registration token";
static const char bad_value[] = "Invalid value at 'message.data[0].value' (TYPE_STRING), 12";
static const char bad_argument[] = "Request contains an invalid argument.";
static const char no_push_credentials[] = "Auth error from APNS or Web Push Service";
static const char not_found_html[] = "<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not "
                                     "Found)!!1</title>\n<p><b>404.</b> That\xe2\x80\x99s an "
                                     "error.\n<p>The requested URL was not found on this server.\n";
static const char bad_gateway_html[] = "<!DOCTYPE html>\n<html lang=en>\n<title>Error 502 (Server "
                                       "Error)!!1</title>\n<p><b>502.</b> Please try again "
                                       "in 30 seconds.\n";

/* clang-format off */
static const struct verdict rows[] = {
    {.name = VERDICT_ACCEPTED, .http_status = 200},

    /* the registration */
    {.name = "unregistered", .is_about_registration = true, .http_status = 404, .status = "NOT_FOUND", .error_code = "UNREGISTERED",
     .message = "Requested entity was not found."},
    {.name = "sender_id_mismatch", .is_about_registration = true, .http_status = 403, .status = "PERMISSION_DENIED",
     .error_code = "SENDER_ID_MISMATCH", .message = "SenderId mismatch"},
    {.name = "invalid_argument_token", .is_about_registration = true, .http_status = 400, .status = "INVALID_ARGUMENT",
     .error_code = "INVALID_ARGUMENT", .message = bad_token, .field = "message.token",
     .description = "Invalid registration token", .is_about_target = true},
    {.name = "invalid_argument_token_bare", .is_about_registration = true, .http_status = 400, .status = "INVALID_ARGUMENT",
     .error_code = "INVALID_ARGUMENT", .message = bad_token},
    {.name = "apns_dead", .is_about_registration = true, .http_status = 400, .status = "INVALID_ARGUMENT", .error_code = "INVALID_ARGUMENT",
     .message = "APNs device token is disabled.", .apns_status = 410, .apns_reason = "Unregistered"},
    {.name = "apns_bad_token", .is_about_registration = true, .http_status = 400, .status = "INVALID_ARGUMENT", .error_code = "INVALID_ARGUMENT",
     .message = bad_argument, .apns_status = 400, .apns_reason = "BadDeviceToken"},
    {.name = "apns_not_for_topic", .is_about_registration = true, .http_status = 400, .status = "INVALID_ARGUMENT",
     .error_code = "INVALID_ARGUMENT", .message = bad_argument, .apns_status = 400,
     .apns_reason = "DeviceTokenNotForTopic"},

    /* the payload, or nobody knows */
    {.name = "invalid_argument", .http_status = 400, .status = "INVALID_ARGUMENT",
     .error_code = "INVALID_ARGUMENT", .message = bad_argument},
    {.name = VERDICT_INVALID_PAYLOAD, .http_status = 400, .status = "INVALID_ARGUMENT",
     .error_code = "INVALID_ARGUMENT", .message = bad_value, .field = "message.data[0].value"},
    {.name = "apns_payload_too_large", .http_status = 400, .status = "INVALID_ARGUMENT",
     .error_code = "INVALID_ARGUMENT", .message = bad_argument, .apns_status = 413,
     .apns_reason = "PayloadTooLarge"},
    {.name = VERDICT_INVALID_JSON, .http_status = 400, .status = "INVALID_ARGUMENT",
     .message = "Invalid JSON payload received.", .field = ""},

    /* the topic */
    {.name = VERDICT_ALREADY_EXISTS, .http_status = 409, .status = "ALREADY_EXISTS",
     .message = "Requested entity already exists"},
    {.name = VERDICT_TOO_MANY_TOPICS, .http_status = 429, .status = "RESOURCE_EXHAUSTED",
     .message = "Too many topics for this app instance."},

    /* the sender */
    {.name = "third_party_auth", .http_status = 401, .status = "UNAUTHENTICATED",
     .error_code = "THIRD_PARTY_AUTH_ERROR", .message = no_push_credentials, .apns_status = 403,
     .apns_reason = "InvalidProviderToken"},
    {.name = "apns_auth", .http_status = 401, .status = "UNAUTHENTICATED", .error_code = "APNS_AUTH_ERROR",
     .message = no_push_credentials, .apns_status = 403, .apns_reason = "BadEnvironmentKeyInToken"},
    {.name = VERDICT_UNAUTHENTICATED, .http_status = 401, .status = "UNAUTHENTICATED",
     .message = no_credentials},
    {.name = "permission_denied", .http_status = 403, .status = "PERMISSION_DENIED", .message = no_permission},
    {.name = VERDICT_PROJECT_NOT_FOUND, .http_status = 404, .status = "NOT_FOUND",
     .message = "Requested entity was not found."},
    {.name = VERDICT_NOT_FOUND_HTML, .http_status = 404, .message = not_found_html},

    /* the moment */
    {.name = VERDICT_QUOTA, .http_status = 429, .status = "RESOURCE_EXHAUSTED", .error_code = "QUOTA_EXCEEDED",
     .message = "Quota exceeded for quota metric 'Send requests' and limit 'Send requests per minute'.",
     .is_quota = true, .retry_after_s = 60},
    {.name = "quota_bare", .http_status = 429, .status = "RESOURCE_EXHAUSTED", .error_code = "QUOTA_EXCEEDED",
     .message = "Resource has been exhausted (e.g. check quota)."},
    {.name = "internal", .http_status = 500, .status = "INTERNAL", .error_code = "INTERNAL",
     .message = "Internal error encountered."},
    {.name = "unavailable", .http_status = 503, .status = "UNAVAILABLE", .error_code = "UNAVAILABLE",
     .message = "The service is currently unavailable."},
    {.name = "bad_gateway_html", .http_status = 502, .message = bad_gateway_html},
    {.name = "deadline_exceeded", .http_status = 504, .status = "DEADLINE_EXCEEDED",
     .message = "Deadline expired before operation could complete."},
};
/* clang-format on */

size_t verdict_count(void)
{
    return sizeof(rows) / sizeof(rows[0]);
}

const struct verdict *verdict_at(size_t index)
{
    return index < verdict_count() ? &rows[index] : NULL;
}

size_t verdict_index(const struct verdict *verdict)
{
    return (size_t)(verdict - rows);
}

const struct verdict *verdict_find(const char *name)
{
    for (size_t i = 0; i < verdict_count(); i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static json_t *bad_request(const char *field, const char *description)
{
    json_t *violation = json_pack("{s:s}", "description", description);

    if (*field)
        json_object_set_new(violation, "field", json_string(field));
    return json_pack("{s:s, s:[o]}", "@type", TYPE_PREFIX "google.rpc.BadRequest", "fieldViolations",
                     violation);
}

static json_t *quota_failure(const char *description)
{
    return json_pack("{s:s, s:[{s:s, s:s}]}", "@type", TYPE_PREFIX "google.rpc.QuotaFailure", "violations",
                     "subject", "project", "description", description);
}

/* Absent details must not leave an empty list behind: FCM leaves `details` out. */
static json_t *details_of(const struct verdict *verdict, const char *message, const char *field, bool all)
{
    json_t *details = json_array();

    if (all && field)
        json_array_append_new(details,
                              bad_request(field, verdict->description ? verdict->description : message));
    if (verdict->error_code)
        json_array_append_new(details,
                              json_pack("{s:s, s:s}", "@type", TYPE_PREFIX "google.firebase.fcm.v1.FcmError",
                                        "errorCode", verdict->error_code));
    if (all && verdict->apns_status)
        json_array_append_new(details, json_pack("{s:s, s:i, s:s}", "@type",
                                                 TYPE_PREFIX "google.firebase.fcm.v1.ApnsError", "statusCode",
                                                 verdict->apns_status, "reason", verdict->apns_reason));
    if (all && verdict->is_quota)
        json_array_append_new(details, quota_failure(message));
    return details;
}

char *verdict_format(const struct verdict *verdict, const struct verdict_words *words)
{
    const char *message = words->message ? words->message : verdict->message;
    const char *field = words->field ? words->field : verdict->field;
    json_t *error, *details, *root;
    char *text;

    if (!verdict->status)
        return strdup(message ? message : "");
    error = json_pack("{s:i, s:s, s:s}", "code", verdict->http_status, "message", message, "status",
                      verdict->status);
    details = details_of(verdict, message, field, words->has_details);
    if (json_array_size(details) > 0)
        json_object_set(error, "details", details);
    json_decref(details);
    root = json_pack("{s:o}", "error", error);
    text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    return text;
}
