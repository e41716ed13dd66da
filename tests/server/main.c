/* test server: answers as TDengine behind taosAdapter does, for tests
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gio/gio.h>
#include <glib-unix.h>
#include <gst/gst.h>
#include <stdio.h>
#include <unistd.h>

#include "benchmark.h"
#include "httpd.h"

#define DEFAULT_PORT 6041

typedef struct
{
  gint port;
  gchar *data;
  gchar *user;
  gchar *password;
  gchar *password_file;
  gchar *tls_certificate;
  gchar *tls_client_ca;
  gint64 bench_rows;
  gint bench_block_rows;
  gboolean die_with_stdin;
} Options;

static void
options_clear (Options * options)
{
  g_free (options->data);
  g_free (options->user);
  g_free (options->password);
  g_free (options->password_file);
  g_free (options->tls_certificate);
  g_free (options->tls_client_ca);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Options, options_clear)
     static gboolean
         parse_options (Options * self, int *argc, char ***argv,
    GError ** error)
{
  GOptionEntry entries[] = {
    {"port", 'p', 0, G_OPTION_ARG_INT, &self->port,
        "Port to listen at, 0 for any that is free", "N"},
    {"data", 'd', 0, G_OPTION_ARG_FILENAME, &self->data,
        "Keep what is written in this SQLite file", "FILE"},
    {"user", 0, 0, G_OPTION_ARG_STRING, &self->user,
        "Name to log in with", "NAME"},
    {"password", 0, 0, G_OPTION_ARG_STRING, &self->password,
        "Password to log in with", "TEXT"},
    {"password-file", 0, 0, G_OPTION_ARG_FILENAME, &self->password_file,
        "File whose first line is the password", "FILE"},
    {"tls-certificate", 0, 0, G_OPTION_ARG_FILENAME, &self->tls_certificate,
        "Speak TLS, with the certificate and key of this PEM file", "FILE"},
    {"tls-client-ca", 0, 0, G_OPTION_ARG_FILENAME, &self->tls_client_ca,
        "Ask for a certificate that one of these has signed", "FILE"},
    {"bench-rows", 0, 0, G_OPTION_ARG_INT64, &self->bench_rows,
        "Rows of bench.meters", "N"},
    {"bench-block-rows", 0, 0, G_OPTION_ARG_INT, &self->bench_block_rows,
        "Rows of a block of it", "N"},
    {"die-with-stdin", 0, 0, G_OPTION_ARG_NONE, &self->die_with_stdin,
        "Exit when the standard input ends", NULL},
    {NULL}
  };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_summary (context,
      "Answers as TDengine behind taosAdapter does, for tests.");
  g_option_context_add_main_entries (context, entries, NULL);
  return g_option_context_parse (context, argc, argv, error);
}

static gboolean
check_options (Options * self, GError ** error)
{
  if (self->port >= 0 && self->port <= G_MAXUINT16 && self->bench_rows >= 0
      && self->bench_block_rows >= 1 && self->bench_block_rows <= 1000000)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "expected a port up to 65535, rows from 0 and block rows of 1 to "
      "1000000");
  return FALSE;
}

static gboolean
read_password (Options * self, GError ** error)
{
  const gchar *environment = g_getenv ("TDENGINE_TEST_SERVER_PASSWORD");

  if (self->password_file) {
    g_free (self->password);
    if (!g_file_get_contents (self->password_file, &self->password, NULL,
            error))
      return FALSE;
    g_strdelimit (self->password, "\r\n", 0);
  }
  if (!self->password)
    self->password = g_strdup (environment ? environment : "taosdata");
  if (!self->user)
    self->user = g_strdup ("root");
  return TRUE;
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_CONTINUE;
}

static gboolean
read_stdin (gint fd, GIOCondition condition, gpointer loop)
{
  gchar bytes[256];

  if (read (fd, bytes, sizeof bytes) > 0)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
serve (Options * options)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);

  g_unix_signal_add (SIGTERM, quit, loop);
  g_unix_signal_add (SIGINT, quit, loop);
  if (options->die_with_stdin)
    g_unix_fd_add (0, G_IO_IN | G_IO_HUP | G_IO_ERR, read_stdin, loop);
  g_main_loop_run (loop);
}

static gboolean
run (Options * options, GError ** error)
{
  g_autoptr (Server) server = server_new (options->data, error);
  if (!server)
    return FALSE;

  server->user = g_steal_pointer (&options->user);
  server->password = g_steal_pointer (&options->password);
  server->benchmark = benchmark_new (options->bench_rows,
      options->bench_block_rows);
  g_autoptr (Httpd) httpd = httpd_new (server);
  if (options->tls_certificate && !httpd_use_tls (httpd,
          options->tls_certificate, options->tls_client_ca, error))
    return FALSE;
  if (!httpd_listen (httpd, options->port, error))
    return FALSE;
  printf ("listening on %s://127.0.0.1:%u/ws\n",
      options->tls_certificate ? "wss" : "ws", httpd_get_port (httpd));
  fflush (stdout);
  serve (options);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_auto (Options) options = {.port = DEFAULT_PORT,.bench_rows = 10000000,
    .bench_block_rows = 4096
  };
  g_autoptr (GError) error = NULL;

  gst_init (NULL, NULL);
  if (parse_options (&options, &argc, &argv, &error)
      && check_options (&options, &error) && read_password (&options, &error)
      && run (&options, &error))
    return 0;
  fprintf (stderr, "tdengine-test-server: %s\n", error->message);
  return 1;
}
