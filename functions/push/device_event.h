/* device_event.h - one device message: what a client says about its registration.
 *
 * Is:      pure: JSON in, checked message out; the wire form is schema/device-message.schema.json. It is the
 *          same in the body of an SQS message and in a direct invocation.
 * Is not:  what it does to the registry; device_rule.h is.
 * Beware:  a message borrows from the JSON document that it was read from.
 */
#ifndef NARAE_PUSH_DEVICE_EVENT_H
#define NARAE_PUSH_DEVICE_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include <narae/err.h>
#include <narae/json.h>
#include <narae/view.h>

enum device_action {
    DEVICE_REGISTER,    /* here I am: user, platform, topics */
    DEVICE_REFRESH,     /* still here, nothing has changed */
    DEVICE_REPLACE,     /* my registration is another one now */
    DEVICE_UNREGISTER,  /* signed out: no more pushes */
    DEVICE_SUBSCRIBE,   /* these topics from now on */
    DEVICE_UNSUBSCRIBE, /* these no longer */
    DEVICE_N_ACTIONS
};

enum {
    DEVICE_REGISTRATION_MAX_BYTES = 4096, /* as the column; FCM's own are under 300 bytes */
    DEVICE_NAME_MAX_BYTES = 64,           /* of app_id, user and installation_id */
    DEVICE_TOPIC_MAX_BYTES = 900,         /* FCM: [a-zA-Z0-9-_.~%]{1,900} */
    DEVICE_TOPICS_MAX = 2000,             /* FCM: topics of one installation */
};

/* A registration; with the app it names a row of the registry. */
struct device_key {
    bool is_fid; /* else a token */
    struct nr_view registration;
};

struct device_message {
    enum device_action action;
    struct nr_view app_id; /* "default" when the message has none */
    struct device_key device;
    struct device_key replaces;     /* DEVICE_REPLACE: the one before */
    struct nr_view user;            /* ptr NULL = nobody is signed in */
    struct nr_view platform;        /* ptr NULL = not said */
    struct nr_view installation_id; /* ptr NULL = not said */
    const json_t *topics;           /* array of checked strings; NULL = none */
    int64_t at_unix_ms;             /* when the client did it; 0 = not said */
};

/* Read a message.
 *
 * place  in   the message and the way to it, for errors: "Records[3].body.topics[0]: ..."
 * out    out  borrows from the place's document; nothing to release
 * Returns 0, or -1: INVALID, Function.InvalidMessage. */
int device_message_parse(const struct nr_json_place *place, struct device_message *out,
                         struct nr_err *err) NR_MUST_CHECK;

/* "register", "refresh" ...: as the wire form has it. */
const char *device_action_name(enum device_action action);

#endif
