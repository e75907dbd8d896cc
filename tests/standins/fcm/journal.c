#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/standins/fcm/journal.h"
#include "tests/standins/fcm/verdict.h"

enum { FILE_BUFFER_BYTES = 1 << 20 };

struct journal {
    pthread_mutex_t lock;
    FILE *file;
    char *buffer; /* of the file */
    uint64_t n_requests, n_sends, n_accepted, n_dry_runs, n_tokens, n_topics;
    json_t *by_verdict; /* object of counts */
};

struct journal *journal_open(const char *path)
{
    struct journal *journal = calloc(1, sizeof(*journal));

    if (!journal)
        return NULL;
    pthread_mutex_init(&journal->lock, NULL);
    journal->by_verdict = json_object();
    journal->buffer = malloc(FILE_BUFFER_BYTES);
    journal->file = fopen(path, "we");
    if (!journal->file || !journal->buffer) {
        perror(path);
        journal_close(journal);
        return NULL;
    }
    setvbuf(journal->file, journal->buffer, _IOFBF, FILE_BUFFER_BYTES);
    return journal;
}

int journal_close(struct journal *journal)
{
    int rc = 0;

    if (!journal)
        return 0;
    if (journal->file)
        rc = fclose(journal->file);
    free(journal->buffer);
    json_decref(journal->by_verdict);
    pthread_mutex_destroy(&journal->lock);
    free(journal);
    return rc;
}

/* As JSON text, heap; "null" for what is absent or no UTF-8. */
static char *quote(const char *text)
{
    json_t *value = text ? json_string(text) : NULL;
    char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : strdup("null");

    json_decref(value);
    return quoted;
}

/* Everything behind the sequence number, heap. Done outside the lock. */
static char *format(const struct journal_entry *entry)
{
    char *path = quote(entry->path), *target = quote(entry->target), *client = quote(entry->client);
    char *body = entry->body ? json_dumps(entry->body, JSON_COMPACT | JSON_ENCODE_ANY) : strdup("null");
    char *name = quote(entry->name), *kind = quote(entry->kind);
    char *query = quote(entry->query);
    char *line = NULL;

    if (asprintf(&line,
                 "\"wall_unix_ms\":%" PRId64 ",\"mono_us\":%" PRId64 ",\"method\":\"%s\",\"path\":%s,"
                 "\"connection\":%d,\"stream\":%d,\"client\":%s,\"kind\":%s,\"target\":%s,\"query\":%s,"
                 "\"validate_only\":%s,"
                 "\"asks_details\":%s,\"verdict\":\"%s\",\"fault\":\"%s\",\"status\":%d,\"name\":%s,\"body\":"
                 "%s}\n",
                 entry->wall_ms, entry->mono_us, entry->method, path, entry->connection, entry->stream,
                 client, kind, target, query, entry->is_dry_run ? "true" : "false",
                 entry->asks_details ? "true" : "false", entry->verdict, fault_name(entry->fault),
                 entry->http_status, name, body ? body : "null") < 0)
        line = NULL;
    free(path);
    free(target);
    free(client);
    free(body);
    free(name);
    free(kind);
    free(query);
    return line;
}

static void count(struct journal *journal, const struct journal_entry *entry)
{
    json_t *n = json_object_get(journal->by_verdict, entry->verdict);
    bool is_accepted = strcmp(entry->verdict, VERDICT_ACCEPTED) == 0;

    journal->n_topics += entry->route == JOURNAL_TOPIC || entry->route == JOURNAL_IID;
    journal->n_tokens += entry->route == JOURNAL_TOKEN && entry->http_status == 200;
    if (entry->route != JOURNAL_SEND)
        return;
    journal->n_sends++;
    journal->n_dry_runs += entry->is_dry_run;
    journal->n_accepted += is_accepted && !entry->is_dry_run;
    if (n)
        json_integer_set(n, json_integer_value(n) + 1);
    else
        json_object_set_new(journal->by_verdict, entry->verdict, json_integer(1));
}

void journal_add(struct journal *journal, const struct journal_entry *entry)
{
    char *line = format(entry);

    pthread_mutex_lock(&journal->lock);
    count(journal, entry);
    fprintf(journal->file, "{\"seq\":%" PRIu64 ",%s", ++journal->n_requests,
            line ? line : "\"lost\":true}\n");
    pthread_mutex_unlock(&journal->lock);
    free(line);
}

int journal_flush(struct journal *journal)
{
    int rc;

    pthread_mutex_lock(&journal->lock);
    rc = fflush(journal->file);
    pthread_mutex_unlock(&journal->lock);
    return rc;
}

int journal_reset(struct journal *journal)
{
    int rc;

    pthread_mutex_lock(&journal->lock);
    rc = fflush(journal->file);
    rewind(journal->file);
    rc |= ftruncate(fileno(journal->file), 0);
    journal->n_requests = journal->n_sends = journal->n_accepted = journal->n_dry_runs = journal->n_tokens =
        journal->n_topics = 0;
    json_object_clear(journal->by_verdict);
    pthread_mutex_unlock(&journal->lock);
    return rc;
}

json_t *journal_counts(struct journal *journal)
{
    json_t *counts;

    pthread_mutex_lock(&journal->lock);
    counts = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "requests", (json_int_t)journal->n_requests,
                       "sends", (json_int_t)journal->n_sends, "accepted", (json_int_t)journal->n_accepted,
                       "validate_only", (json_int_t)journal->n_dry_runs, "tokens_issued",
                       (json_int_t)journal->n_tokens, "topic_calls", (json_int_t)journal->n_topics,
                       "by_verdict", json_deep_copy(journal->by_verdict));
    pthread_mutex_unlock(&journal->lock);
    return counts;
}
