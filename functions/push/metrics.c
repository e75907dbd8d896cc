#include <narae/metric.h>

#include "functions/push/metrics.h"

static const char name_space[] = "Narae/Push";

/* FCM_SENT first: the others are what it did not become. */
static const char names[FCM_N_VERDICTS][20] = {
    [FCM_PENDING] = "NotSent",
    [FCM_SENT] = "Sent",
    [FCM_UNREGISTERED] = "Unregistered",
    [FCM_SENDER_ID_MISMATCH] = "SenderIdMismatch",
    [FCM_INVALID_REGISTRATION] = "InvalidRegistration",
    [FCM_APNS_UNREGISTERED] = "ApnsUnregistered",
    [FCM_INVALID_ARGUMENT] = "InvalidArgument",
    [FCM_INVALID_PAYLOAD] = "InvalidPayload",
    [FCM_THIRD_PARTY_AUTH] = "ThirdPartyAuthError",
    [FCM_UNAUTHENTICATED] = "Unauthenticated",
    [FCM_PERMISSION_DENIED] = "PermissionDenied",
    [FCM_WRONG_ENDPOINT] = "WrongEndpoint",
    [FCM_QUOTA_EXCEEDED] = "QuotaExceeded",
    [FCM_UNAVAILABLE] = "Unavailable",
    [FCM_INTERNAL] = "Internal",
    [FCM_UNKNOWN] = "Unknown",
    [FCM_NO_ANSWER] = "NoAnswer",
    [FCM_GAVE_UP] = "GaveUp",
    [FCM_STOPPED] = "Stopped",
};

enum { N_OTHERS = 12, WHOLE = 100, US_PER_MS = 1000 };

/* Of the answers, how many were 4xx other than 429: above 5 % Google grants no larger quota. */
static double client_error_percent(const struct round_counts *counts)
{
    size_t n_answered = 0;
    size_t n_errors = 0;

    for (int v = 0; v < FCM_N_VERDICTS; v++) {
        if (v == FCM_PENDING || v == FCM_NO_ANSWER || v == FCM_GAVE_UP)
            continue;
        n_answered += counts->n_by_verdict[v];
        if (fcm_meaning((enum fcm_verdict)v)->is_client_error)
            n_errors += counts->n_by_verdict[v];
    }
    return n_answered ? (double)n_errors * WHOLE / (double)n_answered : 0;
}

static struct nr_metric count(const char *name, size_t n)
{
    return (struct nr_metric){name, NR_METRIC_COUNT, (double)n};
}

static size_t add_verdicts(const struct round_counts *counts, struct nr_metric *out)
{
    size_t n = 0;

    for (int v = 0; v < FCM_N_VERDICTS; v++)
        if (v == FCM_SENT || counts->n_by_verdict[v]) /* a zero is worth money only where an alarm looks */
            out[n++] = count(names[v], counts->n_by_verdict[v]);
    return n;
}

void metrics_emit(const struct batch *batch, const struct round_counts *counts, double pace_percent)
{
    struct nr_metric metrics[FCM_N_VERDICTS + N_OTHERS];
    size_t n_poison = batch_count(batch, BATCH_MALFORMED) + batch_count(batch, BATCH_REFUSED);
    size_t n = add_verdicts(counts, metrics);

    if (batch->n == 0)
        return;
    metrics[n++] = count("Messages", batch->n);
    metrics[n++] = count("MessagesReturned", batch_count(batch, BATCH_AGAIN));
    metrics[n++] = count("MessagesPoisoned", n_poison);
    metrics[n++] = count("MessagesExpired", batch_count(batch, BATCH_EXPIRED));
    metrics[n++] = count("DevicesDeactivated", counts->n_deactivated);
    metrics[n++] = count("SendsHeld", counts->n_held);
    metrics[n++] = (struct nr_metric){"PacePercent", NR_METRIC_PERCENT, pace_percent};
    if (counts->n_answered) {
        double mean_ms = (double)counts->latency_sum_us / (double)counts->n_answered / US_PER_MS;

        metrics[n++] =
            (struct nr_metric){"ClientErrorPercent", NR_METRIC_PERCENT, client_error_percent(counts)};
        metrics[n++] = (struct nr_metric){"LatencyMean", NR_METRIC_MILLISECONDS, mean_ms};
        metrics[n++] = (struct nr_metric){"LatencyMax", NR_METRIC_MILLISECONDS,
                                          (double)counts->latency_max_us / US_PER_MS};
    }
    nr_metric_emit(name_space, NULL, 0, metrics, n);
}
