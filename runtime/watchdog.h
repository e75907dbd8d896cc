/* watchdog.h - end the process when a function takes longer than it may, as Lambda does.
 *
 * Is:      for --invoke --timeout only: a timer of the kernel's, and last words that were made ready before.
 * Is not:  for a sandbox: there Lambda holds the watch.
 * Beware:  it uses SIGALRM, and ends the process from within the signal: nothing is cleaned up.
 */
#ifndef NARAE_RUNTIME_WATCHDOG_H
#define NARAE_RUNTIME_WATCHDOG_H

#include <stdint.h>

/* After timeout_ms (1 or more) of wall time from now: what the caller of Lambda would get goes to standard
 * output, a line to standard error, and the process ends with exit_code. */
void watchdog_arm(int64_t timeout_ms, int exit_code);

void watchdog_disarm(void);

#endif
