//! Words of the page of alerts.

use super::Lang;

#[derive(Debug)]
pub(crate) struct AlertWords {
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) rules: &'static str,
    pub(crate) rules_empty: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) rule_name: &'static str,
    pub(crate) wanted: &'static str,
    pub(crate) now: &'static str,
    pub(crate) state: &'static str,
    pub(crate) holds: &'static str,
    pub(crate) quiet: &'static str,
    pub(crate) unknown: &'static str,
    pub(crate) delete: &'static str,
    pub(crate) add_rule: &'static str,
    pub(crate) figure: &'static str,
    pub(crate) measure: &'static str,
    pub(crate) direction: &'static str,
    pub(crate) threshold: &'static str,
    pub(crate) threshold_hint: &'static str,
    pub(crate) timeframe: &'static str,
    pub(crate) channels: &'static str,
    pub(crate) channels_about: &'static str,
    pub(crate) channels_empty: &'static str,
    pub(crate) address: &'static str,
    pub(crate) language: &'static str,
    pub(crate) told: &'static str,
    pub(crate) tell_alerts: &'static str,
    pub(crate) tell_digest: &'static str,
    pub(crate) add_channel: &'static str,
    pub(crate) test: &'static str,
    pub(crate) not_set_up: &'static str,
    pub(crate) secret_title: &'static str,
    pub(crate) secret_about: &'static str,
    pub(crate) history: &'static str,
    pub(crate) history_empty: &'static str,
    pub(crate) day: &'static str,
    pub(crate) value: &'static str,
    pub(crate) log: &'static str,
    pub(crate) log_about: &'static str,
    pub(crate) log_empty: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) made: &'static str,
    pub(crate) tries: &'static str,
    pub(crate) last_said: &'static str,
}

pub(super) const ID: AlertWords = AlertWords {
    title: "Peringatan",
    about: "Aturan diperiksa setiap dua menit. Setiap aturan memberi tahu sekali saat mulai berlaku, paling banyak sekali sehari.",
    rules: "Aturan",
    rules_empty: "Belum ada aturan. Buat yang pertama di bawah, misalnya: komentar negatif hari ini di atas 20.",
    rule: "Aturan",
    rule_name: "Nama",
    wanted: "Memberi tahu bila",
    now: "Sekarang",
    state: "Keadaan",
    holds: "Berlaku",
    quiet: "Tenang",
    unknown: "Belum diketahui",
    delete: "Hapus",
    add_rule: "Buat aturan",
    figure: "Angka",
    measure: "Yang dibandingkan",
    direction: "Arah",
    threshold: "Batas",
    threshold_hint: "Perubahan ditulis dalam persen, misalnya -20",
    timeframe: "Jangka",
    channels: "Penerima",
    channels_about: "Peringatan dan ringkasan mingguan (Senin pukul 07.00 waktu akun) dikirim sebagai webhook bertanda tangan menurut Standard Webhooks, atau lewat email.",
    channels_empty: "Belum ada penerima: peringatan hanya terlihat di halaman ini.",
    address: "Alamat https atau email",
    language: "Bahasa",
    told: "Menerima",
    tell_alerts: "Peringatan",
    tell_digest: "Ringkasan mingguan",
    add_channel: "Tambah penerima",
    test: "Kirim percobaan",
    not_set_up: "Pengiriman belum disiapkan: operator perlu mengatur alerts.secret, atau smtp.host untuk email.",
    secret_title: "Rahasia penerima ini",
    secret_about: "Dipakai penerima untuk memeriksa tanda tangan. Hanya ditampilkan sekali ini: salin sekarang.",
    history: "Yang pernah terjadi",
    history_empty: "Belum ada aturan yang berlaku.",
    day: "Hari",
    value: "Nilai",
    log: "Catatan pengiriman",
    log_about: "Kiriman yang gagal diulang dengan jeda makin lama, sampai sepuluh kali, dengan nomor yang sama.",
    log_empty: "Belum ada yang dikirim.",
    kind: "Jenis",
    made: "Dibuat",
    tries: "Percobaan",
    last_said: "Jawaban terakhir",
};

pub(super) const EN: AlertWords = AlertWords {
    title: "Alerts",
    about: "Rules are looked at every two minutes. Each tells once when it comes to hold, and once a day at most.",
    rules: "Rules",
    rules_empty: "There is no rule yet. Make the first one below, for example: negative comments today above 20.",
    rule: "Rule",
    rule_name: "Name",
    wanted: "Tells when",
    now: "Now",
    state: "State",
    holds: "Holds",
    quiet: "Quiet",
    unknown: "Not known",
    delete: "Delete",
    add_rule: "Make a rule",
    figure: "Figure",
    measure: "What is compared",
    direction: "Direction",
    threshold: "Threshold",
    threshold_hint: "A change is written in percent, for example -20",
    timeframe: "Over",
    channels: "Receivers",
    channels_about: "Alerts and the weekly digest (Mondays at 07:00 by the account's clock) are sent as webhooks, signed as Standard Webhooks says, or by mail.",
    channels_empty: "There is no receiver yet: alerts are seen on this page alone.",
    address: "https or mail address",
    language: "Language",
    told: "Is told",
    tell_alerts: "Alerts",
    tell_digest: "Weekly digest",
    add_channel: "Add a receiver",
    test: "Send a test",
    not_set_up: "Nothing can be sent yet: an operator has to set alerts.secret, or smtp.host for mail.",
    secret_title: "The secret of this receiver",
    secret_about: "The receiver checks signatures with it. It is shown this once: copy it now.",
    history: "What happened",
    history_empty: "No rule has come to hold yet.",
    day: "Day",
    value: "Value",
    log: "Deliveries",
    log_about: "What fails is sent again, later each time, up to ten times, with the same id.",
    log_empty: "Nothing has been sent yet.",
    kind: "Kind",
    made: "Made",
    tries: "Tries",
    last_said: "Last answer",
};

/// What a rule may be about.
pub(crate) const METRICS: [&str; 8] = [
    "negative_comments_today",
    "reach",
    "views",
    "engagement",
    "followers",
    "negative_comments",
    "token_at_risk",
    "stories_at_risk",
];

/// A figure of rules.
pub(crate) fn metric(lang: Lang, code: &str) -> &'static str {
    match code {
        "followers" => lang.pick("Pengikut", "Followers"),
        "reach" => lang.pick("Jangkauan", "Reach"),
        "views" => lang.pick("Tayangan", "Views"),
        "engagement" => lang.pick("Interaksi", "Engagement"),
        "negative_comments" => lang.pick("Komentar negatif", "Negative comments"),
        "negative_comments_today" => lang.pick("Komentar negatif hari ini", "Negative comments today"),
        "token_at_risk" => lang.pick("Token berisiko (1 atau 0)", "Token at risk (1 or 0)"),
        "stories_at_risk" => lang.pick("Story yang terancam hilang", "Stories at risk"),
        _ => "?",
    }
}

/// What is compared.
pub(crate) fn measure(lang: Lang, code: &str) -> &'static str {
    match code {
        "value" => lang.pick("nilainya", "its value"),
        "growth" => lang.pick("perubahan dari periode sebelumnya", "its change against the period before"),
        _ => lang.pick("perubahan dari biasanya", "its change against what is usual"),
    }
}

/// On which side.
pub(crate) fn direction(lang: Lang, code: &str) -> &'static str {
    match code {
        "above" => lang.pick("di atas", "above"),
        _ => lang.pick("di bawah", "below"),
    }
}

/// What a delivery tells.
pub(crate) fn kind(lang: Lang, code: &str) -> &'static str {
    match code {
        "alert" => lang.pick("Peringatan", "Alert"),
        "digest" => lang.pick("Ringkasan", "Digest"),
        _ => lang.pick("Percobaan", "Test"),
    }
}

/// How far a delivery is.
pub(crate) fn state(lang: Lang, code: &str) -> &'static str {
    match code {
        "waiting" => lang.pick("menunggu", "waiting"),
        "running" => lang.pick("sedang dikirim", "being sent"),
        "delivered" => lang.pick("sampai", "delivered"),
        _ => lang.pick("menyerah", "given up"),
    }
}
