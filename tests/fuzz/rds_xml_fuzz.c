/* Any bytes as an answer of RDS: records go into an inventory as a run keeps them, or the answer is refused
 * whole. */
#include <stdlib.h>

#include "functions/snapshot/inventory.h"
#include "functions/snapshot/rds_xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char policy[] = "{\"id\":\"nightly\",\"clusters\":{\"ids\":[\"*\"]},\"keep\":{\"daily\":7}}";

static void on_account(void *user, struct nr_view account)
{
    *(size_t *)user += account.len;
}

static void read_all(struct nr_view xml, struct inventory *inventory, struct nr_buf *marker)
{
    struct nr_err err[3] = {0};
    size_t n = 0;

    if (rds_xml_snapshots(xml, inventory_add_snapshot, inventory, marker, &err[0]) != 0 && !err[0].message[0])
        abort();
    if (rds_xml_clusters(xml, inventory_add_cluster, inventory, marker, &err[1]) != 0 && !err[1].message[0])
        abort();
    if (rds_xml_accounts(xml, on_account, &n, &err[2]) != 0 && !err[2].message[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct policy_set policies;
    struct inventory inventory;
    struct nr_buf marker;
    struct nr_err err = {0};

    if (!policies.n && policy_set_parse(nr_view(policy), "policy", &policies, &err) != 0)
        abort();
    inventory_init(&inventory, &policies, false, 1795539600000);
    nr_buf_init(&marker, RDS_MARKER_MAX_BYTES);
    read_all(nr_view_n((const char *)data, size), &inventory, &marker);
    if (inventory_group_all(&inventory, &err) != 0)
        abort();
    nr_buf_done(&marker);
    inventory_done(&inventory);
    return 0;
}
