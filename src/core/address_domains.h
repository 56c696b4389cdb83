/*
 * Which addresses of a provider are one mailbox, as data for
 * address_canonical. Only what the provider itself says or does for everybody,
 * for one wrong row makes two people one, which is worse than one person
 * counted twice.
 *
 * Left out on purpose: Yahoo (name-tag: its older addresses have hyphens of
 * their own), Fastmail's tag@name.domain (the same form as a customer's own
 * subdomain), and domains hosted by one of these for somebody else.
 */
#ifndef CORE_ADDRESS_DOMAINS_H
#define CORE_ADDRESS_DOMAINS_H

#include <stdbool.h>

enum {
	ADDRESS_DOMAINS_MAX = 32
};

struct address_provider {
	const char *same;    /* all domains are this one; NULL: each is its
				own */
	const char *ignored; /* characters that make no difference, or "" */
	bool dot_is_hyphen;
	bool tags;				  /* name+anything is name */
	const char *domains[ADDRESS_DOMAINS_MAX]; /* ends with NULL */
};

static const struct address_provider address_providers[] = {
	/* Gmail Help: dots do not matter, nor what follows a +, and
	 * googlemail.com is the same */
	{.same = "gmail.com",
		.ignored = ".",
		.tags = true,
		.domains = {"gmail.com", "googlemail.com"}},

	/* Outlook.com Help: name+tag; the same name at two of its domains is
	 * two accounts */
	{.ignored = "",
		.tags = true,
		.domains = {"outlook.com", "hotmail.com", "live.com", "msn.com",
			"outlook.at", "outlook.be", "outlook.com.tr",
			"outlook.de", "outlook.dk", "outlook.es", "outlook.fr",
			"outlook.it", "outlook.pt", "outlook.sa", "hotmail.be",
			"hotmail.ca", "hotmail.co.uk", "hotmail.de",
			"hotmail.es", "hotmail.fr", "hotmail.it", "hotmail.se",
			"live.at", "live.be", "live.ca", "live.co.uk",
			"live.de", "live.fr", "live.it", "live.nl", "live.se"}},

	/* Fastmail Help, on plus addressing */
	{.ignored = "",
		.tags = true,
		.domains = {"fastmail.com", "fastmail.fm"}},

	/* support.apple.com/118230: one account, up to three domains */
	{.same = "icloud.com",
		.ignored = "",
		.tags = true,
		.domains = {"icloud.com", "me.com", "mac.com"}},

	/* proton.me/support/addresses-and-aliases; the signs are dropped by
	 * Proton's own clients (removeEmailAlias) */
	{.same = "proton.me",
		.ignored = ".-_",
		.tags = true,
		.domains = {"proton.me", "protonmail.com", "protonmail.ch",
			"pm.me"}},

	/* yandex.com/support/domain/additional/mailbox-alias.xml; a dot and
	 * a hyphen in a login are the same to Yandex ID */
	{.same = "yandex.ru",
		.ignored = "",
		.dot_is_hyphen = true,
		.tags = true,
		.domains = {"yandex.ru", "ya.ru", "yandex.com", "yandex.by",
			"yandex.kz", "yandex.ua"}},
};

#endif
