//! Why a figure is missing, in words that a reader of the page understands.

use cekbrand_schema::Absence;

use super::lang::Lang;

/// A few words: they stand where the number would.
pub(crate) fn absence(lang: Lang, absence: Absence) -> &'static str {
    let (id, en) = match absence {
        Absence::NotYet => {
            ("belum ada dari Instagram (sampai 48 jam)", "not there yet (Instagram takes up to 48 hours)")
        }
        Absence::NoData => ("Instagram tidak memberi data", "Instagram gave no data"),
        Absence::Unsupported => ("tidak tersedia lagi di Instagram", "no longer offered by Instagram"),
        Absence::TooFewFollowers => ("pengikut kurang dari 100", "fewer than 100 followers"),
        Absence::Region => ("ditutup Instagram di wilayah akun ini", "withheld by Instagram in this region"),
        Absence::Permission => ("token akun tidak punya izin", "the account's token lacks permission"),
        Absence::Hidden => ("disembunyikan pemilik akun", "hidden by the account's owner"),
        Absence::NotPublic => ("tidak terbuka untuk umum", "not public"),
        Absence::NotEnoughViewers => ("dilihat kurang dari 5 orang", "seen by fewer than 5 people"),
        Absence::Suppressed => ("kurang dari 5, dirahasiakan Instagram", "below 5, withheld by Instagram"),
        Absence::MetricChanged => {
            ("ukurannya berganti, tidak bisa dibandingkan", "the metric changed, so it cannot be compared")
        }
        Absence::Deleted => ("sudah dihapus", "deleted"),
        Absence::Lost => ("lewat 24 jam sebelum sempat dibaca", "its 24 hours passed before it was read"),
    };
    lang.pick(id, en)
}

/// Nothing at all is stored about the day: neither a figure nor a reason.
pub(crate) fn never_read(lang: Lang) -> &'static str {
    lang.pick("belum pernah dibaca", "never read")
}
