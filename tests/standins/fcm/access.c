#include <inttypes.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/standins/fcm/access.h"

#define PREFIX "ya29.standin-" /* Google's begin with ya29. too */

struct slot {
    char token[ACCESS_TOKEN_BYTES]; /* "" = free */
    int64_t expires_mono_ms;
};

struct access {
    pthread_mutex_t lock;
    const json_t *fixed;
    uint64_t serial;
    struct slot slots[ACCESS_SLOTS]; /* at serial modulo ACCESS_SLOTS */
};

struct access *access_new(const json_t *fixed)
{
    struct access *access = calloc(1, sizeof(*access));

    if (access) {
        access->fixed = fixed;
        pthread_mutex_init(&access->lock, NULL);
    }
    return access;
}

void access_free(struct access *access)
{
    if (access)
        pthread_mutex_destroy(&access->lock);
    free(access);
}

void access_issue(struct access *access, int64_t expires_mono_ms, char out[ACCESS_TOKEN_BYTES])
{
    uint64_t noise[4] = {0};
    struct slot *slot;

    if (RAND_bytes((unsigned char *)noise, sizeof(noise)) != 1)
        noise[0] = (uint64_t)expires_mono_ms; /* unique by its serial, and no secret here */
    pthread_mutex_lock(&access->lock);
    slot = &access->slots[++access->serial % ACCESS_SLOTS];
    snprintf(slot->token, sizeof(slot->token), PREFIX "%" PRIu64 "-%016" PRIx64 "%016" PRIx64 "%016" PRIx64,
             access->serial, noise[0], noise[1], noise[2]);
    slot->expires_mono_ms = expires_mono_ms;
    memcpy(out, slot->token, sizeof(slot->token));
    pthread_mutex_unlock(&access->lock);
}

static bool is_fixed(const struct access *access, const char *token)
{
    json_t *value;
    size_t i;

    json_array_foreach(access->fixed, i, value)
    {
        if (json_is_string(value) && strcmp(json_string_value(value), token) == 0)
            return true;
    }
    return false;
}

bool access_is_good(struct access *access, const char *token, int64_t now_mono_ms)
{
    bool is_good = false;

    if (strncmp(token, PREFIX, sizeof(PREFIX) - 1) == 0) {
        uint64_t serial = strtoull(token + sizeof(PREFIX) - 1, NULL, 10);
        const struct slot *slot = &access->slots[serial % ACCESS_SLOTS];

        pthread_mutex_lock(&access->lock);
        is_good = strcmp(slot->token, token) == 0 && now_mono_ms < slot->expires_mono_ms;
        pthread_mutex_unlock(&access->lock);
    }
    return is_good || is_fixed(access, token);
}

void access_revoke(struct access *access)
{
    pthread_mutex_lock(&access->lock);
    for (size_t i = 0; i < ACCESS_SLOTS; i++)
        access->slots[i].token[0] = '\0';
    pthread_mutex_unlock(&access->lock);
}
