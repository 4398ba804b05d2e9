//! The pages: plain HTML that needs no script; one looks again by a script of ours.

use cekbrand_graph::Flavour;
use cekbrand_graph::management::Permission;

use super::choice::{Candidate, Choice, Connected};
use super::first_reads::Look;

const HEAD: &str = "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width\"><title>Connect accounts - CekBrand</title>\
    <style>body{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}\
    a.button,button{display:inline-block;padding:.6rem 1rem;border:1px solid;border-radius:.3rem;font:inherit;\
    text-decoration:none;margin:.3rem .5rem .3rem 0}</style></head><body>";

/// Which login.
pub(super) fn begin() -> String {
    format!(
        "{HEAD}<h1>Connect accounts</h1>\
         <p>Log in as somebody who runs the accounts, and grant everything that is asked for: what is left out cannot be read.</p>\
         <p><a class=\"button\" href=\"/start/facebook\">Facebook Login</a> for accounts that belong to a Facebook page: stories' \
         final figures, mentions and comparisons included.</p>\
         <p><a class=\"button\" href=\"/start/instagram\">Instagram Login</a> for an account without a page.</p></body></html>"
    )
}

/// Which accounts.
pub(super) fn choose(choice: &Choice, form: &str) -> String {
    let login = choice.flavour.as_str();
    let missing: Vec<String> = choice.missing.iter().map(not_granted).collect();
    let missing = if missing.is_empty() {
        String::new()
    } else {
        format!(
            "<h2>Not granted</h2><ul>{}</ul><p><a class=\"button\" href=\"/start/{login}\">Ask again</a></p>",
            missing.concat()
        )
    };
    let rows: Vec<String> = choice.candidates.iter().map(row).collect();
    let accounts = if rows.is_empty() {
        "<p>There is no Instagram account to connect. A professional account has to be linked to a page that you run.</p>".to_owned()
    } else {
        format!(
            "<form method=\"post\" action=\"/choose\"><input type=\"hidden\" name=\"form\" value=\"{form}\">{}\
             <button>Connect</button></form>",
            rows.concat()
        )
    };
    let bare = if choice.bare_pages.is_empty() || choice.flavour != Flavour::Facebook {
        String::new()
    } else {
        format!("<p>Pages without an Instagram account: {}.</p>", escaped(&choice.bare_pages.join(", ")))
    };
    format!("{HEAD}<h1>Which accounts?</h1>{missing}{accounts}{bare}</body></html>")
}

fn not_granted(each: &Permission) -> String {
    format!("<li><b>{}</b>: without it {}</li>", each.name, escaped(each.costs))
}

fn row(candidate: &Candidate) -> String {
    let (id, name) = (&candidate.identity.account_id, candidate.identity.username.as_deref());
    let name = name.map_or_else(|| id.clone(), |name| format!("@{name}"));
    let page = candidate.page.as_ref().map(|page| format!(" (page {})", page.name)).unwrap_or_default();
    format!(
        "<p><label><input type=\"checkbox\" name=\"account\" value=\"{}\" checked> {}{}</label></p>",
        escaped(id),
        escaped(&name),
        escaped(&page)
    )
}

/// What became of them, and how their first reads get on.
pub(super) fn connected(connected: &[Connected], reads: Option<&Reads>) -> String {
    let rows: Vec<String> = connected.iter().map(outcome).collect();
    let rows = if rows.is_empty() {
        "<p>No account was chosen, and nothing was changed.</p>".to_owned()
    } else {
        format!("<ul>{}</ul>", rows.concat())
    };
    let reads = reads.map_or_else(String::new, |reads| {
        format!(
            "<section id=\"reads\" data-from=\"/progress/{}\" aria-live=\"polite\">{}</section>\
             <script src=\"/progress.js\"></script>",
            reads.shown_at,
            progress(&reads.looks)
        )
    });
    format!(
        "{HEAD}<main><h1>Connected</h1>{rows}{reads}<p><code>cekbrand account show ID</code> says what was read and what is \
         due. This page may be closed.</p></main></body></html>"
    )
}

/// First reads as they stand when the page is made, and where they are told from then on.
pub(super) struct Reads {
    pub(super) shown_at: String,
    pub(super) looks: Vec<Look>,
}

/// Asks how the reads get on until all is read; without scripts the page stays as it was made.
pub(super) const SCRIPT: &str = "\
const reads = document.getElementById('reads');
const again = async () => {
  const answer = await fetch(reads.dataset.from);
  if (!answer.ok) return;
  reads.innerHTML = await answer.text();
  if (!reads.querySelector('[data-done]')) setTimeout(again, 1000);
};
setTimeout(again, 1000);
";

/// How the first reads get on: a part of a page.
pub(super) fn progress(looks: &[Look]) -> String {
    let rows: Vec<String> = looks.iter().map(reads_of).collect();
    let rows = rows.concat();
    if !looks.is_empty() && looks.iter().all(|look| look.standing.is_finished) {
        return format!(
            "<h2 data-done>All is read</h2>{rows}<p>From now on the workers keep it up to date; <code>cekbrand serve</code> has \
             the dashboard.</p>"
        );
    }
    format!("<h2>First reads</h2>{rows}<p>They go on when this page is closed.</p>")
}

fn reads_of(look: &Look) -> String {
    let (name, standing) = (escaped(&look.name), &look.standing);
    let (done, of) = (standing.done, standing.of.max(standing.done).max(1));
    let hint = if look.is_stuck {
        "<p>Nothing has been read yet: is a worker running? (<code>cekbrand work</code>)</p>"
    } else {
        ""
    };
    let until = standing.quota_frees_at.map_or_else(String::new, |until| {
        let until = until.strftime("%H:%M:%S UTC");
        format!("<p>Meta allows no more calls until {until}; the rest is read then.</p>")
    });
    let aside: Vec<String> =
        standing.aside.iter().map(|(why, count)| format!(" {count} wait: {why}.")).collect();
    format!(
        "<p><b>{name}</b> <progress aria-label=\"Reads of {name}\" value=\"{done}\" max=\"{of}\"></progress> \
         {done} of {of} reads done with {} calls.{}</p>{until}{hint}",
        standing.calls,
        escaped(&aside.concat())
    )
}

fn outcome(each: &Connected) -> String {
    let Connected { id, username, problem, .. } = each;
    let name = username.as_ref().map_or_else(|| id.clone(), |name| format!("@{name} ({id})"));
    let well = "watched, its token sealed, its webhooks subscribed; its first reads are on their way";
    format!("<li><b>{}</b>: {}</li>", escaped(&name), escaped(problem.as_deref().unwrap_or(well)))
}

/// What went wrong.
pub(super) fn failed(why: &str) -> String {
    format!(
        "{HEAD}<h1>Not connected</h1><p>{}</p><p><a class=\"button\" href=\"/\">Begin again</a></p></body></html>",
        escaped(why)
    )
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_meta_or_a_user_wrote_is_text_and_nothing_else() {
        let page = failed("<script>alert('x')</script> & \"y\"");
        assert!(
            page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;y&quot;"),
            "{page}"
        );
    }
}
