/* kinesis_standin: prints its port, and when its standard input ends, how many requests, records and
 * connections came. */
#include <stdio.h>
#include <unistd.h>

#include "kinesis.h"

int main(void)
{
    struct kinesis *kinesis = kinesis_start(&(struct kinesis_options){.is_quick = true});
    struct kinesis_journal journal;
    char byte;

    printf("%d\n", kinesis_port(kinesis));
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    kinesis_stop(kinesis, &journal);
    printf("%d %zu %d\n", journal.n_requests, journal.n_records, journal.n_connections);
    kinesis_journal_done(&journal);
    return 0;
}
