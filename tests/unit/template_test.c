#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/mem.h"
#include "core/template.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* --- values ------------------------------------------------------------ */

#define TEXT(s)                                 \
	{                                       \
		.kind = VALUE_TEXT, .text = (s) \
	}
#define NUMBER(s)                                 \
	{                                         \
		.kind = VALUE_NUMBER, .text = (s) \
	}
#define NOTHING                     \
	{                           \
		.kind = VALUE_FALSE \
	}
#define MAP(n, v)                                                            \
	{                                                                    \
		.kind = VALUE_MAP, .names = n, .items = v, .count = COUNT(n) \
	}
#define LIST(v)                                                   \
	{                                                         \
		.kind = VALUE_LIST, .items = v, .count = COUNT(v) \
	}

static const char *const entry_names[] = {"number", "name"};
static const struct value entry_ana[] = {NUMBER("1"), TEXT("Ana")};
static const struct value entry_bo[] = {NUMBER("2"), TEXT("Bo & Co")};
static const struct value entries[] = {
	MAP(entry_names, entry_ana), MAP(entry_names, entry_bo)};

static const char *const signature_names[] = {"total", "new", "list"};
static const struct value signature_items[] = {
	NUMBER("1234"), NUMBER("0"), LIST(entries)};

static const char *const recipient_names[] = {
	"name", "salutation", "title", "first name"};
static const struct value recipient_items[] = {
	TEXT("Director"), TEXT("Dear {{x}} <b>\"'"), TEXT(""), TEXT("Gil")};

static const char *const root_names[] = {
	"recipient", "signatures", "signer", "date", "none"};
static const struct value root_items[] = {
	MAP(recipient_names, recipient_items),
	MAP(signature_names, signature_items),
	NOTHING,
	TEXT("2026-01-02"),
	{.kind = VALUE_LIST},
};
static const struct value root = MAP(root_names, root_items);

/* --- partials ---------------------------------------------------------- */

static const struct partial {
	const char *name;
	const char *text;
} partials[] = {
	{"sign", "-- {{date}}\n"},
	{"bad", "ok\n{{#date}}\n"},
	{"unknown", "\n {{recipient.nmae}}"},
	{"self", "a {{>self}}"},
	{"ping", "{{>pong}}"},
	{"pong", "{{>ping}}"},
	{"outer", "[\n  {{>inner}}\n]\n"},
	{"inner", "{{date}}\n\n{{#signer}}\nno\n{{/signer}}\nlast\n"},
};

static int loads;

static int
load(void *ctx, const char *name, const char **text, const char **file)
{
	(void)ctx;
	loads++;
	for (size_t i = 0; i < COUNT(partials); i++) {
		if (strcmp(partials[i].name, name) == 0) {
			*text = partials[i].text;
			*file = partials[i].name;
			return 1;
		}
	}
	return 0;
}

static const struct template_loader loader = {.load = load};

/* --- helpers ----------------------------------------------------------- */

static char *
listed(struct problems *ps)
{
	struct buf out = {0};

	problems_sort(ps);
	for (size_t i = 0; i < ps->count; i++)
		buf_printf(&out, "%s:%ld:%d: %s\n", ps->items[i].file,
			ps->items[i].line, ps->items[i].column,
			ps->items[i].text);
	return buf_take(&out);
}

static struct template *
parsed(const char *text)
{
	struct problems ps = {0};
	struct template *t =
		template_parse(text, "t", 1, TEMPLATE_LETTER, &loader, &ps);

	if (!t)
		fail_msg("%s: %s", text, listed(&ps));
	assert_int_equal(ps.count, 0);
	problems_release(&ps);
	return t;
}

/* --- the specification's own tests ------------------------------------- */

static char *
json_text(const json_t *json)
{
	if (json_is_string(json))
		return mem_strdup(json_string_value(json));
	if (json_is_integer(json))
		return mem_printf("%lld", (long long)json_integer_value(json));
	if (json_is_real(json))
		return mem_printf("%.15g", json_real_value(json));
	return json_is_true(json) ? mem_strdup("true") : NULL;
}

/* The text a value has is its own; value_release frees it. */
static struct value
value_of(const json_t *json)
{
	size_t count = json_is_object(json) ? json_object_size(json)
					    : json_array_size(json);
	const char **names = mem_zalloc(count * sizeof *names);
	struct value *items = mem_zalloc(count * sizeof *items);
	struct value v = {.names = names, .items = items, .count = count};
	const char *key;
	json_t *item;

	if (json_is_object(json)) {
		size_t i = 0;

		v.kind = VALUE_MAP;
		json_object_foreach((json_t *)(uintptr_t)json, key, item)
		{
			names[i] = key;
			items[i++] = value_of(item);
		}
	} else if (json_is_array(json)) {
		v.kind = VALUE_LIST;
		for (size_t i = 0; i < count; i++)
			items[i] = value_of(json_array_get(json, i));
	} else {
		v.text = json_text(json);
		v.kind = v.text ? VALUE_TEXT : VALUE_FALSE;
	}
	return v;
}

static void
value_release(struct value v)
{
	for (size_t i = 0; i < v.count; i++)
		value_release(v.items[i]);
	free((void *)(uintptr_t)v.items);
	free((void *)(uintptr_t)v.names);
	free((void *)(uintptr_t)v.text);
}

static int
load_json(void *ctx, const char *name, const char **text, const char **file)
{
	*text = json_string_value(json_object_get(ctx, name));
	*file = name;
	return *text != NULL;
}

/* What we do otherwise on purpose: nothing. */
static const char *const differences[] = {NULL};

static bool
differs(const char *test)
{
	for (size_t i = 0; i < COUNT(differences); i++)
		if (differences[i] && strcmp(differences[i], test) == 0)
			return true;
	return false;
}

static int
run_spec_test(const char *suite, const json_t *test)
{
	const char *name = json_string_value(json_object_get(test, "name"));
	const char *text = json_string_value(json_object_get(test, "template"));
	const char *want = json_string_value(json_object_get(test, "expected"));
	struct value data = value_of(json_object_get(test, "data"));
	struct template_loader json_loader = {
		load_json, json_object_get(test, "partials")};
	struct problems ps = {0};
	struct buf out = {0};
	struct template *t =
		template_parse(text, "t", 1, TEMPLATE_RAW, &json_loader, &ps);
	int bad = 1;

	if (t) {
		template_render_spec(t, &data, &out);
		bad = strcmp(buf_str(&out), want) != 0;
	}
	if (differs(name))
		bad = !bad;
	if (bad)
		print_error("%s: %s: \"%s\" gave \"%s\", not \"%s\"\n", suite,
			name, text, buf_str(&out), want);
	template_free(t);
	buf_release(&out);
	problems_release(&ps);
	value_release(data);
	return bad;
}

static void
specification(void **state)
{
	static const struct {
		const char *name;
		size_t least;
	} suites[] = {
		{"comments", 12},
		{"delimiters", 14},
		{"interpolation", 42},
		{"inverted", 22},
		{"sections", 34},
		{"partials", 12},
	};
	const char *corpora = getenv("OPENLETTER_CORPORA");
	int bad = 0;

	(void)state;
	if (!corpora)
		corpora = "../shared/corpora";
	for (size_t i = 0; i < COUNT(suites); i++) {
		char *path = mem_printf("%s/mustache-spec/specs/%s.json",
			corpora, suites[i].name);
		json_t *suite = json_load_file(path, 0, NULL);
		json_t *tests = json_object_get(suite, "tests");
		json_t *test;
		size_t n;

		if (!suite) {
			print_message("%s is missing\n", path);
			free(path);
			skip();
		}
		assert_true(json_array_size(tests) >= suites[i].least);
		json_array_foreach(tests, n, test) bad +=
			run_spec_test(suites[i].name, test);
		json_decref(suite);
		free(path);
	}
	assert_int_equal(bad, 0);
}

/* --- rendering --------------------------------------------------------- */

static void
renders(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{"", ""},
		{"plain", "plain"},
		{"{{recipient.name}}!", "Director!"},
		/* Values stand as they are and are never parsed. */
		{"{{recipient.salutation}}", "Dear {{x}} <b>\"'"},
		{"{{recipient.first name}}", "Gil"},
		/* What is false. */
		{"{{#recipient.title}}no{{/recipient.title}}", ""},
		{"{{^recipient.title}}yes{{/recipient.title}}", "yes"},
		{"{{#signatures.new}}no{{/signatures.new}}", ""},
		{"{{^signer}}yes{{/signer}}{{#signer}}no{{/signer}}", "yes"},
		{"{{^none}}yes{{/none}}{{#none}}no{{/none}}", "yes"},
		{"{{signer}}{{none}}{{recipient}}", ""},
		/* What is true. */
		{"{{#signatures.total}}{{.}}{{/signatures.total}}", "1234"},
		{"{{#recipient}}{{name}}, {{date}}{{/recipient}}",
			"Director, 2026-01-02"},
		{"{{#signatures.list}}\n- {{name}}\n{{/signatures.list}}\n.",
			"- Ana\n- Bo & Co\n."},
		{"{{#signatures}}{{#list}}{{number}}/{{total}} {{/list}}"
		 "{{/signatures}}",
			"1/1234 2/1234 "},
		/* A lone brace is text. */
		{"{ {x} }} }", "{ {x} }} }"},
		{"{{! a {{ b }}c", "c"},
		/* Partials and their indentation. */
		{"  {{>sign}}\nx", "  -- 2026-01-02\nx"},
		{"x {{>sign}} y", "x -- 2026-01-02\n y"},
		{"  {{>outer}}\n",
			"  [\n    2026-01-02\n    \n    last\n  ]\n"},
		{"  {{>outer}}x", "  [\n  2026-01-02\n  \n  last\n]\nx"},
		{"{{=<% %>=}}<%date%> {{date}}", "2026-01-02 {{date}}"},
		{"{{=<% %>=}}\r\n<%={{ }}=%>\r\n{{date}}\r\n",
			"2026-01-02\r\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct template *t = parsed(cases[i].text);
		struct buf out = {0};

		template_render(t, &root, &out);
		assert_string_equal(buf_str(&out), cases[i].want);
		buf_release(&out);
		template_free(t);
	}
}

/* --- problems ---------------------------------------------------------- */

static void
reports_syntax(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{"a\n{{#date}}b", "t:11:1: the section \"date\" that is opened "
				  "here is never closed\n"},
		{"\xC3\xA9\xD8\xA8 {{/date}}",
			"t:10:4: \"date\" is closed here but was not "
			"opened\n"},
		{"{{#date}}\n x{{/dat}}{{/dat}}",
			"t:11:3: \"dat\" is closed here, but \"date\" is what "
			"line 10 opened\n"
			"t:11:11: \"dat\" is closed here but was not opened\n"},
		{"{{#date}}{{^signer}}{{/date}}",
			"t:10:10: the section \"signer\" that is opened here "
			"is never closed\n"},
		{"x {{date", "t:10:3: this tag is never closed by \"}}\"\n"},
		{"{{date} and {{/date}}",
			"t:10:1: this tag is not closed by \"}}\" before the "
			"next tag or line\n"
			"t:10:13: \"date\" is closed here but was not "
			"opened\n"},
		{"{{date\nand}}",
			"t:10:1: this tag is not closed by \"}}\" before the "
			"next tag or line\n"},
		{"{{{date}}} {{& date}}",
			"t:10:1: values are always escaped; write {{date}}\n"
			"t:10:12: values are always escaped; write {{date}}\n"},
		{"{{}}{{# }}{{a..b}}{{.a}}",
			"t:10:1: a tag without a name\n"
			"t:10:5: a tag without a name\n"
			"t:10:11: the name \"a..b\" has an empty part\n"
			"t:10:19: the name \".a\" has an empty part\n"},
		{"\n{{=<%=}} {{= | | | =}} {{===}}",
			"t:11:1: bad delimiters \"<%\": two are needed, with a "
			"blank between them and no \"=\"\n"
			"t:11:10: bad delimiters \"| | |\": two are needed, "
			"with a blank between them and no \"=\"\n"
			"t:11:24: bad delimiters \"=\": two are needed, with a "
			"blank between them and no \"=\"\n"},
		{"{{>nosuch}}\n{{>nosuch}}",
			"t:10:1: there is no partial \"nosuch\": looked for "
			"_partials/nosuch.<lang>.md and _partials/nosuch.md\n"
			"t:11:1: there is no partial \"nosuch\": looked for "
			"_partials/nosuch.<lang>.md and "
			"_partials/nosuch.md\n"},
		{"{{>bad}}", "bad:2:1: the section \"date\" that is opened "
			     "here is never closed\n"},
		{"{{>self}}",
			"self:1:3: the partial \"self\" contains itself\n"},
		{"{{>ping}}",
			"pong:1:1: the partial \"ping\" contains itself\n"},
		{"{{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "\xC3\xA9\xC3\xA9..}}",
			"t:10:1: the name "
			"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			"aaaaaaaaaaaaaaaaaaaaaaa...\" has an empty part\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct problems ps = {0};
		struct template *t = template_parse(
			cases[i].text, "t", 10, TEMPLATE_LETTER, &loader, &ps);
		char *got = listed(&ps);

		assert_true(!t || !template_is_sound(t));
		template_free(t);
		assert_string_equal(got, cases[i].want);
		free(got);
		problems_release(&ps);
	}
}

static void
refuses_deep_sections(void **state)
{
	struct problems ps = {0};
	struct buf text = {0};
	struct template *t;

	(void)state;
	for (int i = 0; i < 70; i++)
		buf_puts(&text, "{{#date}}");
	for (int i = 0; i < 70; i++)
		buf_puts(&text, "{{/date}}");
	t = template_parse(buf_str(&text), "t", 1, TEMPLATE_LETTER, NULL, &ps);
	assert_false(template_is_sound(t));
	template_free(t);
	problems_sort(&ps);
	assert_string_equal(ps.items[ps.count - 1].text,
		"more than 64 sections inside each other");
	buf_release(&text);
	problems_release(&ps);
}

static void
recursion_ends(void **state)
{
	struct problems ps = {0};
	struct buf out = {0};
	struct template *t =
		template_parse("{{>self}}", "t", 1, TEMPLATE_RAW, &loader, &ps);

	(void)state;
	assert_non_null(t);
	template_render_spec(t, &root, &out);
	assert_true(out.len > 2);
	buf_release(&out);
	template_free(t);
}

static void
asks_for_a_partial_once(void **state)
{
	struct template *t;

	(void)state;
	loads = 0;
	t = parsed("{{>sign}}{{>inner}}{{>sign}}{{>outer}}");
	assert_int_equal(loads, 3);
	template_free(t);
}

static void
checks_names(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{"{{recipient.name}} {{date}} {{signer}}", ""},
		{"{{signatures.totl}}",
			"t:1:1: unknown variable \"signatures.totl\"; did you "
			"mean \"signatures.total\"?\n"},
		{"{{recipeint.name}}",
			"t:1:1: unknown variable \"recipeint.name\"; did you "
			"mean \"recipient.name\"?\n"},
		{"{{xyzzy}}", "t:1:1: unknown variable \"xyzzy\"\n"},
		{"{{salutation}}",
			"t:1:1: unknown variable \"salutation\"; did you mean "
			"\"recipient.salutation\"?\n"},
		/* Sections that would not be taken are looked at too. */
		{"{{#signer}}\n {{xyzzy}}{{/signer}}{{^date}}{{dat}}{{/date}}",
			"t:2:2: unknown variable \"xyzzy\"\n"
			"t:2:31: unknown variable \"dat\"; did you mean "
			"\"date\"?\n"},
		/* Members by plain name, and what is around them. */
		{"{{#signatures.list}}{{number}} {{name}} {{date}} "
		 "{{/signatures.list}}{{#recipient}}{{title}}{{/recipient}}",
			""},
		{"{{#signatures.list}}{{numbr}}{{/signatures.list}}",
			"t:1:21: unknown variable \"numbr\"; did you mean "
			"\"number\"?\n"},
		/* One slip, one problem. */
		{"{{#signature.list}}{{name}} {{country}}{{/signature.list}}",
			"t:1:1: unknown variable \"signature.list\"; did you "
			"mean \"signatures.list\"?\n"},
		{"{{#none}}{{whatever}}{{/none}}", ""},
		{"{{#date}}{{.}}{{/date}}", ""},
		{"{{recipient}}",
			"t:1:1: \"recipient\" is not a text but holds several "
			"values; name one of them or make it a section\n"},
		{"{{.}}", "t:1:1: \".\" is not a text but holds several "
			  "values; name one of them or make it a section\n"},
		{"{{>unknown}} {{>unknown}}",
			"unknown:2:2: unknown variable \"recipient.nmae\"; did "
			"you mean \"recipient.name\"?\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct template *t = parsed(cases[i].text);
		struct problems ps = {0};
		char *got;

		template_check(t, &root, &ps);
		got = listed(&ps);
		assert_string_equal(got, cases[i].want);
		free(got);
		problems_release(&ps);
		template_free(t);
	}
}

static void
knows_what_it_uses(void **state)
{
	static const struct {
		const char *text;
		const char *name;
		bool want;
	} cases[] = {
		{"{{signatures.list}}", "signatures.list", true},
		{"{{#signatures.list}}{{/signatures.list}}", "signatures.list",
			true},
		{"{{#signatures}}{{#list}}{{/list}}{{/signatures}}",
			"signatures.list", true},
		{"{{signatures.list}}", "signatures", true},
		{"{{signatures.total}}", "signatures.list", false},
		{"{{signatures.lists}}", "signatures.list", false},
		{"signer {{! signer }}", "signer", false},
		{"{{>sign}}", "date", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct template *t = parsed(cases[i].text);

		assert_int_equal(
			template_uses(t, cases[i].name), cases[i].want);
		template_free(t);
	}
}

/* --- skeletons --------------------------------------------------------- */

static void
makes_skeletons(void **state)
{
	struct template *t = parsed("# {{recipient.name}}\n"
				    "{{#signatures.list}}\n* {{name}}\n"
				    "{{/signatures.list}}\n{{signer}}\n");
	struct template_values values = {0};
	struct buf out = {0};

	(void)state;
	assert_string_equal(template_token_prefix(t), "tq");
	assert_int_equal(template_skeleton(t, &root, &out, &values), 0);
	assert_string_equal(buf_str(&out), "# tq00000z\n* tq00001z\n* "
					   "tq00002z\ntq00003z\n");
	assert_int_equal(values.count, 4);
	assert_string_equal(values.items[0], "Director");
	assert_string_equal(values.items[2], "Bo & Co");
	assert_string_equal(values.items[3], "");
	/* A second one goes on where the first ended. */
	buf_reset(&out);
	assert_int_equal(template_skeleton(t, &root, &out, &values), 0);
	assert_int_equal(strncmp(buf_str(&out), "# tq00004z\n", 11), 0);
	assert_int_equal(values.count, 8);
	template_values_release(&values);
	buf_release(&out);
	template_free(t);
}

static void
avoids_its_own_text(void **state)
{
	struct template *t = parsed("tq tqb tqc {{date}}");

	(void)state;
	assert_string_equal(template_token_prefix(t), "tqd");
	template_free(t);
}

static void
runs_out_of_tokens(void **state)
{
	static struct value items[TEMPLATE_TOKEN_MAX + 1];
	struct value many = {VALUE_LIST, NULL, NULL, items, TEMPLATE_TOKEN_MAX};
	const char *const names[] = {"many"};
	struct value data = {VALUE_MAP, NULL, names, &many, 1};
	struct template *t = parsed("{{#many}}{{.}}{{/many}}");
	struct template_values values = {0};
	struct buf out = {0};

	(void)state;
	assert_int_equal(template_skeleton(t, &data, &out, &values), 0);
	template_values_release(&values);
	many.count++;
	assert_int_equal(template_skeleton(t, &data, &out, &values), -1);
	template_values_release(&values);
	buf_release(&out);
	template_free(t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specification),
		cmocka_unit_test(renders),
		cmocka_unit_test(reports_syntax),
		cmocka_unit_test(refuses_deep_sections),
		cmocka_unit_test(recursion_ends),
		cmocka_unit_test(asks_for_a_partial_once),
		cmocka_unit_test(checks_names),
		cmocka_unit_test(knows_what_it_uses),
		cmocka_unit_test(makes_skeletons),
		cmocka_unit_test(avoids_its_own_text),
		cmocka_unit_test(runs_out_of_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
