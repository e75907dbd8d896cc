//! forward FILE: SQS events, one a line, to PutRecords by the SDK for Rust.
use std::io::BufRead;
use std::time::Instant;

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use aws_sdk_kinesis::Client;
use serde::Deserialize;

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    body: String,
}

#[derive(Deserialize)]
struct Search {
    session_id: String,
}

fn usage() -> (i64, i64) {
    let mut u: libc::rusage = unsafe { std::mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut u) };
    let us = |t: libc::timeval| t.tv_sec * 1_000_000 + t.tv_usec;
    (us(u.ru_utime) + us(u.ru_stime), u.ru_maxrss)
}

fn entries(line: &str) -> Vec<PutRecordsRequestEntry> {
    let event: Event = serde_json::from_str(line).expect("an SQS event");
    event
        .records
        .into_iter()
        .map(|record| {
            let search: Search = serde_json::from_str(&record.body).expect("a search");
            PutRecordsRequestEntry::builder()
                .data(Blob::new(record.body.into_bytes()))
                .partition_key(search.session_id)
                .build()
                .expect("an entry")
        })
        .collect()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let settings = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let client = Client::new(&settings);
    let path = std::env::args().nth(1).expect("FILE");
    let lines = std::io::BufReader::new(std::fs::File::open(path).expect("FILE")).lines();
    let (setup, _) = usage();
    let began = Instant::now();
    let mut sent = 0;
    for line in lines {
        let mut all = entries(&line.expect("a line"));
        while !all.is_empty() {
            let rest = all.split_off(all.len().min(500));
            let n = all.len();
            let reply = client.put_records().stream_name("searches").set_records(Some(all)).send().await.expect("a reply");
            sent += n - reply.failed_record_count().unwrap_or(0) as usize;
            all = rest;
        }
    }
    let (total, peak) = usage();
    println!(
        "{{\"sent\": {sent}, \"setup_cpu_us\": {setup}, \"work_cpu_us\": {}, \"wall_ms\": {}, \"peak_kib\": {peak}}}",
        total - setup,
        began.elapsed().as_millis()
    );
}
