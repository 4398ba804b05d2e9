//! The glossary: what each word means, and why a figure may differ from the app's own.

use super::lang::Lang;

/// A word and its meaning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) word: &'static str,
    pub(crate) meaning: &'static str,
}

/// All entries, in the order in which readers meet the words.
pub(crate) fn glossary(lang: Lang) -> Vec<Entry> {
    ENTRIES.iter().map(|both| lang.pick(both.id, both.en)).collect()
}

struct Both {
    id: Entry,
    en: Entry,
}

const fn both(id: Entry, en: Entry) -> Both {
    Both { id, en }
}

const fn entry(word: &'static str, meaning: &'static str) -> Entry {
    Entry { word, meaning }
}

const ENTRIES: [Both; 9] = [
    both(
        entry(
            "Pengikut",
            "Jumlah pengikut menurut profil, dibaca sekali sehari. Aplikasi menunjukkan angka saat itu juga, jadi bisa sedikit berbeda.",
        ),
        entry(
            "Followers",
            "Followers as the profile says, read once a day. The app shows the number of the moment, so it may differ a little.",
        ),
    ),
    both(
        entry(
            "Jangkauan",
            "Perkiraan Instagram: berapa akun berbeda yang melihat konten. Angka 7 hari bukan jumlah dari 7 angka harian, karena orang yang sama dihitung sekali.",
        ),
        entry(
            "Reach",
            "Instagram's estimate of how many different accounts saw your content. The figure of 7 days is not the sum of 7 days, because a person counts once.",
        ),
    ),
    both(
        entry(
            "Tayangan",
            "Berapa kali konten diputar atau ditampilkan, termasuk iklan. Menggantikan impresi sejak 2025; keduanya tidak bisa dibandingkan.",
        ),
        entry(
            "Views",
            "How often content was played or shown, ads included. They took the place of impressions in 2025; the two cannot be compared.",
        ),
    ),
    both(
        entry(
            "Interaksi",
            "Suka ditambah komentar. Aplikasi juga menghitung simpan dan bagikan, jadi angkanya lebih besar. Konten yang menyembunyikan suka tidak ikut diurutkan.",
        ),
        entry(
            "Engagement",
            "Likes plus comments. The app counts saves and shares too, so its figure is larger. Posts that hide their likes are left out of rankings.",
        ),
    ),
    both(
        entry(
            "Sentimen bersih",
            "Komentar positif dikurangi komentar negatif, dibagi semua komentar. Dinilai oleh program di server ini; komentar tidak dikirim ke mana pun.",
        ),
        entry(
            "Net sentiment",
            "Positive comments less negative ones, divided by all comments. A program on this server scores them; no comment is sent anywhere.",
        ),
    ),
    both(
        entry(
            "Story tersimpan",
            "Angka story hanya ada 24 jam. Kami membacanya beberapa kali sebelum habis, dan Instagram mengirimnya sekali di akhir. Yang tidak sempat terbaca hilang untuk selamanya.",
        ),
        entry(
            "Stories saved",
            "A story's figures exist for 24 hours. We read them several times before that, and Instagram sends them once at the end. What was not read by then is gone for good.",
        ),
    ),
    both(
        entry(
            "Hari",
            "Jangkauan dan tayangan memakai hari Meta, yang berganti tengah malam waktu Los Angeles. Hitungan kami sendiri memakai hari di zona waktu akun.",
        ),
        entry(
            "Day",
            "Reach and views use Meta's day, which begins at midnight in Los Angeles. Our own counts use the day of the account's time zone.",
        ),
    ),
    both(
        entry(
            "Garis putus dan arsiran",
            "Garis putus-putus adalah periode sebelumnya. Arsiran berarti tidak ada angka, dengan alasannya; tidak pernah berarti nol.",
        ),
        entry(
            "Dashes and hatching",
            "The dashed line is the period before. Hatching means that there is no figure, and says why; it never means zero.",
        ),
    ),
    both(
        entry(
            "Baru, dan —",
            "“Baru” berarti sebelumnya nol. Tanda — berarti tidak diketahui; arahkan penunjuk ke sana untuk tahu sebabnya.",
        ),
        entry(
            "New, and —",
            "“New” means that it was zero before. A dash means unknown; point at it for the reason.",
        ),
    ),
];
