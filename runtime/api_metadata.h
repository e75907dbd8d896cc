/* api_metadata.h - what Lambda says about an event, out of the headers of /next.
 *
 * Is:      pure: a parsed reply in, views of it out; whatever the headers hold, an event comes of it.
 * Is not:  a judge: malformed context JSON is the handler's business, an absurd deadline the loop's.
 * Source:  Lambda Developer Guide, "runtimes-api"; names of newer headers from AWS's own clients.
 */
#ifndef NARAE_RUNTIME_API_METADATA_H
#define NARAE_RUNTIME_API_METADATA_H

#include "runtime/api.h"

/* Fill in everything but ids and body; a missing header becomes what struct nr_request documents.
 * reply, data  in  as http1_parse() left them; borrowed by the event */
void api_metadata_read(const struct http1_reply *reply, const char *data, struct api_event *event);

/* Copy an id that can be sent back in a path or a header: visible ASCII, shorter than cap. Else `out` becomes
 * "" and the result false. */
bool api_metadata_keep_id(struct nr_view value, char *out, size_t cap);

#endif
