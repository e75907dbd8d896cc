#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/elf_needs.h"

struct image {
    const unsigned char *bytes;
    size_t len;
    const char *strings; /* the dynamic string table */
    size_t strings_len;
};

static const void *at(const struct image *image, uint64_t offset, size_t len)
{
    return offset <= image->len && len <= image->len - offset ? image->bytes + offset : NULL;
}

static const char *string_at(const struct image *image, uint64_t offset)
{
    if (offset >= image->strings_len || !memchr(image->strings + offset, '\0', image->strings_len - offset))
        return "";
    return image->strings + offset;
}

static const Elf64_Shdr *section(const struct image *image, uint32_t type)
{
    const Elf64_Ehdr *head = at(image, 0, sizeof(*head));

    for (unsigned i = 0; i < head->e_shnum; i++) {
        const Elf64_Shdr *s = at(image, head->e_shoff + (uint64_t)i * sizeof(*s), sizeof(*s));

        if (s && s->sh_type == type && at(image, s->sh_offset, s->sh_size))
            return s;
    }
    return NULL;
}

static void read_libraries(const struct image *image, const Elf64_Shdr *dynamic, struct nr_buf *out)
{
    const Elf64_Dyn *entry = at(image, dynamic->sh_offset, dynamic->sh_size);

    for (size_t i = 0; i < dynamic->sh_size / sizeof(*entry); i++)
        if (entry[i].d_tag == DT_NEEDED)
            nr_buf_printf(out, "%s%s", out->len ? " " : "", string_at(image, entry[i].d_un.d_val));
}

static int glibc_minor(const char *version)
{
    return strncmp(version, "GLIBC_2.", 8) == 0 ? (int)strtol(version + 8, NULL, 10) : 0;
}

/* Version needs are two nested lists of offsets; a loop over the section's size bounds both. */
static int read_versions(const struct image *image, const Elf64_Shdr *needs)
{
    uint64_t offset = needs->sh_offset;
    int highest = 0;

    for (uint64_t i = 0; i < needs->sh_info; i++) {
        const Elf64_Verneed *need = at(image, offset, sizeof(*need));
        uint64_t aux_at = need ? offset + need->vn_aux : 0;

        for (unsigned k = 0; need && k < need->vn_cnt; k++) {
            const Elf64_Vernaux *aux = at(image, aux_at, sizeof(*aux));
            int minor = aux ? glibc_minor(string_at(image, aux->vna_name)) : 0;

            highest = minor > highest ? minor : highest;
            aux_at += aux ? aux->vna_next : 0;
        }
        if (!need || !need->vn_next)
            break;
        offset += need->vn_next;
    }
    return highest;
}

static int read_image(struct image *image, const char *path, struct elf_needs *out, struct nr_err *err)
{
    const Elf64_Ehdr *head = at(image, 0, sizeof(*head));
    const Elf64_Shdr *dynamic;
    const Elf64_Shdr *strings;
    const Elf64_Shdr *needs;

    if (!head || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_ident[EI_CLASS] != ELFCLASS64 ||
        head->e_ident[EI_DATA] != ELFDATA2LSB)
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.UnreadableHandler", "%s is no 64-bit ELF file", path);
    dynamic = section(image, SHT_DYNAMIC);
    strings = dynamic
                  ? at(image, head->e_shoff + (uint64_t)dynamic->sh_link * sizeof(*strings), sizeof(*strings))
                  : NULL;
    if (!strings || !at(image, strings->sh_offset, strings->sh_size))
        return nr_err_set(err, NR_ERR_INVALID, "Runtime.UnreadableHandler", "%s is no shared object", path);
    image->strings = (const char *)image->bytes + strings->sh_offset;
    image->strings_len = strings->sh_size;
    needs = section(image, SHT_GNU_verneed);
    out->glibc_minor = needs ? read_versions(image, needs) : 0;
    nr_buf_init(&out->libraries, 4096);
    read_libraries(image, dynamic, &out->libraries);
    out->file_bytes = image->len;
    return 0;
}

int elf_needs_read(const char *path, struct elf_needs *out, struct nr_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;
    struct image image = {0};
    void *map = MAP_FAILED;
    int result;

    if (fd >= 0 && fstat(fd, &info) == 0 && info.st_size > 0)
        map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
        nr_err_set(err, NR_ERR_INVALID, "Runtime.UnreadableHandler", "cannot read %s: %s", path,
                   strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    image.bytes = map;
    image.len = (size_t)info.st_size;
    result = read_image(&image, path, out, err);
    munmap(map, image.len);
    close(fd);
    return result;
}
