/* What countries are called, for readers; how people write them is another
 * matter. */
#ifndef CORE_COUNTRY_TITLE_H
#define CORE_COUNTRY_TITLE_H

/* The name of a country (ISO 3166-1 alpha-2, in capitals) in a language (BCP
 * 47; NULL and languages not known here: English). Returns NULL when there is
 * no such country. */
const char *country_title(const char *code, const char *lang);

#endif
