/* report.h - a run in words: the JSON reply, and one line that a person reads in the log.
 *
 * Is:      formatting of a run that is over.
 * Beware:  `plan` lists every snapshot with its reason; the other modes list those that go, and count those
 *          that stay.
 */
#ifndef NARAE_SNAPSHOT_REPORT_H
#define NARAE_SNAPSHOT_REPORT_H

#include <narae/buf.h>

#include "functions/snapshot/run.h"

/* Append the reply. */
void report_reply(const struct run *run, int64_t quota, struct nr_buf *out);

/* Append "orders: created narae-orders-20261124t1700z, kept 44, deleted 1; ..." */
void report_clusters(const struct run *run, struct nr_buf *out);

#endif
