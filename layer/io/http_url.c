#include <stdio.h>
#include <string.h>

#include "layer/io/http_url.h"

int http_url_host(const char *url, char out[HTTP_HOST_BYTES], struct nr_err *err)
{
    const char *host = url ? strstr(url, "://") : NULL;
    size_t len;
    const char *at;

    if (!host || (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidUrl", "not an http:// or https:// address");
    host += 3;
    len = strcspn(host, "/?#");
    at = memrchr(host, '@', len); /* the last one: a password may hold others */
    if (at) {
        len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    if (len == 0 || len >= HTTP_HOST_BYTES)
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidUrl",
                          "an address without a usable host name");
    snprintf(out, HTTP_HOST_BYTES, "%.*s", (int)len, host);
    return 0;
}
