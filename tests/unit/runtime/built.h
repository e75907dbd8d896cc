/* built.h - where this build's files lie, as seen from the test program.
 *
 * Is:      paths of the bootstrap and of the test functions.
 * Beware:  it follows the build tree's own layout: build/.../tests/unit/unit_tests.
 */
#ifndef NARAE_TESTS_BUILT_H
#define NARAE_TESTS_BUILT_H

/* "tests/functions" -> its absolute path in the build tree; lives until the next call. */
const char *built_path(const char *relative);

#endif
