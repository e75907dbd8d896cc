#include <strings.h>

#include <narae/view.h>

bool nr_view_is_nocase(struct nr_view a, struct nr_view b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct nr_view nr_view_trim(struct nr_view view)
{
    while (view.len && is_space(view.ptr[0])) {
        view.ptr++;
        view.len--;
    }
    while (view.len && is_space(view.ptr[view.len - 1]))
        view.len--;
    return view;
}
