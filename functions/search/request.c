#include <narae/json.h>

#include "functions/search/cursor.h"
#include "functions/search/page.h"
#include "functions/search/request.h"

enum {
    LIMIT_DIGITS_MAX = 2,
    IN_MAX_BYTES = 64,
    METHOD_MAX_BYTES = 16,
    CURSOR_MAX_BYTES = 4 * CURSOR_TEXT_BYTES /* what is no cursor is named as such by whoever reads it */
};

/* --- members -------------------------------------------------------------------------------------------- */

static int parse_mode(const struct nr_json_place *place, struct search_request *out, struct nr_err *err)
{
    struct nr_view text = NR_VIEW("search");

    if (nr_json_has(place) && nr_json_want_text(place, 1, IN_MAX_BYTES, &text, err) != 0)
        return -1;
    if (!nr_view_is(text, NR_VIEW("search")) && !nr_view_is(text, NR_VIEW("mention")))
        return nr_json_refuse(place, err, "must be search or mention");
    out->mode = nr_view_is(text, NR_VIEW("mention")) ? QUERY_MENTION : QUERY_SEARCH;
    return 0;
}

/* Indexed by enum search_source. */
static const struct nr_view source_names[] = {NR_VIEW("people"), NR_VIEW("posts")};

static int add_source(const struct nr_json_place *place, struct nr_view name, struct search_request *out,
                      struct nr_err *err)
{
    for (size_t i = 0; i < SEARCH_N_SOURCES; i++) {
        if (!nr_view_is(name, source_names[i]))
            continue;
        out->wants[i] = true;
        return 0;
    }
    return nr_json_refuse(place, err, "must be people, posts, or both with a comma between");
}

static int parse_in(const struct nr_json_place *place, struct search_request *out, struct nr_err *err)
{
    struct nr_view text = out->mode == QUERY_MENTION ? NR_VIEW("people") : NR_VIEW("people,posts");
    size_t start = 0;

    if (nr_json_has(place) && nr_json_want_text(place, 1, IN_MAX_BYTES, &text, err) != 0)
        return -1;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.ptr[i] != ',')
            continue;
        if (add_source(place, nr_view_n(text.ptr + start, i - start), out, err) != 0)
            return -1;
        start = i + 1;
    }
    return 0;
}

/* A query string knows no numbers. */
static int parse_limit_text(const struct nr_json_place *place, int64_t *out, struct nr_err *err)
{
    struct nr_view text = {json_string_value(place->value), json_string_length(place->value)};
    int64_t value = 0;

    for (size_t i = 0; i < text.len && text.len <= LIMIT_DIGITS_MAX; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return nr_json_refuse(place, err, "must be a whole number");
        value = value * 10 + (text.ptr[i] - '0');
    }
    if (value < 1 || value > PAGE_HITS_MAX)
        return nr_json_refuse(place, err, "must be from 1 to %d", PAGE_HITS_MAX);
    *out = value;
    return 0;
}

static int parse_limit(const struct nr_json_place *place, struct search_request *out, struct nr_err *err)
{
    int64_t limit = out->mode == QUERY_MENTION ? REQUEST_LIMIT_MENTION : REQUEST_LIMIT_SEARCH;

    if (json_is_string(place->value)) {
        if (parse_limit_text(place, &limit, err) != 0)
            return -1;
    } else if (nr_json_has(place) && nr_json_want_int(place, 1, PAGE_HITS_MAX, &limit, err) != 0) {
        return -1;
    }
    out->limit = (size_t)limit;
    return 0;
}

static int parse_query(const struct nr_json_place *place, struct search_request *out, struct nr_err *err)
{
    if (nr_json_want_text(place, 0, QUERY_TYPED_MAX_BYTES, &out->typed, err) != 0)
        return -1;
    return query_parse(out->typed, out->mode, &out->query, err);
}

static int parse_cursor(const struct nr_json_place *place, struct search_request *out, struct nr_err *err)
{
    return nr_json_has(place) ? nr_json_want_text(place, 1, CURSOR_MAX_BYTES, &out->cursor, err) : 0;
}

static int parse_opt_out(const struct nr_json_place *place, struct search_request *out, struct nr_err *err)
{
    if (!json_is_string(place->value))
        return nr_json_has(place) ? nr_json_want_bool(place, &out->is_opt_out, err) : 0;
    out->is_opt_out = nr_view_is(nr_view(json_string_value(place->value)), NR_VIEW("true"));
    if (!out->is_opt_out && !nr_view_is(nr_view(json_string_value(place->value)), NR_VIEW("false")))
        return nr_json_refuse(place, err, "must be true or false");
    return 0;
}

/* In this order: what follows from the mode comes behind it. */
static const struct {
    const char *name;
    int (*parse)(const struct nr_json_place *, struct search_request *, struct nr_err *);
} members[] = {
    {"mode", parse_mode},   {"q", parse_query},       {"in", parse_in},
    {"limit", parse_limit}, {"cursor", parse_cursor}, {"opt_out", parse_opt_out},
};

/* user_id apart, which an HTTP client must not choose. */
static const char *const names[] = {"mode",      "q",          "in",       "limit",
                                    "cursor",    "opt_out",    "query_id", "application",
                                    "client_id", "session_id", "user_id",  NULL};

static int parse_id(const struct nr_json_place *above, const char *name, struct nr_view *out,
                    struct nr_err *err)
{
    struct nr_json_place place = nr_json_member(above, name);

    return nr_json_has(&place) ? nr_json_want_text(&place, 1, REQUEST_ID_MAX_BYTES, out, err) : 0;
}

static int parse_members(const struct nr_json_place *root, struct search_request *out, struct nr_err *err)
{
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        struct nr_json_place place = nr_json_member(root, members[i].name);

        if (members[i].parse(&place, out, err) != 0)
            return -1;
    }
    if (parse_id(root, "query_id", &out->query_id, err) != 0 ||
        parse_id(root, "application", &out->application, err) != 0 ||
        parse_id(root, "client_id", &out->client_id, err) != 0)
        return -1;
    return parse_id(root, "session_id", &out->session_id, err);
}

/* --- the two forms -------------------------------------------------------------------------------------- */

static int parse_direct(const json_t *event, struct search_request *out, struct nr_err *err)
{
    struct nr_json_place root = nr_json_root("", event);

    if (nr_json_want_object(&root, err) != 0 || nr_json_want_only(&root, names, err) != 0 ||
        parse_members(&root, out, err) != 0)
        return -1;
    return parse_id(&root, "user_id", &out->user_id, err);
}

/* Members of the query string that are not ours belong to the app, or to whatever counts its visitors. */
static int parse_http(const json_t *event, struct search_request *out, struct nr_err *err)
{
    struct nr_json_place root = nr_json_root("", event);
    struct nr_json_place context = nr_json_member(&root, "requestContext");
    struct nr_json_place http = nr_json_member(&context, "http");
    struct nr_json_place method_place = nr_json_member(&http, "method");
    struct nr_json_place authorizer = nr_json_member(&context, "authorizer");
    struct nr_json_place jwt = nr_json_member(&authorizer, "jwt");
    struct nr_json_place claims = nr_json_member(&jwt, "claims");
    struct nr_json_place asked = nr_json_root("", json_object_get(event, "queryStringParameters"));
    struct nr_view method;

    if (nr_json_want_text(&method_place, 1, METHOD_MAX_BYTES, &method, err) != 0)
        return -1;
    if (!nr_view_is(method, NR_VIEW("GET")))
        return nr_err_set(err, NR_ERR_INVALID, "Function.InvalidMethod", "method: must be GET");
    if (parse_members(&asked, out, err) != 0)
        return -1;
    return parse_id(&claims, "sub", &out->user_id, err);
}

bool request_is_http(const json_t *event)
{
    return json_is_object(json_object_get(json_object_get(event, "requestContext"), "http"));
}

int request_parse(const json_t *event, struct search_request *out, struct nr_err *err)
{
    *out = (struct search_request){0};
    return request_is_http(event) ? parse_http(event, out, err) : parse_direct(event, out, err);
}
