-- When most and when fewest followers were online, each in a sentence of each language: the three hours
-- with the largest and the smallest mean over the last 28 days, those in a row as one range. Fewer than six
-- known hours are too few to say.
WITH hour AS (
    SELECT
        hours,
        row_number() OVER (ORDER BY val DESC, hours) AS from_best,
        row_number() OVER (ORDER BY val, hours) AS from_quiet,
        count(*) OVER () AS known
    FROM toba_cek_insta.user_insight_follower_online
    WHERE
        user_id = $1
        AND date_range = to_char($5::date - 27, 'YYYY-MM-DD') || '/' || to_char($5::date, 'YYYY-MM-DD')
),
chosen AS (
    SELECT 'best_hours' AS highlight_type, hours FROM hour WHERE known >= 6 AND from_best <= 3
    UNION ALL
    SELECT 'quiet_hours', hours FROM hour WHERE known >= 6 AND from_quiet <= 3
),
range AS (
    SELECT highlight_type, min(hours) AS start, max(hours) + 1 AS until
    FROM (
        SELECT
            highlight_type,
            hours,
            hours - row_number() OVER (PARTITION BY highlight_type ORDER BY hours) AS place
        FROM chosen
    ) AS run
    GROUP BY highlight_type, place
),
language (lang, clock, conjunction, months) AS (
    VALUES
    (
        'id', '.', 'dan',
        '{Januari,Februari,Maret,April,Mei,Juni,Juli,Agustus,September,Oktober,November,Desember}'::text[]
    ),
    (
        'en', ':', 'and',
        '{January,February,March,April,May,June,July,August,September,October,November,December}'::text[]
    )
),
listed AS (
    SELECT
        range.highlight_type,
        language.lang,
        language.conjunction,
        array_agg(
            format(
                '%s%s00–%s%s00',
                to_char(range.start, 'FM00'), language.clock, to_char(range.until, 'FM00'), language.clock
            )
            ORDER BY range.start
        ) AS ranges
    FROM range
    CROSS JOIN language
    GROUP BY range.highlight_type, language.lang, language.conjunction
),
period AS (
    SELECT
        language.lang,
        format('%s %s', extract(day FROM frame.first), language.months[extract(month FROM frame.first)::int])
        || CASE
            WHEN extract(year FROM frame.first) <> extract(year FROM frame.last)
                THEN format(' %s', extract(year FROM frame.first))
            ELSE ''
        END
        || format(
            '–%s %s %s',
            extract(day FROM frame.last), language.months[extract(month FROM frame.last)::int],
            extract(year FROM frame.last)
        ) AS days
    FROM language
    CROSS JOIN (SELECT $5::date - 27 AS first, $5::date AS last) AS frame
),
computed AS (
    SELECT
        listed.highlight_type,
        $5::date AS date_range,
        listed.lang,
        format(
            CASE listed.lang || ' ' || listed.highlight_type
                WHEN 'id best_hours'
                    THEN
                        'Selama 28 hari terakhir (%s), '
                        || 'pengikut paling banyak online pada pukul %s (zona waktu %s).'
                WHEN 'id quiet_hours'
                    THEN
                        'Selama 28 hari terakhir (%s), '
                        || 'pengikut paling sedikit online pada pukul %s (zona waktu %s).'
                WHEN 'en best_hours'
                    THEN 'Over the last 28 days (%s), the most followers were online at %s (time zone %s).'
                ELSE 'Over the last 28 days (%s), the fewest followers were online at %s (time zone %s).'
            END,
            period.days,
            CASE cardinality(listed.ranges)
                WHEN 1 THEN listed.ranges[1]
                WHEN 2 THEN format('%s %s %s', listed.ranges[1], listed.conjunction, listed.ranges[2])
                ELSE
                    format(
                        '%s, %s, %s %s',
                        listed.ranges[1], listed.ranges[2], listed.conjunction, listed.ranges[3]
                    )
            END,
            coalesce((SELECT timezone FROM instagram."user" WHERE id = $1), 'UTC')
        ) AS highlight_wording
    FROM listed
    INNER JOIN period ON period.lang = listed.lang
),
gone AS (
    DELETE FROM toba_cek_insta.user_insight_follower_online_wording AS held
    WHERE
        held.user_id = $1
        AND NOT EXISTS (
            SELECT FROM computed
            WHERE
                computed.date_range = held.date_range
                AND computed.lang = held.lang
                AND computed.highlight_type = held.highlight_type
        )
)
INSERT INTO toba_cek_insta.user_insight_follower_online_wording AS held
    (user_id, date_range, lang, highlight_type, highlight_wording, updated_date)
SELECT
    $1, date_range, lang, highlight_type, highlight_wording, $6
FROM computed
ON CONFLICT (user_id, date_range, lang, highlight_type) DO UPDATE SET
    highlight_wording = excluded.highlight_wording,
    updated_date = excluded.updated_date
WHERE held.highlight_wording IS DISTINCT FROM excluded.highlight_wording
