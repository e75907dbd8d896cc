#include <stdlib.h>

#include <narae/aws_query.h>
#include <narae/clock.h>

#include "functions/snapshot/rds.h"

enum {
    FORM_MAX_BYTES = 256 * 1024,       /* 50 tags, every byte of them escaped */
    REPLY_MAX_BYTES = 8 * 1024 * 1024, /* 100 snapshots with 50 long tags each */
    PAGE_RECORDS = 100,                /* the most that RDS gives */
    PAGES_MAX = 1000,                  /* 100,000 records; a marker that never ends must */
};

static const char version[] = "2014-10-31";

static void begin(struct nr_buf *form, const char *action)
{
    nr_buf_init(form, FORM_MAX_BYTES);
    nr_aws_query_begin(form, action, version);
}

static void take_note(struct rds *rds, const struct nr_aws_query_note *note)
{
    rds->n_calls += note->n_sent;
    rds->n_throttled += note->n_throttled;
    if (note->date_unix_s) {
        rds->is_clock_known = true;
        rds->skew_ms = (nr_clock_wall_ms() / 1000 - note->date_unix_s) * 1000;
    }
}

/* Send a form; the answer's bytes go to *xml. */
static int call(struct rds *rds, const char *action, const struct nr_buf *form, bool is_once,
                struct nr_buf *xml, enum rds_fault *fault, struct nr_err *err)
{
    struct nr_aws_query_note note;
    int result;

    if (nr_buf_check(form, action, err) != 0) {
        *fault = RDS_FAULT_OTHER;
        return -1;
    }
    result = nr_aws_query(&(struct nr_aws_query_call){.service = "rds",
                                                      .endpoint_env = "AWS_ENDPOINT_URL_RDS",
                                                      .region = rds->region,
                                                      .action = action,
                                                      .form = nr_buf_view(form),
                                                      .is_once = is_once,
                                                      .reply_max_bytes = REPLY_MAX_BYTES,
                                                      .deadline_mono_ms = rds->deadline_mono_ms},
                          xml, &note, err);
    take_note(rds, &note);
    *fault = result == 0 ? RDS_FAULT_NONE : rds_fault_of(note.status, note.code, note.message);
    return result;
}

/* --- listings ------------------------------------------------------------------------------------------- */

struct listing {
    const char *action;
    const char *type; /* SnapshotType, or NULL */
    rds_on_snapshot_fn on_snapshot;
    rds_on_cluster_fn on_cluster;
    void *user;
};

static int read_page(const struct listing *listing, struct nr_view xml, struct nr_buf *marker,
                     struct nr_err *err)
{
    if (listing->on_cluster)
        return rds_xml_clusters(xml, listing->on_cluster, listing->user, marker, err);
    return rds_xml_snapshots(xml, listing->on_snapshot, listing->user, marker, err);
}

static int fetch_page(struct rds *rds, const struct listing *listing, struct nr_buf *marker,
                      struct nr_err *err)
{
    NR_BUF_AUTO form = {0};
    NR_BUF_AUTO xml = {0};
    enum rds_fault fault;

    begin(&form, listing->action);
    nr_buf_printf(&form, "&MaxRecords=%d", PAGE_RECORDS);
    if (listing->type)
        nr_aws_query_add(&form, nr_view(listing->type), "SnapshotType");
    if (marker->len)
        nr_aws_query_add(&form, nr_buf_view(marker), "Marker");
    if (call(rds, listing->action, &form, false, &xml, &fault, err) != 0)
        return -1;
    if (read_page(listing, nr_buf_view(&xml), marker, err) != 0)
        return nr_err_context(err, "%s", listing->action);
    return 0;
}

static int list(struct rds *rds, const struct listing *listing, struct nr_err *err)
{
    NR_BUF_AUTO marker = {0};

    nr_buf_init(&marker, RDS_MARKER_MAX_BYTES);
    for (int page = 0; page < PAGES_MAX; page++) {
        if (fetch_page(rds, listing, &marker, err) != 0)
            return -1;
        if (marker.len == 0)
            return 0;
    }
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.BadAnswer", "%s: more than %d pages",
                      listing->action, PAGES_MAX);
}

int rds_list_clusters(struct rds *rds, rds_on_cluster_fn visit, void *user, struct nr_err *err)
{
    return list(rds, &(struct listing){.action = "DescribeDBClusters", .on_cluster = visit, .user = user},
                err);
}

int rds_list_snapshots(struct rds *rds, rds_on_snapshot_fn visit, void *user, struct nr_err *err)
{
    return list(rds, &(struct listing){"DescribeDBClusterSnapshots", "manual", visit, NULL, user}, err);
}

/* --- single calls --------------------------------------------------------------------------------------- */

int rds_find_snapshot(struct rds *rds, const char *id, rds_on_snapshot_fn visit, void *user,
                      enum rds_fault *fault, struct nr_err *err)
{
    static const char action[] = "DescribeDBClusterSnapshots";
    NR_BUF_AUTO form = {0};
    NR_BUF_AUTO xml = {0};
    NR_BUF_AUTO marker = {0};

    begin(&form, action);
    nr_buf_init(&marker, RDS_MARKER_MAX_BYTES);
    nr_aws_query_add(&form, nr_view(id), "DBClusterSnapshotIdentifier");
    if (call(rds, action, &form, false, &xml, fault, err) != 0)
        return -1;
    if (rds_xml_snapshots(nr_buf_view(&xml), visit, user, &marker, err) == 0)
        return 0;
    *fault = RDS_FAULT_UNCERTAIN;
    return nr_err_context(err, "%s", action);
}

static void add_tags(struct nr_buf *form, const struct rds_tags *tags)
{
    for (size_t i = 0; i < tags->n; i++) {
        nr_aws_query_add(form, tags->items[i].key, "Tags.Tag.%zu.Key", i + 1);
        nr_aws_query_add(form, tags->items[i].value, "Tags.Tag.%zu.Value", i + 1);
    }
}

static void ignore_snapshot(void *user, const struct rds_snapshot *snapshot)
{
    (void)user;
    (void)snapshot;
}

/* A call whose answer must be RDS's own, and holds nothing that we need. */
static int act(struct rds *rds, const char *action, const struct nr_buf *form, bool is_once,
               enum rds_fault *fault, struct nr_err *err)
{
    NR_BUF_AUTO xml = {0};
    NR_BUF_AUTO marker = {0};

    nr_buf_init(&marker, RDS_MARKER_MAX_BYTES);
    if (call(rds, action, form, is_once, &xml, fault, err) != 0)
        return -1;
    if (rds_xml_snapshots(nr_buf_view(&xml), ignore_snapshot, NULL, &marker, err) == 0)
        return 0;
    *fault = RDS_FAULT_UNCERTAIN;
    return nr_err_context(err, "%s", action);
}

int rds_create(struct rds *rds, struct nr_view cluster_id, const char *name, const struct rds_tags *tags,
               enum rds_fault *fault, struct nr_err *err)
{
    static const char action[] = "CreateDBClusterSnapshot";
    NR_BUF_AUTO form = {0};

    begin(&form, action);
    nr_aws_query_add(&form, cluster_id, "DBClusterIdentifier");
    nr_aws_query_add(&form, nr_view(name), "DBClusterSnapshotIdentifier");
    add_tags(&form, tags);
    return act(rds, action, &form, true, fault, err);
}

int rds_delete(struct rds *rds, struct nr_view id, enum rds_fault *fault, struct nr_err *err)
{
    static const char action[] = "DeleteDBClusterSnapshot";
    NR_BUF_AUTO form = {0};

    begin(&form, action);
    nr_aws_query_add(&form, id, "DBClusterSnapshotIdentifier");
    return act(rds, action, &form, false, fault, err);
}

int rds_copy(struct rds *rds, struct nr_view source_arn, struct nr_view name, struct nr_view kms_key,
             const struct rds_tags *tags, enum rds_fault *fault, struct nr_err *err)
{
    static const char action[] = "CopyDBClusterSnapshot";
    NR_BUF_AUTO form = {0};

    begin(&form, action);
    nr_aws_query_add(&form, source_arn, "SourceDBClusterSnapshotIdentifier");
    nr_aws_query_add(&form, name, "TargetDBClusterSnapshotIdentifier");
    if (kms_key.len)
        nr_aws_query_add(&form, kms_key, "KmsKeyId");
    add_tags(&form, tags);
    return act(rds, action, &form, true, fault, err);
}

int rds_list_accounts(struct rds *rds, struct nr_view id, rds_on_text_fn visit, void *user,
                      struct nr_err *err)
{
    static const char action[] = "DescribeDBClusterSnapshotAttributes";
    NR_BUF_AUTO form = {0};
    NR_BUF_AUTO xml = {0};
    enum rds_fault fault;

    begin(&form, action);
    nr_aws_query_add(&form, id, "DBClusterSnapshotIdentifier");
    if (call(rds, action, &form, false, &xml, &fault, err) != 0)
        return -1;
    if (rds_xml_accounts(nr_buf_view(&xml), visit, user, err) != 0)
        return nr_err_context(err, "%s", action);
    return 0;
}

int rds_share(struct rds *rds, struct nr_view id, const struct nr_view *accounts, size_t n,
              enum rds_fault *fault, struct nr_err *err)
{
    static const char action[] = "ModifyDBClusterSnapshotAttribute";
    NR_BUF_AUTO form = {0};

    begin(&form, action);
    nr_aws_query_add(&form, id, "DBClusterSnapshotIdentifier");
    nr_aws_query_add(&form, NR_VIEW("restore"), "AttributeName");
    for (size_t i = 0; i < n; i++)
        nr_aws_query_add(&form, accounts[i], "ValuesToAdd.AttributeValue.%zu", i + 1);
    return act(rds, action, &form, false, fault, err);
}
