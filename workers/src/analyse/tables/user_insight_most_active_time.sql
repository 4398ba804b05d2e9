-- Goes on from online_hours.sql: the best hour of the last day of Meta, within 28 days, that has figures.
, computed AS (
    SELECT start AS waktu_paling_aktif, value AS value_paling_aktif
    FROM figure
    WHERE value IS NOT NULL AND meta_day > $5::date - 28
    ORDER BY meta_day DESC, value DESC, start
    LIMIT 1
),
gone AS (
    DELETE FROM toba_cek_insta.user_insight_most_active_time AS held
    WHERE held.user_id = $1 AND NOT EXISTS (SELECT FROM computed)
)
INSERT INTO toba_cek_insta.user_insight_most_active_time AS held
    (user_id, waktu_paling_aktif, value_paling_aktif, updated_date)
SELECT
    $1, waktu_paling_aktif, value_paling_aktif, $6
FROM computed
ON CONFLICT (user_id) DO UPDATE SET
    waktu_paling_aktif = excluded.waktu_paling_aktif,
    value_paling_aktif = excluded.value_paling_aktif,
    updated_date = excluded.updated_date
WHERE
    (held.waktu_paling_aktif, held.value_paling_aktif)
    IS DISTINCT FROM
    (excluded.waktu_paling_aktif, excluded.value_paling_aktif)
