#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <narae/clock.h>

#include "script.h"

enum {
    PAYLOAD_MAX_BYTES = 6 * 1024 * 1024 + 100, /* the emulator's interop/model.go */
    TIMEOUT_MS = 60 * 1000,                    /* a script that nobody ends, ends */
    DEADLINE_IN_MS = 60 * 1000,
};

#define BASE         "/2018-06-01/runtime/"
#define EXTENSION    "/2020-01-01/extension/"
#define EXTENSION_ID "d9b8a1c2-extension"

enum call {
    CALL_NEXT,
    CALL_RESPONSE,
    CALL_ERROR,
    CALL_INIT_ERROR,
    CALL_END,
    CALL_REGISTER,
    CALL_EVENT,
    CALL_UNKNOWN
};

static const char *const call_words[] = {"next", "response", "error", "init_error",
                                         "end",  "register", "event"};

static const struct {
    const char *method, *start, *end;
    enum call call;
} routes[] = {
    {"GET", BASE "invocation/next", "", CALL_NEXT},
    {"POST", BASE "invocation/", "/response", CALL_RESPONSE},
    {"POST", BASE "invocation/", "/error", CALL_ERROR},
    {"POST", BASE "init/error", "", CALL_INIT_ERROR},
    {"POST", EXTENSION "register", "", CALL_REGISTER},
    {"GET", EXTENSION "event/next", "", CALL_EVENT},
};

/* Refusals, as the emulator words them. */
static const struct refusal {
    int status;
    const char *body;
} out_of_order = {403,
                  "{\"errorMessage\":\"State transition failed\",\"errorType\":\"InvalidStateTransition\"}"},
  wrong_id = {400, "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}"},
  too_large = {413, "{\"errorMessage\":\"Exceeded maximum allowed payload size (6291556 bytes).\","
                    "\"errorType\":\"RequestEntityTooLarge\"}"},
  too_late = {410, "{\"errorMessage\":\"Invoke timed out\",\"errorType\":\"InvokeTimeout\"}"},
  no_slot = {500, "{\"errorMessage\":\"no slot\",\"errorType\":\"InternalServerError\"}"},
  registration_closed = {403, "{\"errorMessage\":\"Registration closed\","
                              "\"errorType\":\"Extension.RegistrationClosed\"}"},
  no_such_path = {404, "404 page not found"};

static bool ends_with(const char *text, const char *end)
{
    size_t text_len = strlen(text);
    size_t end_len = strlen(end);

    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

static enum call route(const struct wire_request *request)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        bool is_whole = !routes[i].end[0];

        if (strcmp(request->method, routes[i].method) != 0)
            continue;
        if (is_whole ? strcmp(request->path, routes[i].start) == 0
                     : strncmp(request->path, routes[i].start, strlen(routes[i].start)) == 0 &&
                           ends_with(request->path, routes[i].end))
            return routes[i].call;
    }
    return CALL_UNKNOWN;
}

/* --- the script's text */

static int check_step(json_t *step, struct nr_err *err)
{
    static const char form[] = "{s?o, s?s, s?i, s?s, s?o, s?i, s?i, s?o, s?o, s?o, s?b !}";
    json_t *any;
    const char *text;
    json_error_t why;
    int number;

    if (json_unpack_ex(step, &why, 0, form, "event", &any, "event_text", &text, "event_bytes", &number,
                       "event_file", &text, "headers", &any, "deadline_in_ms", &number, "times", &number,
                       "next", &any, "response", &any, "error", &any, "quiet", &number) != 0)
        return nr_err_set(err, NR_ERR_INVALID, NULL, "script: steps: %s", why.text);
    return 0;
}

int script_init(struct script *script, const char *json, struct nr_err *err)
{
    json_error_t why;
    json_t *any;
    int timeout_ms = TIMEOUT_MS;
    int concurrency = 0;

    *script = (struct script){.outstanding = json_object(),
                              .root = json_loads(json, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &why)};
    nr_buf_init(&script->event, SIZE_MAX / 4);
    if (!script->root ||
        json_unpack_ex(script->root, &why, 0, "{s?o, s?i, s?i, s?o, s?o, s?o, s?o, s?o !}", "steps",
                       &script->steps, "timeout_ms", &timeout_ms, "concurrency", &concurrency, "init_error",
                       &any, "end", &any, "register", &any, "event", &any, "idle", &any) != 0)
        return nr_err_set(err, NR_ERR_INVALID, NULL, "script: %s (line %d)", why.text, why.line);
    script->timeout_ms = timeout_ms;
    script->concurrency = (size_t)concurrency;
    for (size_t i = 0; i < json_array_size(script->steps); i++)
        if (check_step(json_array_get(script->steps, i), err) != 0)
            return -1;
    return 0;
}

void script_done(struct script *script)
{
    json_decref(script->root);
    json_decref(script->headers);
    json_decref(script->outstanding);
    nr_buf_done(&script->event);
    *script = (struct script){0};
}

static json_t *step_of(const struct script *script)
{
    return json_array_get(script->steps, script->n_step);
}

bool script_is_quiet(const struct script *script)
{
    return json_is_true(json_object_get(step_of(script), "quiet"));
}

/* The behaviour that is due for this call; NULL = the ordinary one. Several in a list are used one after the
 * other, one alone is used once. */
static json_t *behaviour_of(struct script *script, enum call call)
{
    json_t *holder = call >= CALL_INIT_ERROR ? script->root : step_of(script);
    json_t *word = json_object_get(holder, call_words[call]);
    size_t n = script->used[call]++;

    return json_is_array(word) ? json_array_get(word, n) : n == 0 ? word : NULL;
}

/* --- events */

static int read_file(const char *path, struct nr_buf *out, struct nr_err *err)
{
    FILE *file = fopen(path, "rb");
    size_t n;

    if (!file)
        return nr_err_set(err, NR_ERR_INVALID, NULL, "script: event_file: cannot open \"%s\"", path);
    while ((n = fread(nr_buf_room(out, 65536), 1, 65536, file)) > 0)
        out->len += n;
    fclose(file);
    return 0;
}

static int make_event(struct script *script, json_t *step, struct nr_err *err)
{
    const json_t *text = json_object_get(step, "event_text");
    const json_t *file = json_object_get(step, "event_file");
    const json_t *event = json_object_get(step, "event");
    size_t n = (size_t)json_integer_value(json_object_get(step, "event_bytes"));
    char *dump;

    nr_buf_reset(&script->event);
    if (n)
        memset(nr_buf_room(&script->event, n), 'a', n), script->event.len = n;
    if (text)
        nr_buf_add(&script->event, nr_view_n(json_string_value(text), json_string_length(text)));
    if (file && read_file(json_string_value(file), &script->event, err) != 0)
        return -1;
    if (event) {
        dump = json_dumps(event, JSON_COMPACT | JSON_ENCODE_ANY);
        nr_buf_add_text(&script->event, dump);
        free(dump);
    }
    return 0;
}

/* What Lambda would send; the step's own headers win, null takes one away. */
static void make_headers(struct script *script, json_t *step)
{
    json_t *in_ms = json_object_get(step, "deadline_in_ms");
    int64_t deadline_ms = nr_clock_wall_ms() + (in_ms ? json_integer_value(in_ms) : DEADLINE_IN_MS);

    json_decref(script->headers);
    script->headers = json_pack(
        "{s:o, s:o, s:s, s:s, s:s}", "Lambda-Runtime-Aws-Request-Id",
        json_sprintf("8476a536-e9f4-11e8-9739-%012zu", script->n_event), "Lambda-Runtime-Deadline-Ms",
        json_sprintf("%" PRId64, deadline_ms), "Lambda-Runtime-Invoked-Function-Arn",
        "arn:aws:lambda:us-east-1:123456789012:function:test", "Lambda-Runtime-Trace-Id",
        "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1", "Content-Type",
        "application/json");
    json_object_update(script->headers, json_object_get(step, "headers"));
}

static const char *request_id(const struct script *script)
{
    return json_string_value(json_object_get(script->headers, "Lambda-Runtime-Aws-Request-Id"));
}

/* Move to the step that is due; NULL = the script is over. */
static json_t *begin_step(struct script *script)
{
    json_t *step = step_of(script);
    json_int_t times = json_integer_value(json_object_get(step, "times"));

    if (step && script->n_time >= (size_t)(times ? times : 1)) {
        script->n_step++;
        script->n_time = 0;
        memset(script->used, 0, sizeof(script->used));
        step = step_of(script);
    }
    return step;
}

/* --- decisions */

static void refuse(struct plan *out, const struct refusal *refusal)
{
    out->status = refusal->status;
    out->body = nr_view(refusal->body);
}

static int decide_end(struct script *script, struct plan *out, struct nr_err *err)
{
    script->state = SCRIPT_ENDED;
    out->status = 500;
    out->body = NR_VIEW("{\"errorMessage\":\"the script is over\",\"errorType\":\"InternalServerError\"}");
    return plan_apply(out, behaviour_of(script, CALL_END), err);
}

static int make_invocation(struct script *script, json_t *step, struct nr_err *err)
{
    script->n_event++;
    make_headers(script, step);
    return make_event(script, step, err);
}

static int give_away(struct script *script, struct plan *out, struct nr_err *err)
{
    *out = (struct plan){
        .status = 200, .body = nr_buf_view(&script->event), .headers = script->headers, .cut_bytes = -1};
    return plan_apply(out, behaviour_of(script, CALL_NEXT), err);
}

/* Several invocations at a time: each under its id, to whoever asks. */
static int decide_next_of_many(struct script *script, struct plan *out, struct nr_err *err)
{
    json_t *step = begin_step(script);

    if (!step && json_is_true(json_object_get(script->root, "idle"))) {
        out->is_silent = true;
        return 0;
    }
    if (!step && json_object_size(script->outstanding))
        return 1;
    if (!step)
        return decide_end(script, out, err);
    if (json_object_size(script->outstanding) >= script->concurrency)
        return refuse(out, &no_slot), 0;
    if (make_invocation(script, step, err) != 0 || give_away(script, out, err) != 0)
        return -1;
    if (out->status != 200) {
        script->n_event--;
        return 0;
    }
    script->state = SCRIPT_RUNNING;
    script->n_time++;
    json_object_set(script->outstanding, request_id(script), script->headers);
    return 0;
}

static int decide_next(struct script *script, struct plan *out, struct nr_err *err)
{
    bool is_again = script->state == SCRIPT_RUNNING; /* the emulator gives the same event once more */
    json_t *step = is_again ? step_of(script) : begin_step(script);

    if (script->state == SCRIPT_INIT_FAILED)
        return refuse(out, &out_of_order), 0;
    if (!step)
        return decide_end(script, out, err);
    if (!is_again && make_invocation(script, step, err) != 0)
        return -1;
    if (give_away(script, out, err) != 0)
        return -1;
    if (is_again)
        return 0;
    if (out->status != 200) {
        script->n_event--; /* it was not given away: the next call gets it under the same id */
        return 0;
    }
    script->state = SCRIPT_RUNNING;
    script->n_time++;
    return 0;
}

/* Is it this invocation, this attempt, now, and not too much? NULL = yes. */
static const struct refusal *check_answer(const struct script *script, const struct wire_request *request,
                                          enum call call)
{
    const char *id = request->path + strlen(BASE "invocation/");
    const char *wanted = request_id(script);
    const json_t *attempt = json_object_get(script->headers, "Lambda-Runtime-Invocation-Id");
    const json_t *echo = json_object_get(request->headers, "lambda-runtime-invocation-id");

    if (!wanted || strncmp(id, wanted, strlen(wanted)) != 0 || id[strlen(wanted)] != '/')
        return &wrong_id;
    if (script->state != SCRIPT_RUNNING)
        return &out_of_order;
    if (attempt && echo && !json_equal(attempt, echo))
        return &too_late;
    return call == CALL_RESPONSE && request->body_bytes > PAYLOAD_MAX_BYTES ? &too_large : NULL;
}

/* The id in the path of an answer; lives until the next call. */
static const char *id_of(const struct wire_request *request)
{
    static char id[256];
    const char *start = request->path + strlen(BASE "invocation/");

    snprintf(id, sizeof(id), "%.*s", (int)(strrchr(start, '/') - start), start);
    return id;
}

static int decide_answer_of_many(struct script *script, const struct wire_request *request, enum call call,
                                 struct plan *out, struct nr_err *err)
{
    if (!json_object_get(script->outstanding, id_of(request)))
        return refuse(out, &wrong_id), 0;
    return plan_apply(out, behaviour_of(script, call), err);
}

void script_carried_out(struct script *script, const struct wire_request *request)
{
    enum call call = route(request);

    if (script->concurrency && (call == CALL_RESPONSE || call == CALL_ERROR))
        json_object_del(script->outstanding, id_of(request));
}

static int decide_answer(struct script *script, const struct wire_request *request, enum call call,
                         struct plan *out, struct nr_err *err)
{
    const struct refusal *refusal = check_answer(script, request, call);

    if (refusal)
        return refuse(out, refusal), 0;
    script->state = SCRIPT_ANSWERED;
    return plan_apply(out, behaviour_of(script, call), err);
}

static int decide_init_error(struct script *script, struct plan *out, struct nr_err *err)
{
    if (script->state != SCRIPT_STARTED)
        return refuse(out, &out_of_order), 0;
    script->state = SCRIPT_INIT_FAILED;
    return plan_apply(out, behaviour_of(script, CALL_INIT_ERROR), err);
}

/* Before the first next only; the id goes into a header of the reply. */
static int decide_register(struct script *script, struct plan *out, struct nr_err *err)
{
    if (script->state != SCRIPT_STARTED || script->is_registered)
        return refuse(out, &registration_closed), 0;
    out->status = 200;
    out->body = NR_VIEW("{\"functionName\":\"test\"}");
    json_decref(script->headers);
    out->headers = script->headers = json_pack("{s:s}", "Lambda-Extension-Identifier", EXTENSION_ID);
    if (plan_apply(out, behaviour_of(script, CALL_REGISTER), err) != 0)
        return -1;
    script->is_registered = out->status == 200;
    return 0;
}

static int decide_event(struct script *script, const struct wire_request *request, struct plan *out,
                        struct nr_err *err)
{
    const char *id = json_string_value(json_object_get(request->headers, "lambda-extension-identifier"));

    if (!script->is_registered || !id || strcmp(id, EXTENSION_ID) != 0)
        return refuse(out, &out_of_order), 0;
    script->is_waiting = true;
    out->is_silent = true;
    return plan_apply(out, behaviour_of(script, CALL_EVENT), err);
}

int script_decide(struct script *script, const struct wire_request *request, struct plan *out,
                  struct nr_err *err)
{
    enum call call = route(request);

    *out = (struct plan){.status = 202, .body = NR_VIEW("{\"status\":\"OK\"}\n"), .cut_bytes = -1};
    switch (call) {
    case CALL_NEXT:
        if (script->is_registered && !script->is_waiting)
            return 1; /* init ends only when every extension waits (rapid/handlers.go, AwaitAgentsReady) */
        return script->concurrency ? decide_next_of_many(script, out, err) : decide_next(script, out, err);
    case CALL_RESPONSE:
    case CALL_ERROR:
        return script->concurrency ? decide_answer_of_many(script, request, call, out, err)
                                   : decide_answer(script, request, call, out, err);
    case CALL_INIT_ERROR:
        return decide_init_error(script, out, err);
    case CALL_REGISTER:
        return decide_register(script, out, err);
    case CALL_EVENT:
        return decide_event(script, request, out, err);
    default:
        refuse(out, &no_such_path);
        return 0;
    }
}
