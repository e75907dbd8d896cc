#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <narae/env.h>
#include <narae/secret.h>

#include "layer/aws/secret_remote.h"

enum { READ_BYTES = 4096 };

static const char accepted[] = "env:NAME, file:PATH, a Secrets Manager ARN (ARN#json.key), ssm:/name";

static int missing(const char *setting, const char *reference, const char *why, struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_NOT_FOUND, "Function.MissingSecret", "%s: \"%.256s\": %s", setting,
                      reference, why);
}

static int from_env(const char *setting, const char *reference, int64_t deadline_mono_ms, struct nr_buf *out,
                    struct nr_err *err)
{
    const char *value = nr_env_raw(reference + strlen("env:"));

    (void)deadline_mono_ms;
    if (!value)
        return missing(setting, reference, "no such environment variable", err);
    nr_buf_add_text(out, value);
    return nr_buf_check(out, setting, err);
}

static int read_file(int fd, const char *setting, const char *reference, struct nr_buf *out,
                     struct nr_err *err)
{
    char chunk[READ_BYTES];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof(chunk))) != 0 && !out->is_bad) {
        if (n < 0 && errno != EINTR)
            return missing(setting, reference, strerror(errno), err);
        if (n > 0)
            nr_buf_add(out, nr_view_n(chunk, (size_t)n));
    }
    explicit_bzero(chunk, sizeof(chunk));
    return nr_buf_check(out, setting, err);
}

static int from_file(const char *setting, const char *reference, int64_t deadline_mono_ms, struct nr_buf *out,
                     struct nr_err *err)
{
    int fd = open(reference + strlen("file:"), O_RDONLY | O_CLOEXEC);
    struct stat about;
    int result;

    (void)deadline_mono_ms;
    if (fd < 0)
        return missing(setting, reference, strerror(errno), err);
    /* Room for all of it at once: a buffer that grows leaves copies of the secret behind. */
    if (fstat(fd, &about) == 0 && about.st_size > 0 && (size_t)about.st_size <= out->max_bytes)
        (void)nr_buf_room(out, (size_t)about.st_size);
    result = read_file(fd, setting, reference, out, err);
    close(fd);
    /* An editor's last newline is not part of a secret. */
    while (out->len && (out->data[out->len - 1] == '\n' || out->data[out->len - 1] == '\r'))
        out->len--;
    return result == 0 && out->len == 0 ? missing(setting, reference, "is empty", err) : result;
}

/* How a reference begins, and who reads it. */
static const struct {
    const char *prefix;
    int (*read)(const char *setting, const char *reference, int64_t deadline_mono_ms, struct nr_buf *out,
                struct nr_err *err);
} sources[] = {
    {"env:", from_env},
    {"file:", from_file},
    {"arn:", secret_remote_secretsmanager},
    {"ssm:", secret_remote_ssm},
};

int nr_secret_read(const char *setting, int64_t deadline_mono_ms, struct nr_buf *out, struct nr_err *err)
{
    const struct nr_env_text spec = {setting, accepted, NULL, 2048};
    const char *reference;

    if (nr_env_get_text(&spec, &reference, err) != 0)
        return -1;
    nr_buf_reset(out);
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        if (strncmp(reference, sources[i].prefix, strlen(sources[i].prefix)) == 0)
            return sources[i].read(setting, reference, deadline_mono_ms, out, err);
    /* A secret pasted where its reference belongs must not reach the log. */
    return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting",
                      "%s: not a secret reference; accepted: %s", setting, accepted);
}

void nr_secret_forget(const char *setting)
{
    const char *reference = nr_env_raw(setting);

    if (reference)
        secret_remote_forget(reference);
}

void nr_secret_done(struct nr_buf *secret)
{
    if (secret->data)
        explicit_bzero(secret->data, secret->cap);
    nr_buf_done(secret);
}
