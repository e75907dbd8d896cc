/* tcp_relay.h - a wire between a client and a server that can be cut or go dead.
 *
 * Is:      a thread of the test's process that passes bytes between 127.0.0.1 and a target.
 * Is not:  aware of any protocol.
 */
#ifndef NARAE_TESTS_TCP_RELAY_H
#define NARAE_TESTS_TCP_RELAY_H

struct tcp_relay;

/* Ends the process when it cannot. */
struct tcp_relay *tcp_relay_start(const char *host, const char *port);

/* 127.0.0.1's port. */
int tcp_relay_port(const struct tcp_relay *relay);

/* Connections that are open now stay open, but nothing passes any more, not even their end. */
void tcp_relay_mute(struct tcp_relay *relay);

/* From now on connections are accepted, and nothing passes. */
void tcp_relay_mute_new(struct tcp_relay *relay);

/* Reset the connections that are open now. */
void tcp_relay_cut(struct tcp_relay *relay);

void tcp_relay_stop(struct tcp_relay *relay);

#endif
