#include <errno.h>
#include <time.h>

#include "layer/aws/aws_pause.h"

static void (*replaced)(int64_t wait_ms);

void aws_pause(int64_t wait_ms)
{
    struct timespec wait = {wait_ms / 1000, wait_ms % 1000 * 1000000};

    if (replaced)
        replaced(wait_ms);
    else
        while (nanosleep(&wait, &wait) != 0 && errno == EINTR)
            ;
}

void aws_pause_replace(void (*fake)(int64_t wait_ms))
{
    replaced = fake;
}
