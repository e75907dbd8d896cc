#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <narae/view.h>

#include "layer/io/h2_site.h"

static int refuse(const char *origin, struct nr_err *err)
{
    return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidSetting",
                      "origin must be \"https://host[:port]\", not \"%.200s\"", origin);
}

static int keep(char *out, size_t cap, struct nr_view text)
{
    if (text.len == 0 || text.len >= cap)
        return -1;
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    return 0;
}

static bool is_port(struct nr_view text)
{
    long port = 0;

    if (text.len == 0 || text.len > 5)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!isdigit((unsigned char)text.ptr[i]))
            return false;
        port = port * 10 + (text.ptr[i] - '0');
    }
    return port >= 1 && port <= 65535;
}

static bool is_host(struct nr_view text, bool is_bracketed)
{
    for (size_t i = 0; i < text.len; i++)
        if (!isalnum((unsigned char)text.ptr[i]) && !strchr(is_bracketed ? ":." : "-._", text.ptr[i]))
            return false;
    return text.len > 0;
}

/* Split "host", "host:port", "[v6]" or "[v6]:port". False when it is none of them. */
static bool split(struct nr_view text, struct nr_view *host, struct nr_view *port, bool *is_bracketed)
{
    const char *end;
    size_t used;

    *is_bracketed = nr_view_starts(text, NR_VIEW("["));
    end = text.len ? memchr(text.ptr, *is_bracketed ? ']' : ':', text.len) : NULL;
    if (*is_bracketed && !end)
        return false;
    used = end ? (size_t)(end - text.ptr) : text.len;
    *host = *is_bracketed ? nr_view_n(text.ptr + 1, used - 1) : nr_view_n(text.ptr, used);
    if (*is_bracketed)
        used++;
    *port = NR_VIEW("443");
    if (used < text.len) {
        if (text.ptr[used] != ':')
            return false;
        *port = nr_view_n(text.ptr + used + 1, text.len - used - 1);
    }
    return is_host(*host, *is_bracketed) && is_port(*port);
}

int h2_site_init(struct h2_site *site, const char *origin, struct nr_err *err)
{
    struct nr_view rest = nr_view(origin);
    struct nr_view host;
    struct nr_view port;
    unsigned char address[sizeof(struct in6_addr)];
    bool is_v6;

    memset(site, 0, sizeof(*site));
    if (!nr_view_starts(rest, NR_VIEW("https://")))
        return refuse(origin ? origin : "", err);
    rest = nr_view(origin + sizeof("https://") - 1);
    if (rest.len && rest.ptr[rest.len - 1] == '/')
        rest.len--;
    if (!split(rest, &host, &port, &is_v6) || keep(site->host, sizeof(site->host), host) != 0 ||
        keep(site->port, sizeof(site->port), port) != 0)
        return refuse(origin, err);
    snprintf(site->name, sizeof(site->name), is_v6 ? "[%s]:%s" : "%s:%s", site->host, site->port);
    snprintf(site->authority, sizeof(site->authority), is_v6 ? "[%s]%s%s" : "%s%s%s", site->host,
             strcmp(site->port, "443") == 0 ? "" : ":", strcmp(site->port, "443") == 0 ? "" : site->port);
    site->is_address =
        inet_pton(AF_INET, site->host, address) == 1 || inet_pton(AF_INET6, site->host, address) == 1;
    if (is_v6 && !site->is_address)
        return refuse(origin, err);
    return 0;
}

void h2_site_done(struct h2_site *site)
{
    h2_site_forget(site);
}

void h2_site_forget(struct h2_site *site)
{
    if (site->addresses)
        freeaddrinfo(site->addresses);
    site->addresses = NULL;
    site->good = NULL;
}

int h2_site_resolve(struct h2_site *site, struct nr_err *err)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int why;

    site->is_old = site->addresses != NULL;
    if (site->is_old)
        return 0;
    why = getaddrinfo(site->host, site->port, &hints, &site->addresses);
    if (why == 0)
        return 0;
    site->addresses = NULL;
    return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.Unreachable", "cannot look up \"%s\": %s",
                      site->host, gai_strerror(why));
}
