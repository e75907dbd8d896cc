/* kinesis.h - a stand-in for Kinesis Data Streams that does as it is told.
 *
 * Is:      PutRecords over plain HTTP/1.1 on a port that the system chose; what is stored is kept, and rules
 *          say which requests are answered how.
 * Is not:  a check of signatures (moto does that), nor a stream that can be read.
 * Beware:  read the journal after kinesis_stop(). It checks what the service would: 500 records, 10 MiB, 1
 *          MiB a record, counted as the service counts, and keys of 1 to 256 characters; a request beyond it
 *          is refused with 400.
 */
#ifndef NARAE_STANDINS_KINESIS_H
#define NARAE_STANDINS_KINESIS_H

#include <stdbool.h>
#include <stddef.h>

enum { KINESIS_RULES_MAX = 8 };

enum kinesis_act {
    KINESIS_ANSWER,      /* store all and say so */
    KINESIS_REFUSE_SOME, /* 200; every `value`-th record, counted from the request's first, is throttled */
    KINESIS_BREAK_SOME,  /* the same, with InternalFailure */
    KINESIS_REFUSE,      /* store nothing; status `value` with the error code `code` */
    KINESIS_RESET,       /* store nothing; RST */
    KINESIS_STORE_RESET, /* store all; RST */
    KINESIS_STALL,       /* store nothing, answer nothing until the client goes */
    KINESIS_SHORT,       /* store nothing; an answer with one entry too few */
    KINESIS_GARBAGE,     /* store nothing; 200 and no JSON */
    KINESIS_CBOR,        /* store nothing; 200 with a content type of CBOR */
};

/* What to do with the requests from..to, counted from 1. */
struct kinesis_rule {
    enum kinesis_act act;
    int from, to;
    int value;
    const char *code;
};

struct kinesis_options {
    struct kinesis_rule rules[KINESIS_RULES_MAX];
    bool is_quick; /* count records, keep nothing: for benches */
};

struct kinesis_journal {
    int n_connections, n_requests;
    int n_beyond;        /* requests that broke a limit */
    size_t n_records;    /* stored */
    size_t largest_data; /* bytes of a record */
    char *rows;          /* data of all stored records, a newline behind each; NUL-terminated */
    char *keys;          /* their partition keys, likewise */
    char *last_head;     /* head of the last request */
};

struct kinesis;

/* Ends the process when it cannot. */
struct kinesis *kinesis_start(const struct kinesis_options *options);

/* 127.0.0.1's port. */
int kinesis_port(const struct kinesis *kinesis);

/* Stop and release; release the journal with kinesis_journal_done(). */
void kinesis_stop(struct kinesis *kinesis, struct kinesis_journal *out);
void kinesis_journal_done(struct kinesis_journal *journal);

#endif
