/* aws_pause.h - the wait between two attempts, replaceable in tests. */
#ifndef NARAE_AWS_PAUSE_H
#define NARAE_AWS_PAUSE_H

#include <stdint.h>

void aws_pause(int64_t wait_ms);

/* Tests only: call `fake` instead of sleeping; NULL sleeps again. */
void aws_pause_replace(void (*fake)(int64_t wait_ms));

#endif
