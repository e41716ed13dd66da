/* bare: what a socket alone can do, to measure the elements against
 *
 * Blocking POSIX sockets and no library: one request at a time over a
 * WebSocket, one buffer for everything that comes, messages ready-made and
 * masked before the clock starts. Nothing is decoded but what tells rows and
 * errors apart. It is a measure, no client: it trusts the server.
 *
 *   bare read SQL...
 *   bare follow TOPIC ROWS
 *   bare write-raw DATABASE TABLE ROWS MESSAGES
 *   bare write-bound DATABASE SUPER-TABLE TABLES ROWS MESSAGES
 *
 * The server is TDENGINE_TEST_URI. The clock runs from after the login.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BUFFER_SIZE (16u << 20)
#define MAX_HEAD 14
#define TEXT 1
#define BINARY 2
#define PING 9
#define FIRST_TIME 1700000000000

static const uint8_t key[4] = { 0x12, 0x34, 0x56, 0x78 };

static int sock;
static uint8_t buffer[BUFFER_SIZE];

/* what was received; payload lies in buffer */
static uint8_t *payload;
static size_t payload_size;

static void
give_up (const char *format, ...)
{
  va_list args;

  va_start (args, format);
  vfprintf (stderr, format, args);
  va_end (args);
  fputc ('\n', stderr);
  exit (1);
}

/* messages */

typedef struct
{
  uint8_t *data;
  size_t size;
  size_t room;
} Message;

static uint8_t *
extend (Message * message, size_t size)
{
  if (message->size + size > message->room) {
    message->room = 2 * (message->size + size);
    message->data = realloc (message->data, message->room);
  }
  message->size += size;
  return message->data + message->size - size;
}

static void
add (Message * message, const void *data, size_t size)
{
  memcpy (extend (message, size), data, size);
}

/* a little-endian machine is taken for granted */
#define ADD(message, type, value) \
    do { type v = (value); add ((message), &v, sizeof v); } while (0)

static void
set32 (Message * message, size_t position, uint32_t value)
{
  memcpy (message->data + position, &value, 4);
}

static void
add_head (Message * message, uint64_t resource, uint64_t action)
{
  ADD (message, uint64_t, 7);   /* request id */
  ADD (message, uint64_t, resource);
  ADD (message, uint64_t, action);
}

/* a whole frame, head and mask and all */
static Message
make_frame (int opcode, const void *data, size_t size)
{
  Message frame = { 0 };

  ADD (&frame, uint8_t, 0x80 | opcode);
  if (size < 126) {
    ADD (&frame, uint8_t, 0x80 | size);
  } else if (size < 0x10000) {
    ADD (&frame, uint8_t, 0x80 | 126);
    ADD (&frame, uint16_t, htobe16 (size));
  } else {
    ADD (&frame, uint8_t, 0x80 | 127);
    ADD (&frame, uint64_t, htobe64 (size));
  }
  add (&frame, key, sizeof key);

  uint8_t *masked = extend (&frame, size);
  for (size_t i = 0; i < size; i++)
    masked[i] = ((const uint8_t *) data)[i] ^ key[i % 4];
  return frame;
}

static Message
make_text (const char *format, ...)
{
  char text[4096];
  va_list args;

  va_start (args, format);
  int size = vsnprintf (text, sizeof text, format, args);
  va_end (args);
  if (size >= (int) sizeof text)
    give_up ("A request is too long");
  return make_frame (TEXT, text, size);
}

static Message
make_query (const char *sql)
{
  Message query = { 0 };

  add_head (&query, 0, 6);
  ADD (&query, uint16_t, 1);
  ADD (&query, uint32_t, strlen (sql));
  add (&query, sql, strlen (sql));
  return make_frame (BINARY, query.data, query.size);
}

/* the socket */

static void
send_all (const Message * message)
{
  size_t sent = 0;

  while (sent < message->size) {
    ssize_t n = send (sock, message->data + sent, message->size - sent, 0);

    if (n <= 0)
      give_up ("The server closed the connection");
    sent += n;
  }
}

static size_t
receive_some (size_t held)
{
  ssize_t n = recv (sock, buffer + held, BUFFER_SIZE - held, 0);

  if (n <= 0)
    give_up ("The server closed the connection");
  return held + n;
}

/* one message; with one request at a time nothing follows but a ping */
static void
receive_message (void)
{
  static size_t from, to;

  while (true) {
    size_t head = 2, size;

    if (from == to)
      from = to = 0;
    while (to < from + MAX_HEAD && to < from + 2)
      to = receive_some (to);
    size = buffer[from + 1];
    if (size >= 126) {
      size_t n = size == 126 ? 2 : 8;

      while (to < from + 2 + n)
        to = receive_some (to);
      size = 0;
      for (size_t i = 0; i < n; i++)
        size = size << 8 | buffer[from + 2 + i];
      head += n;
    }
    if (from + head + size > BUFFER_SIZE)
      give_up ("A message has %zu bytes", size);
    while (to < from + head + size)
      to = receive_some (to);
    bool ping = (buffer[from] & 0xf) == PING;
    payload = buffer + from + head;
    payload_size = size;
    from += head + size;
    if (!ping)
      return;
  }
}

static void
check_reply (void)
{
  static const char fine[] = "\"code\":0,";

  if (!memmem (payload, payload_size, fine, strlen (fine)))
    give_up ("The server refused: %.*s", (int) payload_size, payload);
}

static void
call (const Message * message)
{
  send_all (message);
  receive_message ();
  check_reply ();
}

static uint64_t
find_number (const char *name)
{
  char *found = memmem (payload, payload_size, name, strlen (name));

  if (!found)
    give_up ("There is no %s in: %.*s", name, (int) payload_size, payload);
  return strtoull (found + strlen (name), NULL, 10);
}

/* opening */

typedef struct
{
  char user[128];
  char password[128];
  char host[256];
  char port[16];
} Uri;

/* scheme://[user:password@]host[:port][/...] */
static Uri
read_uri (void)
{
  Uri uri = { "root", "taosdata", "127.0.0.1", "6041" };
  const char *text = getenv ("TDENGINE_TEST_URI");
  const char *rest = text ? strstr (text, "://") : NULL;

  if (!rest)
    return uri;
  rest += 3;
  if (strchr (rest, '@')) {
    sscanf (rest, "%127[^:@]:%127[^@]", uri.user, uri.password);
    rest = strchr (rest, '@') + 1;
  }
  sscanf (rest, "%255[^:/?]:%15[0-9]", uri.host, uri.port);
  return uri;
}

static void
open_socket (const Uri * uri)
{
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM }, *found;
  int on = 1;

  if (getaddrinfo (uri->host, uri->port, &hints, &found) != 0)
    give_up ("There is no host %s", uri->host);
  sock = -1;
  for (struct addrinfo * a = found; a && sock < 0; a = a->ai_next) {
    sock = socket (a->ai_family, a->ai_socktype, a->ai_protocol);
    if (connect (sock, a->ai_addr, a->ai_addrlen) != 0) {
      close (sock);
      sock = -1;
    }
  }
  freeaddrinfo (found);
  if (sock < 0)
    give_up ("Could not connect to %s:%s", uri->host, uri->port);
  setsockopt (sock, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void
shake_hands (const Uri * uri, const char *path)
{
  char request[1024];
  size_t held = 0;

  int size = snprintf (request, sizeof request, "GET %s HTTP/1.1\r\n"
      "Host: %s:%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
      path, uri->host, uri->port);
  send_all (&(Message) {
      (uint8_t *) request, size, size}
  );
  do
    held = receive_some (held);
  while (!memmem (buffer, held, "\r\n\r\n", 4));
  if (!memmem (buffer, held, " 101 ", 5))
    give_up ("The server answered: %.*s", (int) held, buffer);
}

static void
open_session (const char *database)
{
  Uri uri = read_uri ();

  open_socket (&uri);
  shake_hands (&uri, "/ws");
  Message login = make_text ("{\"action\":\"conn\",\"args\":{\"req_id\":1,"
      "\"user\":\"%s\",\"password\":\"%s\",\"db\":\"%s\"}}", uri.user,
      uri.password, database);
  call (&login);
}

/* The group is this process's own. The server answers when it has shared the
 * vgroups out. */
static void
subscribe (const char *topic)
{
  Uri uri = read_uri ();

  open_socket (&uri);
  shake_hands (&uri, "/rest/tmq");
  Message subscribe = make_text ("{\"action\":\"subscribe\",\"args\":{"
      "\"req_id\":1,\"user\":\"%s\",\"password\":\"%s\","
      "\"group_id\":\"bare_%d\",\"offset_reset\":\"earliest\","
      "\"auto_commit\":\"false\",\"topics\":[\"%s\"]}}", uri.user,
      uri.password, (int) getpid (), topic);
  call (&subscribe);
}

/* the clock */

static struct timespec wall, stopped;
static struct rusage usage, used;

static double
seconds (struct timeval a, struct timeval b)
{
  return (b.tv_sec - a.tv_sec) + (b.tv_usec - a.tv_usec) / 1e6;
}

static void
start_clock (void)
{
  getrusage (RUSAGE_SELF, &usage);
  clock_gettime (CLOCK_MONOTONIC, &wall);
}

static void
stop_clock (void)
{
  clock_gettime (CLOCK_MONOTONIC, &stopped);
  getrusage (RUSAGE_SELF, &used);
}

static void
print_result (uint64_t n_rows, uint64_t n_bytes)
{
  printf ("wall=%.6f cpu=%.6f rows=%lu bytes=%lu\n",
      (stopped.tv_sec - wall.tv_sec) + (stopped.tv_nsec - wall.tv_nsec) / 1e9,
      seconds (usage.ru_utime, used.ru_utime) + seconds (usage.ru_stime,
          used.ru_stime), (unsigned long) n_rows, (unsigned long) n_bytes);
}

static void
tell (uint64_t n_rows, uint64_t n_bytes)
{
  stop_clock ();
  print_result (n_rows, n_bytes);
}

/* reading */

static uint32_t
get32 (size_t position)
{
  uint32_t value;

  memcpy (&value, payload + position, 4);
  return value;
}

static void
read_result (const char *sql, uint64_t *n_rows, uint64_t *n_bytes)
{
  Message query = make_query (sql), fetch = { 0 };

  call (&query);
  add_head (&fetch, find_number ("\"id\":"), 7);
  ADD (&fetch, uint16_t, 1);
  fetch = make_frame (BINARY, fetch.data, fetch.size);
  while (true) {
    send_all (&fetch);
    receive_message ();
    if (get32 (34) != 0)
      give_up ("The server refused: code %u", get32 (34));
    if (payload[50])
      break;
    *n_bytes += get32 (51);
    *n_rows += get32 (55 + 8);
  }
}

static void
read_rows (char **statements, int n_statements)
{
  uint64_t n_rows = 0, n_bytes = 0;

  open_session ("");
  start_clock ();
  for (int i = 0; i < n_statements; i++)
    read_result (statements[i], &n_rows, &n_bytes);
  tell (n_rows, n_bytes);
}

/* Until nothing comes, which the clock does not count. How many rows it was is
 * the caller's word. */
static void
follow (const char *topic, uint64_t n_rows)
{
  static const char some[] = "\"have_message\":true";
  Message poll = make_text ("{\"action\":\"poll\",\"args\":{\"req_id\":2,"
      "\"blocking_time\":500}}");
  uint64_t n_bytes = 0;

  subscribe (topic);
  start_clock ();
  while (true) {
    call (&poll);
    if (!memmem (payload, payload_size, some, strlen (some)))
      break;
    Message fetch = make_text ("{\"action\":\"fetch_raw_data\",\"args\":{"
        "\"req_id\":3,\"message_id\":%lu}}",
        (unsigned long) find_number ("\"message_id\":"));
    send_all (&fetch);
    receive_message ();
    free (fetch.data);
    if (get32 (34) != 0)
      give_up ("The server refused: code %u", get32 (34));
    n_bytes += get32 (52);
    stop_clock ();
  }
  print_result (n_rows, n_bytes);
}

/* writing: ts, current float, voltage int, phase float */

static const struct
{
  uint8_t type;
  uint32_t width;
} columns[] = { {9, 8}, {6, 4}, {4, 4}, {6, 4} };

#define N_COLUMNS 4

static void
add_value (Message * message, int column, uint32_t row)
{
  if (column == 0)
    ADD (message, int64_t, FIRST_TIME + row);
  else if (column == 2)
    ADD (message, int32_t, 200 + row % 50);
  else
    ADD (message, float, 10 + row % 100 / 10.0f);
}

static void
add_block (Message * message, uint32_t n_rows)
{
  uint32_t bitmap = (n_rows + 7) / 8;

  ADD (message, uint32_t, 1);
  ADD (message, uint32_t, 28 + 9 * N_COLUMNS + 4 * bitmap + 20 * n_rows + 1);
  ADD (message, uint32_t, n_rows);
  ADD (message, uint32_t, N_COLUMNS);
  ADD (message, uint32_t, 0x80000000u);
  ADD (message, uint64_t, 0);
  for (int i = 0; i < N_COLUMNS; i++) {
    ADD (message, uint8_t, columns[i].type);
    ADD (message, uint32_t, columns[i].width);
  }
  for (int i = 0; i < N_COLUMNS; i++)
    ADD (message, uint32_t, columns[i].width * n_rows);
  for (int i = 0; i < N_COLUMNS; i++) {
    memset (extend (message, bitmap), 0, bitmap);
    for (uint32_t row = 0; row < n_rows; row++)
      add_value (message, i, row);
  }
  ADD (message, uint8_t, 0);
}

static void
write_raw (const char *database, const char *table, uint32_t n_rows,
    uint32_t n_messages)
{
  Message block = { 0 };

  add_head (&block, 0, 4);
  ADD (&block, uint32_t, n_rows);
  ADD (&block, uint16_t, strlen (table));
  add (&block, table, strlen (table));
  add_block (&block, n_rows);
  block = make_frame (BINARY, block.data, block.size);

  open_session (database);
  start_clock ();
  for (uint32_t i = 0; i < n_messages; i++)
    call (&block);
  tell ((uint64_t) n_rows * n_messages, (uint64_t) block.size * n_messages);
}

static void
add_record (Message * message, int column, uint32_t n_rows)
{
  uint32_t size = columns[column].width * n_rows;

  ADD (message, uint32_t, 17 + n_rows + size);
  ADD (message, uint32_t, columns[column].type);
  ADD (message, uint32_t, n_rows);
  memset (extend (message, n_rows), 0, n_rows);
  ADD (message, uint8_t, 0);
  ADD (message, uint32_t, size);
  for (uint32_t row = 0; row < n_rows; row++)
    add_value (message, column, row);
}

static Message
make_bind (uint64_t stmt_id, uint32_t n_tables, uint32_t n_rows)
{
  Message bind = { 0 };
  char name[16];

  add_head (&bind, stmt_id, 9);
  ADD (&bind, uint16_t, 1);
  ADD (&bind, int32_t, -1);
  size_t data = bind.size;
  memset (extend (&bind, 28), 0, 28);
  set32 (&bind, data + 4, n_tables);
  set32 (&bind, data + 12, N_COLUMNS);
  set32 (&bind, data + 16, 28);
  for (uint32_t i = 0; i < n_tables; i++)
    ADD (&bind, uint16_t, snprintf (name, sizeof name, "d%u", i) + 1);
  for (uint32_t i = 0; i < n_tables; i++)
    add (&bind, name, snprintf (name, sizeof name, "d%u", i) + 1);
  set32 (&bind, data + 24, bind.size - data);
  for (uint32_t i = 0; i < n_tables; i++)
    ADD (&bind, uint32_t, N_COLUMNS * 17 + (N_COLUMNS + 20) * n_rows);
  for (uint32_t i = 0; i < n_tables; i++)
    for (int column = 0; column < N_COLUMNS; column++)
      add_record (&bind, column, n_rows);
  set32 (&bind, data, bind.size - data);
  return make_frame (BINARY, bind.data, bind.size);
}

static void
write_bound (const char *database, const char *table, uint32_t n_tables,
    uint32_t n_rows, uint32_t n_messages)
{
  open_session (database);
  Message init = make_text ("{\"action\":\"stmt2_init\",\"args\":{\"req_id\":2,"
      "\"single_stb_insert\":true,\"single_table_bind_once\":true}}");
  call (&init);
  uint64_t stmt_id = find_number ("\"stmt_id\":");
  Message prepare = make_text ("{\"action\":\"stmt2_prepare\",\"args\":{"
      "\"req_id\":3,\"stmt_id\":%lu,\"sql\":\"insert into %s.%s (tbname,ts,"
      "current,voltage,phase) values (?,?,?,?,?)\"}}", (unsigned long) stmt_id,
      database, table);
  call (&prepare);
  Message bind = make_bind (stmt_id, n_tables, n_rows);
  Message exec = make_text ("{\"action\":\"stmt2_exec\",\"args\":{\"req_id\":4,"
      "\"stmt_id\":%lu}}", (unsigned long) stmt_id);

  start_clock ();
  for (uint32_t i = 0; i < n_messages; i++) {
    call (&bind);
    call (&exec);
  }
  tell ((uint64_t) n_tables * n_rows * n_messages,
      (uint64_t) bind.size * n_messages);
}

int
main (int argc, char **argv)
{
  if (argc >= 3 && strcmp (argv[1], "read") == 0)
    read_rows (argv + 2, argc - 2);
  else if (argc == 4 && strcmp (argv[1], "follow") == 0)
    follow (argv[2], strtoull (argv[3], NULL, 10));
  else if (argc == 6 && strcmp (argv[1], "write-raw") == 0)
    write_raw (argv[2], argv[3], atoi (argv[4]), atoi (argv[5]));
  else if (argc == 7 && strcmp (argv[1], "write-bound") == 0)
    write_bound (argv[2], argv[3], atoi (argv[4]), atoi (argv[5]),
        atoi (argv[6]));
  else
    give_up ("usage: bare read SQL...\n"
        "       bare follow TOPIC ROWS\n"
        "       bare write-raw DATABASE TABLE ROWS MESSAGES\n"
        "       bare write-bound DATABASE SUPER-TABLE TABLES ROWS MESSAGES");
  return 0;
}
