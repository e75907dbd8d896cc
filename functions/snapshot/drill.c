#include <stdio.h>

#include "functions/snapshot/drill.h"
#include "functions/snapshot/slot.h"

enum { COMMAND_MAX_BYTES = 4096, NAME_MAX_BYTES = 63 };

/* "drill-orders", cut to what a cluster may be called; never the cluster's own name. */
static void restored_name(const struct rds_cluster *cluster, char out[NAME_MAX_BYTES + 1])
{
    int room = NAME_MAX_BYTES - (int)sizeof("drill-") + 1;
    int len = (int)cluster->id.len < room ? (int)cluster->id.len : room;

    while (len > 0 && cluster->id.ptr[len - 1] == '-')
        len--;
    snprintf(out, NAME_MAX_BYTES + 1, "drill-%.*s", len, cluster->id.ptr);
}

static bool is_mysql(const struct rds_cluster *cluster)
{
    return !nr_view_starts(cluster->engine, NR_VIEW("aurora-postgresql"));
}

static void option(struct nr_buf *line, const char *name, struct nr_view value)
{
    if (value.len)
        nr_buf_printf(line, " --%s %.*s", name, NR_VIEW_ARG(value));
}

static void restore(const struct rds_cluster *cluster, const struct inventory_snapshot *snapshot,
                    const char *as, struct nr_buf *line)
{
    nr_buf_printf(line, "aws rds restore-db-cluster-from-snapshot --db-cluster-identifier %s", as);
    option(line, "snapshot-identifier", snapshot->id);
    option(line, "engine", cluster->engine);
    option(line, "engine-version", cluster->engine_version);
    option(line, "db-subnet-group-name", cluster->subnet_group);
    option(line, "db-cluster-parameter-group-name", cluster->parameter_group);
    option(line, "vpc-security-group-ids", cluster->security_groups);
    nr_buf_add_text(line, " --no-deletion-protection --tags Key=purpose,Value=restore-drill");
}

static void look(const struct rds_cluster *cluster, struct nr_buf *line)
{
    struct nr_view database = cluster->database.len ? cluster->database
                              : is_mysql(cluster)   ? NR_VIEW("mysql")
                                                    : NR_VIEW("postgres");

    if (is_mysql(cluster))
        nr_buf_printf(line,
                      "mysql --host \"$ENDPOINT\" --user \"$USER_NAME\" --password "
                      "--ssl-mode=VERIFY_IDENTITY --ssl-ca=rds-ca.pem "
                      "-e 'select table_schema, count(*), sum(table_rows), max(update_time) from "
                      "information_schema.tables group by 1' %.*s",
                      NR_VIEW_ARG(database));
    else
        nr_buf_printf(
            line,
            "psql \"host=$ENDPOINT user=$USER_NAME dbname=%.*s sslmode=verify-full sslrootcert=rds-ca.pem\" "
            "-c 'select relname, n_live_tup from pg_stat_user_tables order by 2 desc limit 20'",
            NR_VIEW_ARG(database));
}

/* One command as a JSON string. */
static void end_line(struct nr_buf *line, const char *between, struct nr_buf *out)
{
    nr_buf_add_text(out, between);
    nr_buf_add_json_text(out, nr_buf_view(line));
    nr_buf_reset(line);
}

static void commands(const struct rds_cluster *cluster, const struct inventory_snapshot *snapshot,
                     const char *as, struct nr_buf *out)
{
    NR_BUF_AUTO line = {0};

    nr_buf_init(&line, COMMAND_MAX_BYTES);
    restore(cluster, snapshot, as, &line);
    end_line(&line, "[", out);
    nr_buf_printf(&line, "aws rds wait db-cluster-available --db-cluster-identifier %s", as);
    end_line(&line, ",", out);
    nr_buf_printf(&line,
                  "aws rds create-db-instance --db-cluster-identifier %s --db-instance-identifier %.61s-1 "
                  "--db-instance-class db.t4g.medium --no-publicly-accessible --engine %.*s",
                  as, as, NR_VIEW_ARG(cluster->engine));
    end_line(&line, ",", out);
    nr_buf_printf(&line, "aws rds wait db-instance-available --db-instance-identifier %.61s-1", as);
    end_line(&line, ",", out);
    nr_buf_printf(
        &line,
        "ENDPOINT=$(aws rds describe-db-clusters --db-cluster-identifier %s --query 'DBClusters[0].Endpoint' "
        "--output text)",
        as);
    end_line(&line, ",", out);
    look(cluster, &line);
    end_line(&line, ",", out);
    nr_buf_printf(&line, "aws rds delete-db-instance --db-instance-identifier %.61s-1 --skip-final-snapshot",
                  as);
    end_line(&line, ",", out);
    nr_buf_printf(&line, "aws rds delete-db-cluster --db-cluster-identifier %s --skip-final-snapshot", as);
    end_line(&line, ",", out);
    nr_buf_add_char(out, ']');
}

void drill_write(const struct rds_cluster *cluster, const struct inventory_snapshot *snapshot,
                 struct nr_buf *out)
{
    char as[NAME_MAX_BYTES + 1];
    char slot[SLOT_TEXT_BYTES];

    nr_buf_add_text(out, "{\"cluster\":");
    nr_buf_add_json_text(out, cluster->id);
    if (!snapshot) {
        nr_buf_add_text(out, ",\"snapshot\":null,\"commands\":[]}");
        return;
    }
    restored_name(cluster, as);
    slot_text(snapshot->slot_unix_ms / 1000, slot);
    nr_buf_add_text(out, ",\"snapshot\":");
    nr_buf_add_json_text(out, snapshot->id);
    nr_buf_printf(out, ",\"slot\":\"%s\",\"restoredAs\":\"%s\",\"commands\":", slot, as);
    commands(cluster, snapshot, as, out);
    nr_buf_add_char(out, '}');
}
