/* log_capture.h - what was logged, as text. */
#ifndef NARAE_SUPPORT_LOG_CAPTURE_H
#define NARAE_SUPPORT_LOG_CAPTURE_H

/* Records go into memory from now on. */
void log_capture_begin(void);

/* All records so far, NUL-terminated; the caller frees it. */
char *log_capture_take(void);

#endif
