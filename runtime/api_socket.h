/* api_socket.h - where the Runtime API is, and a socket to it.
 *
 * Is:      the few socket calls of api.c, kept apart so that api.c reads as the protocol.
 * Is not:  for any other host: names are resolved once, at start.
 */
#ifndef NARAE_RUNTIME_API_SOCKET_H
#define NARAE_RUNTIME_API_SOCKET_H

#include <stdbool.h>
#include <sys/socket.h>

#include <narae/attr.h>
#include <narae/err.h>

/* "127.0.0.1:9001", "[::1]:9001" or "name:9001". Returns 0, or -1: INVALID, Runtime.InvalidSetting. */
int api_socket_resolve(const char *authority, struct sockaddr_storage *address, socklen_t *address_len,
                       struct nr_err *err) NR_MUST_CHECK;

/* A connected socket, or -1: UNAVAILABLE, Runtime.ConnectionLost. */
int api_socket_connect(const struct sockaddr_storage *address, socklen_t address_len, const char *authority,
                       struct nr_err *err) NR_MUST_CHECK;

/* Has the other side closed (or said something out of turn) since the last reply? */
bool api_socket_is_dead(int fd);

#endif
