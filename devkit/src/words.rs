//! What invented Indonesian brands and their followers write: captions, hashtags, comments, names.

use crate::seeded::Seeded;

/// An invented brand: username, display name, biography.
pub const BRANDS: &[(&str, &str, &str)] = &[
    ("kopisenja.demo", "Kopi Senja", "Kopi susu dan biji pilihan dari Gayo sampai Toraja ☕"),
    (
        "batiklembayung.demo",
        "Batik Lembayung",
        "Batik tulis untuk hari biasa. Dibuat pelan-pelan di Pekalongan.",
    ),
    ("sambaltiga.demo", "Sambal Tiga Dara", "Pedasnya jujur 🌶️ Kirim ke seluruh Indonesia"),
    ("rumahdaun.demo", "Rumah Daun", "Tanaman hias & pot gerabah. Bandung 🌿"),
    ("langkahjauh.demo", "Langkah Jauh", "Sepatu jalan buatan Cibaduyut"),
    ("tehpagi.demo", "Teh Pagi", "Teh melati, teh tarik, teh dingin"),
    ("kulitbening.demo", "Kulit Bening", "Perawatan kulit tanpa janji berlebihan"),
    ("rotimalam.demo", "Roti Malam", "Roti hangat setelah jam delapan 🥐"),
    ("tenunflores.demo", "Tenun Flores", "Kain tenun ikat, langsung dari penenunnya"),
    ("sepedakota.demo", "Sepeda Kota", "Rakit, servis, gowes 🚲"),
    ("bukupojok.demo", "Buku Pojok", "Toko buku kecil di sudut pasar"),
    ("nasiliwet.demo", "Nasi Liwet Ibu", "Masakan rumah, porsi keluarga"),
];

const OPENINGS: &[&str] = &[
    "Selamat pagi dari dapur kami!",
    "Yang ditunggu akhirnya datang.",
    "Stok baru sudah di toko.",
    "Cerita di balik satu produk:",
    "Akhir pekan paling enak bareng keluarga.",
    "Promo gajian, cuma sampai Minggu.",
    "Terima kasih untuk 60 hari yang ramai ❤️",
    "Hujan begini enaknya apa?",
];

const MIDDLES: &[&str] = &[
    "Dibuat oleh tangan, dikirim dengan hati.",
    "Tulis warna favoritmu di kolom komentar.",
    "Ajak teman yang butuh ini.",
    "Geser untuk lihat semua pilihan 👉",
    "Pesan lewat tautan di bio.",
    "Gratis ongkir Jabodetabek untuk 100 pembeli pertama.",
];

const HASHTAGS: &[&str] = &[
    "#umkmindonesia",
    "#bangganusantara",
    "#produklokal",
    "#promogajian",
    "#kulinerhariini",
    "#oleholeh",
    "#akhirpekan",
    "#barubaru",
    "#diskon",
    "#jakarta",
    "#bandung",
    "#yogyakarta",
];

const COMMENTS: &[&str] = &[
    "bagus banget kak 😍",
    "harganya berapa ya?",
    "sudah sampai, packing rapi. makasih!",
    "kok pesananku belum dikirim dari minggu lalu 😡",
    "kapan restock?",
    "mantap 👍🏽",
    "agak mahal sih tapi worth it",
    "kecewa, warnanya beda sama foto",
    "adminnya ramah sekali, langganan terus",
    "cek DM kak",
    "enak pol, besok beli lagi",
    "love this so much, do you ship to Malaysia?",
    "ukurannya kekecilan, bisa tukar?",
    "biasa aja menurutku",
    "nunggu diskon dulu deh 😅",
    "rek iki apik tenan",
    "alhamdulillah cocok di kulitku",
    "jangan beli di sini, respon lama!!",
    "info lokasi toko dong",
    "🔥🔥🔥",
];

const ENDINGS: &[&str] =
    &["", "", "", " 🙏", " @temanku lihat ini", " #produklokal", " 😂😂", " ya", " https://contoh.example/x"];

const PEOPLE: &[&str] = &[
    "ayu", "budi", "citra", "dewi", "eka", "fajar", "gita", "hadi", "indah", "joko", "kartika", "lina",
    "made", "nita", "okta", "putri", "rangga", "sari", "tono", "wulan",
];

const NAMES_ON: &[&str] =
    &["jkt", "bdg", "store", "official", "daily", "lestari", "pratama", "wijaya", "kusuma", "id"];

/// A caption with its hashtags; sometimes none.
pub fn caption(draw: &mut Seeded) -> Option<String> {
    if draw.chance(40) {
        return None;
    }
    let mut text = format!("{} {}", draw.pick(OPENINGS), draw.pick(MIDDLES));
    for _ in 0..draw.below(5) {
        let tag = draw.pick(HASHTAGS);
        if !text.contains(tag) {
            text.push(' ');
            text.push_str(tag);
        }
    }
    Some(text)
}

/// What somebody writes under a post.
pub fn comment(draw: &mut Seeded) -> String {
    format!("{}{}", draw.pick(COMMENTS), draw.pick(ENDINGS))
}

/// The username of a follower.
pub fn username(draw: &mut Seeded) -> String {
    format!("{}_{}{}", draw.pick(PEOPLE), draw.pick(NAMES_ON), draw.below(1000))
}
