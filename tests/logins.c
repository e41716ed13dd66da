/* logins: who comes in, and what is told of whom
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>

#include "gsttdengineconnection-private.h"
#include "gsttdenginemessages.h"
#include "gsttdenginesettings-private.h"
#include "scriptedserver.h"
#include "testserver.h"

/* what is sent */

static const struct
{
  const gchar *query;           /* of the URI */
  const gchar *conn[4];         /* what is in it, or with a ! what is not */
  const gchar *subscribe[4];
} sent[] = {
  {"user=ola", {"\"user\":\"ola\",\"password\":\"P\"", "!totp", "!bearer"},
      {"\"user\":\"ola\",\"password\":\"P\"", "!totp", "!td.connect.token"}},
  {"user=ola&totp-code=123456", {"\"user\":\"ola\"", "\"password\":\"P\"",
          "\"totp_code\":\"123456\""}, {"\"password\":\"P\"",
          "\"totp_code\":\"123456\""}},
  {"bearerToken=T", {"!\"user\"", "!\"password\"", "\"bearer_token\":\"T\""},
      {"!\"user\"", "!\"password\"",
          "\"config\":{\"td.connect.token\":\"T\"}"}},
  {"appName=loader&appIp=10.1.2.3", {"\"app\":\"loader\"",
          "\"ip\":\"10.1.2.3\"", "\"connector\":\"gst-tdengine "},
      {"\"app\":\"loader\"", "\"ip\":\"10.1.2.3\"",
          "\"connector\":\"gst-tdengine "}},
};

static void
assert_says (const gchar * text, const gchar * const words[4])
{
  for (guint i = 0; i < 4 && words[i]; i++) {
    gboolean absent = words[i][0] == '!';

    fail_unless ((strstr (text, words[i] + absent) == NULL) == absent,
        "%s: %s", words[i], text);
  }
}

GST_START_TEST (test_a_login_says_who_asks)
{
  static const gchar *const topics[] = { "t", NULL };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *uri = g_strconcat ("ws://h/?", sent[__i__].query, NULL);
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri (uri, &error);
  g_autoptr (GstStructure) options =
      gst_structure_new ("options", "group.id", G_TYPE_STRING, "g", NULL);

  g_assert_no_error (error);
  g_autofree gchar *conn = gst_tdengine_messages_conn (1, settings, "P");
  g_autofree gchar *subscribe =
      gst_tdengine_messages_subscribe (1, settings, "P", topics, options);
  assert_says (conn, sent[__i__].conn);
  assert_says (subscribe, sent[__i__].subscribe);
}

GST_END_TEST;

static void
note_query (SoupServer * soup, SoupServerMessage * message, gchar ** query)
{
  const gchar *text = g_uri_get_query (soup_server_message_get_uri (message));

  g_free (*query);
  *query = g_strdup (text ? text : "");
}

GST_START_TEST (test_a_cloud_token_is_part_of_the_address)
{
  g_autofree gchar *query = NULL;
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);

  g_signal_connect (scripted_server_get_soup (server), "request-read",
      G_CALLBACK (note_query), &query);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "?token=a%2Bb%26c");
  fail_unless_equals_string (query, "token=a%2Bb%26c");
}

GST_END_TEST;

/* where a password comes from: the closest counts */

static const struct
{
  const gchar *property;
  const gchar *uri;
  const gchar *file;            /* what is in it */
  const gchar *environment;
  const gchar *found;           /* NULL: none that is of use */
} sources[] = {
  {NULL, NULL, NULL, NULL, "taosdata"},
  {NULL, NULL, NULL, "env", "env"},
  {NULL, NULL, "file\n", "env", "file"},
  {NULL, NULL, "file\r\nmore\n", NULL, "file"},
  {NULL, NULL, "file", NULL, "file"},
  {NULL, "uri", "file", "env", "uri"},
  {"property", "uri", "file", "env", "property"},
  {NULL, NULL, "\n", "env", NULL},
  {NULL, NULL, NULL, "", NULL},
  {"", "uri", NULL, NULL, NULL},
};

GST_START_TEST (test_the_closest_password_counts)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *uri = g_strdup_printf ("ws://h/?%s%s",
      sources[__i__].uri ? "password=" : "",
      sources[__i__].uri ? sources[__i__].uri : "");
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri (uri, NULL);
  g_autofree gchar *file = NULL;
  gint fd = g_file_open_tmp ("tdengine-password-XXXXXX", &file, NULL);

  g_close (fd, NULL);
  if (sources[__i__].file) {
    g_file_set_contents (file, sources[__i__].file, -1, NULL);
    gst_tdengine_settings_set (settings, "password-file", file, NULL);
  }
  if (sources[__i__].property)
    gst_tdengine_settings_set (settings, "password", sources[__i__].property,
        NULL);
  if (sources[__i__].environment)
    g_setenv ("TDENGINE_PASSWORD", sources[__i__].environment, TRUE);
  g_autofree gchar *found =
      gst_tdengine_settings_find_password (settings, &error);
  g_unsetenv ("TDENGINE_PASSWORD");
  g_remove (file);
  fail_unless_equals_string (found, sources[__i__].found);
  fail_unless (found || g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_PASSWORD_REQUIRED));
}

GST_END_TEST;

GST_START_TEST (test_a_password_file_has_to_be_there)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSettings) settings = gst_tdengine_settings_new ();

  gst_tdengine_settings_set (settings, "password-file", "/nowhere", NULL);
  fail_if (gst_tdengine_settings_validate (settings, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_INVALID_VALUE));
  fail_unless (strstr (error->message, "password-file"), "%s", error->message);
}

GST_END_TEST;

/* which servers are recent enough */

static const struct
{
  const gchar *version;
  gboolean fine;
} versions[] = {
  {"3.3.5.0", TRUE},
  {"3.3.7.5", TRUE},
  {"3.3.7.5.alpha", TRUE},
  {"3.4.0.0-community", TRUE},
  {"3.10.0.0", TRUE},
  {"4.0", TRUE},
  {"3.3.4.8", FALSE},
  {"3.2.9.9", FALSE},
  {"2.6.0.34", FALSE},
  {"recent", FALSE},
  {"", FALSE},
  {NULL, FALSE},
};

GST_START_TEST (test_only_recent_servers_are_used)
{
  g_autoptr (GError) error = NULL;

  fail_unless_equals_int (gst_tdengine_connection_check_version
      (versions[__i__].version, &error), versions[__i__].fine);
  fail_unless (versions[__i__].fine || g_error_matches (error,
          GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_TOO_OLD));
}

GST_END_TEST;

/* an old server, which tells its version only when it is asked */
static gboolean
answer_as_old (ScriptedServer * server, const ScriptedRequest * request,
    gpointer version)
{
  if (g_str_equal (request->action, "conn"))
    scripted_server_send_text (server, request, "{\"code\":0,\"message\":\"\","
        "\"action\":\"conn\",\"req_id\":%" G_GUINT64_FORMAT "}",
        request->req_id);
  else
    scripted_server_send_text (server, request, "{\"code\":0,\"message\":\"\","
        "\"action\":\"version\",\"req_id\":%" G_GUINT64_FORMAT
        ",\"version\":\"%s\"}", request->req_id, (const gchar *) version);
  return TRUE;
}

GST_START_TEST (test_an_old_server_is_asked_and_refused)
{
  gchar version[] = "3.3.4.8";
  g_autoptr (ScriptedServer) server =
      scripted_server_new (answer_as_old, version);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_make_client (server, "");
  g_autoptr (GError) error = NULL;

  fail_if (gst_tdengine_connection_open (connection, NULL, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_TOO_OLD));
  fail_unless (strstr (error->message, "3.3.4.8"), "%s", error->message);
}

GST_END_TEST;

/* who comes in */

static const struct
{
  const gchar *user;
  const gchar *password;
  gint conn;                    /* the server's code */
  gint subscribe;
} comers[] = {
  {"ola", "hunter2", 0, 0},
  {"ola", "hunter3", 855, 65535},
  {"ola", "HUNTER2", 855, 65535},
  {"kari", "hunter2", 855, 65535},
};

static void
assert_code (const GError * error, gint code)
{
  fail_unless_equals_int (error ? gst_tdengine_error_get_server_code (error) :
      0, code);
  fail_if (error && strstr (error->message, "hunter"), "%s", error->message);
}

GST_START_TEST (test_only_who_is_known_comes_in)
{
  static const gchar *const options[] =
      { "--user", "ola", "--password", "hunter2", NULL };
  static const gchar *const topics[] = { "t", NULL };
  g_autoptr (GstStructure) group =
      gst_structure_new ("options", "group.id", G_TYPE_STRING, "g", NULL);
  g_autoptr (GError) error = NULL;

  test_server_set_options (options);
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri (test_server_uri (), NULL);
  gst_tdengine_settings_set (settings, "user", "ola", NULL);
  gst_tdengine_settings_set (settings, "password", "hunter2", NULL);
  g_autoptr (GstTDengineConnection) good =
      gst_tdengine_connection_new (settings);
  fail_unless (gst_tdengine_connection_open (good, NULL, &error));
  test_execute (good,
      "create database if not exists d wal_retention_period 3600");
  test_execute (good, "create table if not exists d.m (ts timestamp, v int)");
  test_execute (good, "create topic t as select * from d.m");

  gst_tdengine_settings_set (settings, "user", comers[__i__].user, NULL);
  gst_tdengine_settings_set (settings, "password", comers[__i__].password,
      NULL);
  g_autoptr (GstTDengineConnection) connection =
      gst_tdengine_connection_new (settings);
  gst_tdengine_connection_open (connection, NULL, &error);
  assert_code (error, comers[__i__].conn);
  g_clear_error (&error);
  g_autoptr (GstTDengineConsumer) consumer =
      gst_tdengine_consumer_new (settings);
  gst_tdengine_consumer_subscribe (consumer, topics, group, NULL, &error);
  assert_code (error, comers[__i__].subscribe);
  gst_tdengine_consumer_close (consumer);
  g_clear_object (&connection);
  g_clear_object (&good);
  test_server_stop ();
}

GST_END_TEST;

static Suite *
logins_suite (void)
{
  Suite *s = suite_create ("logins");
  TCase *tc = tcase_create ("logins");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_a_login_says_who_asks, 0, G_N_ELEMENTS (sent));
  tcase_add_test (tc, test_a_cloud_token_is_part_of_the_address);
  tcase_add_loop_test (tc, test_the_closest_password_counts, 0,
      G_N_ELEMENTS (sources));
  tcase_add_test (tc, test_a_password_file_has_to_be_there);
  tcase_add_loop_test (tc, test_only_recent_servers_are_used, 0,
      G_N_ELEMENTS (versions));
  tcase_add_test (tc, test_an_old_server_is_asked_and_refused);
  /* a real server has other users */
  if (!g_getenv ("TDENGINE_TEST_URI"))
    tcase_add_loop_test (tc, test_only_who_is_known_comes_in, 0,
        G_N_ELEMENTS (comers));
  return s;
}

GST_CHECK_MAIN (logins);
