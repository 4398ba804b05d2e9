//! How fast comments are scored on one core, and how fast the model is read.

use std::hint::black_box;

use cekbrand_sentiment::Model;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Twenty-five words each, give or take two.
const LONG: [&str; 8] = [
    "Udah nyobain hampir semua varian dan yang paling aku suka tetep yang original, teksturnya ringan, wanginya \
     lembut, ga lengket, terus harganya juga masih masuk akal buat mahasiswa kayak aku 😍",
    "kak tolong dong dicek dm saya dari kemarin, pesanan saya belum dikirim juga padahal di aplikasi statusnya sudah \
     diproses dari hari senin, nomor pesanannya sudah saya kirim ya",
    "Tempatnya cozy banget buat nongkrong bareng temen, kopinya enak, wifi kenceng, cuma parkirannya agak sempit jadi \
     kalau weekend harus dateng pagi biar kebagian tempat, tapi overall recommended sih",
    "gila sih ini promo apaan, udah nunggu dari jam 12 malem, pas mau checkout malah error terus, giliran bisa masuk \
     stoknya udah habis semua, kecewa berat sama sistemnya 😡",
    "I ordered this two weeks ago and the package arrived yesterday, the color is exactly like in the pictures, the \
     fabric feels soft and it fits me perfectly, will definitely order again",
    "min mau nanya dong, kalau beli dua yang ukuran 250ml sama satu yang refill kira kira ongkir ke Banjarmasin \
     berapa ya, terus bisa bayar di tempat ga, makasih",
    "selamat ya kak atas pembukaan cabang barunya, semoga makin rame, makin berkah, dan pelayanannya tetep ramah \
     seperti biasa, jangan lupa buka juga di kota kami ya kak, sukses selalu 🙏🙏",
    "my skin used to be super oily tapi setelah rutin pake serum ini sebulan jadi lebih kalem, jerawat juga jarang \
     muncul, worth it banget walaupun harganya agak mahal menurutku",
];

/// Two to five words each.
const SHORT: [&str; 16] = [
    "keren banget kak 😍",
    "harga berapa min?",
    "kecewa sama pelayanannya",
    "mantap jiwa",
    "gak recommended sama sekali",
    "cek dm kak",
    "love this so much",
    "ongkir ke medan berapa",
    "sukses terus kakak 🔥",
    "kapan restock lagi kak?",
    "lucu bangettt",
    "pengiriman lama banget",
    "cantik banget modelnya kak",
    "so good",
    "parah sih ini",
    "aku mau dong kak",
];

fn score(criterion: &mut Criterion) {
    let model = Model::bundled();
    let mut group = criterion.benchmark_group("score");
    for (name, comments) in [("25 words", &LONG[..]), ("2 to 5 words", &SHORT[..])] {
        group.throughput(Throughput::Elements(comments.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for comment in comments {
                    black_box(model.score(black_box(comment)));
                }
            });
        });
    }
    group.throughput(Throughput::Elements(LONG.len() as u64));
    group.bench_function("25 words, explained", |bencher| {
        bencher.iter(|| {
            for comment in &LONG {
                black_box(model.explain(black_box(comment)));
            }
        });
    });
    group.finish();
}

fn load(criterion: &mut Criterion) {
    let bytes: &[u8] = include_bytes!("../model/id-linear.bin");
    criterion.bench_function("load", |bencher| bencher.iter(|| Model::read(black_box(bytes)).is_ok()));
}

criterion_group!(benches, score, load);
criterion_main!(benches);
