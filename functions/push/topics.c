#include <string.h>

#include <narae/json.h>

#include "functions/push/topics.h"

/* FCM's scale page: at least 10 s before any retry, 60 s after a 429 that does not say. */
#define FLOOR_MS       INT64_C(10000)
#define QUOTA_FLOOR_MS INT64_C(60000)
#define WAIT_MAX_MS    INT64_C(3600000)

enum { NAME_MAX_BYTES = 8192 };

/* The first row that fits wins. status 0 = any; code: FcmError's, "" = there is none, NULL = whatever. */
static const struct {
    int status;
    const char *code;
    struct topics_answer answer;
} rows[] = {
    {404, "UNREGISTERED", {TOPICS_DEAD, "unregistered", 0, false, ""}},
    {403, "SENDER_ID_MISMATCH", {TOPICS_DEAD, "sender_id_mismatch", 0, false, ""}},
    {400, NULL, {TOPICS_REFUSED, "invalid_argument", 0, false, "FCM refuses the topic or the registration"}},
    {401,
     NULL,
     {TOPICS_UNAUTHENTICATED, "unauthenticated", FLOOR_MS, false,
      "check NARAE_FCM_SERVICE_ACCOUNT: its key may be revoked"}},
    {403,
     NULL,
     {TOPICS_STOP, "permission_denied", FLOOR_MS, false,
      "give the service account cloudmessaging.topicSubscriptions.update, .delete and .list, and enable the "
      "FCM "
      "API"}},
    {404,
     NULL,
     {TOPICS_LATER, "not_found", FLOOR_MS, false,
      "check NARAE_FCM_ENDPOINT and the service account's project_id"}},
    {409, NULL, {TOPICS_LATER, "conflict", FLOOR_MS, false, ""}},
    {429,
     NULL,
     {TOPICS_LATER, "quota_exceeded", QUOTA_FLOOR_MS, true,
      "more than FCM's 3,000 subscriptions a second and project: lower NARAE_TOPIC_RATE"}},
    {500, NULL, {TOPICS_LATER, "internal", FLOOR_MS, false, ""}},
    {503, NULL, {TOPICS_LATER, "unavailable", FLOOR_MS, true, ""}},
};

static const struct topics_answer done = {TOPICS_DONE, "", 0, false, ""};
static const struct topics_answer server_error = {TOPICS_LATER, "unavailable", FLOOR_MS, false, ""};
static const struct topics_answer refused = {
    TOPICS_REFUSED, "unknown", 0, false, "an answer that FCM does not document; is NARAE_FCM_ENDPOINT FCM?"};

/* --- requests ------------------------------------------------------------------------------------------- */

/* Everything but RFC 3986's unreserved characters: registrations have ':' in them, topics '%'. */
static void add_encoded(struct nr_buf *out, struct nr_view text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c && strchr("-_.~", c)))
            nr_buf_add_char(out, c);
        else
            nr_buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
    }
}

static void add_collection(const char *project_id, struct nr_view registration, struct nr_buf *out)
{
    nr_buf_printf(out, "/v1/projects/%s/registrations/", project_id);
    add_encoded(out, registration);
    nr_buf_add_text(out, "/topicSubscriptions");
}

void topics_path(const char *project_id, struct nr_view registration, struct nr_view topic,
                 struct nr_buf *out)
{
    add_collection(project_id, registration, out);
    nr_buf_add_char(out, '/');
    add_encoded(out, topic);
    nr_buf_add_text(out, "?allow_missing=true");
}

void topics_list_path(const char *project_id, struct nr_view registration, struct nr_buf *out)
{
    add_collection(project_id, registration, out);
    nr_buf_printf(out, "?pageSize=%d", TOPICS_PER_INSTALLATION_MAX);
}

/* --- answers -------------------------------------------------------------------------------------------- */

/* errorCode of the detail whose @type ends in FcmError; "" when there is none. Borrowed from doc. */
static const char *fcm_error_code(const json_t *doc)
{
    static const char wanted[] = "google.firebase.fcm.v1.FcmError";
    const json_t *details = json_object_get(json_object_get(doc, "error"), "details");
    const json_t *detail;
    size_t i;

    json_array_foreach(details, i, detail)
    {
        const char *type = json_string_value(json_object_get(detail, "@type"));
        const char *code = json_string_value(json_object_get(detail, "errorCode"));
        size_t len = type ? strlen(type) : 0;

        if (code && len >= strlen(wanted) && strcmp(type + len - strlen(wanted), wanted) == 0)
            return code;
    }
    return "";
}

static bool is_already_there(const json_t *doc)
{
    const char *status = json_string_value(json_object_get(json_object_get(doc, "error"), "status"));

    return status && strcmp(status, "ALREADY_EXISTS") == 0;
}

static struct topics_answer look_up(int status, const char *code)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].status == status && (!rows[i].code || strcmp(rows[i].code, code) == 0))
            return rows[i].answer;
    return status >= 500 ? server_error : refused;
}

struct topics_answer topics_judge(int status, struct nr_view body)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_err ignored = {0};

    if (status >= 200 && status < 300)
        return done;
    /* A body that is no JSON (a proxy's page) leaves the status alone to speak. */
    if (nr_json_parse(body, "answer", &doc, &ignored) != 0)
        return look_up(status, "");
    if (status == 409 && is_already_there(doc))
        return done;
    return look_up(status, fcm_error_code(doc));
}

struct topics_answer topics_no_answer(void)
{
    return (struct topics_answer){TOPICS_LATER, "no_answer", FLOOR_MS, false, ""};
}

int64_t topics_wait_ms(const struct topics_answer *answer, int64_t attempts, int64_t retry_after_ms,
                       uint64_t random)
{
    int64_t spread = answer->floor_ms;
    int64_t wait;

    for (int64_t i = 1; i < attempts && spread < WAIT_MAX_MS; i++)
        spread *= 2;
    if (spread > WAIT_MAX_MS)
        spread = WAIT_MAX_MS;
    wait = answer->floor_ms + (int64_t)((random & UINT32_MAX) * (uint64_t)spread >> 32);
    if (wait > WAIT_MAX_MS)
        wait = WAIT_MAX_MS;
    if (retry_after_ms > WAIT_MAX_MS)
        retry_after_ms = WAIT_MAX_MS;
    return wait > retry_after_ms ? wait : retry_after_ms;
}

/* --- lists ---------------------------------------------------------------------------------------------- */

static int take_names(const struct nr_json_place *list, json_t *names, struct nr_err *err)
{
    size_t n = json_array_size(list->value);

    for (size_t i = 0; i < n; i++) {
        struct nr_json_place item = nr_json_item(list, i);
        struct nr_json_place topic = nr_json_member(&item, "topicName");
        struct nr_view text;

        if (!nr_json_has(&topic))
            topic =
                nr_json_member(&item, "topic_name"); /* the reference has it so, Google's JSON otherwise */
        if (nr_json_want_text(&topic, 1, NAME_MAX_BYTES, &text, err) != 0)
            return -1;
        if (json_array_append_new(names, json_stringn(text.ptr, text.len)) != 0)
            return nr_err_set(err, NR_ERR_UNAVAILABLE, "Function.OutOfMemory",
                              "no memory for a list of topics");
    }
    return 0;
}

int topics_list_parse(struct nr_view body, json_t *names, bool *is_whole, struct nr_err *err)
{
    NR_JSON_AUTO *doc = NULL;
    struct nr_json_place root;
    struct nr_json_place list;
    size_t n;

    if (nr_json_parse(body, "list", &doc, err) != 0)
        return -1;
    root = nr_json_root("list", doc);
    list = nr_json_member(&root, "topicSubscriptions");
    if (!nr_json_has(&list))
        list = nr_json_member(&root, "topic_subscriptions");
    if (nr_json_want_object(&root, err) != 0)
        return -1;
    /* An empty list is left out, as every empty field of Google's JSON. */
    if (nr_json_has(&list) &&
        (nr_json_want_array(&list, 0, SIZE_MAX, &n, err) != 0 || take_names(&list, names, err) != 0))
        return -1;
    *is_whole = json_string_length(json_object_get(doc, "nextPageToken")) == 0 &&
                json_string_length(json_object_get(doc, "next_page_token")) == 0;
    return 0;
}
