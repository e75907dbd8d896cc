/* topic_check.h - what we believe FCM has of topics, compared with what it has.
 *
 * Is:      for devices that are due: FCM's list, and rows made due again where it differs.
 * Is not:  the repair, which is topic_job.h's work like any other.
 */
#ifndef NARAE_PUSH_TOPIC_CHECK_H
#define NARAE_PUSH_TOPIC_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <narae/err.h>

#include "functions/push/topic_client.h"

/* FCM asks for a new subscription about monthly; comparing costs one call a device instead of one a topic. */
enum { TOPIC_CHECK_DAYS = 30 };

struct topic_check_report {
    size_t n_devices;   /* taken up */
    size_t n_compared;  /* their list came */
    size_t n_different; /* rows that became due */
    bool is_stopped;    /* FCM said something that holds for all calls */
};

/* Compare until nothing is due or time is short.
 *
 * report  out  also on failure: what was done until then
 * Returns 0, or -1: as google_token_ensure(), nr_h2_run() or nr_pg_run(). */
int topic_check_run(struct topic_client *client, int64_t deadline_mono_ms, struct topic_check_report *report,
                    struct nr_err *err) NR_MUST_CHECK;

#endif
