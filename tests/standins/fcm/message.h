/* message.h - is this a request that FCM would take, and whom is it for?
 *
 * Is:      pure; the parsed body of messages:send in, target or the first complaint out, in FCM's words.
 * Is not:  the whole schema: below the members of Message only data, android.ttl and the size are judged.
 * Beware:  a complaint about the JSON form (unknown name, wrong type) has no FcmError, one about the content
 *          has.
 * Source:  FCM "projects.messages" and "error-codes" pages, published answers, November 2026.
 */
#ifndef NARAE_STANDIN_FCM_MESSAGE_H
#define NARAE_STANDIN_FCM_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>

enum {
    MESSAGE_PAYLOAD_MAX_BYTES =
        4096,                    /* keys and values [FCM ErrorCode page]; topics too, pages disagree there */
    MESSAGE_TTL_MAX_S = 2419200, /* 28 days [FCM AndroidConfig] */
    MESSAGE_CONDITION_MAX_TOPICS = 5, /* [FCM send page] */
    MESSAGE_TOPIC_MAX_BYTES = 900,    /* [topicSubscriptions pattern] */
};

struct message {
    const char *kind;   /* "token", "fid", "topic" or "condition" */
    const char *target; /* borrowed from the document */
    bool is_dry_run;    /* validate_only */
};

struct complaint {
    const char *verdict; /* a row of verdict.h */
    char text[512];
    char field[256]; /* "" = the violation names no field */
};

/* Is it a topic's name, without a prefix? */
bool message_is_topic(const char *text);

/* Judge the body.
 *
 * root             in   the document, any JSON value
 * refuses_unknown  in   are names that Message does not have an error, as with Google's APIs in general?
 * out              out  filled as far as it goes, also on failure
 * complaint        out  set on failure
 * Returns whether FCM would take it. */
bool message_check(const json_t *root, bool refuses_unknown, struct message *out,
                   struct complaint *complaint);

#endif
