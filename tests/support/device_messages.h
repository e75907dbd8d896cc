/* device_messages.h - device messages for tests, as device_event.h would have read them. */
#ifndef NARAE_TESTS_DEVICE_MESSAGES_H
#define NARAE_TESTS_DEVICE_MESSAGES_H

#include "functions/push/device_event.h"

/* 2026-11-01T00:00:00Z and n seconds on; all messages of a test are older than now. */
#define DEVICE_MESSAGE_AT(n) (INT64_C(1793491200000) + (n)*1000)
#define DEVICE_MESSAGE_NOW   DEVICE_MESSAGE_AT(100000)

/* Texts are borrowed. */
struct device_message device_message_of(enum device_action action, const char *registration,
                                        int64_t at_unix_ms);
struct device_message device_message_registering(const char *registration, const char *user,
                                                 int64_t at_unix_ms);
struct device_message device_message_replacing(const char *registration, const char *old, int64_t at_unix_ms);

#endif
