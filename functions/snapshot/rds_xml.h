/* rds_xml.h - the XML of RDS's answers, read by expat.
 *
 * Is:      pure; bytes in, one call of a visitor for each record.
 * Is not:  a document tree: a page of 100 snapshots is a quarter of a megabyte, and nobody needs it twice.
 * Beware:  the visitor may have been called for a part of the records when the rest turns out to be broken. A
 *          page whose reading failed must count as not read.
 * Source:  RDS API reference (Query protocol, version 2014-10-31).
 */
#ifndef NARAE_SNAPSHOT_RDS_XML_H
#define NARAE_SNAPSHOT_RDS_XML_H

#include <narae/attr.h>
#include <narae/buf.h>
#include <narae/err.h>

#include "functions/snapshot/rds_model.h"

enum { RDS_MARKER_MAX_BYTES = 8192 };

typedef void (*rds_on_snapshot_fn)(void *user, const struct rds_snapshot *snapshot);
typedef void (*rds_on_cluster_fn)(void *user, const struct rds_cluster *cluster);
typedef void (*rds_on_text_fn)(void *user, struct nr_view text);

/* Read one answer (of describe, create or copy).
 *
 * marker  out  replaced by the page's Marker, empty on the last page; the caller's buffer
 * Returns 0, or -1 with UNAVAILABLE, Function.BadAnswer: cut, no XML, or XML that is no answer of RDS (a
 * proxy's page). */
int rds_xml_snapshots(struct nr_view xml, rds_on_snapshot_fn visit, void *user, struct nr_buf *marker,
                      struct nr_err *err) NR_MUST_CHECK;
int rds_xml_clusters(struct nr_view xml, rds_on_cluster_fn visit, void *user, struct nr_buf *marker,
                     struct nr_err *err) NR_MUST_CHECK;

/* The values of the attribute `restore`: accounts that may use a snapshot, or "all". */
int rds_xml_accounts(struct nr_view xml, rds_on_text_fn visit, void *user, struct nr_err *err) NR_MUST_CHECK;

/* The meaning of a snapshot's status. */
enum rds_state rds_state_of(struct nr_view status);

#endif
