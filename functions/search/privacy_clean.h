/* privacy_clean.h - the two ways of privacy_is_clean(), which say the same.
 *
 * Is:      pure; for those who want one of them: privacy_clean.c, and its test.
 */
#ifndef NARAE_SEARCH_PRIVACY_CLEAN_H
#define NARAE_SEARCH_PRIVACY_CLEAN_H

#include <stdbool.h>

#include <narae/view.h>

#include "functions/search/privacy.h"

enum { PRIVACY_SHORT_BYTES = 64 /* a bit for each in a word */ };

/* Byte after byte; any text. */
bool privacy_is_clean_by_1(struct nr_view text, enum privacy_scope scope);

/* Sixteen bytes at a time; texts up to PRIVACY_SHORT_BYTES. */
bool privacy_is_clean_by_16(struct nr_view text, enum privacy_scope scope);

#endif
