#include <ctype.h>
#include <poll.h>
#include <string.h>

#include "plan.h"

static const char *const then_names[] = {"keep", "close", "reset", "hang"};

static int parse_then(const char *name, enum plan_then *out, struct nr_err *err)
{
    for (size_t i = 0; i < sizeof(then_names) / sizeof(then_names[0]); i++)
        if (strcmp(name, then_names[i]) == 0) {
            *out = (enum plan_then)i;
            return 0;
        }
    return nr_err_set(err, NR_ERR_INVALID, NULL, "script: then: \"%s\" is not keep, close, reset or hang",
                      name);
}

static const struct {
    const char *name;
    int (*letter)(int);
} name_cases[] = {{"", NULL}, {"lower", tolower}, {"upper", toupper}};

static int parse_case(const char *name, int (**out)(int), struct nr_err *err)
{
    for (size_t i = 0; i < sizeof(name_cases) / sizeof(name_cases[0]); i++)
        if (strcmp(name, name_cases[i].name) == 0) {
            *out = name_cases[i].letter;
            return 0;
        }
    return nr_err_set(err, NR_ERR_INVALID, NULL, "script: case: \"%s\" is not lower or upper", name);
}

int plan_apply(struct plan *plan, json_t *behaviour, struct nr_err *err)
{
    json_error_t why;
    const char *then = then_names[plan->then];
    const char *name_case = "";
    int is_early = plan->is_early;
    int is_close_said = plan->is_close_said;

    if (behaviour &&
        json_unpack_ex(behaviour, &why, 0, "{s?i, s?s%, s?s%, s?i, s?i, s?i, s?i, s?b, s?b, s?s, s?s !}",
                       "status", &plan->status, "body", &plan->body.ptr, &plan->body.len, "raw",
                       &plan->raw.ptr, &plan->raw.len, "chunk", &plan->chunk_bytes, "split",
                       &plan->split_bytes, "stall_ms", &plan->stall_ms, "cut", &plan->cut_bytes, "early",
                       &is_early, "close", &is_close_said, "then", &then, "case", &name_case) != 0)
        return nr_err_set(err, NR_ERR_INVALID, NULL, "script: %s", why.text);
    plan->is_early = is_early;
    plan->is_close_said = is_close_said;
    if (parse_case(name_case, &plan->letter, err) != 0)
        return -1;
    return parse_then(then, &plan->then, err);
}

static void add_body(const struct plan *plan, struct nr_buf *out)
{
    struct nr_view left = plan->body;

    if (!plan->chunk_bytes) {
        nr_buf_printf(out, "Content-Length: %zu\r\n\r\n", left.len);
        nr_buf_add(out, left);
        return;
    }
    nr_buf_add_text(out, "Transfer-Encoding: chunked\r\n\r\n");
    while (left.len) {
        size_t n = left.len < (size_t)plan->chunk_bytes ? left.len : (size_t)plan->chunk_bytes;

        nr_buf_printf(out, "%zx;of=narae\r\n", n);
        nr_buf_add(out, nr_view_n(left.ptr, n));
        nr_buf_add_text(out, "\r\n");
        left = nr_view_n(left.ptr + n, left.len - n);
    }
    nr_buf_add_text(out, "0\r\nX-Trailer: seen\r\n\r\n");
}

static void add_value(struct nr_buf *out, const json_t *value)
{
    if (json_is_string(value))
        nr_buf_add(out, nr_view_n(json_string_value(value), json_string_length(value)));
    for (json_int_t i = 0; i < json_integer_value(value); i++)
        nr_buf_add_char(out, 'a');
}

/* One line, or as many as `value` asks for; null puts none. */
static void add_header(struct nr_buf *out, const char *name, const json_t *value, int (*letter)(int))
{
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            add_header(out, name, json_array_get(value, i), letter);
        return;
    }
    if (!json_is_string(value) && !json_is_integer(value))
        return;
    for (const char *c = name; *c; c++)
        nr_buf_add_char(out, (char)(letter ? letter((unsigned char)*c) : *c));
    nr_buf_add_text(out, ": ");
    add_value(out, value);
    nr_buf_add_text(out, "\r\n");
}

static void format(const struct plan *plan, struct nr_buf *out)
{
    const char *name;
    json_t *value;

    if (plan->raw.ptr) {
        nr_buf_add(out, plan->raw);
        return;
    }
    nr_buf_printf(out, "HTTP/1.1 %d Whatever\r\n", plan->status);
    json_object_foreach(plan->headers, name, value)
    {
        add_header(out, name, value, plan->letter);
    }
    if (plan->is_close_said)
        nr_buf_add_text(out, "Connection: close\r\n");
    add_body(plan, out);
}

void plan_carry_out(const struct plan *plan, struct wire *wire)
{
    NR_BUF_AUTO reply;
    struct nr_view bytes;
    struct pollfd stop = {.fd = wire->stop_fd, .events = POLLIN};
    /* A body that nobody read makes close() send RST, and what is held back would be lost. */
    bool is_last =
        !plan->is_early && (plan->then == PLAN_CLOSE || (plan->then == PLAN_KEEP && plan->is_close_said));

    nr_buf_init(&reply, SIZE_MAX / 4);
    format(plan, &reply);
    bytes = nr_buf_view(&reply);
    if (plan->cut_bytes >= 0 && (size_t)plan->cut_bytes < bytes.len)
        bytes.len = (size_t)plan->cut_bytes;
    if (plan->stall_ms)
        poll(&stop, 1, plan->stall_ms);
    if (!wire_write(wire, bytes, (size_t)plan->split_bytes, is_last)) {
        wire_close(wire, false);
        return;
    }
    if (plan->then == PLAN_HANG)
        wire_wait_for_close(wire);
    if (plan->then != PLAN_KEEP || plan->is_close_said)
        wire_close(wire, plan->then == PLAN_RESET);
}
