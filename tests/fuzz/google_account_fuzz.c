/* Any bytes as a service account's key file: taken, or refused with words that hold nothing of the key. */
#include <stdlib.h>
#include <string.h>

#include "functions/push/google_account.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct google_account account = {0};
    struct nr_err err = {0};

    if (google_account_parse("SETTING", nr_view_n((const char *)data, size), &account, &err) == 0) {
        if (!account.project_id[0] || !account.token_uri[0] || !account.private_key.len)
            abort();
        google_account_done(&account);
    } else if (strncmp(err.message, "SETTING: ", strlen("SETTING: ")) != 0 || strstr(err.message, "HUSH")) {
        abort();
    }
    return 0;
}
