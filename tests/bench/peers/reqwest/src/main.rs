//! sender N: N pushes by reqwest, one thread, 100 in flight over one HTTP/2 connection.
use std::{env, fs, mem, sync::Arc, time::Instant};

const IN_FLIGHT: usize = 100; // the streams that FCM's SDKs assume of one connection
const URL: &str = "https://fcm.googleapis.com/v1/projects/demo/messages:send";

fn cpu_us() -> i64 {
    let mut used: libc::rusage = unsafe { mem::zeroed() };
    unsafe { libc::getrusage(libc::RUSAGE_SELF, &mut used) };
    let us = |t: libc::timeval| t.tv_sec * 1_000_000 + t.tv_usec;
    us(used.ru_utime) + us(used.ru_stime)
}

/// Of this process alone: getrusage(2) counts the memory of whoever started it.
fn peak_kib() -> i64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn body(n: usize) -> Vec<u8> {
    serde_json::to_vec(&serde_json::json!({"message": {
        "token": format!("registration-{n:06}"),
        "data": {"post": "981", "thread": "42"},
        "notification": {
            "title": "Mina replied to you",
            "body": "See you there at eight, in front of the station!"}}}))
    .unwrap()
}

async fn send(client: &reqwest::Client, n: usize) -> bool {
    let answer = client
        .post(URL)
        .header("authorization", "Bearer good")
        .header("content-type", "application/json")
        .body(body(n))
        .send()
        .await;
    match answer {
        Ok(answer) if answer.status() == 200 => {
            let bytes = answer.bytes().await.unwrap();
            serde_json::from_slice::<serde_json::Value>(&bytes).unwrap()["name"].is_string()
        }
        _ => false,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let n: usize = env::args().nth(1).unwrap().parse().unwrap();
    let authority = fs::read(env::var("BENCH_CA").unwrap()).unwrap();
    let client = reqwest::Client::builder()
        .add_root_certificate(reqwest::Certificate::from_pem(&authority).unwrap())
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let client = Arc::new(client);
    let setup = cpu_us();
    let begin = Instant::now();
    let local = tokio::task::LocalSet::new();
    let sent = local
        .run_until(async {
            let workers: Vec<_> = (0..IN_FLIGHT)
                .map(|first| {
                    let client = client.clone();
                    tokio::task::spawn_local(async move {
                        let mut sent = 0;
                        for i in (first..n).step_by(IN_FLIGHT) {
                            sent += send(&client, i).await as usize;
                        }
                        sent
                    })
                })
                .collect();
            let mut sent = 0;
            for worker in workers {
                sent += worker.await.unwrap();
            }
            sent
        })
        .await;
    let work = cpu_us() - setup;
    println!(
        r#"{{"sent": {sent}, "setup_cpu_us": {setup}, "work_cpu_us": {}, "wall_ms": {}, "peak_kib": {}}}"#,
        work,
        begin.elapsed().as_millis(),
        peak_kib()
    );
}
