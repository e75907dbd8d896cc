#include <stdio.h>
#include <string.h>

#include <narae/json.h>
#include <narae/secret.h>

#include "functions/push/google_account.h"

enum { KEY_MAX_BYTES = 16 * 1024 };

static int take_text(const struct nr_json_place *root, const char *name, char *out, size_t cap,
                     struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(root, name);
    struct nr_view text;

    if (nr_json_want_text(&place, 1, cap - 1, &text, err) != 0)
        return -1;
    snprintf(out, cap, "%.*s", NR_VIEW_ARG(text));
    return 0;
}

static bool is_private_key(struct nr_view pem)
{
    return (nr_view_starts(pem, NR_VIEW("-----BEGIN PRIVATE KEY-----\n")) ||
            nr_view_starts(pem, NR_VIEW("-----BEGIN RSA PRIVATE KEY-----\n"))) &&
           memmem(pem.ptr, pem.len, "\n-----END ", strlen("\n-----END "));
}

static int take_key(const struct nr_json_place *root, struct nr_buf *out, struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(root, "private_key");
    struct nr_view pem;

    if (nr_json_want_text(&place, 1, KEY_MAX_BYTES, &pem, err) != 0)
        return -1;
    if (!is_private_key(pem))
        return nr_json_refuse(&place, err, "must be an unencrypted private key in PEM");
    nr_buf_add(out, pem);
    return nr_buf_check(out, "private_key", err);
}

/* It becomes part of a path. Project ids have a-z, 0-9 and '-'; those of a company's domain "example.com:" in
 * front. */
static int check_project_id(const struct nr_json_place *root, const char *project_id, struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(root, "project_id");

    if (project_id[strspn(project_id, "abcdefghijklmnopqrstuvwxyz0123456789-.:")] == '\0')
        return 0;
    return nr_json_refuse(&place, err, "may only contain a-z, 0-9, '-', '.' and ':'");
}

/* "http://127.0.0.1:PORT/": the whole authority is compared, as "127.0.0.1:80@elsewhere" begins the same
 * way. */
static bool is_loopback(const char *uri)
{
    static const char start[] = "http://127.0.0.1:";
    const char *port = uri + sizeof(start) - 1;

    return strncmp(uri, start, sizeof(start) - 1) == 0 && port[strspn(port, "0123456789")] == '/';
}

/* The token endpoint gets a signed assertion: over plain HTTP only where a test or a sandbox listens. */
static int check_token_uri(const struct nr_json_place *root, const char *uri, struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(root, "token_uri");

    if (strncmp(uri, "https://", strlen("https://")) == 0 || is_loopback(uri))
        return 0;
    return nr_json_refuse(&place, err, "must be an https:// address");
}

static int read_account(const json_t *doc, struct google_account *out, struct nr_err *err)
{
    struct nr_json_place root = nr_json_root("", doc);

    if (nr_json_want_object(&root, err) != 0 ||
        take_text(&root, "project_id", out->project_id, sizeof(out->project_id), err) != 0 ||
        take_text(&root, "client_email", out->client_email, sizeof(out->client_email), err) != 0 ||
        take_text(&root, "private_key_id", out->private_key_id, sizeof(out->private_key_id), err) != 0 ||
        take_text(&root, "token_uri", out->token_uri, sizeof(out->token_uri), err) != 0)
        return -1;
    if (check_project_id(&root, out->project_id, err) != 0 ||
        check_token_uri(&root, out->token_uri, err) != 0)
        return -1;
    return take_key(&root, &out->private_key, err);
}

int google_account_parse(const char *setting, struct nr_view text, struct google_account *out,
                         struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;
    struct google_account account = {0};
    struct nr_err why = {0};

    nr_buf_init(&account.private_key, KEY_MAX_BYTES);
    if (nr_json_parse(text, "service account", &doc, &why) == 0 && read_account(doc, &account, &why) == 0) {
        *out = account;
        return 0;
    }
    google_account_done(&account);
    /* jansson quotes what it stumbled over, and that may be a part of the key. */
    if (!doc)
        nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting", "%s: not JSON", setting);
    else
        nr_err_set(err, why.kind, "Function.InvalidSetting", "%s: %s", setting, why.message);
    return nr_err_hint(err, "the JSON key file of a Google service account is expected");
}

void google_account_done(struct google_account *account)
{
    nr_secret_done(&account->private_key);
}
