#include "app/catalog.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/edition.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

static void
entry_release(struct catalog_entry *e)
{
	free(e->name);
	free(e->campaign);
	free(e->file);
	free(e->text);
	free(e->edition);
	letter_release(&e->letter);
}

void
catalog_release(struct catalog *catalog)
{
	for (size_t i = 0; i < catalog->count; i++)
		entry_release(&catalog->entries[i]);
	free(catalog->entries);
	*catalog = (struct catalog){0};
}

/* Takes "director-general.en.md" apart. Returns 0, or -1 when there is no
 * language in it. */
static int
split_name(const char *file, char **stem, char lang[static LANG_MAX])
{
	size_t len = strlen(file) - strlen(".md");
	const char *dot = memrchr(file, '.', len);
	char *tag;
	int rc = -1;

	if (!dot || dot == file)
		return -1;
	tag = mem_strndup(dot + 1, (size_t)(file + len - dot - 1));
	if (lang_valid(tag)) {
		memcpy(lang, tag, strlen(tag) + 1);
		*stem = mem_strndup(file, (size_t)(dot - file));
		rc = 0;
	}
	free(tag);
	return rc;
}

static int
read_text(const struct workspace *ws, const char *file, char **text,
	struct problems *problems, struct err *err)
{
	char *path = workspace_path(ws, file);
	struct buf bytes = {0};
	int rc = file_read(path, WORKSPACE_FILE_MAX, &bytes, err);

	free(path);
	*text = NULL;
	if (rc == 0)
		*text = letter_normalise(
			buf_str(&bytes), bytes.len, file, problems);
	else if (err->kind == ERR_DATA)
		problems_add(problems, file, 0, 0, "%s", err->msg);
	buf_release(&bytes);
	return rc < 0 && err->kind != ERR_DATA ? -1 : 0;
}

static int
load_entry(const struct workspace *ws, const char *campaign, const char *file,
	struct catalog *out, struct problems *problems, struct err *err)
{
	struct catalog_entry e = {0};
	size_t before = problems->count;
	char *stem;

	e.file = mem_printf("letters/%s/%s", campaign, file);
	if (split_name(file, &stem, e.lang) < 0) {
		problems_add(problems, e.file, 0, 0,
			"no language in its name; call it NAME.en.md, "
			"NAME.fa.md ...");
		free(e.file);
		return 0;
	}
	e.name = mem_printf("%s/%s", campaign, stem);
	e.campaign = mem_strdup(campaign);
	free(stem);
	if (read_text(ws, e.file, &e.text, problems, err) < 0) {
		entry_release(&e);
		return -1;
	}
	if (e.text) {
		letter_parse(e.text, e.file, &e.letter, problems);
		e.edition =
			edition_build(ws, e.text, &e.letter, e.lang, problems);
		e.usable = problems->count == before;
	}
	out->entries = mem_grow(
		out->entries, out->count, &out->cap, sizeof *out->entries);
	out->entries[out->count++] = e;
	return 0;
}

static int
load_campaign(const struct workspace *ws, const char *campaign,
	struct catalog *out, struct problems *problems, struct err *err)
{
	char *name = mem_printf("letters/%s", campaign);
	char *path = workspace_path(ws, name);
	char **files;
	size_t count;
	int rc = file_list(path, ".md", &files, &count, err);

	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = load_entry(ws, campaign, files[i], out, problems, err);
	str_list_free(files, count);
	free(path);
	free(name);
	return rc;
}

static bool
is_folder(const char *folder, const char *name)
{
	char *path = file_join(folder, name);
	struct stat st;
	bool yes = stat(path, &st) == 0 && S_ISDIR(st.st_mode);

	free(path);
	return yes;
}

static int
compare_entries(const void *a, const void *b)
{
	const struct catalog_entry *x = a, *y = b;
	int c = strcmp(x->name, y->name);

	return c ? c : strcmp(x->lang, y->lang);
}

static void
compare_languages(const struct catalog *catalog, struct problems *problems)
{
	for (size_t i = 1, first = 0; i < catalog->count; i++) {
		const struct catalog_entry *a = &catalog->entries[first];
		const struct catalog_entry *b = &catalog->entries[i];

		if (strcmp(a->name, b->name) != 0)
			first = i;
		else if (a->letter.file && b->letter.file)
			letter_compare(&a->letter, &b->letter, problems);
	}
}

int
catalog_load(const struct workspace *ws, struct catalog *out,
	struct problems *problems, struct err *err)
{
	char *path = workspace_path(ws, "letters");
	char **campaigns;
	size_t count;
	int rc;

	*out = (struct catalog){0};
	rc = file_list(path, "", &campaigns, &count, err);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (campaigns[i][0] == '_' || !is_folder(path, campaigns[i]))
			continue;
		rc = load_campaign(ws, campaigns[i], out, problems, err);
	}
	str_list_free(campaigns, count);
	free(path);
	if (rc < 0) {
		catalog_release(out);
		return -1;
	}
	if (out->count)
		qsort(out->entries, out->count, sizeof *out->entries,
			compare_entries);
	compare_languages(out, problems);
	problems_sort(problems);
	return 0;
}

const struct catalog_entry *
catalog_find(const struct catalog *catalog, const char *name, size_t *count)
{
	const struct catalog_entry *first = NULL;

	*count = 0;
	for (size_t i = 0; i < catalog->count; i++) {
		if (strcmp(catalog->entries[i].name, name) != 0)
			continue;
		if (!first)
			first = &catalog->entries[i];
		(*count)++;
	}
	return first;
}

int
catalog_require(const struct catalog *catalog, const char *name,
	const struct catalog_entry **out, size_t *count, struct err *err)
{
	const char **names;
	const char *near;

	*out = catalog_find(catalog, name, count);
	if (*out)
		return 0;
	names = mem_zalloc((catalog->count + 1) * sizeof *names);
	for (size_t i = 0; i < catalog->count; i++)
		names[i] = catalog->entries[i].name;
	near = str_nearest(name, names, catalog->count);
	err_set(err, ERR_NOTFOUND,
		"there is no letter \"%.100s\"; %s%s%s`openletter letters` "
		"lists "
		"them",
		name, near ? "did you mean \"" : "", near ? near : "",
		near ? "\"? " : "");
	free(names);
	return -1;
}

int
catalog_require_letter(const struct catalog *catalog, const char *name,
	const struct catalog_entry **out, size_t *count, struct err *err)
{
	if (catalog_require(catalog, name, out, count, err) < 0)
		return -1;
	if (!(*out)->letter.file || letter_is_letter(&(*out)->letter))
		return 0;
	return err_set(err, ERR_REFUSED,
		"%s is of kind %s; only letters can be signed or sent", name,
		letter_kind(&(*out)->letter));
}

const struct catalog_entry *
catalog_choose(const struct catalog_entry *entries, size_t count,
	const char *lang, const struct conf *conf)
{
	const char **langs = mem_zalloc(count * sizeof *langs);
	int i;

	for (size_t k = 0; k < count; k++)
		langs[k] = entries[k].lang;
	i = lang_lookup(lang, langs, count);
	if (i < 0)
		i = lang_lookup(conf->lang, langs, count);
	if (i < 0)
		i = lang_lookup("en", langs, count);
	free(langs);
	return &entries[i < 0 ? 0 : i];
}
