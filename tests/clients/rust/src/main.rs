/* check: what TDengine's Rust client makes of a server
 *
 * Binds rows of several sub tables, reads them back and follows a topic.
 * Each row is printed as a line, for clients.py to compare.
 *
 * usage: client-check HOST PORT USER PASSWORD DATABASE [TOPIC]
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
use std::time::Duration;

use taos::*;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const TIME: i64 = 1700000000000;
/* POINT (1 2) as WKB */
const POINT: [u8; 21] = [
    1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0x40,
];
const INSERT: &str = "insert into ? using st tags(?, ?) \
    values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/* one row with a value in each column */
fn first() -> Vec<ColumnView> {
    vec![
        ColumnView::from_millis_timestamp(vec![TIME]),
        ColumnView::from_bools(vec![true]),
        ColumnView::from_tiny_ints(vec![i8::MIN]),
        ColumnView::from_small_ints(vec![i16::MIN]),
        ColumnView::from_ints(vec![i32::MIN]),
        ColumnView::from_big_ints(vec![i64::MIN]),
        ColumnView::from_unsigned_tiny_ints(vec![u8::MAX]),
        ColumnView::from_unsigned_small_ints(vec![u16::MAX]),
        ColumnView::from_unsigned_ints(vec![u32::MAX]),
        ColumnView::from_unsigned_big_ints(vec![u64::MAX]),
        ColumnView::from_floats(vec![1.5]),
        ColumnView::from_doubles(vec![-2.25]),
        ColumnView::from_varchar(vec!["text"]),
        ColumnView::from_nchar(vec!["næ😀"]),
        ColumnView::from_bytes(vec![vec![0u8, 255]]),
        ColumnView::from_geobytes(vec![POINT.to_vec()]),
    ]
}

/* a row of NULLs, and one more */
fn second() -> Vec<ColumnView> {
    vec![
        ColumnView::from_millis_timestamp(vec![TIME, TIME + 1]),
        ColumnView::from_bools(vec![None, Some(false)]),
        ColumnView::from_tiny_ints(vec![None, Some(i8::MAX)]),
        ColumnView::from_small_ints(vec![None, Some(i16::MAX)]),
        ColumnView::from_ints(vec![None, Some(i32::MAX)]),
        ColumnView::from_big_ints(vec![None, Some(i64::MAX)]),
        ColumnView::from_unsigned_tiny_ints(vec![None, Some(0)]),
        ColumnView::from_unsigned_small_ints(vec![None, Some(0)]),
        ColumnView::from_unsigned_ints(vec![None, Some(0)]),
        ColumnView::from_unsigned_big_ints(vec![None, Some(0)]),
        ColumnView::from_floats(vec![None, Some(-0.5)]),
        ColumnView::from_doubles(vec![None, Some(1024.125)]),
        ColumnView::from_varchar::<&str, _, _, _>(vec![None, Some("")]),
        ColumnView::from_nchar::<&str, _, _, _>(vec![None, Some("")]),
        ColumnView::from_bytes::<Vec<u8>, _, _, _>(vec![None, Some(vec![])]),
        ColumnView::from_geobytes::<Vec<u8>, _, _, _>(vec![None, Some(POINT.to_vec())]),
    ]
}

async fn insert(taos: &Taos) -> Result<()> {
    let mut stmt = Stmt::init(taos).await?;
    stmt.prepare(INSERT).await?;
    for (name, site, place, columns) in [
        ("d1", 1, "Oslo", first()),
        ("d2", 2, "Rome", second()),
    ] {
        stmt.set_tbname(name).await?;
        stmt.set_tags(&[Value::Int(site), Value::VarChar(place.to_string())])
            .await?;
        stmt.bind(&columns).await?;
        stmt.add_batch().await?;
    }
    let affected = stmt.execute().await?;
    println!("affected|{affected}");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write(value: &Value) -> String {
    match value {
        Value::Timestamp(time) => time.as_raw_i64().to_string(),
        Value::VarBinary(bytes) | Value::Geometry(bytes) => hex(bytes),
        other => format!("{other}"),
    }
}

fn print(label: &str, row: &[Value]) {
    let fields: Vec<String> = row.iter().map(write).collect();
    println!("{label}|{}", fields.join("|"));
}

async fn read(taos: &Taos) -> Result<()> {
    let rows: Vec<Vec<Value>> = taos
        .query(
            "select tbname, site, place, ts, b, i8, i16, i32, i64, u8, u16, \
            u32, u64, f32, f64, s, n, bin, geo from st order by tbname, ts",
        )
        .await?
        .to_records()
        .await?;
    for row in rows {
        print("rows", &row);
    }
    Ok(())
}

/* until as many rows have come as there are, or none comes any more */
async fn follow(address: &str, topic: &str, expected: usize) -> Result<()> {
    let dsn = format!("{address}?group.id=rust&auto.offset.reset=earliest&enable.auto.commit=false");
    let mut consumer = TmqBuilder::from_dsn(dsn)?.build().await?;
    let mut n = 0;

    consumer.subscribe([topic]).await?;
    for _ in 0..100 {
        let timeout = Timeout::Duration(Duration::from_millis(100));
        if let Some((offset, message)) = consumer.recv_timeout(timeout).await? {
            if let Some(data) = message.into_data() {
                while let Some(block) = data.fetch_raw_block().await? {
                    for row in block.to_values() {
                        print("topic", &row);
                        n += 1;
                    }
                }
            }
            consumer.commit(offset).await?;
        }
        if n >= expected {
            break;
        }
    }
    consumer.unsubscribe().await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, host, port, user, password, database, ..] = &args[..] else {
        return Err("expected host, port, user, password and database".into());
    };
    let server = format!("{user}:{password}@{host}:{port}");
    let taos = TaosBuilder::from_dsn(format!("taos+ws://{server}/{database}"))?
        .build()
        .await?;

    insert(&taos).await?;
    read(&taos).await?;
    if let Some(topic) = args.get(6) {
        follow(&format!("tmq+ws://{server}/"), topic, 3).await?;
    }
    Ok(())
}
