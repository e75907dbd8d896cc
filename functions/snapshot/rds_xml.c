#include <stdlib.h>

#include <expat.h>
#include <narae/rfc3339.h>

#include "functions/snapshot/rds_xml.h"

enum {
    DEPTH_MAX = 24,
    TEXTS_MAX_BYTES =
        256 * 1024, /* of one record; 50 tags of 128 + 256 characters are 77 KB in UTF-8 at the worst */
    FIELDS_MAX = 16,
};

/* --- what is read --------------------------------------------------------------------------------------- */

enum { S_ID, S_ARN, S_CLUSTER, S_RESOURCE, S_STATUS, S_TYPE, S_CREATED, S_PERCENT, S_ENCRYPTED };
static const char *const snapshot_fields[] = {
    [S_ID] = "DBClusterSnapshotIdentifier",
    [S_ARN] = "DBClusterSnapshotArn",
    [S_CLUSTER] = "DBClusterIdentifier",
    [S_RESOURCE] = "DbClusterResourceId",
    [S_STATUS] = "Status",
    [S_TYPE] = "SnapshotType",
    [S_CREATED] = "SnapshotCreateTime",
    [S_PERCENT] = "PercentProgress",
    [S_ENCRYPTED] = "StorageEncrypted",
};

enum {
    C_ID,
    C_ARN,
    C_RESOURCE,
    C_STATUS,
    C_ENGINE,
    C_VERSION,
    C_SUBNETS,
    C_PARAMETERS,
    C_DATABASE,
    C_CREATED,
    C_ENCRYPTED
};
static const char *const cluster_fields[] = {
    [C_ID] = "DBClusterIdentifier",
    [C_ARN] = "DBClusterArn",
    [C_RESOURCE] = "DbClusterResourceId",
    [C_STATUS] = "Status",
    [C_ENGINE] = "Engine",
    [C_VERSION] = "EngineVersion",
    [C_SUBNETS] = "DBSubnetGroup",
    [C_PARAMETERS] = "DBClusterParameterGroup",
    [C_DATABASE] = "DatabaseName",
    [C_CREATED] = "ClusterCreateTime",
    [C_ENCRYPTED] = "StorageEncrypted",
};

/* A part of struct reader's texts. They move while they grow, so views are made at a record's end. */
struct piece {
    size_t at, len;
};

struct reader {
    XML_Parser parser;
    const char *record;        /* element that is one record */
    const char *const *fields; /* its members, of which there are n_fields */
    size_t n_fields;
    void (*on_record)(struct reader *reader);
    rds_on_text_fn on_account;
    void *user;
    union {
        rds_on_snapshot_fn snapshot;
        rds_on_cluster_fn cluster;
    } visit;

    int depth;          /* elements open */
    int record_depth;   /* of the open record; 0 = none */
    struct nr_buf text; /* of the innermost element */
    struct nr_buf *marker;
    bool is_answer; /* does the root end in "Response"? */
    bool is_broken; /* refused by us, not by expat */

    struct nr_buf texts; /* of the open record */
    struct piece found[FIELDS_MAX];
    struct piece tag_key, tag_value, keys[RDS_TAG_MAX], values[RDS_TAG_MAX];
    size_t n_tags;
    struct piece groups; /* security groups, with spaces */
    bool is_restore;     /* is the attribute "restore" open? */
};

/* --- records -------------------------------------------------------------------------------------------- */

static struct nr_view view_of(const struct reader *reader, struct piece piece)
{
    return nr_view_n(reader->texts.data ? reader->texts.data + piece.at : "", piece.len);
}

static struct nr_view field(const struct reader *reader, int i)
{
    return view_of(reader, reader->found[i]);
}

static int64_t time_of(struct nr_view text)
{
    int64_t unix_ms = 0;

    (void)nr_rfc3339_parse(text, &unix_ms);
    return unix_ms;
}

static int64_t percent_of(struct nr_view text)
{
    int64_t value = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9' || value > 100)
            return -1;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return text.len ? value : -1;
}

enum rds_state rds_state_of(struct nr_view status)
{
    static const struct {
        const char *status;
        enum rds_state state;
    } meanings[] = {
        {"available", RDS_AVAILABLE},
        {"creating", RDS_UNDERWAY},
        {"copying", RDS_UNDERWAY},
        {"failed", RDS_FAILED},
        {"incompatible-restore", RDS_FAILED},
        {"incompatible-parameters", RDS_FAILED},
        {"deleting", RDS_UNKNOWN},
        {"deleted", RDS_UNKNOWN},
    };

    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (nr_view_is(status, nr_view(meanings[i].status)))
            return meanings[i].state;
    return RDS_UNKNOWN;
}

static void read_tags(const struct reader *reader, struct rds_tags *out)
{
    out->n = reader->n_tags;
    for (size_t i = 0; i < out->n; i++)
        out->items[i] =
            (struct rds_tag){view_of(reader, reader->keys[i]), view_of(reader, reader->values[i])};
}

static void give_snapshot(struct reader *reader)
{
    struct rds_snapshot snapshot = {.id = field(reader, S_ID),
                                    .arn = field(reader, S_ARN),
                                    .cluster_id = field(reader, S_CLUSTER),
                                    .resource_id = field(reader, S_RESOURCE),
                                    .status = field(reader, S_STATUS),
                                    .type = field(reader, S_TYPE),
                                    .state = rds_state_of(field(reader, S_STATUS)),
                                    .created_unix_ms = time_of(field(reader, S_CREATED)),
                                    .percent = percent_of(field(reader, S_PERCENT)),
                                    .is_encrypted = nr_view_is(field(reader, S_ENCRYPTED), NR_VIEW("true"))};

    read_tags(reader, &snapshot.tags);
    reader->visit.snapshot(reader->user, &snapshot);
}

static void give_cluster(struct reader *reader)
{
    struct rds_cluster cluster = {.id = field(reader, C_ID),
                                  .arn = field(reader, C_ARN),
                                  .resource_id = field(reader, C_RESOURCE),
                                  .status = field(reader, C_STATUS),
                                  .engine = field(reader, C_ENGINE),
                                  .engine_version = field(reader, C_VERSION),
                                  .subnet_group = field(reader, C_SUBNETS),
                                  .parameter_group = field(reader, C_PARAMETERS),
                                  .database = field(reader, C_DATABASE),
                                  .security_groups = view_of(reader, reader->groups),
                                  .created_unix_ms = time_of(field(reader, C_CREATED)),
                                  .is_encrypted = nr_view_is(field(reader, C_ENCRYPTED), NR_VIEW("true"))};

    read_tags(reader, &cluster.tags);
    reader->visit.cluster(reader->user, &cluster);
}

/* --- elements ------------------------------------------------------------------------------------------- */

static void refuse(struct reader *reader)
{
    reader->is_broken = true;
    XML_StopParser(reader->parser, XML_FALSE);
}

static bool is_response(const char *name)
{
    size_t len = strlen(name);

    return len > 8 && strcmp(name + len - 8, "Response") == 0;
}

static void XMLCALL on_start(void *user, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *reader = user;

    (void)attributes;
    if (++reader->depth > DEPTH_MAX) {
        refuse(reader);
        return;
    }
    if (reader->depth == 1)
        reader->is_answer = is_response(name);
    nr_buf_reset(&reader->text);
    if (reader->record && !reader->record_depth && strcmp(name, reader->record) == 0) {
        reader->record_depth = reader->depth;
        nr_buf_reset(&reader->texts);
        memset(reader->found, 0, sizeof(reader->found));
        reader->groups = (struct piece){0};
        reader->n_tags = 0;
    }
}

static void XMLCALL on_text(void *user, const XML_Char *bytes, int len)
{
    struct reader *reader = user;

    nr_buf_add(&reader->text, nr_view_n(bytes, (size_t)len));
    if (reader->text.is_bad)
        refuse(reader);
}

static struct piece keep(struct reader *reader)
{
    struct piece piece = {reader->texts.len, reader->text.len};

    nr_buf_add(&reader->texts, nr_buf_view(&reader->text));
    if (reader->texts.is_bad)
        refuse(reader);
    return piece;
}

/* Security groups come one after the other, with nothing else of the record between them. */
static void add_group(struct reader *reader)
{
    struct piece group;

    if (reader->groups.len)
        nr_buf_add_char(&reader->texts, ' ');
    group = keep(reader);
    if (!reader->groups.len)
        reader->groups.at = group.at;
    reader->groups.len = group.at + group.len - reader->groups.at;
}

/* Whatever comes first in it, and with or without a value: it may be the one that holds a snapshot. */
static void add_tag(struct reader *reader)
{
    if (reader->n_tags == RDS_TAG_MAX) {
        refuse(reader);
        return;
    }
    reader->keys[reader->n_tags] = reader->tag_key;
    reader->values[reader->n_tags++] = reader->tag_value;
    reader->tag_key = reader->tag_value = (struct piece){0};
}

static void end_inside_record(struct reader *reader, const char *name)
{
    int below = reader->depth - reader->record_depth;

    if (below == 1) {
        for (size_t i = 0; i < reader->n_fields; i++)
            if (strcmp(name, reader->fields[i]) == 0)
                reader->found[i] = keep(reader);
    } else if (below == 3 && strcmp(name, "Key") == 0) {
        reader->tag_key = keep(reader);
    } else if (below == 3 && strcmp(name, "Value") == 0) {
        reader->tag_value = keep(reader);
    } else if (below == 2 && strcmp(name, "Tag") == 0) {
        add_tag(reader);
    } else if (below == 3 && strcmp(name, "VpcSecurityGroupId") == 0) {
        add_group(reader);
    }
}

/* AttributeName comes before AttributeValues. */
static void end_attribute(struct reader *reader, const char *name)
{
    if (strcmp(name, "AttributeName") == 0)
        reader->is_restore = nr_view_is(nr_buf_view(&reader->text), NR_VIEW("restore"));
    else if (strcmp(name, "AttributeValue") == 0 && reader->is_restore)
        reader->on_account(reader->user, nr_buf_view(&reader->text));
}

static void XMLCALL on_end(void *user, const XML_Char *name)
{
    struct reader *reader = user;

    if (reader->record_depth && reader->depth > reader->record_depth) {
        end_inside_record(reader, name);
    } else if (reader->record_depth == reader->depth) {
        reader->record_depth = 0;
        reader->on_record(reader);
    } else if (reader->marker && strcmp(name, "Marker") == 0) {
        nr_buf_add(reader->marker, nr_buf_view(&reader->text));
        if (reader->marker->is_bad)
            refuse(reader);
    } else if (reader->on_account) {
        end_attribute(reader, name);
    }
    nr_buf_reset(&reader->text);
    reader->depth--;
}

/* No answer of RDS has a document type; what has one wants to define entities. */
static void XMLCALL on_doctype(void *user, const XML_Char *name, const XML_Char *system_id,
                               const XML_Char *public_id, int has_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_subset;
    refuse(user);
}

static int explain(const struct reader *reader, enum XML_Status status, struct nr_err *err)
{
    if (status == XML_STATUS_OK && reader->is_answer)
        return 0;
    if (reader->is_broken || status == XML_STATUS_OK)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.BadAnswer",
                          "rds: the reply is not an answer of RDS");
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.BadAnswer",
                      "rds: the reply is no whole XML: line %lu: %s",
                      (unsigned long)XML_GetCurrentLineNumber(reader->parser),
                      XML_ErrorString(XML_GetErrorCode(reader->parser)));
}

static int read(struct reader *reader, struct nr_view xml, struct nr_err *err)
{
    int result;

    reader->parser = XML_ParserCreate(NULL);
    if (!reader->parser)
        return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory", "no memory to read XML");
    nr_buf_init(&reader->text, TEXTS_MAX_BYTES);
    nr_buf_init(&reader->texts, TEXTS_MAX_BYTES);
    if (reader->marker)
        nr_buf_reset(reader->marker);
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    result = explain(reader, XML_Parse(reader->parser, xml.ptr ? xml.ptr : "", (int)xml.len, XML_TRUE), err);
    XML_ParserFree(reader->parser);
    nr_buf_done(&reader->text);
    nr_buf_done(&reader->texts);
    return result;
}

/* --- the three answers ---------------------------------------------------------------------------------- */

int rds_xml_snapshots(struct nr_view xml, rds_on_snapshot_fn visit, void *user, struct nr_buf *marker,
                      struct nr_err *err)
{
    struct reader reader = {.record = "DBClusterSnapshot",
                            .fields = snapshot_fields,
                            .n_fields = sizeof(snapshot_fields) / sizeof(snapshot_fields[0]),
                            .on_record = give_snapshot,
                            .visit.snapshot = visit,
                            .user = user,
                            .marker = marker};

    return read(&reader, xml, err);
}

int rds_xml_clusters(struct nr_view xml, rds_on_cluster_fn visit, void *user, struct nr_buf *marker,
                     struct nr_err *err)
{
    struct reader reader = {.record = "DBCluster",
                            .fields = cluster_fields,
                            .n_fields = sizeof(cluster_fields) / sizeof(cluster_fields[0]),
                            .on_record = give_cluster,
                            .visit.cluster = visit,
                            .user = user,
                            .marker = marker};

    return read(&reader, xml, err);
}

int rds_xml_accounts(struct nr_view xml, rds_on_text_fn visit, void *user, struct nr_err *err)
{
    struct reader reader = {.on_account = visit, .user = user};

    return read(&reader, xml, err);
}
