//! `GET /deletions/{code}`: the page that Meta shows to a person who asked for deletion. It says how far the
//! request is, in Indonesian and English, and nothing else: whoever has the code need not be that person.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::api::Api;
use crate::problem::Problem;
use crate::query::deletion;

/// How long a code may be: longer ones are no code of ours, and are not looked up.
const MAX_CODE: usize = 64;

/// What the page says in one language.
struct Words {
    title: &'static str,
    text: &'static str,
}

/// What the page says of one state.
struct Page {
    status: StatusCode,
    indonesian: Words,
    english: Words,
}

const RECEIVED: Page = Page {
    status: StatusCode::OK,
    indonesian: Words {
        title: "Permintaan penghapusan data sedang diproses",
        text: "Data Anda sedang dihapus. Silakan buka halaman ini lagi nanti.",
    },
    english: Words {
        title: "Your deletion request is in progress",
        text: "Your data are being deleted. Please open this page again later.",
    },
};

const DONE: Page = Page {
    status: StatusCode::OK,
    indonesian: Words {
        title: "Data Anda telah dihapus",
        text: "Data Anda telah dihapus dari basis data kami. Salinan sementara dalam antrean pesan dan \
               cadangan terhapus sendiri setelah masa simpannya berakhir, dan tidak akan dimuat \
               kembali.",
    },
    english: Words {
        title: "Your data have been deleted",
        text: "Your data have been deleted from our database. Temporary copies in the message queue and \
               in backups expire by themselves, and are not loaded again.",
    },
};

const NOTHING_HELD: Page = Page {
    status: StatusCode::OK,
    indonesian: Words {
        title: "Tidak ada data yang kami simpan",
        text: "Kami tidak menemukan data untuk permintaan ini.",
    },
    english: Words { title: "We hold no data", text: "We found no data for this request." },
};

const UNKNOWN: Page = Page {
    status: StatusCode::NOT_FOUND,
    indonesian: Words {
        title: "Kode tidak dikenal",
        text: "Kode ini tidak kami kenal. Permintaan yang baru dikirim mungkin belum kami terima: \
               silakan coba lagi beberapa menit kemudian.",
    },
    english: Words {
        title: "Unknown code",
        text: "We do not know this code. A request that was just made may not have reached us: please \
               try again in a few minutes.",
    },
};

/// The status page of a request.
///
/// # Errors
///
/// [`Problem::Database`] where the database does not answer.
pub async fn page(State(api): State<Api>, Path(code): Path<String>) -> Result<Response, Problem> {
    let is_code = code.len() <= MAX_CODE && code.bytes().all(|byte| byte.is_ascii_hexdigit());
    let state = if is_code { deletion::state(&api.pool, &code).await? } else { None };
    Ok(match state.as_deref() {
        Some("done") => DONE,
        Some("nothing_held") => NOTHING_HELD,
        Some(_) => RECEIVED,
        None => UNKNOWN,
    }
    .into_response())
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let Self { status, indonesian, english } = self;
        let body = format!(
            "<!DOCTYPE html>\n<html lang=\"id\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"robots\" content=\"noindex\">\n<title>{}</title>\n</head>\n<body>\n<main>\n\
             <h1>{}</h1>\n<p>{}</p>\n<section lang=\"en\">\n<h2>{}</h2>\n<p>{}</p>\n</section>\n\
             </main>\n</body>\n</html>\n",
            indonesian.title, indonesian.title, indonesian.text, english.title, english.text
        );
        (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
    }
}
