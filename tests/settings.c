/* settings: URIs and what they mean
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "gsttdengineerror.h"
#include "gsttdenginesettings-private.h"

static const struct
{
  const gchar *uri;
  gboolean tls;
  const gchar *host;
  guint port;
  const gchar *user;
  const gchar *password;
  const gchar *database;
} understood[] = {
  {"taos+ws://", FALSE, "localhost", 6041, "root", NULL, NULL},
  {"taos+ws://example.org", FALSE, "example.org", 6041, "root", NULL,
      NULL},
  {"taos+wss://ola:p%40ss%2Fword@example.org:443/Power", TRUE, "example.org",
      443, "ola", "p@ss/word", "Power"},
  {"taosws://h:1/d", FALSE, "h", 1, "root", NULL, "d"},
  {"taoswss://h", TRUE, "h", 6041, "root", NULL, NULL},
  {"ws://[::1]:6042/", FALSE, "::1", 6042, "root", NULL, NULL},
  {"wss://ola@h", TRUE, "h", 6041, "ola", NULL, NULL},
  {"ws://h/d?user=ola&password=a%26b", FALSE, "h", 6041, "ola", "a&b", "d"},
  {"jdbc:TAOS-WS://h:6041/power?user=ola&password=secret", FALSE, "h", 6041,
      "ola", "secret", "power"},
  {"jdbc: TAOS-WS://h", FALSE, "h", 6041, "root", NULL, NULL},
  {"JDBC:taos-ws://h/?useSSL=true", TRUE, "h", 6041, "root", NULL, NULL},
};

GST_START_TEST (test_uris_are_understood)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri (understood[__i__].uri, &error);

  g_assert_no_error (error);
  fail_unless_equals_int (settings->tls, understood[__i__].tls);
  const GstTDengineHost *host =
      &g_array_index (settings->hosts, GstTDengineHost, 0);
  fail_unless_equals_int (settings->hosts->len, 1);
  fail_unless_equals_string (host->name, understood[__i__].host);
  fail_unless_equals_int (host->port, understood[__i__].port);
  fail_unless_equals_string (settings->user, understood[__i__].user);
  fail_unless_equals_string (settings->password, understood[__i__].password);
  fail_unless_equals_string (gst_tdengine_settings_get_database (settings),
      understood[__i__].database);
  fail_unless (gst_tdengine_settings_validate (settings, NULL));
}

GST_END_TEST;

static const struct
{
  const gchar *uri;
  const gchar *shown;
} rows_of_hosts[] = {
  {"ws://a,b", "taos+ws://root@a:6041,b:6041/"},
  {"ws://a:1,b:2,c/d", "taos+ws://root@a:1,b:2,c:6041/d"},
  {"wss://ola:p%2Cw@a,[::1]:2/d?user=kari",
      "taos+wss://kari@a:6041,[::1]:2/d"},
  {"jdbc:TAOS-WS://a:1,b:2/d?password=x,y", "taos+ws://root@a:1,b:2/d"},
  {"ws://a/?password=x,y", "taos+ws://root@a:6041/"},
};

GST_START_TEST (test_hosts_stand_in_a_row)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri (rows_of_hosts[__i__].uri, &error);

  g_assert_no_error (error);
  g_autofree gchar *shown = gst_tdengine_settings_get_uri (settings);
  fail_unless_equals_string (shown, rows_of_hosts[__i__].shown);
}

GST_END_TEST;

static const gchar *const time_outs[] = {
  "ws://h/?httpConnectTimeout=5000&messageWaitTimeout=7000",
  "jdbc:TAOS-WS://h/d?HttpConnectTimeout=5000&MessageWaitTimeout=7000",
  "ws://h/?connect-timeout=5000&message_timeout=7000",
};

GST_START_TEST (test_time_outs_have_several_spellings)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri (time_outs[__i__], &error);

  g_assert_no_error (error);
  fail_unless_equals_int (settings->connect_timeout, 5000);
  fail_unless_equals_int (settings->message_timeout, 7000);
}

GST_END_TEST;

static const struct
{
  const gchar *uri;
  const gchar *words;
} refused[] = {
  {"http://ola:hunter2@h/", "http"},
  {"taos-ws://h/", "taos-ws"},
  {"jdbc:TAOS-RS://ola:hunter2@h/", "taos-rs"},
  {"jdbc:taos+ws://h/", "jdbc:taos+ws"},
  {"ws://ola:hunter2@h/a/b", "path"},
  {"ws://ola:hunter2@h/?colour=red", "colour"},
  {"ws://h/?message-timeout=0", "message-timeout"},
  {"ws://h/?message-timeout=soon", "message-timeout"},
  {"ws://h/?connect-timeout=-1", "connect-timeout"},
  {"ws://ola:hunter2@h:port/", "can't be read"},
  {"ws://ola:hunter2@h,:1/", "host 2"},
  {"ws://ola:hunter2@h,,i/", "host 2"},
  {"ws://ola:hunter2@h,i:port/", "host 2"},
  {"ws://h,i:70000/", "host 2"},
  {"ws://ola:hunter2@h:70000/", ""},
  {"h", "can't be read"},
  {"", "can't be read"},
};

GST_START_TEST (test_what_is_not_understood_is_told_without_secrets)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSettings) settings = gst_tdengine_settings_new ();

  if (gst_tdengine_settings_set_uri (settings, refused[__i__].uri, NULL))
    fail_if (gst_tdengine_settings_validate (settings, &error));
  else
    gst_tdengine_settings_validate (settings, &error);
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_INVALID_VALUE));
  fail_unless (strstr (error->message, refused[__i__].words),
      "\"%s\" lacks \"%s\"", error->message, refused[__i__].words);
  fail_if (strstr (error->message, "hunter2"), "%s", error->message);
}

GST_END_TEST;

GST_START_TEST (test_a_single_setting_wins_whichever_came_first)
{
  g_autoptr (GstTDengineSettings) before = gst_tdengine_settings_new ();
  g_autoptr (GstTDengineSettings) after = gst_tdengine_settings_new ();

  gst_tdengine_settings_set (before, "user", "kari", NULL);
  gst_tdengine_settings_set_uri (before, "ws://ola:x@h/d", NULL);
  gst_tdengine_settings_set_uri (after, "ws://ola:x@h/d", NULL);
  gst_tdengine_settings_set (after, "user", "kari", NULL);
  fail_unless_equals_string (before->user, "kari");
  fail_unless_equals_string (after->user, "kari");
  fail_unless_equals_string (before->password, "x");

  /* another URI takes the first one's place, but for what was set singly */
  gst_tdengine_settings_set_uri (before, "ws://per@i", NULL);
  fail_unless_equals_string (before->user, "kari");
  fail_if (before->password);
  fail_if (gst_tdengine_settings_get_database (before));
}

GST_END_TEST;

static const struct
{
  const gchar *name;
  const gchar *value;
  gint code;
} invalid[] = {
  {"user", "", GST_TDENGINE_ERROR_USER_REQUIRED},
  {"user", NULL, GST_TDENGINE_ERROR_USER_REQUIRED},
  {"password", "", GST_TDENGINE_ERROR_PASSWORD_REQUIRED},
  {"timezone", "Mars/Phobos", GST_TDENGINE_ERROR_INVALID_VALUE},
  /* 65 bytes */
  {"database",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
      GST_TDENGINE_ERROR_INVALID_VALUE},
};

GST_START_TEST (test_settings_are_checked_before_use)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSettings) settings = gst_tdengine_settings_new ();

  gst_tdengine_settings_set (settings, invalid[__i__].name,
      invalid[__i__].value, NULL);
  fail_if (gst_tdengine_settings_validate (settings, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          invalid[__i__].code));
}

GST_END_TEST;

GST_START_TEST (test_a_uri_is_shown_without_its_password)
{
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri ("wss://ola:hunter2@h:1/d", NULL);
  g_autofree gchar *uri = gst_tdengine_settings_get_uri (settings);

  fail_unless_equals_string (uri, "taos+wss://ola@h:1/d");
}

GST_END_TEST;

static Suite *
settings_suite (void)
{
  Suite *suite = suite_create ("settings");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, test_uris_are_understood, 0,
      G_N_ELEMENTS (understood));
  tcase_add_loop_test (tc, test_hosts_stand_in_a_row, 0,
      G_N_ELEMENTS (rows_of_hosts));
  tcase_add_loop_test (tc, test_time_outs_have_several_spellings, 0,
      G_N_ELEMENTS (time_outs));
  tcase_add_loop_test (tc, test_what_is_not_understood_is_told_without_secrets,
      0, G_N_ELEMENTS (refused));
  tcase_add_test (tc, test_a_single_setting_wins_whichever_came_first);
  tcase_add_loop_test (tc, test_settings_are_checked_before_use, 0,
      G_N_ELEMENTS (invalid));
  tcase_add_test (tc, test_a_uri_is_shown_without_its_password);
  return suite;
}

GST_CHECK_MAIN (settings);
