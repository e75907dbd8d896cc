/* attr.h - compiler attributes that the contracts in these headers rely on.
 *
 * Is:      the few words that turn "check this", "free this" and "this is a format" into compiler checks.
 * Is not:  a portability layer; gcc 12 and clang 14 are the floor.
 */
#ifndef NARAE_ATTR_H
#define NARAE_ATTR_H

/* The result says whether it worked; ignoring it is a compile error. */
#define NR_MUST_CHECK __attribute__((warn_unused_result))

/* A printf-like function: argument numbers of the format and of the first value, from 1 (first_at 0 = a
 * va_list). */
#define NR_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))

/* Run `done` on the variable's address when it leaves scope. The variable must be initialised where
 * declared. */
#define NR_AUTO(done) __attribute__((cleanup(done)))

#endif
