/* topics.h - who is subscribed to what.
 *
 * Is:      registrations and their topics, in the order in which they were subscribed.
 * Threads: all safe.
 * Is not:  a judge of names or registrations (request_topics.c, request_iid.c).
 * Source:  FCM "Topic messaging" page, November 2026: 2,000 topics for each installation.
 */
#ifndef NARAE_STANDIN_FCM_TOPICS_H
#define NARAE_STANDIN_FCM_TOPICS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct topics;

enum topics_result { TOPICS_DONE, TOPICS_WAS_SO, TOPICS_TOO_MANY };

/* n_max: of one registration. */
struct topics *topics_new(size_t n_max);
void topics_free(struct topics *topics);
void topics_clear(struct topics *topics);

enum topics_result topics_add(struct topics *topics, const char *registration, const char *topic,
                              int64_t wall_ms);
enum topics_result topics_remove(struct topics *topics, const char *registration, const char *topic);

/* When it was subscribed, wall clock in ms; 0 = it is not. */
int64_t topics_since(struct topics *topics, const char *registration, const char *topic);

/* All of a registration as an object of topic to wall clock in ms, the caller's, json_decref(). */
json_t *topics_of(struct topics *topics, const char *registration);

#endif
