#include <stdio.h>
#include <string.h>

#include <narae/env.h>
#include <narae/secret.h>

#include "functions/search/log_settings.h"
#include "functions/search/pack.h"

static const struct nr_env_text stream = {
    "NARAE_SEARCH_STREAM",
    "the name of a Kinesis data stream, or its ARN (arn:aws:kinesis:REGION:ACCOUNT:stream/NAME)", NULL, 256};
static const struct nr_env_text partition = {"NARAE_SEARCH_PARTITION", "spread or session", "spread", 16};

/* Below the billing step nothing is saved; above 1,000,000 Firehose takes no record. */
static const struct nr_env_int record_bytes = {"NARAE_SEARCH_RECORD_BYTES", "bytes", 1000,
                                               PACK_RECORD_MAX_BYTES, PACK_BILLING_STEP_BYTES};

/* PutRecords takes 10 MiB; 500 records of the default size are 2.5 MB, and memory follows this number. */
static const struct nr_env_int request_bytes = {"NARAE_SEARCH_REQUEST_BYTES", "bytes", 100000, 10485760,
                                                (int64_t)PACK_RECORDS_MAX *PACK_BILLING_STEP_BYTES};

static const struct nr_env_int request_timeout = {"NARAE_SEARCH_REQUEST_TIMEOUT_MS", "ms", 100, 60000, 5000};

/* What one caller may send at once; a browser's beacon is limited to 64 KiB anyway. */
static const struct nr_env_int http_bytes = {"NARAE_SEARCH_HTTP_BYTES", "bytes", 1024, 6291456, 262144};
static const struct nr_env_int http_events = {"NARAE_SEARCH_HTTP_EVENTS", "events", 1, 2000, 500};

static const char key_setting[] = "NARAE_SEARCH_PSEUDONYM_KEY";

static int refuse(const struct nr_env_text *spec, const char *value, struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting", "%s: \"%.256s\" is not %s", spec->name,
                      value, spec->form);
}

/* Characters of stream names (Kinesis API Reference, "CreateStream"). */
static bool is_name(const char *text)
{
    size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    return n >= 1 && n <= 128 && text[n] == '\0';
}

/* "arn:PARTITION:kinesis:REGION:ACCOUNT:stream/NAME": the region is copied. */
static bool parse_arn(const char *text, char region[32])
{
    char partition_part[32];
    char service[16];
    char region_part[32];
    int name_at = 0;

    if (sscanf(text, "arn:%31[a-z-]:%15[a-z]:%31[a-z0-9-]:%*12[0-9]:stream/%n", partition_part, service,
               region_part, &name_at) != 3 ||
        name_at == 0 || strcmp(service, "kinesis") != 0 || !is_name(text + name_at))
        return false;
    memcpy(region, region_part, sizeof(region_part));
    return true;
}

static int read_stream(struct log_settings *out, struct nr_err *err)
{
    if (nr_env_get_text(&stream, &out->stream, err) != 0)
        return -1;
    if (is_name(out->stream) || parse_arn(out->stream, out->region))
        return 0;
    return refuse(&stream, out->stream, err);
}

static int read_partition(struct log_settings *out, struct nr_err *err)
{
    const char *value;

    if (nr_env_get_text(&partition, &value, err) != 0)
        return -1;
    out->is_by_session = strcmp(value, "session") == 0;
    return out->is_by_session || strcmp(value, "spread") == 0 ? 0 : refuse(&partition, value, err);
}

int log_settings_read(struct log_settings *out, struct nr_err *err)
{
    struct log_settings read = {0};

    if (read_stream(&read, err) != 0 || read_partition(&read, err) != 0 ||
        nr_env_get_int(&record_bytes, &read.record_bytes, err) != 0 ||
        nr_env_get_int(&request_bytes, &read.request_bytes, err) != 0 ||
        nr_env_get_int(&request_timeout, &read.request_timeout_ms, err) != 0 ||
        nr_env_get_int(&http_bytes, &read.http_max_bytes, err) != 0 ||
        nr_env_get_int(&http_events, &read.http_max_events, err) != 0)
        return -1;
    log_settings_done(out);
    *out = read;
    return 0;
}

int log_settings_read_key(struct log_settings *settings, int64_t deadline_mono_ms, struct nr_err *err)
{
    NR_SECRET_AUTO secret;
    struct pseudonym_key key;
    struct nr_err why = {0};

    nr_buf_init(&secret, NR_SECRET_MAX_BYTES);
    if (nr_secret_read(key_setting, deadline_mono_ms, &secret, &why) != 0) {
        if (settings->has_key && nr_err_is_transient(&why))
            return 0;
        *err = why;
        return -1;
    }
    if (pseudonym_key_parse(key_setting, nr_buf_view(&secret), &key, err) != 0) {
        nr_secret_forget(key_setting); /* perhaps it is being mended */
        return -1;
    }
    pseudonym_key_done(&settings->key);
    settings->key = key;
    settings->has_key = true;
    return 0;
}

void log_settings_done(struct log_settings *settings)
{
    pseudonym_key_done(&settings->key);
    *settings = (struct log_settings){0};
}
