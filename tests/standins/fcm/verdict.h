/* verdict.h - every answer that FCM gives to a send, by name.
 *
 * Is:      pure; one table of HTTP status, google.rpc status, FcmError code, details and text, and its JSON.
 * Is not:  the decision which answer a registration gets (registry.h) or whether a message is valid
 *          (message.h).
 * Beware:  details beside FcmError are sent only to clients that ask with X-GOOG-API-FORMAT-VERSION, as FCM
 *          does.
 * Source:  FCM "error-codes" and ErrorCode pages, google.rpc.Status; texts from published answers, November
 *          2026.
 */
#ifndef NARAE_STANDIN_FCM_VERDICT_H
#define NARAE_STANDIN_FCM_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

struct verdict {
    const char *name;       /* as in the configuration and the journal */
    int http_status;        /* 200 to 599 */
    const char *status;     /* google.rpc.Code; NULL = the answer is no JSON */
    const char *error_code; /* FcmError.errorCode; NULL = no FcmError */
    const char *message;    /* error.message, or the whole body when there is no JSON */
    const char
        *field; /* of the one BadRequest violation; NULL = no BadRequest, "" = a violation without it */
    const char *description; /* of that violation; NULL = the message */
    bool is_about_target;    /* field is "message.token", or "message.fid" when that was the target */
    int apns_status;         /* ApnsError; 0 = none */
    const char *apns_reason;
    bool is_about_registration; /* says that the registration is bad, whatever is asked of it */
    bool is_quota;              /* has a QuotaFailure */
    int retry_after_s;          /* Retry-After header; 0 = none */
};

/* Names that the code itself uses; all are rows of the table. */
#define VERDICT_ACCEPTED          "accepted"
#define VERDICT_INVALID_JSON      "invalid_json"
#define VERDICT_INVALID_PAYLOAD   "invalid_argument_payload"
#define VERDICT_UNAUTHENTICATED   "unauthenticated"
#define VERDICT_PROJECT_NOT_FOUND "project_not_found"
#define VERDICT_NOT_FOUND_HTML    "not_found_html"
#define VERDICT_QUOTA             "quota"
#define VERDICT_ALREADY_EXISTS    "already_exists"
#define VERDICT_TOO_MANY_TOPICS   "too_many_topics"

/* The rows, in a fixed order; an index into them counts as the verdict's number. */
size_t verdict_count(void);
const struct verdict *verdict_at(size_t index);
size_t verdict_index(const struct verdict *verdict);

/* The row of that name; NULL when there is none. */
const struct verdict *verdict_find(const char *name);

/* What one answer says beyond its row. */
struct verdict_words {
    const char *message; /* instead of the row's; NULL = the row's */
    const char *field;   /* instead of the row's; NULL = the row's */
    bool has_details;    /* the client asked for them */
};

/* The body of an error answer. Returns heap text, free(); NULL when memory is short. */
char *verdict_format(const struct verdict *verdict, const struct verdict_words *words);

#endif
