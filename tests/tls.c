/* tls: which servers are trusted, and whom a server trusts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "certificates.h"
#include "testserver.h"

static const Certificate certificates[] = {
  {"authority", NULL, NULL, -1, 1},
  {"other-authority", NULL, NULL, -1, 1},
  {"good", "authority", "IP:127.0.0.1", -1, 1},
  {"wrong-name", "authority", "DNS:example.org", -1, 1},
  {"wrong-address", "authority", "IP:127.0.0.2", -1, 1},
  {"expired", "authority", "IP:127.0.0.1", -2, -1},
  {"not-yet-valid", "authority", "IP:127.0.0.1", 1, 2},
  {"self-signed", NULL, "IP:127.0.0.1", -1, 1},
  {"client", "authority", "DNS:client", -1, 1},
  {"other-client", "other-authority", "DNS:client", -1, 1},
};

static const struct
{
  const gchar *server;          /* its certificate; NULL: without TLS */
  const gchar *client_ca;
  const gchar *ca;              /* what the client trusts; NULL: the system's */
  const gchar *certificate;     /* of the client */
  gboolean careless;
  gboolean plain;               /* the client speaks no TLS */
  const gchar *words;           /* of the error, NULL where all is well */
} cases[] = {
  {"good", NULL, "authority", NULL, FALSE, FALSE, NULL},
  {"good", NULL, NULL, NULL, FALSE, FALSE, "no authority that is trusted"},
  {"good", NULL, "other-authority", NULL, FALSE, FALSE,
      "no authority that is trusted"},
  {"wrong-name", NULL, "authority", NULL, FALSE, FALSE, "for another host"},
  {"wrong-address", NULL, "authority", NULL, FALSE, FALSE,
      "for another host"},
  {"expired", NULL, "authority", NULL, FALSE, FALSE, "has expired"},
  {"not-yet-valid", NULL, "authority", NULL, FALSE, FALSE, "not valid yet"},
  {"self-signed", NULL, "authority", NULL, FALSE, FALSE,
      "no authority that is trusted"},
  {"self-signed", NULL, "self-signed", NULL, FALSE, FALSE, NULL},

  {"good", NULL, NULL, NULL, TRUE, FALSE, NULL},
  {"wrong-name", NULL, NULL, NULL, TRUE, FALSE, NULL},
  {"expired", NULL, NULL, NULL, TRUE, FALSE, NULL},
  {"self-signed", NULL, NULL, NULL, TRUE, FALSE, NULL},

  {"good", "authority", "authority", "client", FALSE, FALSE, NULL},
  {"good", "authority", "authority", NULL, FALSE, FALSE, "No connection"},
  {"good", "authority", "authority", "other-client", FALSE, FALSE,
      "No connection"},
  {"expired", "authority", "authority", "client", FALSE, FALSE,
      "has expired"},

  {"good", NULL, NULL, NULL, FALSE, TRUE, "No connection"},
  {NULL, NULL, "authority", NULL, FALSE, FALSE, "took longer"},
};

static void
setup (void)
{
  certificates_make (certificates, G_N_ELEMENTS (certificates));
}

static void
teardown (void)
{
  certificates_remove ();
}

static void
start_server (const gchar * certificate, const gchar * client_ca)
{
  const gchar *options[] = { NULL, NULL, NULL, NULL, NULL };

  if (certificate) {
    options[0] = "--tls-certificate";
    options[1] = certificates_find (certificate);
  }
  if (client_ca) {
    options[2] = "--tls-client-ca";
    options[3] = certificates_find (client_ca);
  }
  test_server_set_options (options);
}

static GstTDengineSettings *
make_settings (gboolean tls)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *uri = g_strdup_printf ("taos+%s%s", tls ? "wss" : "ws",
      strchr (test_server_uri (), ':'));
  GstTDengineSettings *settings =
      gst_tdengine_settings_new_from_uri (uri, &error);

  g_assert_no_error (error);
  return settings;
}

static void
set_file (GstTDengineSettings * settings, const gchar * name,
    const gchar * certificate)
{
  if (certificate)
    gst_tdengine_settings_set (settings, name, certificates_find (certificate),
        NULL);
}

GST_START_TEST (test_only_who_is_trusted_is_spoken_to)
{
  g_autoptr (GError) error = NULL;

  start_server (cases[__i__].server, cases[__i__].client_ca);
  g_autoptr (GstTDengineSettings) settings =
      make_settings (!cases[__i__].plain);
  set_file (settings, "tls-ca-file", cases[__i__].ca);
  set_file (settings, "tls-certificate-file", cases[__i__].certificate);
  /* a server that waits for HTTP says nothing to a TLS client */
  if (!cases[__i__].server)
    gst_tdengine_settings_set (settings, "connect-timeout", "500", NULL);
  if (cases[__i__].careless)
    gst_tdengine_settings_set (settings, "ssl-strict", "false", NULL);
  g_autoptr (GstTDengineConnection) connection =
      gst_tdengine_connection_new (settings);

  if (gst_tdengine_connection_open (connection, NULL, &error)) {
    g_autofree gchar *text = test_query_text (connection, "select 42");

    fail_unless_equals_string (text, "42\n");
    fail_if (cases[__i__].words, "expected \"%s\"", cases[__i__].words);
  } else {
    fail_unless (error->domain == GST_TDENGINE_ERROR);
    fail_unless (cases[__i__].words
        && strstr (error->message, cases[__i__].words), "%s", error->message);
  }
  g_clear_object (&connection);
  test_server_stop ();
}

GST_END_TEST;

GST_START_TEST (test_an_element_that_trusts_anyone_warns)
{
  g_autoptr (GError) error = NULL;

  start_server ("self-signed", NULL);
  g_autofree gchar *line = g_strdup_printf ("tdenginesrc uri=%s "
      "ssl-strict=false query=\"select 42\" ! fakesink", test_server_uri ());
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) warning = gst_bus_timed_pop_filtered (bus,
      10 * GST_SECOND, GST_MESSAGE_WARNING | GST_MESSAGE_EOS);
  fail_unless_equals_int (GST_MESSAGE_TYPE (warning), GST_MESSAGE_WARNING);
  g_autoptr (GstMessage) end = gst_bus_timed_pop_filtered (bus,
      10 * GST_SECOND, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  fail_unless_equals_int (GST_MESSAGE_TYPE (end), GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  test_server_stop ();
}

GST_END_TEST;

static const struct
{
  const gchar *setting;
  const gchar *words;
} unusable[] = {
  {"tls-ca-file", "tls-ca-file /nowhere"},
  {"tls-certificate-file", "tls-certificate-file /nowhere"},
  {"tls-key-file", "without tls-certificate-file"},
};

GST_START_TEST (test_a_file_that_is_of_no_use_is_told)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri ("taos+wss://localhost:1", NULL);
  g_autoptr (GstTDengineConnection) connection = NULL;

  gst_tdengine_settings_set (settings, unusable[__i__].setting, "/nowhere",
      NULL);
  connection = gst_tdengine_connection_new (settings);
  fail_if (gst_tdengine_connection_open (connection, NULL, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_INVALID_VALUE));
  fail_unless (strstr (error->message, unusable[__i__].words), "%s",
      error->message);
}

GST_END_TEST;

static Suite *
tls_suite (void)
{
  Suite *s = suite_create ("tls");
  TCase *tc = tcase_create ("certificates");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, setup, teardown);
  /* only our own server has these certificates */
  if (!g_getenv ("TDENGINE_TEST_URI")) {
    tcase_add_loop_test (tc, test_only_who_is_trusted_is_spoken_to, 0,
        G_N_ELEMENTS (cases));
    tcase_add_test (tc, test_an_element_that_trusts_anyone_warns);
  }
  tcase_add_loop_test (tc, test_a_file_that_is_of_no_use_is_told, 0,
      G_N_ELEMENTS (unusable));
  return s;
}

GST_CHECK_MAIN (tls);
