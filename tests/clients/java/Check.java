/* check: what TDengine's JDBC driver makes of a server
 *
 * Binds rows of several sub tables, reads them back and follows a topic.
 * Each row is printed as a line, for clients.py to compare.
 *
 * usage: Check HOST PORT USER PASSWORD DATABASE [TOPIC]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
import com.taosdata.jdbc.tmq.ConsumerRecord;
import com.taosdata.jdbc.tmq.ConsumerRecords;
import com.taosdata.jdbc.tmq.TaosConsumer;
import java.math.BigInteger;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;

public class Check {
  static final long TIME = 1700000000000L;
  /* POINT (1 2) as WKB */
  static final String POINT = "0101000000000000000000f03f0000000000000040";
  static final String INSERT = "insert into st (tbname, site, place, ts, b, i8, i16, i32, i64,"
      + " u8, u16, u32, u64, f32, f64, s, n, bin, geo)"
      + " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  static final int[] TYPES = {Types.BOOLEAN, Types.TINYINT, Types.SMALLINT, Types.INTEGER,
      Types.BIGINT, Types.SMALLINT, Types.INTEGER, Types.BIGINT, Types.BIGINT, Types.FLOAT,
      Types.DOUBLE, Types.VARCHAR, Types.NCHAR, Types.VARBINARY, Types.BINARY};

  static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  static void addRow(PreparedStatement statement, String table, int site, String place, long time,
      Object... values) throws Exception {
    statement.setString(1, table);
    statement.setInt(2, site);
    statement.setString(3, place);
    statement.setTimestamp(4, new Timestamp(time));
    for (int i = 0; i < TYPES.length; i++) {
      if (values.length == 0)
        statement.setNull(5 + i, TYPES[i]);
      else
        statement.setObject(5 + i, values[i]);
    }
    statement.addBatch();
  }

  static void insert(Connection connection) throws Exception {
    try (PreparedStatement statement = connection.prepareStatement(INSERT)) {
      addRow(statement, "d1", 1, "Oslo", TIME, true, (byte) -128, (short) -32768,
          Integer.MIN_VALUE, Long.MIN_VALUE, (short) 255, 65535, 4294967295L,
          new BigInteger("18446744073709551615"), 1.5f, -2.25, "text", "næ😀", bytes("00ff"),
          bytes(POINT));
      addRow(statement, "d2", 2, "Rome", TIME);
      addRow(statement, "d2", 2, "Rome", TIME + 1, false, (byte) 127, (short) 32767,
          Integer.MAX_VALUE, Long.MAX_VALUE, (short) 0, 0, 0L, BigInteger.ZERO, -0.5f, 1024.125,
          "", "", bytes(""), bytes(POINT));
      statement.executeBatch();
    }
  }

  static String write(Object value) {
    if (value instanceof byte[])
      return HexFormat.of().formatHex((byte[]) value);
    if (value instanceof Timestamp)
      return Long.toString(((Timestamp) value).getTime());
    return value == null ? "NULL" : value.toString();
  }

  static void print(Connection connection, String label, String sql) throws Exception {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        List<String> fields = new ArrayList<>();
        for (int i = 1; i <= rows.getMetaData().getColumnCount(); i++)
          fields.add(write(rows.getObject(i)));
        System.out.println(label + "|" + String.join("|", fields));
      }
    }
  }

  static Properties consumerSettings(String[] args) {
    Properties settings = new Properties();
    settings.setProperty("td.connect.type", "ws");
    settings.setProperty("bootstrap.servers", args[0] + ":" + args[1]);
    settings.setProperty("td.connect.user", args[2]);
    settings.setProperty("td.connect.pass", args[3]);
    settings.setProperty("group.id", "java");
    settings.setProperty("auto.offset.reset", "earliest");
    settings.setProperty("enable.auto.commit", "false");
    settings.setProperty("varcharAsString", "true");
    settings.setProperty("value.deserializer", "com.taosdata.jdbc.tmq.MapEnhanceDeserializer");
    return settings;
  }

  /* until as many rows have come as there are, or none comes any more */
  static void follow(String[] args, String topic, int expected) throws Exception {
    int n = 0;
    try (TaosConsumer<com.taosdata.jdbc.tmq.TMQEnhMap> consumer =
        new TaosConsumer<>(consumerSettings(args))) {
      consumer.subscribe(Collections.singletonList(topic));
      for (int i = 0; i < 100 && n < expected; i++) {
        ConsumerRecords<com.taosdata.jdbc.tmq.TMQEnhMap> records =
            consumer.poll(Duration.ofMillis(100));
        for (ConsumerRecord<com.taosdata.jdbc.tmq.TMQEnhMap> record : records) {
          Map<String, Object> row = record.value().getMap();
          System.out.println("topic|" + write(row.get("tbname")) + "|" + write(row.get("ts"))
              + "|" + write(row.get("i32")));
          n++;
        }
        consumer.commitSync();
      }
      consumer.unsubscribe();
    }
  }

  public static void main(String[] args) throws Exception {
    String url = "jdbc:TAOS-WS://" + args[0] + ":" + args[1] + "/" + args[4] + "?varcharAsString=true";
    Properties login = new Properties();
    login.setProperty("user", args[2]);
    login.setProperty("password", args[3]);
    try (Connection connection = DriverManager.getConnection(url, login)) {
      insert(connection);
      print(connection, "rows", "select tbname, site, place, ts, b, i8, i16, i32, i64, u8, u16,"
          + " u32, u64, f32, f64, s, n, bin, geo from st order by tbname, ts");
      print(connection, "decimals", "select ts, d64, d128 from decimals order by ts");
    }
    if (args.length > 5)
      follow(args, args[5], 3);
  }
}
