/* delay.h - let a connection wait without holding a thread.
 *
 * Is:      a timer thread over suspended libmicrohttpd connections.
 * Beware:  stop it before the daemon; libmicrohttpd insists that nothing is suspended then.
 */
#ifndef NARAE_STANDIN_FCM_DELAY_H
#define NARAE_STANDIN_FCM_DELAY_H

#include <microhttpd.h>

struct delay;

struct delay *delay_start(void);

/* Suspend now, resume in delay_ms: the access handler is called again then. Threads: safe. */
void delay_add(struct delay *delay, struct MHD_Connection *connection, int delay_ms);

/* Resume whatever waits and end the thread; later ones do not wait at all. */
void delay_stop(struct delay *delay);
void delay_free(struct delay *delay);

#endif
