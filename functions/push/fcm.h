/* fcm.h - FCM's HTTP v1 API: where to send, and what an answer means.
 *
 * Is:      pure: status and body in, verdict out, by one table.
 * Is not:  the transport (narae/h2.h), nor what is done about a verdict (push_send.c, store.h).
 * Beware:  an answer without FcmError that looks like a dead registration (404) or a wrong sender (403) is
 * our own mistake: a wrong project or a missing permission. It must never touch a device. Source:  FCM
 * "error-codes" and ErrorCode pages, read November 2026; google.rpc.Status.
 */
#ifndef NARAE_PUSH_FCM_H
#define NARAE_PUSH_FCM_H

#include <stdbool.h>

#include <narae/view.h>

enum fcm_verdict {
    FCM_PENDING,            /* not sent yet */
    FCM_SENT,               /* accepted */
    FCM_UNREGISTERED,       /* the registration is dead */
    FCM_SENDER_ID_MISMATCH, /* it belongs to another project */
    FCM_INVALID_ARGUMENT,   /* the payload, or the registration */
    FCM_THIRD_PARTY_AUTH,   /* APNs or web-push credentials in Firebase are bad */
    FCM_UNAUTHENTICATED,    /* our access token */
    FCM_PERMISSION_DENIED,  /* our service account, or the API is off */
    FCM_WRONG_ENDPOINT,     /* our project id or endpoint */
    FCM_QUOTA_EXCEEDED,
    FCM_UNAVAILABLE,
    FCM_INTERNAL,
    FCM_UNKNOWN,   /* an answer that is in no table */
    FCM_NO_ANSWER, /* sent, and nothing came back: it may have been delivered */
    FCM_N_VERDICTS
};

/* What a verdict means for the message it belongs to. */
struct fcm_meaning {
    const char *name;   /* for logs and metrics: "sent", "unregistered" */
    bool is_retry;      /* the message goes back to the queue */
    bool is_end;        /* no further send of this invocation can succeed */
    const char *advice; /* for the log; "" = none */
};

const struct fcm_meaning *fcm_meaning(enum fcm_verdict verdict);

/* Judge an answer. body may be anything; it is read only when the status is not 200. */
enum fcm_verdict fcm_judge(int status, struct nr_view body);

#endif
