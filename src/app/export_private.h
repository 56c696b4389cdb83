/* What the documents of export.h share. */
#ifndef APP_EXPORT_PRIVATE_H
#define APP_EXPORT_PRIVATE_H

#include "app/catalog.h"
#include "app/export.h"
#include "store/store_signature.h"

struct export_document {
	struct workspace *ws;
	const struct export_request *request;
	int64_t letter; /* 0: nobody signed it */
	struct catalog catalog;
	const struct catalog_entry *entry; /* NULL: gone from the files */
	const char *title;		   /* its name where it has none */
	const char *lang;
	struct buf buf; /* is written once it is long enough */
	export_write_fn *write;
	void *ctx;
};

/* Errors: ERR_NOTFOUND. To be closed on failure too. */
int export_document_open(struct workspace *ws,
	const struct export_request *request, export_write_fn *write, void *ctx,
	struct export_document *out, struct err *err);
void export_document_close(struct export_document *d);

/* Calls each for the confirmed signatures that the viewer sees. */
int export_document_walk(struct export_document *d, store_signature_fn *each,
	void *ctx, struct err *err);

/* Writes what is in buf, if it is much or with all in any case. */
int export_document_write(struct export_document *d, bool all, struct err *err);

#endif
