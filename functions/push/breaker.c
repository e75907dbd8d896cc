#include "functions/push/breaker.h"

void breaker_add(struct breaker *breaker, size_t n_answered, size_t n_blamed)
{
    if (breaker->n_answered > BREAKER_WINDOW) {
        breaker->n_answered /= 2;
        breaker->n_blamed /= 2;
    }
    breaker->n_answered += n_answered;
    breaker->n_blamed += n_blamed;
}

bool breaker_is_open(const struct breaker *breaker, int max_percent)
{
    return breaker->n_blamed >= BREAKER_MIN_BLAMED &&
           breaker->n_blamed * 100 > breaker->n_answered * (size_t)max_percent;
}
