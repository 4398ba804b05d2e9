//! Sentences with a figure in them, in each language.

use jiff::SignedDuration;

use super::lang::Lang;
use crate::pages::figures::Feelings;
use crate::pages::format;

pub(crate) fn no_base(lang: Lang) -> &'static str {
    lang.pick("Periode sebelumnya tidak diketahui", "The period before is not known")
}

pub(crate) fn before_was(lang: Lang, value: &str) -> String {
    lang.pick(format!("Periode sebelumnya: {value}"), format!("Period before: {value}"))
}

pub(crate) fn since_before(lang: Lang, more: &str) -> String {
    lang.pick(format!("{more} sejak awal periode"), format!("{more} since the period began"))
}

pub(crate) fn mean_of_days(lang: Lang, days: usize) -> String {
    lang.pick(format!("rata-rata per hari, {days} hari"), format!("daily mean of {days} days"))
}

pub(crate) fn people_of_window(lang: Lang, days: i32) -> String {
    lang.pick(format!("orang berbeda dalam {days} hari"), format!("different people in {days} days"))
}

pub(crate) fn sum_of_days(lang: Lang, known: usize, all: usize) -> String {
    if known == all {
        return lang.pick(format!("jumlah {all} hari"), format!("sum of {all} days"));
    }
    lang.pick(format!("{known} dari {all} hari sudah ada"), format!("{known} of {all} days are in"))
}

pub(crate) fn of_posts(lang: Lang, days: i32) -> String {
    lang.pick(
        format!("suka + komentar, konten {days} hari"),
        format!("likes + comments, posts of {days} days"),
    )
}

pub(crate) fn feelings(lang: Lang, felt: Feelings) -> String {
    let [pos, neu, neg] = [felt.pos, felt.neu, felt.neg].map(|count| format::whole(lang, count as f64));
    lang.pick(
        format!("{pos} positif, {neu} netral, {neg} negatif"),
        format!("{pos} positive, {neu} neutral, {neg} negative"),
    )
}

pub(crate) fn so_many_of(lang: Lang, some: i64, all: i64) -> String {
    let [some, all] = [some, all].map(|count| format::whole(lang, count as f64));
    lang.pick(format!("{some} dari {all}"), format!("{some} of {all}"))
}

pub(crate) fn lost_stories(lang: Lang, lost: i64) -> String {
    lang.pick(format!("{lost} lewat tanpa angka"), format!("{lost} gone without figures"))
}

pub(crate) fn token_ends(lang: Lang, left: SignedDuration) -> String {
    let span = format::span(lang, left);
    lang.pick(format!("Token habis {span} lagi"), format!("Token ends in {span}"))
}

pub(crate) fn token_dead(lang: Lang) -> &'static str {
    lang.pick("Token mati: sambungkan ulang akun ini", "Token is dead: connect the account again")
}

pub(crate) fn no_token(lang: Lang) -> &'static str {
    lang.pick("Belum ada token", "No token yet")
}

pub(crate) fn not_subscribed(lang: Lang) -> &'static str {
    lang.pick(
        "Webhook akun ini tidak berlangganan: komentar dan story tidak masuk",
        "Webhooks are not subscribed: no comment or story comes in",
    )
}

pub(crate) fn no_webhooks(lang: Lang) -> &'static str {
    lang.pick(
        "Tidak ada webhook yang masuk, padahal biasanya ada",
        "No webhook comes any more, and usually they do",
    )
}

pub(crate) fn permission_missing(lang: Lang) -> &'static str {
    lang.pick(
        "Ada izin yang kurang: sebagian angka tidak bisa dibaca",
        "A permission is missing: some figures cannot be read",
    )
}

pub(crate) fn stories_at_risk(lang: Lang, count: i64) -> String {
    let plural = if count == 1 { "story is" } else { "stories are" };
    lang.pick(format!("{count} story hampir lewat tanpa angka"), format!("{count} {plural} about to be lost"))
}

pub(crate) fn silent_since(lang: Lang, day: &str) -> String {
    lang.pick(format!("Tidak ada konten baru sejak {day}"), format!("Nothing posted since {day}"))
}

pub(crate) fn never_posted(lang: Lang) -> &'static str {
    lang.pick("Belum ada konten", "Nothing posted yet")
}

pub(crate) fn quota(lang: Lang, percent: i32) -> String {
    lang.pick(format!("Kuota Meta terpakai {percent}%"), format!("Meta quota {percent}% used"))
}

pub(crate) fn blocked_until(lang: Lang, at: &str) -> String {
    lang.pick(format!("Meta menutup akses sampai {at}"), format!("Blocked by Meta until {at}"))
}
