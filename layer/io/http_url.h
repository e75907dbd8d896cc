/* http_url.h - the host of a URL, for error messages.
 *
 * Is not:  a URL parser; curl is.
 */
#ifndef NARAE_IO_HTTP_URL_H
#define NARAE_IO_HTTP_URL_H

#include <narae/attr.h>
#include <narae/err.h>

enum { HTTP_HOST_BYTES = 272 };

/* host[:port] of an http:// or https:// URL, without user and password. Returns 0, or -1: INVALID,
 * Function.InvalidUrl. */
int http_url_host(const char *url, char out[HTTP_HOST_BYTES], struct nr_err *err) NR_MUST_CHECK;

#endif
