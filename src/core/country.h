/* Countries, as ISO 3166-1 has them, and what people call them. */
#ifndef CORE_COUNTRY_H
#define CORE_COUNTRY_H

/*
 * Reads a country: its alpha-2 code ("UK" is GB, "EL" is GR) or alpha-3 code
 * in any letter case, or its name in English, French, Spanish, Persian or
 * Arabic, with or without accents, in long or usual form ("Iran", "South
 * Korea", "USA"). A name that may be two ("Congo", "Korea") is none.
 * Returns 0 with the alpha-2 code in capitals, or -1.
 */
int country_parse(const char *text, char out[static 3]);

#endif
