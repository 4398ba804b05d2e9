//! Words of labels, by which people gather the media of a campaign.

#[derive(Debug)]
pub(crate) struct LabelWords {
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) empty: &'static str,
    pub(crate) label: &'static str,
    pub(crate) media: &'static str,
    pub(crate) views: &'static str,
    pub(crate) add: &'static str,
    pub(crate) remove: &'static str,
}

pub(super) const ID: LabelWords = LabelWords {
    title: "Kampanye",
    about: "Label mengumpulkan konten satu kampanye. Angkanya dari semua konten berlabel itu, kapan pun terbitnya; yang belum diketahui tidak ikut dihitung.",
    empty: "Belum ada label. Buka satu konten, lalu beri label kampanyenya.",
    label: "Label",
    media: "Konten",
    views: "Tayangan",
    add: "Beri label",
    remove: "Lepas",
};

pub(super) const EN: LabelWords = LabelWords {
    title: "Campaigns",
    about: "A label gathers the media of a campaign. Its figures are of all media with the label, whenever they were published; what is not known is not counted.",
    empty: "There is no label yet. Open a medium and put the campaign's label on it.",
    label: "Label",
    media: "Media",
    views: "Views",
    add: "Add a label",
    remove: "Take off",
};
