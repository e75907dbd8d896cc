/* fcm.h - FCM's HTTP v1 API: what an answer means, and what follows from it.
 *
 * Is:      pure: status and body in, verdict out, by one table; and one table of what each verdict means for
 *          the ledger, the device, the pace and the log.
 * Is not:  the transport (narae/h2.h), nor the weighing of evidence for INVALID_ARGUMENT (evidence.h).
 * Beware:  an answer without FcmError that looks like a dead registration (404) or a wrong sender (403) is
 *          our own mistake: a wrong project or a missing permission. It must never touch a device.
 * Source:  FCM "error-codes" and ErrorCode pages, read November 2026; google.rpc.Status; ApnsError reasons as
 *          several public code bases agree on them.
 */
#ifndef NARAE_PUSH_FCM_H
#define NARAE_PUSH_FCM_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/view.h>

enum fcm_verdict {
    FCM_PENDING,              /* not sent, or certainly not processed */
    FCM_SENT,                 /* accepted */
    FCM_UNREGISTERED,         /* the registration is dead */
    FCM_SENDER_ID_MISMATCH,   /* it belongs to another project */
    FCM_INVALID_REGISTRATION, /* it is none: the answer says so, or the evidence */
    FCM_APNS_UNREGISTERED,    /* APNs says that it is dead */
    FCM_INVALID_ARGUMENT,     /* the payload, or the registration: not known which */
    FCM_INVALID_PAYLOAD,      /* the payload, certainly */
    FCM_THIRD_PARTY_AUTH,     /* APNs or web-push credentials in Firebase are bad */
    FCM_UNAUTHENTICATED,      /* our access token */
    FCM_PERMISSION_DENIED,    /* our service account, or the API is off */
    FCM_WRONG_ENDPOINT,       /* our project id or endpoint */
    FCM_QUOTA_EXCEEDED,
    FCM_UNAVAILABLE,
    FCM_INTERNAL,
    FCM_UNKNOWN,   /* an answer that is in no table */
    FCM_NO_ANSWER, /* sent, and nothing came back: it may have been delivered */
    FCM_GAVE_UP,   /* still failing when FCM wants no more retries */
    FCM_STOPPED,   /* the registration was blamed, as too many others: the breaker believes none of it */
    FCM_N_VERDICTS
};

struct fcm_meaning {
    char name[24];             /* for ledger, logs and metrics: "sent", "unregistered" */
    char state[8];             /* of the ledger: "sent", "skipped", "failed", "retry" */
    const char *device_reason; /* why the device is deactivated; NULL = it is left alone */
    bool is_blame;             /* deactivates only while the breaker is closed (breaker.h) */
    bool is_end;               /* no further send of this invocation can succeed */
    bool is_slower;            /* the whole sandbox slows down */
    bool is_client_error;      /* of the kind that must stay below 5 % for a larger quota */
    bool is_alarm;             /* somebody must act */
    bool is_aged;              /* FCM wants no retry after an hour */
    int64_t floor_ms;          /* of a retry: the shortest first wait */
    const char *advice;        /* for the log; "" = none */
};

const struct fcm_meaning *fcm_meaning(enum fcm_verdict verdict);

bool fcm_is_retry(enum fcm_verdict verdict);

/* Judge an answer. body may be anything; it is read only when the status is not 200. */
enum fcm_verdict fcm_judge(int status, struct nr_view body);

#endif
