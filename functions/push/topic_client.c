#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <narae/clock.h>

#include "functions/push/topic_client.h"
#include "functions/push/topic_iid.h"

enum {
    COMMIT_RESERVE_MS = 1500, /* kept free for writing down what came of a round, and for the reply */
    LIST_REPLY_MAX_BYTES = 8 * 1024 * 1024, /* 2,000 subscriptions whose names hold registration and topic */
};

static int make_client(const struct settings *settings, const char *origin, struct nr_h2 **out,
                       struct nr_err *err)
{
    const struct nr_h2_options options = {.origin = origin,
                                          .max_connections = (int)settings->n_connections,
                                          .max_streams = (int)settings->n_streams,
                                          .request_timeout_ms = settings->request_timeout_ms,
                                          .reply_max_bytes = LIST_REPLY_MAX_BYTES};

    return nr_h2_new(&options, out, err);
}

int topic_client_init(struct topic_client *client, struct settings *settings, struct nr_err *err)
{
    *client = (struct topic_client){.settings = settings};
    if (topic_settings_read(&client->topic_settings, err) != 0)
        return -1;
    if (make_client(settings, settings->fcm_endpoint, &client->h2, err) != 0)
        return nr_err_context(err, "NARAE_FCM_ENDPOINT");
    if (client->topic_settings.is_iid &&
        make_client(settings, client->topic_settings.iid_endpoint, &client->iid_h2, err) != 0)
        return nr_err_context(err, "NARAE_IID_ENDPOINT");
    return 0;
}

void topic_client_done(struct topic_client *client)
{
    nr_h2_free(client->h2);
    nr_h2_free(client->iid_h2);
    explicit_bzero(client, sizeof(*client));
}

int topic_client_authorize(struct topic_client *client, int64_t deadline_mono_ms, struct nr_err *err)
{
    if (google_token_ensure(&client->settings->account, &client->token, nr_clock_left_ms(deadline_mono_ms),
                            deadline_mono_ms, err) != 0)
        return -1;
    snprintf(client->authorization, sizeof(client->authorization), "Bearer %s", client->token.value);
    return 0;
}

bool topic_client_has_time(const struct topic_client *client, int64_t deadline_mono_ms)
{
    return nr_clock_left_ms(deadline_mono_ms) > client->settings->request_timeout_ms + COMMIT_RESERVE_MS;
}

int64_t topic_client_send_deadline(int64_t deadline_mono_ms)
{
    return deadline_mono_ms == NR_CLOCK_NEVER_MS ? NR_CLOCK_NEVER_MS : deadline_mono_ms - COMMIT_RESERVE_MS;
}

size_t topic_client_headers(const struct topic_client *client, bool is_iid, const struct nr_h2_header **out)
{
    static struct nr_h2_header headers[] = {
        {NR_VIEW("authorization"), {NULL, 0}},
        {NR_VIEW("content-type"), NR_VIEW("application/json")},
        {NR_VIEW("x-goog-api-format-version"), NR_VIEW("2")}, /* detailed errors, as the Admin SDKs ask */
        {NR_VIEW("access_token_auth"), NR_VIEW("true")},      /* the iid API alone: OAuth, no server key */
    };

    headers[0].value = nr_view(client->authorization);
    *out = headers;
    return sizeof(headers) / sizeof(headers[0]) - !is_iid;
}

bool topic_client_uses_iid(const struct topic_client *client)
{
    return client->iid_h2 && topic_iid_is_open(nr_clock_wall_ms());
}

void topic_client_keep_rate(const struct topic_client *client, size_t n_calls, int64_t started_mono_ms)
{
    int64_t due_ms = started_mono_ms + (int64_t)n_calls * 1000 / client->topic_settings.rate;
    int64_t wait_ms = due_ms - nr_clock_mono_ms();

    if (wait_ms > 0)
        (void)poll(NULL, 0, (int)wait_ms);
}
