/* certificates: for a server and for clients, good and bad
 *
 * Each is a PEM file of the certificate and its key, in a folder of its own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "certificates.h"

#define DAY (24 * 60 * 60)

typedef struct
{
  X509 *x509;
  EVP_PKEY *key;
  gchar *file;
} Made;

static GHashTable *made;        /* name → Made */
static gchar *folder;

static void
made_free (gpointer data)
{
  Made *self = data;

  g_remove (self->file);
  g_free (self->file);
  X509_free (self->x509);
  EVP_PKEY_free (self->key);
  g_free (self);
}

static void
add_extension (X509 * x509, X509 * issuer, gint nid, const gchar * value)
{
  X509V3_CTX context;
  X509_EXTENSION *extension;

  X509V3_set_ctx (&context, issuer, x509, NULL, NULL, 0);
  extension = X509V3_EXT_conf_nid (NULL, &context, nid, value);
  g_assert_nonnull (extension);
  X509_add_ext (x509, extension, -1);
  X509_EXTENSION_free (extension);
}

static void
write_file (const Made * self)
{
  FILE *file = fopen (self->file, "w");

  g_assert_nonnull (file);
  g_assert_true (PEM_write_X509 (file, self->x509));
  g_assert_true (PEM_write_PrivateKey (file, self->key, NULL, NULL, 0, NULL,
          NULL));
  fclose (file);
}

static void
make_one (const Certificate * certificate, glong serial)
{
  Made *self = g_new0 (Made, 1);
  Made *issuer = certificate->issuer ?
      g_hash_table_lookup (made, certificate->issuer) : self;
  X509_NAME *name;

  self->key = EVP_EC_gen ("P-256");
  self->x509 = X509_new ();
  self->file = g_strdup_printf ("%s/%s.pem", folder, certificate->name);
  X509_set_version (self->x509, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (self->x509), serial);
  X509_gmtime_adj (X509_getm_notBefore (self->x509),
      (glong) certificate->from * DAY);
  X509_gmtime_adj (X509_getm_notAfter (self->x509),
      (glong) certificate->to * DAY);
  X509_set_pubkey (self->x509, self->key);
  name = X509_get_subject_name (self->x509);
  X509_NAME_add_entry_by_txt (name, "CN", MBSTRING_ASC,
      (const guchar *) certificate->name, -1, -1, 0);
  X509_set_issuer_name (self->x509, X509_get_subject_name (issuer->x509));
  add_extension (self->x509, issuer->x509, NID_basic_constraints,
      certificate->host ? "CA:FALSE" : "critical,CA:TRUE");
  if (certificate->host)
    add_extension (self->x509, issuer->x509, NID_subject_alt_name,
        certificate->host);
  g_assert_true (X509_sign (self->x509, issuer->key, EVP_sha256 ()) > 0);
  write_file (self);
  g_hash_table_insert (made, (gpointer) certificate->name, self);
}

/* issuers first */
void
certificates_make (const Certificate * list, guint n)
{
  g_autoptr (GError) error = NULL;

  folder = g_dir_make_tmp ("tdengine-certificates-XXXXXX", &error);
  g_assert_no_error (error);
  made = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, made_free);
  for (guint i = 0; i < n; i++)
    make_one (&list[i], i + 1);
}

/* the file of one */
const gchar *
certificates_find (const gchar * name)
{
  return ((Made *) g_hash_table_lookup (made, name))->file;
}

void
certificates_remove (void)
{
  g_clear_pointer (&made, g_hash_table_unref);
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
}
