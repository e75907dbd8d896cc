#include "functions/search/privacy.h"

#include "functions/search/mail.h"

static const char *const names[PRIVACY_N_KINDS] = {"email", "rrn", "card", "phone", "num"};

const char *privacy_kind_name(enum privacy_kind kind)
{
    return names[kind];
}

/* One scrub of one text. */
struct scrub {
    struct nr_view text;
    const struct glyph *glyphs;
    size_t n;
    size_t copied; /* bytes of the text that are in out, or replaced */
    bool is_id;
    struct nr_buf *out;
    unsigned found;
};

static void replace(struct scrub *scrub, size_t first, size_t end, enum privacy_kind kind)
{
    size_t from = scrub->glyphs[first].at;

    nr_buf_add(scrub->out, nr_view_n(scrub->text.ptr + scrub->copied, from - scrub->copied));
    nr_buf_add_char(scrub->out, '<');
    nr_buf_add_text(scrub->out, names[kind]);
    nr_buf_add_char(scrub->out, '>');
    scrub->copied = scrub->glyphs[end - 1].end;
    scrub->found |= 1u << kind;
}

/* Groups from..from+n are one thing. */
static void replace_groups(struct scrub *scrub, const struct digits *digits, size_t from,
                           const struct digits_finding *finding)
{
    const struct digits_group *last = &digits->groups[from + finding->n_groups - 1];
    bool is_last = from + finding->n_groups == digits->n_groups;
    bool is_masked = is_last && digits->is_masked && finding->kind == PRIVACY_RRN;
    size_t first = from == 0 && digits->has_plus ? digits->plus : digits->groups[from].first;

    replace(scrub, first, is_masked ? digits->masked_end : last->end, finding->kind);
}

/* A number may begin in the last of the groups that fit: the second half is read again, with what follows. */
static size_t scrub_digits(struct scrub *scrub, size_t at)
{
    struct digits digits;
    size_t end = digits_read(scrub->glyphs, scrub->n, at, &digits);
    size_t n = digits.n_groups < DIGITS_GROUPS_MAX ? digits.n_groups : DIGITS_GROUPS_MAX / 2;
    size_t g = 0;

    while (g < n) {
        struct digits_finding finding = digits_judge(scrub->glyphs, &digits, g, scrub->is_id);

        if (finding.is_personal)
            replace_groups(scrub, &digits, g, &finding);
        g += finding.n_groups;
    }
    return g < digits.n_groups ? digits.groups[g].first : end;
}

/* Addresses first: their names and hosts may hold digits. */
static void scrub_part(struct scrub *scrub, size_t from, size_t to)
{
    size_t n = scrub->n;

    scrub->n = to;
    for (size_t at = from; at < to;)
        at = glyph_is_digit(scrub->glyphs[at]) ? scrub_digits(scrub, at) : at + 1;
    scrub->n = n;
}

static void scrub_all(struct scrub *scrub)
{
    size_t from = 0;
    size_t first;
    size_t end;

    for (size_t at = 0; at < scrub->n; at++) {
        if (!mail_find(scrub->glyphs, scrub->n, at, &first, &end))
            continue;
        first = first < from ? from : first;
        scrub_part(scrub, from, first);
        replace(scrub, first, end, PRIVACY_EMAIL);
        from = end;
        at = end - 1;
    }
    scrub_part(scrub, from, scrub->n);
    nr_buf_add(scrub->out, nr_view_n(scrub->text.ptr + scrub->copied, scrub->text.len - scrub->copied));
}

void privacy_scrub(struct nr_view text, enum privacy_scope scope, struct nr_buf *out, unsigned *found)
{
    struct glyph glyphs[GLYPHS_MAX];
    struct scrub scrub = {.text = text, .glyphs = glyphs, .is_id = scope == PRIVACY_KEY, .out = out};

    if (privacy_is_clean(text, scope)) {
        nr_buf_add(out, text);
        return;
    }
    if (text.len > GLYPHS_MAX) {
        nr_buf_add_text(out, "<long>");
        return;
    }
    scrub.n = glyphs_read(text, glyphs);
    scrub_all(&scrub);
    *found |= scrub.found;
}
