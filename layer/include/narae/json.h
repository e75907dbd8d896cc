/* json.h - strict reads of JSON from outside, with the path in every error.
 *
 * Is:      getters over jansson that check presence, type and range: "Records[3].body.to.users[0]: must be a
 *          string".
 * Is not:  a parser (jansson is) nor a validator language.
 * Beware:  a place borrows from the document and from the place above it; both must outlive it. Places live
 *          on the stack: name each one, do not point at a temporary.
 */
#ifndef NARAE_JSON_H
#define NARAE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <narae/err.h>
#include <narae/view.h>

/* Release with `NR_JSON_AUTO *doc = NULL;`. */
static inline void nr_json_release(json_t **doc)
{
    json_decref(*doc);
    *doc = NULL;
}
#define NR_JSON_AUTO NR_AUTO(nr_json_release) json_t

/* A value and the way to it. value is NULL when nothing is there (or JSON null: the two are one to us). */
struct nr_json_place {
    const struct nr_json_place *above; /* NULL at the root */
    const char *name;                  /* member name, or the root's name ("body"); NULL for an item */
    size_t index;                      /* of an item */
    const json_t *value;
};

/* Parse a document. Refuses duplicate keys, trailing bytes, invalid UTF-8, nesting over jansson's limit
 * (2,048).
 *
 * text  in   borrowed for the call
 * what  in   the document's name in errors, e.g. "body"
 * out   out  owned by the caller, json_decref()
 * Returns 0, or -1: INVALID, Function.InvalidJson, with line, column and jansson's own words but no byte of
 * the text; UNAVAILABLE (memory).
 */
int nr_json_parse(struct nr_view text, const char *what, json_t **out, struct nr_err *err) NR_MUST_CHECK;

/* As compact text appended to `out` (sorted as in the document). Returns 0, or -1: UNAVAILABLE, or as
 * nr_buf_check. */
struct nr_buf; /* <narae/buf.h> */
int nr_json_dump(const json_t *value, struct nr_buf *out, struct nr_err *err) NR_MUST_CHECK;

/* The root place. name "" leaves the root out of paths ("to.users" instead of "body.to.users"). */
struct nr_json_place nr_json_root(const char *name, const json_t *value);

/* The member `name` of an object, there or not. An `above` that is no object gives an absent place. */
struct nr_json_place nr_json_member(const struct nr_json_place *above, const char *name);

/* The item `index` of an array, there or not. */
struct nr_json_place nr_json_item(const struct nr_json_place *above, size_t index);

/* Is something other than null there? */
bool nr_json_has(const struct nr_json_place *place);

/* Each getter: 0, or -1 with INVALID, Function.InvalidMessage and "path: what is wrong". An absent value is
 * wrong; ask nr_json_has() first where it may be absent. */
int nr_json_want_object(const struct nr_json_place *place, struct nr_err *err) NR_MUST_CHECK;
int nr_json_want_array(const struct nr_json_place *place, size_t min_items, size_t max_items, size_t *n_items,
                       struct nr_err *err) NR_MUST_CHECK;
/* *out borrows from the document and has no NUL inside. Lengths in bytes, both allowed. */
int nr_json_want_text(const struct nr_json_place *place, size_t min_bytes, size_t max_bytes,
                      struct nr_view *out, struct nr_err *err) NR_MUST_CHECK;
int nr_json_want_int(const struct nr_json_place *place, int64_t min, int64_t max, int64_t *out,
                     struct nr_err *err) NR_MUST_CHECK;
int nr_json_want_bool(const struct nr_json_place *place, bool *out, struct nr_err *err) NR_MUST_CHECK;

/* Refuse members that are not in `names` (NULL-ended): "body.tos: unknown member" with the accepted ones as
 * hint. */
int nr_json_want_only(const struct nr_json_place *place, const char *const *names,
                      struct nr_err *err) NR_MUST_CHECK;

/* "path: message" as INVALID, Function.InvalidMessage: nr_json_refuse(place, err, format, ...). -1 always. */
#define nr_json_refuse(...) nr_err_failed(nr_json_record(__VA_ARGS__))
int nr_json_record(const struct nr_json_place *place, struct nr_err *err, const char *format, ...)
    NR_PRINTF(3, 4);

/* Write the path ("Records[3].body.to") into out, cut at cap bytes with its NUL. */
void nr_json_path(const struct nr_json_place *place, char *out, size_t cap);

#endif
