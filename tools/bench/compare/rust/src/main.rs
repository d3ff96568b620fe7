//! One measurement of photon-ring: MEASURE FOLDER LENGTH ARGUMENT... Prints its figures as a JSON object.
//!
//! The ring lies in the memory of one process, so that both sides of a round trip are threads. Messages have a fixed size.

use photon_ring::{channel_bounded, Publisher, Subscriber};
use std::time::Instant;

const FILLER: u8 = 7;
/// Messages of a ring.
const CAPACITY: usize = 1024;
const LOOKS: usize = 1_000_000;
const READERS_BATCH: usize = 100;
const WARM_UP_COUNT: usize = 50_000;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| args[index].parse::<usize>().expect("a number");
    match args[0].as_str() {
        "ask" => round_trips::<64>(number(2), number(3), number(4)),
        "stream" => stream(&args[2..]),
        "readers" => {
            assert_eq!(number(2), 64, "the program is compiled for messages of 64 B");
            let counts = (4..args.len()).map(number);
            let figures: Vec<String> = counts.map(|count| readers::<64>(count, number(3))).collect();
            print(&figures);
        }
        other => panic!("unknown measure {other}"),
    }
}

fn print(figures: &[String]) {
    println!("{{{}}}", figures.join(","));
}

fn message<const N: usize>(number: u64) -> [u8; N] {
    let mut bytes = [FILLER; N];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    bytes
}

/// Receives a message and checks its number.
fn receive<const N: usize>(inlet: &mut Subscriber<[u8; N]>, expected: u64) -> [u8; N] {
    loop {
        if let Ok(bytes) = inlet.try_recv() {
            let found = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes"));
            assert_eq!(found, expected, "message {found} instead of {expected}");
            return bytes;
        }
        std::hint::spin_loop();
    }
}

fn round_trips<const N: usize>(length: usize, warm_up: usize, count: usize) {
    assert_eq!(length, N, "the program is compiled for messages of {N} B");
    let (mut there, there_readers) = channel_bounded::<[u8; N]>(CAPACITY, 0);
    let (mut back, back_readers) = channel_bounded::<[u8; N]>(CAPACITY, 0);
    let mut there_inlet = there_readers.subscribe();
    let mut back_inlet = back_readers.subscribe();
    let total = (warm_up + count) as u64;
    let answering = std::thread::spawn(move || {
        for number in 0..total {
            back.publish(receive(&mut there_inlet, number));
        }
    });
    let mut trips = Vec::with_capacity(count);
    for number in 0..total {
        let begin = Instant::now();
        there.publish(message(number));
        let bytes = receive(&mut back_inlet, number);
        let took = begin.elapsed().as_nanos() as u64;
        assert!(bytes[8..].iter().all(|byte| *byte == FILLER), "message {number} has a wrong byte");
        if number >= warm_up as u64 {
            trips.push(took);
        }
    }
    answering.join().expect("the answering thread failed");
    trips.sort_unstable();
    let at = |share: f64| trips[(share * (count - 1) as f64) as usize] as f64 / 2.0;
    let mean = trips.iter().sum::<u64>() as f64 / count as f64 / 2.0;
    let figures: Vec<String> = [
        ("p50Ns", at(0.5)),
        ("p90Ns", at(0.9)),
        ("p99Ns", at(0.99)),
        ("p999Ns", at(0.999)),
        ("p9999Ns", at(0.9999)),
        ("maxNs", at(1.0)),
        ("meanNs", mean),
    ]
    .iter()
    .map(|(name, value)| format!("\"{name}\":{value:.1}"))
    .collect();
    print(&figures);
}

/// Each run is a length and a count, as in 64:1000.
fn stream(runs: &[String]) {
    let figures: Vec<String> = runs
        .iter()
        .map(|run| {
            let (length, count) = run.split_once(':').expect("LENGTH:COUNT");
            let count = count.parse().expect("a count");
            match length {
                "16" => stream_of::<16>(count),
                "64" => stream_of::<64>(count),
                "256" => stream_of::<256>(count),
                "1024" => stream_of::<1024>(count),
                "4096" => stream_of::<4096>(count),
                "16384" => stream_of::<16384>(count),
                _ => panic!("the program is not compiled for messages of {length} B"),
            }
        })
        .collect();
    print(&figures);
}

/// The ring is filled, then emptied: one thread does both, in turns.
fn stream_of<const N: usize>(count: usize) -> String {
    let (mut outlet, all) = channel_bounded::<[u8; N]>(CAPACITY, 0);
    let mut inlet = all.subscribe();
    let mut number = 0;
    let mut turn = |step: usize, checks_bytes: bool| {
        let begin = Instant::now();
        for index in 0..step as u64 {
            outlet.publish(message(number + index));
        }
        let middle = Instant::now();
        for index in 0..step as u64 {
            let bytes = receive(&mut inlet, number + index);
            let bytes = std::hint::black_box(bytes);
            assert!(!checks_bytes || bytes[8..].iter().all(|byte| *byte == FILLER), "a wrong byte");
        }
        number += step as u64;
        ((middle - begin).as_nanos(), middle.elapsed().as_nanos())
    };
    for _ in 0..WARM_UP_COUNT.min(count).div_ceil(CAPACITY) {
        turn(CAPACITY, true);
    }
    let (mut append, mut next, mut sent) = (0, 0, 0);
    while sent < count {
        let step = CAPACITY.min(count - sent);
        let took = turn(step, false);
        append += took.0;
        next += took.1;
        sent += step;
    }
    let begin = Instant::now();
    for _ in 0..LOOKS {
        assert!(inlet.try_recv().is_err(), "there is no message");
    }
    let empty = begin.elapsed().as_nanos() as f64 / LOOKS as f64;
    let (append, next) = (append as f64 / count as f64, next as f64 / count as f64);
    format!("\"append{N}Ns\":{append:.2},\"next{N}Ns\":{next:.2},\"empty{N}Ns\":{empty:.2}")
}

/// A batch at a time: published once, then received by each of the readers.
fn readers<const N: usize>(count: usize, messages: usize) -> String {
    let (mut outlet, all): (Publisher<[u8; N]>, _) = channel_bounded(CAPACITY, 0);
    let mut inlets: Vec<Subscriber<[u8; N]>> = (0..count).map(|_| all.subscribe()).collect();
    let rounds = (messages / READERS_BATCH).max(1);
    let (mut append, mut next, mut number) = (0, 0, 0);
    for round in 0..rounds + rounds / 4 {
        let begin = Instant::now();
        for index in 0..READERS_BATCH as u64 {
            outlet.publish(message(number + index));
        }
        let middle = Instant::now();
        for inlet in &mut inlets {
            for index in 0..READERS_BATCH as u64 {
                std::hint::black_box(receive(inlet, number + index));
            }
        }
        number += READERS_BATCH as u64;
        if round >= rounds / 4 {
            append += (middle - begin).as_nanos();
            next += middle.elapsed().as_nanos();
        }
    }
    let sent = (rounds * READERS_BATCH) as f64;
    let next = next as f64 / sent / count as f64;
    format!("\"append{count}Ns\":{:.2},\"next{count}Ns\":{next:.2}", append as f64 / sent)
}
