//! What one delivery costs between its bytes and its records: parse, identify, write.

use std::hint::black_box;

use cekbrand_schema::envelope::{self, Arrival};
use cekbrand_schema::{delivery, identity};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn body(changes: usize) -> String {
    let comment = r#"{"field":"comments","value":{"from":{"id":"1234567890123456","username":"user_123456"},"media":{"id":"17891234567890123","media_product_type":"FEED"},"id":"17861234567890123","parent_id":"17851234567890123","text":"love this so much where can I buy it \ud83d\ude0d mantap banget harga berapa kak shipping please mantap banget"}}"#;
    let changes = vec![comment; changes].join(",");
    format!(
        r#"{{"object":"instagram","entry":[{{"id":"17841400000000001","time":1763700000,"changes":[{changes}]}}]}}"#
    )
}

fn records(body: &[u8], arrival: &Arrival, scratch: &mut Vec<u8>) -> usize {
    let changes = delivery::parse(body).unwrap_or_default();
    changes
        .iter()
        .map(|change| envelope::write(change, &identity::identify(change, scratch), arrival).len())
        .sum()
}

fn bench(criterion: &mut Criterion) {
    let arrival = Arrival::new(jiff::Timestamp::UNIX_EPOCH, "main");
    let mut scratch = Vec::new();
    let mut group = criterion.benchmark_group("delivery to records");
    for changes in [1, 100] {
        let body = body(changes);
        group.throughput(Throughput::Elements(changes as u64));
        group.bench_function(format!("{changes} changes"), |b| {
            b.iter(|| records(black_box(body.as_bytes()), &arrival, &mut scratch));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
