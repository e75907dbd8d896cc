/* h2_site.h - the one host that a client speaks to.
 *
 * Is:      the origin taken apart, and the host's addresses, looked up once and kept.
 * Is not:  a resolver with a time limit: getaddrinfo(3) waits as long as resolv.conf says. In Lambda the
 *          resolver is on the same machine.
 */
#ifndef NARAE_IO_H2_SITE_H
#define NARAE_IO_H2_SITE_H

#include <netdb.h>
#include <stdbool.h>

#include <narae/attr.h>
#include <narae/err.h>

enum {
    H2_SITE_HOST_BYTES = 254, /* RFC 1035 section 2.3.4, and a NUL */
    H2_SITE_PORT_BYTES = sizeof("65535"),
    H2_SITE_NAME_BYTES = H2_SITE_HOST_BYTES + H2_SITE_PORT_BYTES + 2 /* "[host]:port" */
};

struct h2_site {
    char host[H2_SITE_HOST_BYTES]; /* without the brackets of an IPv6 address */
    char port[H2_SITE_PORT_BYTES];
    char name[H2_SITE_NAME_BYTES];      /* "host:port", for messages */
    char authority[H2_SITE_NAME_BYTES]; /* the same, or "host" when the port is 443 */
    bool is_address;                    /* an IP address: no SNI, another kind of name check */
    struct addrinfo *addresses;         /* NULL until looked up; owned */
    const struct addrinfo *good;        /* the one that worked last, where the next connection begins */
    bool is_old;                        /* the addresses were known before the last h2_site_resolve() */
};

/* Take "https://host[:port]" apart. Returns 0, or -1: INVALID. Release with h2_site_done(). */
int h2_site_init(struct h2_site *site, const char *origin, struct nr_err *err) NR_MUST_CHECK;
void h2_site_done(struct h2_site *site);

/* Look the host up unless its addresses are known. Returns 0, or -1: UNAVAILABLE, host and reason. */
int h2_site_resolve(struct h2_site *site, struct nr_err *err) NR_MUST_CHECK;

/* None of the addresses worked: look again next time. */
void h2_site_forget(struct h2_site *site);

#endif
