//! What the database or the decoder refuses: found among the rest, kept as bytes, counted. What will pass is
//! tried again.

use cekbrand_schema::{Lane, identity};
use cekbrand_workers::land::decode::{self, Incoming};

use super::{ACCOUNT, Bench, comment, record, tally};

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_the_database_refuses_is_found_and_dead_lettered_alone() {
    let bench = Bench::new(Lane::Comments).await;
    let trigger = "
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'no such text' USING ERRCODE = '22023'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON instagram.media_comment FOR EACH ROW
        WHEN (NEW.text = 'poison') EXECUTE FUNCTION refuse();";
    sqlx::raw_sql(trigger).execute(&bench.pool()).await.unwrap();
    let batch: Vec<Incoming> = (0..20)
        .map(|i| comment((0, i), &format!("c{i}"), if i == 13 || i == 17 { "poison" } else { "fine" }))
        .collect();
    let outcome = bench.land(&batch).await;
    assert_eq!((outcome.tally, outcome.next[&0]), (tally(18, 0, 2, 0), 20));
    assert!(outcome.dead[0].contains("no such text"));
    let dead: Vec<(i64, String, Vec<u8>)> =
        sqlx::query_as(r#"SELECT "offset", reason, payload FROM pipeline.dead_letter ORDER BY "offset""#)
            .fetch_all(&bench.pool())
            .await
            .unwrap();
    assert_eq!(dead.iter().map(|d| d.0).collect::<Vec<_>>(), [13, 17]);
    assert_eq!((dead[0].1.as_str(), &dead[0].2), ("data_error", &batch[13].bytes));
    assert!(bench.books_close().await);
    assert_eq!(bench.count("event_key").await, 18, "a dead letter may be tried again");
}

/// PostgreSQL's indexes hold no more than a third of a page; the digests keep it from being compressed below
/// that.
#[tokio::test(flavor = "multi_thread")]
async fn an_id_too_long_for_an_index_is_dead_lettered_alone() {
    let bench = Bench::new(Lane::Comments).await;
    let long: String = (0..200_u8).map(|i| identity::identify_body(&[i]).to_string()).collect();
    let value = format!(r#"{{"media_id":"s","{long}":7}}"#);
    let batch = [
        comment((0, 0), "a", "x"),
        comment((0, 1), &long, "x"),
        record((0, 2), &long, "comments", r#"{"id":"b","text":"x","media":{"id":"m"}}"#, 2),
        record((0, 3), ACCOUNT, "story_insights", &value, 3),
        comment((0, 4), "c", "x"),
    ];
    let outcome = bench.land(&batch).await;
    assert_eq!((outcome.tally, outcome.next[&0]), (tally(2, 0, 3, 0), 5));
    let dead: Vec<Vec<u8>> =
        sqlx::query_scalar(r#"SELECT payload FROM pipeline.dead_letter ORDER BY "offset""#)
            .fetch_all(&bench.pool())
            .await
            .unwrap();
    assert_eq!(dead, [&batch[1], &batch[2], &batch[3]].map(|record| record.bytes.clone()));
    assert!(bench.books_close().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_a_check_refuses_is_dead_lettered_alone() {
    let bench = Bench::new(Lane::Comments).await;
    let check = "ALTER TABLE instagram.media_comment ADD CHECK (text <> 'poison')";
    sqlx::raw_sql(check).execute(&bench.pool()).await.unwrap();
    let batch = [comment((0, 0), "a", "fine"), comment((0, 1), "b", "poison"), comment((0, 2), "c", "fine")];
    assert_eq!(bench.land(&batch).await.tally, tally(2, 0, 1, 0));
}

/// As when the day's partition is attached while a row is on its way into the default one: the same code as a
/// failed check, without a constraint.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_fits_no_partition_for_a_moment_lands_with_another_try() {
    let bench = Bench::new(Lane::Comments).await;
    let trigger = "
        CREATE SEQUENCE tries;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('tries') <= 2 THEN RAISE EXCEPTION 'no partition' USING ERRCODE = '23514'; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON instagram.media_comment FOR EACH ROW EXECUTE FUNCTION refuse();";
    sqlx::raw_sql(trigger).execute(&bench.pool()).await.unwrap();
    assert_eq!(bench.land(&[comment((0, 0), "a", "x")]).await.tally, tally(1, 0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_are_no_envelopes_are_dead_lettered_with_their_reason() {
    let bench = Bench::new(Lane::Comments).await;
    let garbage = |offset, bytes: &[u8]| Incoming {
        partition: 0,
        offset,
        attempt: 0,
        bytes: bytes.to_vec(),
        content: decode::change(bytes),
        trace: None,
    };
    let batch =
        [garbage(0, b"\xff\x00garbage"), garbage(1, br#"{"schema_version":9}"#), comment((0, 2), "a", "x")];
    assert_eq!(bench.land(&batch).await.tally, tally(1, 0, 2, 0));
    let reasons: Vec<String> =
        sqlx::query_scalar(r#"SELECT reason FROM pipeline.dead_letter ORDER BY "offset""#)
            .fetch_all(&bench.pool())
            .await
            .unwrap();
    assert_eq!(reasons, ["invalid_envelope", "unknown_envelope_version"]);
}

/// What passes by itself is no fault of a record: the records wait, however many there are, and none is set
/// aside.
#[tokio::test(flavor = "multi_thread")]
async fn what_passes_by_itself_sets_no_record_aside() {
    // PostgreSQL's appendix on error codes: deadlock, serialisation, lock not available, out of memory, disk
    // full, too many connections, cancelled, shutdown, read-only, internal.
    let passing = ["40P01", "40001", "55P03", "53200", "53100", "53300", "57014", "57P01", "25006", "XX000"];
    for code in passing {
        let bench = Bench::new(Lane::Comments).await;
        let trigger = format!(
            "CREATE SEQUENCE tries;
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF nextval('tries') <= 2 THEN RAISE EXCEPTION 'for now' USING ERRCODE = '{code}'; END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON instagram.media_comment FOR EACH ROW EXECUTE FUNCTION refuse();"
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(trigger)).execute(&bench.pool()).await.unwrap();
        let outcome = bench.land(&[comment((0, 0), "a", "x"), comment((0, 1), "b", "x")]).await;
        assert_eq!((outcome.tally, outcome.given_up.is_some()), (tally(2, 0, 0, 0), false), "{code}");
        assert_eq!(bench.count("dead_letter").await, 0, "{code}");
    }
}
