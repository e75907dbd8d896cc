/* log_sink.h - where records go, and how they are framed on the way.
 *
 * Is:      one descriptor; plain lines, or the frames of Lambda's telemetry descriptor; one system call for a
 *          record wherever the kernel takes it whole.
 * Is not:  a formatter (log is), and no buffer: what is written is out.
 * Beware:  the caller sees to it that two threads do not write at once.
 * Source:  awslabs' Python runtime interface client (bootstrap.py, FramedTelemetryLogSink) and Node.js client
 *          (LogPatch.js) for the frames.
 */
#ifndef NARAE_BASE_LOG_SINK_H
#define NARAE_BASE_LOG_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include <narae/log.h>

enum { LOG_SINK_FRAME_BYTES = 16 };

/* Plain lines to this descriptor from now on. */
void log_sink_to(int fd);

/* Frames to this descriptor from now on. */
void log_sink_frames_to(int fd);

/* Write one record, which ends in a newline. A full pipe is waited for; a broken one loses the record, since
 * nobody can be told. Calls only what a signal handler may call. */
void log_sink_write(enum nr_log_level level, bool is_json, int64_t wall_us, struct nr_view record);

/* The frame in front of a record: type with level bits, length, microseconds since the epoch; big endian. */
void log_sink_frame(enum nr_log_level level, bool is_json, int64_t wall_us, size_t len,
                    unsigned char out[LOG_SINK_FRAME_BYTES]);

#endif
