//! By mail: each once, also where a worker is killed or the server refuses, and never more than was meant.

use cekbrand_workers::tell::{Deliverer, MailSettings, MailTls, TellSettings};

use super::post_office::{Mail, PostOffice, Then};
use super::*;

const TO: &str = "ops@agency.example";

fn settings(office: &PostOffice, tls: MailTls) -> TellSettings {
    let mail = MailSettings {
        host: "127.0.0.1".to_owned(),
        port: Some(office.port),
        tls,
        login: Some(("cekbrand".to_owned(), "hush-hush".into())),
        from: "CekBrand <alerts@brands.example.com>".to_owned(),
    };
    TellSettings { mail: Some(mail), ..TellSettings::default() }
}

fn deliverer(brand: &Brand, office: &PostOffice, tls: MailTls) -> Deliverer {
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let clock = Arc::new(brand.clock.clone());
    Deliverer::new(brand.pool.clone(), clock, &settings(office, tls)).unwrap()
}

/// A rule that holds, and nobody to be told but by mail.
async fn one_to_tell() -> Brand {
    let brand = Brand::at("2026-11-20T10:00").await;
    let sql = "INSERT INTO pipeline.alert_channel
            (account_id, kind, address, lang, alerts, digest, created_at, created_by)
         VALUES ($1, 'email', $2, 'en', TRUE, TRUE, $3, 'k')";
    let made = sqlx::query(sql).bind(ACCOUNT).bind(format!("mailto:{TO}")).bind(brand.now().to_sqlx());
    made.execute(&brand.pool).await.unwrap();
    brand.rule("reach", "value", "below", 1000.0).await;
    brand.reach("2026-11-19", "812").await;
    brand
}

async fn send(brand: &Brand, office: &PostOffice) -> usize {
    deliverer(brand, office, MailTls::None).round().await.unwrap()
}

fn ids(mails: &[Mail]) -> Vec<String> {
    mails.iter().map(|mail| mail.header("Message-ID")).collect()
}

#[tokio::test]
async fn an_alert_and_a_digest_come_by_mail_once_each() {
    let (brand, mut office) = (one_to_tell().await, PostOffice::start(&[]).await);
    for moment in ["2026-11-20T10:00", "2026-11-20T10:03", "2026-11-23T07:00", "2026-11-23T09:00"] {
        brand.clock.set(at(moment));
        brand.watch().round().await.unwrap();
        send(&brand, &office).await;
    }
    let mails = office.rest();
    let [alert, digest] = &mails[..] else { panic!("{mails:?}") };
    assert_eq!(alert.login.as_deref(), Some(" cekbrand hush-hush"));
    assert_eq!((&*alert.from, &alert.to), ("FROM:<alerts@brands.example.com>", &vec![format!("TO:<{TO}>")]));
    assert_eq!(alert.header("From"), "CekBrand <alerts@brands.example.com>");
    assert_eq!(alert.header("To"), TO);
    assert_eq!(alert.header("Subject"), "@kopi: Reach (7 days): 812, below 1,000 (Turun)");
    assert_eq!(alert.header("Auto-Submitted"), "auto-generated");
    assert_eq!(alert.header("Date"), "Fri, 20 Nov 2026 03:00:00 +0000");
    let link =
        format!("https://brands.example.com/accounts/{ACCOUNT}?lang=en&range=7&to=2026-11-20&metric=reach");
    assert!(alert.text().contains(&link), "{}", alert.text());
    assert_eq!(digest.header("Subject"), "@kopi: the week from 2026-11-16 to 2026-11-22");
    assert!(digest.text().contains("Followers: not known\r\n"), "{}", digest.text());
    assert_eq!(brand.all(STATES).await, ["delivered", "delivered"]);
    assert_eq!(brand.all(LOG).await, [json!([1, true, 250]), json!([1, true, 250])]);
}

#[tokio::test]
async fn a_worker_that_is_killed_before_the_server_has_it_leaves_one_mail() {
    let (brand, mut office) = (one_to_tell().await, PostOffice::start(&[Then::HangBefore]).await);
    brand.watch().round().await.unwrap();
    let worker = deliverer(&brand, &office, MailTls::None);
    let killed = tokio::spawn(async move { worker.round().await });
    assert!(office.hangs().await.is_none());
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    assert_eq!(send(&brand, &office).await, 0, "another worker waits for the end of the lease");
    brand.clock.advance(minutes(1));
    assert_eq!(send(&brand, &office).await, 1);
    brand.clock.advance(minutes(60 * 24));
    assert_eq!(send(&brand, &office).await, 0);
    assert_eq!(office.rest().len(), 1);
    assert_eq!(brand.all(LOG).await, [json!([1, false, null]), json!([2, true, 250])]);
}

/// Nobody can know then whether it was taken: the second is the same mail, which mailboxes know by its id.
#[tokio::test]
async fn a_worker_that_is_killed_before_it_hears_that_it_was_taken_is_followed_by_the_same_mail() {
    let (brand, mut office) = (one_to_tell().await, PostOffice::start(&[Then::HangAfter]).await);
    brand.watch().round().await.unwrap();
    let worker = deliverer(&brand, &office, MailTls::None);
    let killed = tokio::spawn(async move { worker.round().await });
    let first = office.hangs().await.unwrap();
    killed.abort();
    assert!(killed.await.unwrap_err().is_cancelled());
    brand.clock.advance(minutes(61));
    assert_eq!(send(&brand, &office).await, 1);
    let second = office.rest();
    assert_eq!(ids(&second), ids(std::slice::from_ref(&first)));
    assert_eq!(second[0].data, first.data);
    assert_eq!(brand.all(STATES).await, ["delivered"]);
}

#[tokio::test]
async fn a_server_that_refuses_is_asked_again_later_and_what_it_says_is_not_kept() {
    let plan = [Then::Refuse(451), Then::Refuse(550), Then::Take];
    let (brand, mut office) = (one_to_tell().await, PostOffice::start(&plan).await);
    brand.watch().round().await.unwrap();
    for (wait, expected) in [(0, 1), (9, 0), (1, 1), (59, 0), (1, 1), (86_400, 0)] {
        brand.clock.advance(Duration::from_secs(wait));
        assert_eq!(send(&brand, &office).await, expected, "after {wait} s");
    }
    assert_eq!(office.rest().len(), 1);
    assert_eq!(brand.all(LOG).await, [json!([1, true, 451]), json!([2, true, 550]), json!([3, true, 250])]);
    let errors = brand
        .all("SELECT to_jsonb(error) FROM pipeline.alert_attempt WHERE error IS NOT NULL ORDER BY number")
        .await;
    assert_eq!(errors, ["it answered 451", "it answered 550"], "the server repeats the address");
}

#[tokio::test]
async fn an_accounts_or_a_rules_name_adds_neither_a_header_nor_a_receiver() {
    let (brand, mut office) = (one_to_tell().await, PostOffice::start(&[]).await);
    brand
        .do_sql(
            r#"UPDATE instagram."user" SET username = E'kopi\r\nBcc: evil@example.com\r\n\r\nMAIL FROM:<x@example.com>';
               UPDATE pipeline.alert_rule SET name = E'Turun\r\n.\r\nRCPT TO:<evil@example.com>\r\nX-Evil: 1'"#,
        )
        .await;
    brand.watch().round().await.unwrap();
    send(&brand, &office).await;
    let mails = office.rest();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, [format!("TO:<{TO}>")]);
    let (head, _) = mails[0].data.split_once("\r\n\r\n").unwrap();
    let is_strange = |line: &&str| line.starts_with("Bcc") || line.starts_with("X-Evil");
    assert_eq!(head.lines().find(is_strange), None, "{head}");
}

#[tokio::test]
async fn without_tls_the_server_gets_neither_password_nor_mail() {
    let (brand, mut office) = (one_to_tell().await, PostOffice::start(&[]).await);
    brand.watch().round().await.unwrap();
    assert_eq!(deliverer(&brand, &office, MailTls::Starttls).round().await.unwrap(), 1);
    let said = office.said();
    assert!(said.iter().all(|line| line.starts_with("EHLO") || line.starts_with("QUIT")), "{said:?}");
    assert_eq!(office.rest().len(), 0);
    assert_eq!(brand.all(STATES).await, ["waiting"]);
    let errors = brand.all("SELECT to_jsonb(error) FROM pipeline.alert_attempt").await;
    let told = errors[0].as_str().unwrap();
    assert!(told.contains("STARTTLS") && !told.contains("hush") && !told.contains(TO), "{told}");
}

/// It has no try to lose: a delivery is given up after so many.
#[tokio::test]
async fn a_worker_without_a_mail_server_leaves_mail_to_one_that_has_one() {
    let (brand, mut office) = (one_to_tell().await, PostOffice::start(&[]).await);
    brand.watch().round().await.unwrap();
    assert_eq!(brand.deliverer().round().await.unwrap(), 0);
    assert_eq!(brand.all(STATES).await, ["waiting"]);
    assert_eq!(send(&brand, &office).await, 1);
    assert_eq!(office.rest().len(), 1);
    assert_eq!(brand.all(LOG).await, [json!([1, true, 250])]);
}

#[tokio::test]
async fn a_worker_without_a_secret_leaves_webhooks_to_one_that_has_it() {
    let (brand, office) = (one_to_tell().await, PostOffice::start(&[]).await);
    let all_by_webhook =
        "UPDATE pipeline.alert_channel SET kind = 'webhook', address = 'https://hooks.example.com/x'";
    brand.do_sql(all_by_webhook).await;
    brand.watch().round().await.unwrap();
    assert_eq!(send(&brand, &office).await, 0);
    assert_eq!(brand.all(STATES).await, ["waiting"]);
}
