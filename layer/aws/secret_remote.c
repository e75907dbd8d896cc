#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <narae/aws.h>
#include <narae/clock.h>
#include <narae/json.h>
#include <narae/secret.h>

#include "layer/aws/secret_remote.h"

enum {
    KEEP_MS = 5 * 60 * 1000,
    KEPT_MAX = 8, /* a function has two or three secrets */
    REFERENCE_MAX_BYTES = 2048,
};

static struct {
    char reference[REFERENCE_MAX_BYTES + 1];
    int64_t fetched_wall_ms; /* the wall clock: the monotonic one stands still in a frozen sandbox */
    struct nr_buf value;
} kept[KEPT_MAX];

static bool find_kept(const char *reference, struct nr_buf *out)
{
    int64_t now = nr_clock_wall_ms();

    for (int i = 0; i < KEPT_MAX; i++) {
        int64_t age = now - kept[i].fetched_wall_ms;

        if (strcmp(kept[i].reference, reference) == 0 && age >= 0 && age < KEEP_MS) {
            nr_buf_add(out, nr_buf_view(&kept[i].value));
            return true;
        }
    }
    return false;
}

/* Into the slot of the same reference, or the oldest. A secret that does not fit is simply not kept. */
static void keep(const char *reference, struct nr_view value)
{
    int slot = 0;

    for (int i = 0; i < KEPT_MAX; i++) {
        if (strcmp(kept[i].reference, reference) == 0) {
            slot = i;
            break;
        }
        if (kept[i].fetched_wall_ms < kept[slot].fetched_wall_ms)
            slot = i;
    }
    nr_secret_done(&kept[slot].value);
    nr_buf_init(&kept[slot].value, NR_SECRET_MAX_BYTES);
    nr_buf_add(&kept[slot].value, value);
    kept[slot].fetched_wall_ms = nr_clock_wall_ms();
    snprintf(kept[slot].reference, sizeof(kept[slot].reference), "%s",
             kept[slot].value.is_bad ? "" : reference);
}

void secret_remote_forget(const char *reference)
{
    for (int i = 0; i < KEPT_MAX; i++)
        if (strcmp(kept[i].reference, reference) == 0) {
            kept[i].reference[0] = '\0';
            kept[i].fetched_wall_ms = 0; /* the first to be used again */
            nr_secret_done(&kept[i].value);
        }
}

static int missing(const char *setting, const char *reference, const char *why, struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_NOT_FOUND, "Function.MissingSecret", "%s: \"%.256s\": %s", setting,
                      reference, why);
}

/* Give `reference`'s text to the caller and keep it. */
static int deliver(const char *setting, const char *reference, const char *text, struct nr_buf *out,
                   struct nr_err *err)
{
    if (!text)
        return missing(setting, reference, "has no text value", err);
    nr_buf_add_text(out, text);
    if (nr_buf_check(out, setting, err) != 0)
        return -1;
    keep(reference, nr_buf_view(out));
    return 0;
}

static int call(const char *setting, const char *reference, const struct nr_aws_call *what, json_t **out,
                struct nr_err *err)
{
    if (nr_aws_json(what, out, err) == 0)
        return 0;
    if (err->kind == NR_ERR_NOT_FOUND)
        snprintf(err->type, sizeof(err->type), "Function.MissingSecret");
    return nr_err_context(err, "%s: \"%.256s\"", setting, reference);
}

/* {"SecretId":"..."}: ids are quoted with care, although an ARN needs no escaping. */
static int body_of(struct nr_buf *body, const char *name, struct nr_view id, const char *rest,
                   struct nr_err *err)
{
    nr_buf_printf(body, "{\"%s\":", name);
    nr_buf_add_json_text(body, id);
    nr_buf_printf(body, "%s}", rest);
    return nr_buf_check(body, name, err);
}

/* Take "...:" off the front of *rest; empty when there is none. */
static struct nr_view next_field(struct nr_view *rest)
{
    const char *colon = rest->len ? memchr(rest->ptr, ':', rest->len) : NULL;
    struct nr_view field = nr_view_n(rest->ptr, colon ? (size_t)(colon - rest->ptr) : 0);

    *rest = nr_view_n(rest->ptr + field.len + (colon != NULL), rest->len - field.len - (colon != NULL));
    return field;
}

/* arn:partition:secretsmanager:REGION:account:secret:name */
static bool region_of(struct nr_view arn, char *out, size_t cap)
{
    struct nr_view service, region;

    (void)next_field(&arn);
    (void)next_field(&arn);
    service = next_field(&arn);
    region = next_field(&arn);
    return nr_view_is(service, NR_VIEW("secretsmanager")) && region.len &&
           (size_t)snprintf(out, cap, "%.*s", NR_VIEW_ARG(region)) < cap;
}

/* The member that "a.b" leads to; a member that is itself called "a.b" comes first. */
static const json_t *find_member(const json_t *doc, const char *key)
{
    const json_t *at = json_object_get(doc, key);
    const char *dot = strchr(key, '.');
    char name[256];

    if (at || !dot || (size_t)(dot - key) >= sizeof(name))
        return at;
    snprintf(name, sizeof(name), "%.*s", (int)(dot - key), key);
    return find_member(json_object_get(doc, name), dot + 1);
}

static int pick_member(const char *setting, const char *reference, const char *text, const char *key,
                       struct nr_buf *out, struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err ignored = {0};
    const json_t *member;

    if (!text || nr_json_parse(nr_view(text), setting, &doc, &ignored) != 0)
        return missing(setting, reference, "is no JSON, but a key is asked for", err);
    member = find_member(doc, key);
    if (!json_is_string(member))
        return missing(setting, reference, member ? "the key's value is no text" : "no such key in its JSON",
                       err);
    return deliver(setting, reference, json_string_value(member), out, err);
}

int secret_remote_secretsmanager(const char *setting, const char *reference, int64_t deadline_mono_ms,
                                 struct nr_buf *out, struct nr_err *err)
{
    struct nr_view arn = nr_view_n(reference, strcspn(reference, "#"));
    NR_JSON_AUTO *doc = NULL;
    NR_BUF_AUTO body;
    char region[64];
    struct nr_aws_call what = {.service = "secretsmanager",
                               .endpoint_env = "AWS_ENDPOINT_URL_SECRETS_MANAGER",
                               .region = region,
                               .target = "secretsmanager.GetSecretValue",
                               .json_version = "1.1",
                               .deadline_mono_ms = deadline_mono_ms};

    nr_buf_init(&body, 4096);
    if (find_kept(reference, out))
        return nr_buf_check(out, setting, err);
    if (!region_of(arn, region, sizeof(region)))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting",
                          "%s: \"%.256s\" is not a Secrets Manager ARN", setting, reference);
    if (body_of(&body, "SecretId", arn, "", err) != 0)
        return -1;
    what.body = nr_buf_view(&body);
    if (call(setting, reference, &what, &doc, err) != 0)
        return -1;
    if (reference[arn.len] == '#')
        return pick_member(setting, reference, json_string_value(json_object_get(doc, "SecretString")),
                           reference + arn.len + 1, out, err);
    return deliver(setting, reference, json_string_value(json_object_get(doc, "SecretString")), out, err);
}

int secret_remote_ssm(const char *setting, const char *reference, int64_t deadline_mono_ms,
                      struct nr_buf *out, struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;
    NR_BUF_AUTO body;
    struct nr_aws_call what = {.service = "ssm",
                               .endpoint_env = "AWS_ENDPOINT_URL_SSM",
                               .target = "AmazonSSM.GetParameter",
                               .json_version = "1.1",
                               .deadline_mono_ms = deadline_mono_ms};

    nr_buf_init(&body, 4096);
    if (find_kept(reference, out))
        return nr_buf_check(out, setting, err);
    if (body_of(&body, "Name", nr_view(reference + strlen("ssm:")), ",\"WithDecryption\":true", err) != 0)
        return -1;
    what.body = nr_buf_view(&body);
    if (call(setting, reference, &what, &doc, err) != 0)
        return -1;
    return deliver(setting, reference,
                   json_string_value(json_object_get(json_object_get(doc, "Parameter"), "Value")), out, err);
}
